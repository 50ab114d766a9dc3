"""What holds of every record of several runs, whatever the runs said."""

from __future__ import annotations

from golden import generated
from golden.cases import JOB, Case, entry
from golden.test_always import always
from hypothesis import given
from hypothesis import strategies as st
from oplever.journal.reader import read
from oplever.kinds import registry
from oplever.kinds.derive import derive_folded
from oplever.kinds.documents import build
from oplever.page.translator import Translator
from oplever.record.fold import Run, fold
from oplever.record.joining.members import Member, worked_on
from oplever.record.model import Record

GREENER = ("interrupted", "not_delivered", "delivered_with_remarks", "delivered")


def of_day(case: Case, number: int) -> Member:
    """The run of a case, on the day with this number; what people said of it is not about the job."""
    day = f"2026-12-{number:02}T".encode()
    run = fold(read([line.replace(b"2026-11-23T", day) for line in case.journal]))
    return Member(number, f"run{number}", 1, f"{number:024}", "", derive_folded(run, "", ()), run)


def joined(members: list[Member]) -> Record:
    opened = {"record": JOB, "kind": "installation", "title": "Wiki", "work_process": "1.3"}
    cited = [{"record": m.name, "revision": m.revision, "fingerprint": m.fingerprint, "digest": "-"} for m in members]
    lines = [entry(1, "S. Yilmaz", "opened", **opened), *(entry(2, "S. Yilmaz", "run", **content) for content in cited)]
    entries = [registry.LOG.make(x["entry"].pop("added"), x["by"], x["at"], x["entry"]) for x in lines]
    return derive_folded(Run(), "", entries, members)


@always
@given(cases=st.lists(generated.cases(), min_size=1, max_size=3))
def test_several_runs_are_never_greener_than_the_last(cases: list[Case]) -> None:
    """Nor is a machine: what its last run says against it holds."""
    members = [of_day(case, number) for number, case in enumerate(cases, 1)]
    record = joined(members)
    real = [m.record for m in members if m.record and not m.record.document.check_mode]
    last = real[-1] if real else members[-1].record
    assert last
    if last.systems:
        assert GREENER.index(record.verdict) <= GREENER.index(last.verdict)
    assert {s.name for s in record.systems} == {s.name for one in (real or [last]) for s in one.systems}
    for language in ("nl", "en"):
        assert build(record, Translator(language)).sections


@always
@given(case=generated.cases())
def test_a_run_by_itself_says_what_its_own_record_says(case: Case) -> None:
    member = of_day(case, 1)
    alone, record = member.record, joined([member])
    assert alone
    if not alone.systems:
        return
    assert (record.verdict, record.stage) == (alone.verdict, alone.stage)
    assert {reason.code for reason in record.document.reasons} == {reason.code for reason in alone.document.reasons}
    assert (record.components, record.settings) == (alone.components, alone.settings) or not all(
        worked_on(system) for system in alone.systems
    )
    assert record.baseline.hosts == alone.baseline.hosts
    assert len(record.tests) == len(alone.tests)
    assert [fault.status for fault in record.faults] == [fault.status for fault in alone.faults]
