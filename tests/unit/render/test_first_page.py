"""The first page says what is known, and nothing that the verdict contradicts."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import fleet
import pytest
from journals import Journal, complete
from msgspec import structs
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.kinds.documents import build
from oplever.kinds.faq import judge as faq_judge
from oplever.kinds.incident import judge as incident_judge
from oplever.kinds.installation import headline, stage, verdict
from oplever.kinds.installation.chapters.attention import _DETAILS
from oplever.kinds.installation.layout import LAYOUT
from oplever.kinds.instruction import judge as instruction_judge
from oplever.kinds.registry import LOG
from oplever.page import reasons, vocabulary
from oplever.page.blocks import Attention, AttentionItem, Cell, Page, Signatures, Table, Waiting
from oplever.page.translator import Translator
from oplever.record import figures
from oplever.record.entries import make
from oplever.record.model import Language, Reason, Recap, Record, Setting, System
from oplever.record.unusual import unusual
from oplever.render.registry import render

Entries = tuple[tuple[str, str, dict[str, Any]], ...]
ACCEPTED = ("acceptance", "S. Yilmaz", {"user": "J. Bakker", "verdict": "accepted"})
REPORT = ("report", "S. Yilmaz", {"to": "M. de Wit"})
APPROVED = ("decision", "M. de Wit", {"decision": "approved"})
PEOPLE = {
    "people": [{"name": "S. Yilmaz", "role": "executor"}, {"name": "M. de Wit", "role": "supervisor"}],
    "norm_hours": 8,
}
HIGH = {"id": "SUDO-004", "severity": "high"}
GRANT = {
    "id": "X1", "control": "SUDO-004", "reason": "lab", "owner": "ICT", "approver": "M. de Wit",
    "expires": "2027-07-31", "valid": True, "hosts": ["a"],
}  # fmt: skip


def page(journal: Journal, *added: tuple[str, str, dict[str, Any]]) -> tuple[Record, Page]:
    entries = [make(kind, by, f"2026-11-23T12:00:{n:02d}.000000Z", data) for n, (kind, by, data) in enumerate(added)]
    record = derive(journal.events(), "d", entries)
    return record, build(record, Translator("en"))


def attention(built: Page) -> tuple[AttentionItem, ...]:
    return next(block.lines for block in built.summary if isinstance(block, Attention))


def machines(built: Page) -> dict[str, dict[str, Cell]]:
    """The cells of each machine on the first page, by the title of their column."""
    block = next(block for block in built.summary if isinstance(block, Table))
    titles = [column.title for column in block.columns]
    return {row[0].text: dict(zip(titles, row, strict=True)) for row in block.rows}


def states(built: Page) -> dict[str, Cell]:
    return {name: cells["State"] for name, cells in machines(built).items()}


def stages(built: Page) -> dict[str, str]:
    return {stage.label: stage.state for stage in built.verdict.stages}


def assigned() -> Journal:
    journal = Journal(assignment=PEOPLE).snapshot("before")
    return journal.check("pass", "during").check("pass").snapshot("after")


def with_exception(**grant: Any) -> Journal:
    journal = assigned()
    checks = [{**HIGH, "status": "waived", "exception": "X1", "title": {"nl": "sudo", "en": "sudo"}}]
    data = {"stage": "after", "suite": "SUDO", "profile": "p", "checks": checks, "exceptions": [{**GRANT, **grant}]}
    return journal.task("audit", data=data)


@pytest.mark.parametrize(
    ("added", "title", "tone"),
    [
        ((), "Technically in order, waits for the user and the supervisor", "good"),
        ((ACCEPTED,), "Technically in order, waits for the supervisor", "good"),
        ((REPORT, APPROVED), "Technically in order, waits for the user", "good"),
        ((ACCEPTED, REPORT, APPROVED), "Delivered", "good"),
        ((ACCEPTED, ("decision", "M. de Wit", {"decision": "rejected"})), "Rejected by the supervisor", "bad"),
        (
            (("acceptance", "S. Yilmaz", {"user": "J. Bakker", "verdict": "rejected"}),),
            "Rejected by the user",
            "bad",
        ),
        ((("fault", "S. Yilmaz", {"symptom": "502"}),), "Not delivered", "bad"),
    ],
)
def test_the_headline(added: Entries, title: str, tone: str) -> None:
    _, built = page(complete().finish(ok=5), *added)
    assert (built.verdict.title, built.verdict.tone) == (title, tone)


def test_the_steps_are_shown_each_by_itself() -> None:
    _, built = page(complete().finish(ok=5), REPORT, APPROVED)
    assert stages(built) == {
        "carried out": "done", "tested": "done", "user": "open", "supervisor": "done", "signed": "open",
    }  # fmt: skip


def test_work_is_tested_when_every_machine_is() -> None:
    journal = complete().task("looked at", host="b")
    _, built = page(journal.finish(ok=5))
    assert stages(built)["tested"] == "open"
    assert built.verdict.explanation == "The work is done, and tested on some of the machines; read the remarks."
    _, built = page(complete().finish(ok=5))
    assert stages(built)["tested"] == "done"


def test_who_refused_the_work_shows_in_the_steps() -> None:
    _, built = page(complete().finish(ok=5), ACCEPTED, ("decision", "M. de Wit", {"decision": "rejected"}))
    assert stages(built)["supervisor"] == "refused"
    assert stages(built)["user"] == "done"


def test_a_trial_run_says_so_and_what_it_changed_all_the_same() -> None:
    journal = Journal(check_mode=True).task("looked at", "changed", changed=True, check_mode=True)
    _, built = page(journal.finish(ok=1))
    assert (built.verdict.title, built.verdict.tone) == ("Trial run", "info")
    journal = Journal(check_mode=True).task("really", "changed", changed=True)
    _, built = page(journal.finish(ok=1))
    assert "Although this was a trial run, these steps made changes on a: really." in [
        item.text for item in attention(built)
    ]
    section = next(section for section in built.sections if section.key == "document")
    assert "nothing was changed" not in str(section)


def test_nothing_done_is_red_and_without_praise() -> None:
    _, built = page(Journal().finish())
    assert (built.verdict.title, built.verdict.tone) == ("Nothing was done", "bad")
    assert "No faults occurred" not in str(built)
    assert states(built)["a"].tone != "good"


def test_where_lines_are_missing_nobody_knows_that_there_was_no_fault() -> None:
    journal = complete()
    del journal.lines[8]
    _, built = page(journal.finish(ok=5))
    assert "No faults occurred" not in str(built)
    assert "Nothing had to be escalated" not in str(built)
    _, built = page(complete().finish(ok=5))
    assert "Nothing had to be escalated" in str(built)


def test_what_was_not_tested_is_grey() -> None:
    _, built = page(Journal().snapshot("before").task("install", "changed").snapshot("after").finish(ok=3))
    assert built.verdict.title == "Carried out, not tested, waits for the user and the supervisor"
    assert states(built)["a"] == Cell("not tested", "info")
    assert "Nothing" not in [item.label for item in attention(built)]
    assert "Nothing was tested." in [item.text for item in attention(built)]
    assert not [item for item in attention(built) if item.tone == "good"]


def test_tests_that_do_not_apply_praise_nothing() -> None:
    journal = Journal().snapshot("before").check("not_applicable").snapshot("after").finish(ok=3)
    _, built = page(journal)
    assert states(built)["a"] == Cell("not tested", "info")
    section = next(section for section in built.sections if section.key == "tests")
    assert "no test applied" in str(section.blocks)
    assert "tone='good'" not in str(section.blocks)


def test_nothing_is_said_only_of_what_was_measured() -> None:
    _, built = page(complete().finish(ok=5))
    assert [(item.tone, item.text) for item in attention(built)] == [
        ("info", "No failed test or open fault; security was not measured.")
    ]
    measured = complete().check("pass", id="SSH-001", severity="high").finish(ok=6)
    assert [item.tone for item in attention(page(measured)[1])] == ["good"]


def test_a_machine_that_was_left_behind_is_not_in_order() -> None:
    """An earlier play worked on it: the page says what it missed, not that nothing was done."""
    journal = complete()
    journal.add(
        "play_start",
        play="q",
        name="Batches",
        hosts="all",
        targets=["a"],
        planned=["a", "b"],
        groups={"a": [], "b": []},
    )
    _, built = page(journal.finish(ok=5))
    assert states(built)["b"] == Cell("did not get all of the work", "bad")
    missed = "A play that works in batches ended before the turn of these machines: b."
    assert missed in [item.text for item in attention(built)]


@pytest.mark.parametrize(("other", "shown"), [(False, False), (True, True)])
def test_a_step_that_only_repeats_failed_tests_is_not_said_twice(other: bool, shown: bool) -> None:
    check = {"id": "web.page", "title": "page", "status": "fail", "expected": "1", "found": "2"}
    journal = complete().task("Test", status="failed", data={"stage": "after", "suite": "web", "checks": [check]})
    if other:
        journal.task("Copy a file", status="failed", message="no space left")
    _, built = page(journal.finish(ok=5, failed=1))
    labels = [item.label for item in attention(built)]
    assert ("Work" in labels) is shown
    assert "Failed test" in labels


def test_what_could_not_be_read_is_not_called_a_failure() -> None:
    journal = complete().check("error", id="web.page", title="page", reason="no route")
    for name, severity, status in (
        ("SSH-001", "high", "error"),
        ("KRN-001", "low", "error"),
        ("APT-001", "low", "fail"),
    ):
        journal.check(status, id=name, severity=severity, title=name)
    lines = [(item.label, item.text) for item in attention(page(journal.finish(ok=9))[1]) if item.tone != "info"]
    assert lines == [
        ("No test result", "a: page"),
        ("Not measured", "SSH-001 (a)"),
        ("Security", "1 control of medium or low severity fails"),
        ("Security", "1 control of medium or low severity could not be measured"),
    ]


def test_work_that_stopped_at_a_failed_test_is_told_beside_the_test() -> None:
    check = {"id": "web.page", "title": "page", "status": "fail", "expected": "1", "found": "2"}
    journal = complete()
    journal.add("task_start", task="w", play="p", name="w", action="ansible.builtin.copy")
    journal.add("result", task="w", host="a", status="ok")
    journal.task("Test", status="failed", data={"stage": "during", "suite": "web", "checks": [check]})
    _, found = page(journal.finish(ok=5, failed=1))
    assert attention(found)[0].text == "A step failed on a."
    assert "Failed test" in [item.label for item in attention(found)]


def test_every_reason_is_among_what_needs_attention() -> None:
    """One source: a reason without a line of its own would let the list say less than the verdict."""
    record, _ = page(complete().finish(ok=5))
    t = Translator("en")
    for code in verdict.EFFECTS:
        reason = Reason(code, {key: [] for key in ("hosts", "helpers", "plays", "steps", "failed", "faults", "tests")})
        with_reason = structs.replace(record, document=structs.replace(record.document, reasons=(reason,)))
        items = attention(build(with_reason, t))
        assert items[0].label != "Nothing", code
        assert "good" not in {item.tone for item in items}, code
    assert set(_DETAILS) <= set(verdict.EFFECTS)
    of_kinds = (verdict, incident_judge, instruction_judge, faq_judge)
    assert set(reasons.REASONS) == {code for module in of_kinds for code in module.EFFECTS}


def test_every_headline_and_stage_has_words() -> None:
    codes = {"not_delivered", *stage.HEADLINES.values(), *stage.STATED.values()}
    assert codes | {"rejected_by_user", "rejected_by_supervisor"} == set(headline.HEADLINES)
    assert set(vocabulary.STAGES) == {stage_ for _, stage_ in stage.HEADLINES}


def test_what_somebody_typed_is_no_signature() -> None:
    record, built = page(assigned().finish(ok=5), ACCEPTED, REPORT, APPROVED)
    assert record.signatures == ()
    block = next(block for s in built.sections for block in s.blocks if isinstance(block, Signatures))
    assert [line.name for line in block.lines] == ["", "", "", ""]
    notes = {line.role: line.note for line in block.lines if line.note}
    assert notes == {
        "Supervisor: M. de Wit": "approved, entered under the name M. de Wit, not signed",
        "User": "accepted, stated by S. Yilmaz on behalf of J. Bakker, not signed",
    }


def test_a_signature_is_shown_with_its_key_and_as_not_checked_here() -> None:
    key = {"role": "supervisor", "revision": 4, "statement": "s", "signature": "t", "key": "SHA256:k"}
    _, built = page(assigned().finish(ok=5), ACCEPTED, REPORT, APPROVED, ("signature", "M. de Wit", key))
    assert list(stages(built).items())[-1] == ("signed (key not checked here)", "done")
    block = next(block for s in built.sections for block in s.blocks if isinstance(block, Signatures))
    signed = [line for line in block.lines if line.name]
    assert [(line.name, line.digest) for line in signed] == [("M. de Wit", "SHA256:k")]
    assert "oplever verify" in signed[0].note
    assert {line.role for line in block.lines if not line.name} == {"Technician: S. Yilmaz", "Verifier", "User"}


def test_an_important_exception_stands_on_the_first_page() -> None:
    _, built = page(with_exception().finish(ok=5))
    (item,) = [item for item in attention(built) if item.label == "Exception"]
    assert item.text == "sudo, severity high, on a, until 31 July 2027"
    assert item.detail[0].text == "approved by M. de Wit, as stated in exceptions.yml"
    _, built = page(with_exception().finish(ok=5), ACCEPTED, REPORT, APPROVED)
    (item,) = [item for item in attention(built) if item.label == "Exception"]
    assert item.detail[0].text == "approved by M. de Wit"
    _, built = page(with_exception(approver="T. Bos").finish(ok=5), ACCEPTED, REPORT, APPROVED)
    assert "as stated in exceptions.yml" in str(built.summary)


def test_who_typed_an_exception_for_somebody_else_is_told() -> None:
    entry = {key: GRANT[key] for key in ("control", "reason", "owner", "approver", "expires")}
    journal = assigned().check("fail", **HIGH)
    _, built = page(journal.finish(ok=5), ("exception", "S. Yilmaz", entry))
    assert "approved by M. de Wit, as stated by S. Yilmaz" in str(attention(built))


def test_somebody_else_decided_than_was_assigned() -> None:
    _, built = page(assigned().finish(ok=5), ("decision", "T. Bos", {"decision": "approved"}))
    texts = [item.text for item in attention(built)]
    assert "T. Bos decided, not M. de Wit" in texts
    assert any(text.startswith("Approved while") for text in texts)
    _, built = page(assigned().finish(ok=5), ("decision", "wit, m. de", {"decision": "approved"}))
    assert "decided, not" not in str(attention(built))


def test_the_norm_is_compared_when_hours_were_given() -> None:
    def hours(*added: tuple[str, str, dict[str, Any]]) -> str:
        _, built = page(assigned().finish(ok=5), *added)
        return str(next(section for section in built.sections if section.key == "hours").blocks)

    assert "of the norm" not in hours()
    travel = ("hours", "S. Yilmaz", {"hours": 4.0, "activity": "trip", "kind": "travel", "day": "2026-11-23"})
    work = ("hours", "S. Yilmaz", {"hours": 2.0, "activity": "work", "day": "2026-11-23"})
    assert "25% of the norm" in hours(travel, work)


def test_a_score_says_over_how_many_controls_it_goes() -> None:
    journal = complete()
    for number, status in enumerate(["pass", "pass", "fail", "error", "not_applicable", "not_applicable"]):
        journal.check(status, id=f"SSH-00{number}", severity="high")
    record, built = page(journal.finish(ok=9))
    score = record.baseline.hosts[0].after
    assert score is not None
    assert (score.measured, score.total, score.errors) == (3, 6, 1)
    assert "3 of 6 measured, 2 do not apply" in str(built)


def cell_of(journal: Journal, name: str) -> Cell:
    """A cell of the first machine."""
    return machines(page(journal)[1])["a"][name]


def test_a_test_with_an_exception_is_not_green() -> None:
    cell = cell_of(
        Journal().snapshot("before").check("waived").check("pass", id="y").snapshot("after").finish(), "Tests"
    )
    assert (cell.tone, cell.text) == ("warn", "1 of 2 tests passed, 1 with an exception")


def test_changes_that_nobody_measured_are_not_called_none() -> None:
    unchanged = Journal().snapshot("before").check("pass").snapshot("after").finish()
    assert cell_of(unchanged, "Changes").text == "none"
    assert cell_of(Journal().snapshot("before").check("pass").finish(), "Changes").text == "not measured"


def test_every_kind_of_entry_has_a_word_in_the_history() -> None:
    t = Translator("nl")
    assert {kind.tag() for kind in LOG.kinds} | {"run", "joined", "desk-signature"} == set(vocabulary.ENTRIES)
    assert vocabulary.history_text(t, "rest-point: R1 done") == "restpunt: R1 gedaan"
    assert vocabulary.history_text(t, "correction: systems.web1.serial") == "correctie: systems.web1.serial"
    assert vocabulary.history_text(t, "of a later version: x") == "of a later version: x"


def test_an_area_is_green_when_it_was_measured_after_the_work() -> None:
    """An area without failing controls takes no row; one that nobody measured again, or with an exception, does."""
    journal = Journal().snapshot("before")
    rows = {
        "SSH-001": ("fail", "pass"),
        "KRN-001": ("pass", "pass"),
        "TLS-001": ("fail", None),
        "APT-001": ("pass", "waived"),
    }
    for when, place in (("before", 0), ("after", 1)):
        checks = [
            {
                "id": name,
                "area": name[:3],
                "severity": "high",
                "title": {"nl": name, "en": name},
                "status": results[place],
            }
            for name, results in rows.items()
            if results[place]
        ]
        journal.task("Audit", "ok", data={"stage": when, "suite": "harden", "checks": checks})
    built = page(journal.finish())[1]
    (blocks,) = [section.blocks for section in built.sections if section.key == "baseline"]
    (areas,) = [
        block
        for block in blocks
        if isinstance(block, Table)
        and block.caption.startswith("Controls that fail or could not be measured, per area")
    ]
    cells = {row[0].text[-4:-1]: (row[1].text, row[1].tone) for row in areas.rows}
    assert cells == {"SSH": ("1 → 0", "good"), "TLS": ("1 → –", "plain"), "APT": ("0 → 0", "plain")}
    assert "No failing controls in: kernel (KRN)." in [getattr(block, "text", "") for block in blocks]


def test_every_table_has_the_machines_in_one_order() -> None:
    journal = Journal().task("Prepare a").task("Prepare b", host="b")
    checks = [{**HIGH, "status": "pass", "title": {"nl": "n", "en": "e"}}]
    for host in ("b", "a"):
        data = {"stage": "after", "suite": "harden", "checks": checks}
        journal.task(f"Audit {host}", host=host, data=data)
    built = page(journal.finish())[1]
    (blocks,) = [section.blocks for section in built.sections if section.key == "baseline"]
    scores = next(block for block in blocks if isinstance(block, Table))
    assert [row[0].text for row in scores.rows] == list(states(built)) == ["a", "b"]


def test_the_figures_say_of_how_many_and_why_not_of_the_others() -> None:
    journal = complete()
    reasons = {
        "MNT-001": "not measured: in a container the host manages this",
        "FW-001": "not measured: the machine does not run",
        "APT-001": "no such thing",
    }
    for name, reason in reasons.items():
        journal.check("not_applicable", id=name, severity="high", reason=reason)
    journal.check("pass", id="SSH-001", severity="high").check("error", id="SSH-002", severity="high")
    _, built = page(journal.finish(ok=9))
    assert built.verdict.figures == (
        "1 machine, 1 of 1 test passed, 1 of 5 security controls measured, "
        "1 belongs to the host of a container, 1 does not apply, 1 not looked at, 1 could not be measured."
    )


def test_who_is_waited_for_stands_there_once_with_everything() -> None:
    _, built = page(complete().finish(ok=5))
    waiting = next(block for block in built.summary if isinstance(block, Waiting))
    needs = {who: [need.text for need in of_one] for who, of_one in waiting.lines}
    assert len(waiting.lines) == len(needs)
    assert needs["Supervisor"] == ["The supervisor's decision"]
    assert sum(map(len, needs.values())) == len(page(complete().finish(ok=5))[0].completeness.missing)


@pytest.mark.parametrize("suffix", ["md", "html", "pdf"])
def test_no_document_tells_a_reader_what_to_type(suffix: str) -> None:
    """Commands are for the technician, on the terminal."""
    record, _ = page(complete().finish(ok=5))
    content = render(record, suffix, "en")
    if suffix == "pdf":
        content = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout
    assert record.completeness.missing
    assert b"oplever add" not in content


def test_machines_that_are_alike_stand_together_and_the_worst_first() -> None:
    journal = Journal()
    hosts = [f"pc{number:02}" for number in range(14)]
    for host in hosts:
        checks = [
            {"id": "x", "title": "x", "status": "fail" if host == "pc07" else "pass", "expected": "1", "found": "2"}
        ]
        journal.task("Test", host=host, data={"stage": "after", "suite": "s", "checks": checks})
    rows = machines(page(journal.finish())[1])
    alike = [name for name in rows if name.endswith("machines alike")]
    assert next(iter(rows)) == "pc07"
    assert alike == ["13 machines alike"]
    assert rows[alike[0]]["Machine"].note.startswith("pc00, pc01, ")
    assert "and 5 more" in rows[alike[0]]["Machine"].note


def test_a_machine_is_told_by_what_only_it_does() -> None:
    systems = [System(name, Recap(), roles=("c.base", *roles)) for name, roles in (("a", ("c.dns",)), ("b", ()))]
    assert figures.tasks(systems) == {"a": ("c.dns",), "b": ("c.base",)}
    assert figures.tasks(systems[:1]) == {"a": ("c.base", "c.dns")}
    away = System("c", Recap(), reachable=False, roles=("c.other",))
    assert figures.tasks([*systems, away])["a"] == ("c.dns",)


def test_groups_say_which_of_machines_with_one_role_it_is() -> None:
    systems = [System(name, Recap(), groups=("all_servers", *groups)) for name, groups in (("a", ("dns",)), ("b", ()))]
    assert figures.groups_apart(systems) == {"a": ("dns",), "b": ()}
    assert figures.groups_apart(systems[:1]) == {"a": ()}
    assert figures.groups_apart([]) == {}


def test_settings_to_ask_about() -> None:
    record, _ = page(complete().finish(ok=5))
    values = [
        *(("a", "keyboard", "us"), ("a", "locale", "nl_NL.UTF-8"), ("a", "timezone", "Europe/Amsterdam")),
        *(("b", "keyboard", "nl"), ("b", "locale", "nl_NL.UTF-8"), ("b", "timezone", "Europe/Amsterdam")),
        ("c", "timezone", "Etc/UTC"),
    ]
    settings = tuple(Setting(host, "host", name, "changed", after=value) for host, name, value in values)
    assert [(item.why, item.name, item.hosts) for item in unusual(structs.replace(record, settings=settings))] == [
        ("keyboard", "keyboard", ("a",)),
        ("minority", "timezone", ("c",)),
        ("minority", "keyboard", ("b",)),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_first_page_of_three_machines_fits_on_one_sheet(language: Language) -> None:
    content = render(derive(read(fleet.lines(3, tasks=12, tests=8, controls=60))), "pdf", language)
    pages = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
    first, second, *_ = ([re.sub(r"\s+", " ", line) for line in page.splitlines()] for page in pages.split("\f"))
    t = Translator(language)
    assert t("Security per area") in first
    assert f"0 {t(LAYOUT.chapters[0].title)}" in second
