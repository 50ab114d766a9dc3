"""The incidents that golden files are made of: what people did at a desk, as lines of `entries.jsonl`. Nothing in it
calls the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from golden.case import Case, Data

OUTPUTS = ("record.json", "report.nl.md", "report.en.md", "report.nl.html", "report.nl.pdf.txt")
COUNTER, TECHNICIAN, COLLEAGUE, USER, SUPERVISOR = "L. Smit", "S. Yilmaz", "K. Jansen", "J. Bakker", "M. de Wit"
EARLIER = "20261124T073000Z-incident-9a0000"
PRINTER = "20261124T080000Z-incident-9a0001"

_DAY = ["08:00-17:00"]
RULES: Data = {
    "version": "2026-3",
    "calendar": {
        "zone": "Europe/Amsterdam",
        "week": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), _DAY),
        "breaks": ["12:15-12:45"],
    },
    "priorities": {
        "matrix": {"1": {"1": 1, "2": 2, "3": 3}, "2": {"1": 2, "2": 3, "3": 4}, "3": {"1": 3, "2": 4, "3": 4}}
    },
    "targets": {
        "1": {"response": "15m", "solution": "2h"},
        "2": {"response": "30m", "solution": "4h"},
        "3": {"response": "4h", "solution": "1d"},
        "4": {"response": "1d", "solution": "5d"},
    },
    "categories": {
        "printer": {
            "title": {"nl": "Printer", "en": "Printer"},
            "questions": [
                {"id": "lampje", "ask": {"nl": "Welke kleur heeft het lampje?", "en": "What colour is the light?"}}
            ],
        },
        "inloggen": {"title": {"nl": "Inloggen", "en": "Login"}, "needs": "accounts"},
    },
    "authorised": {"accounts": {"people": [COLLEAGUE], "ground": "beheert de accounts"}},
}
"""Rules as an organisation writes them."""


class Events:
    """Lines of one case: each some minutes after the one before it, from nine o'clock in Amsterdam on."""

    def __init__(self, record: str, title: str, **report: Any) -> None:
        self.entries: list[Data] = []
        self._minutes = 0
        self.add(
            0, COUNTER, "opened", record=record, kind="incident", title=title, work_process="3.2",
            systems=[report["machine"]] if "machine" in report else [], location=report.get("place", ""),
        )  # fmt: skip
        self.add(0, COUNTER, "rules", digest="ab" * 32, rules=RULES)
        self.add(0, COUNTER, "reported", **{"channel": "counter", "reporter": USER, **report})

    def add(self, after: int, by: str, added: str, **content: Any) -> Events:
        self._minutes += after
        hours, minutes = divmod(self._minutes, 60)
        at = f"2026-11-{24 + (8 + hours) // 24}T{(8 + hours) % 24:02}:{minutes:02}:00.000000Z"
        self.entries.append({"at": at, "by": by, "entry": {"added": added, **content}})
        return self

    def case(self) -> Case:
        return Case([], self.entries, OUTPUTS)


def _printer() -> Events:
    report = {"place": "0.14", "machine": "print1", "category": "printer", "answer": ["lampje=rood"]}
    case = Events(PRINTER, "Printer in 0.14 doet niets", text="De printer doet niets, het lampje is rood.", **report)
    case.add(1, COUNTER, "classified", impact="2", urgency="2", lesson=True)
    case.add(9, TECHNICIAN, "taken", reason="de docent staat bij de printer", passed_over=EARLIER)
    case.add(1, TECHNICIAN, "assessed", can_solve="yes", reason="lege toner, dat is bekend")
    return case


def _solved(case: Events) -> Events:
    case.add(4, TECHNICIAN, "contact", how="De toner wordt nu vervangen.", when="2026-11-24", medium="visit")
    case.add(10, TECHNICIAN, "worked", activity="toner vervangen en rollen schoongemaakt")
    case.add(0, TECHNICIAN, "material", name="toner zwart", quantity=1.0)
    case.add(0, TECHNICIAN, "hours", hours=0.5, activity="toner vervangen")
    solution = {"solution": "Nieuwe toner geplaatst.", "guideline": "W-14", "version": "3", "cause": "toner leeg"}
    return case.add(2, TECHNICIAN, "solved", **solution)


def incident_closed() -> Case:
    """Solved, tested by a record, confirmed, closed, reported and approved."""
    case = _solved(_printer())
    case.add(
        5, TECHNICIAN, "retested", result="pass", record="20261124T083000Z-verify-9b0001", digest="cd" * 32,
        tests=["print1 cups.queue"],
    )  # fmt: skip
    case.add(5, COUNTER, "confirmed", satisfied="yes", remark="hij doet het weer")
    case.add(0, COUNTER, "closed")
    case.add(20, TECHNICIAN, "report", to=SUPERVISOR, form="oral", minutes="toner vaker op voorraad")
    return case.add(5, SUPERVISOR, "decision", decision="approved").case()


def incident_escalated() -> Case:
    """Passed on to who is authorised, escalated, and waiting for a supplier; classified by hand."""
    case = Events(
        "20261124T080000Z-incident-9a0002", "Niemand in 5V kan inloggen", text="Niemand in 5V kan inloggen.",
        channel="phone", place="1.08", category="inloggen",
    )  # fmt: skip
    case.add(2, COUNTER, "classified", impact="2", urgency="1", priority="1", reason="eindexamen", flag=["major"])
    case.add(3, TECHNICIAN, "taken")
    case.add(5, TECHNICIAN, "assessed", can_solve="no", reason="geen rechten op de accounts")
    case.add(0, TECHNICIAN, "passed-on", to=COLLEAGUE, ground="beheert de accounts", reason="ik mag dit niet")
    case.add(20, COLLEAGUE, "taken")
    case.add(5, COLLEAGUE, "contact", how="De leverancier zoekt het uit.", when="2026-11-25", medium="phone")
    case.add(
        5, COLLEAGUE, "escalation", to=SUPERVISOR, message="de leverancier moet het oplossen", why="not_able",
        type="hierarchical",
    )  # fmt: skip
    case.add(1, COLLEAGUE, "rest-point", item="nieuw wachtwoord voor 5V", owner=COLLEAGUE, due="2026-11-26")
    return case.add(
        4, COLLEAGUE, "waiting", on="supplier", reason="storing bij de leverancier", until="2026-11-25"
    ).case()


def incident_reopened() -> Case:
    """Closed too soon: reopened, and one line that does not fit, from a file that somebody edited."""
    case = _solved(_printer())
    case.add(5, TECHNICIAN, "retested", result="pass", reason="testpagina afgedrukt")
    case.add(5, COUNTER, "confirmed", satisfied="not_reached")
    case.add(0, COUNTER, "closed")
    case.add(90, COUNTER, "reopened", reason="de printer drukt streperig af")
    case.add(1, COUNTER, "confirmed", satisfied="yes")
    return case.add(400, TECHNICIAN, "worked", activity="drum vervangen").case()


def incident_merged() -> Case:
    """The same report by mail, joined with the first."""
    case = Events("20261124T081500Z-incident-9a0003", "Printer 0.14", text="printer 0.14 is stuk", channel="mail")
    case.add(2, COUNTER, "merged", into=PRINTER, reason="dezelfde printer").case()
    return case.case()


def incident_leaked() -> Case:
    """A report by mail of a personal-data breach: the authority was told too late, the people not yet. An answer
    came back, and a mail is new."""
    case = Events(
        "20261124T080000Z-incident-9a0004", "Cijferlijst bij de verkeerde ouder", channel="mail",
        text="Ik kreeg de cijfers van heel 5V.", reporter="A. Vos",
    )  # fmt: skip
    received = {"sender": "A. Vos", "address": "a.vos@ouders.example", "date": "Tue, 24 Nov 2026 09:00:00 +0100"}
    file = {"name": "cijfers 5V.xlsx", "type": "application/vnd.ms-excel", "size_bytes": 48213, "sha256": "ef" * 32}
    case.add(
        0, COUNTER, "mail-received", message_id="<1@ouders.example>", digest="ab" * 32, size_bytes=67001,
        is_report=True, subject="Cijferlijst", text="Ik kreeg de cijfers van heel 5V.", attachments=[file], **received,
    )  # fmt: skip
    case.add(1, COUNTER, "classified", impact="2", urgency="1", flag=["data_leak"])
    case.add(4, TECHNICIAN, "taken")
    case.add(
        20, TECHNICIAN, "data-leak", what="cijferlijst van 28 leerlingen uit 5V naar een ouder gemaild", risk="high",
        reason="cijfers en namen van minderjarigen", aware="2026-11-23 16:45", people=28,
        measures="ouder gevraagd de mail te wissen",
    )  # fmt: skip
    case.add(5, TECHNICIAN, "leak-told", to="officer", who="M. Dekker")
    answer = {"message_id": "<2@school.example>", "address": "a.vos@ouders.example", "digest": "cd" * 32}
    case.add(2, TECHNICIAN, "contact", how="Wilt u de mail wissen?", when="2026-11-24", medium="mail")
    case.add(0, TECHNICIAN, "mail-sent", subject="Re: Cijferlijst [INC 9a0004]", text="Wilt u de mail wissen?",
             size_bytes=901, **answer)  # fmt: skip
    case.add(1, COUNTER, "mail-returned", message_id="<2@school.example>", digest="0a" * 32, reason="550 mailbox full")
    case.add(
        3 * 24 * 60, TECHNICIAN, "leak-told", to="authority", who="Autoriteit Persoonsgegevens", reference="Z2026-118",
    )  # fmt: skip
    case.add(
        30, COUNTER, "mail-received", message_id="<3@ouders.example>", digest="1b" * 32, size_bytes=812,
        subject="Re: Cijferlijst", text="Ik heb de mail gewist.", **received,
    )  # fmt: skip
    return case.case()


INCIDENTS: dict[str, Callable[[], Case]] = {
    case.__name__: case
    for case in (incident_closed, incident_escalated, incident_reopened, incident_merged, incident_leaked)
}
