"""Records about people that golden files are made of: an instruction and a frequently asked question, as lines of
`entries.jsonl`. Nothing in it calls the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from golden.case import Case, Data

OUTPUTS = ("record.json", "report.nl.md", "report.en.md", "report.nl.html", "report.nl.pdf.txt")
TEACHER, COLLEAGUE, USER, SUPERVISOR = "S. Yilmaz", "P. Visser", "J. Bakker", "M. de Wit"
FIRST, SECOND = "P-0a1b2c3d4e", "P-5f60718293"
RUN = "20261123T100000Z-site-d00001"
CARD = {"card": "dokuwiki/log-in", "source": RUN, "source_digest": "5f" * 32, "version": "ab" * 32, "language": "nl"}


class Lines:
    """Lines of one record, a minute apart, from half past nine in Amsterdam on."""

    def __init__(self, record: str, kind: str, title: str, **more: Any) -> None:
        self.entries: list[Data] = []
        self.add(TEACHER, "opened", record=record, kind=kind, title=title, work_process="3.1", **more)

    def add(self, by: str, added: str, **content: Any) -> Lines:
        at = f"2026-11-24T08:{30 + len(self.entries):02}:00.000000Z"
        self.entries.append({"at": at, "by": by, "entry": {"added": added, **content}})
        return self

    def case(self) -> Case:
        return Case([], self.entries, OUTPUTS)


def instruction() -> Case:
    """Given twice, not understood at first, a handout with a mistake that a user could not follow, help, approved."""
    lines = Lines("20261124T083000Z-instruction-7c0001", "instruction", "Wiki voor docenten", location="0.14")
    lines.add(TEACHER, "instructed", day="2026-11-23", way="demonstration", place="lokaal 0.14", given_by=COLLEAGUE)
    lines.add(TEACHER, "instructed", day="2026-11-24", way="practice", place="lokaal 0.14")
    lines.add(TEACHER, "attended", who=FIRST, audience="teacher").add(TEACHER, "attended", who=SECOND)
    lines.add(TEACHER, "explained", subject="Inloggen op de wiki", **CARD, steps=5.0, mistakes=1.0, ease=92.4)
    lines.add(TEACHER, "explained", subject="Wie te bellen")
    asked = {"subject": "S1", "question": "Wat doet u zonder wachtwoord?"}
    lines.add(TEACHER, "asked-back", **asked, who=FIRST, answer="Een nieuw account maken.", judged="not_understood")
    lines.add(TEACHER, "asked-back", **asked, who=FIRST, answer="De helpdesk bellen.", judged="understood")
    lines.add(
        TEACHER, "asked-back", subject="S2", who=SECOND, question="Wie belt u?", answer="Iemand van ICT.",
        judged="partly",
    )  # fmt: skip
    reviewed = {"card": "dokuwiki/log-in", "user": USER}
    lines.add(TEACHER, "reviewed", **reviewed, verdict="unclear", remark="de knop heet anders")
    lines.add(TEACHER, "reviewed", **reviewed, verdict="clear")
    lines.add(TEACHER, "supported", user=USER, question="Waar is mijn pagina?", answer="zoeken getoond", way="phone")
    lines.add(TEACHER, "rest-point", item="kaarten ophangen", owner=TEACHER, due="2026-12-01")
    lines.add(TEACHER, "report", to=SUPERVISOR, form="oral", minutes="bijna alles begrepen")
    return lines.add(SUPERVISOR, "decision", decision="approved").case()


def faq() -> Case:
    """Proposed in words that were changed, accepted by a colleague, and withdrawn."""
    lines = Lines("20261124T083000Z-faq-7c0002", "faq", "Hoe log ik in op de wiki?")
    lines.add(
        TEACHER, "faq-proposed", question="Hoe log ik in op de wiki?", answer="Met uw eigen naam.", category="account",
        guideline="W-7", guideline_version="2", words_of="20261124T080000Z-incident-9a0001", is_edited=True,
        cases=[f"20261124T080000Z-incident-9a000{number}" for number in (1, 2, 3)], source=RUN,
        source_digest="5f" * 32, card="dokuwiki/log-in", version="ab" * 32,
        tests=["web1 dokuwiki.page", "web1 dokuwiki.login.docent"], language="nl",
    )  # fmt: skip
    lines.add(COLLEAGUE, "faq-accepted", remark="klopt")
    return lines.add(COLLEAGUE, "faq-withdrawn", reason="de wiki verhuist").case()


INSTRUCTIONS: dict[str, Callable[[], Case]] = {case.__name__: case for case in (instruction, faq)}
