"""Runs of one assignment as one record: what it says, what it cites, and what comes after it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils import delivered
from journals import ZERO, Journal
from oplever import config, store
from oplever.app.add import add, admit
from oplever.app.build import build, enclosing
from oplever.app.collection import collection_of
from oplever.app.compare import compare
from oplever.app.evidence import evidence
from oplever.app.forms import week
from oplever.app.history import history
from oplever.app.join import join, since
from oplever.app.listing import listing
from oplever.app.sign import sign
from oplever.app.verify import verify
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.page.document import Paper
from oplever.record.model import Record
from oplever.store import retention
from oplever.store.filters import Filter
from oplever.store.index import open_index

FILE = "/etc/motd"
BY = "S. Yilmaz"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
    return tmp_path


class Run:
    """One run on machines `a` and `b`, an hour after the one before it."""

    def __init__(self, hour: int, hosts: tuple[str, ...] = ("a", "b"), **start: Any) -> None:
        self.hour, self.hosts = hour, hosts
        people = [{"name": BY, "role": "executor"}, {"name": "M. de Wit", "role": "supervisor"}]
        assignment = {"id": "W-1", "title": "Wiki", "people": people}
        self.journal = Journal(**{"assignment": assignment, "work_process": "1.3", **start})
        for old, new in (('["a"]', list(hosts)), ('{"a": ["web"]}', {host: ["web"] for host in hosts})):
            self.journal.lines[2] = self.journal.lines[2].replace(old.encode(), json.dumps(new).encode())
        self.counts = {host: {**ZERO} for host in hosts}

    def task(self, name: str, status: str = "ok", host: str = "a", **keys: Any) -> Run:
        self.journal.task(name, status, host, **keys)
        counts = self.counts[host]
        for count in {"changed": ("ok", "changed")}.get(status, (status,)):
            counts[count] += 1
        return self

    def look(self, stage: str, content: str, *hosts: str) -> Run:
        for host in hosts or self.hosts:
            snapshot = {"packages": {}, "files": {FILE: ["644", "root", "root", 3, content]}}
            self.task(f"snapshot {stage} {host}", host=host, data={"stage": stage, "snapshot": snapshot})
        return self

    def check(self, status: str, host: str = "a") -> Run:
        check = {"id": "wiki.answers", "title": "t", "status": status, "expected": "200", "found": status}
        return self.task(f"check {host}", host=host, data={"stage": "after", "suite": "wiki", "checks": [check]})

    def store(self, base: Path, *, is_finished: bool = True) -> str:
        """Put it among the records; gives its name."""
        if is_finished:
            self.journal.add("stats", recap=self.counts)
            self.journal.add("run_end", lines=len(self.journal.lines), lost=0, reason="finished")
        name = f"20261123T{self.hour}0000Z-site-{self.hour:06}"
        hour = f"2026-11-23T{self.hour}:".encode()
        lines = [line.replace(b"2026-11-23T10:", hour) for line in self.journal.lines]
        (base / name).mkdir()
        (base / name / "journal.jsonl").write_bytes(b"".join(lines))
        (base / "latest").unlink(missing_ok=True)
        (base / "latest").symlink_to(name)
        return name


def failed(base: Path, hour: int = 10) -> str:
    """`a` fails halfway, `b` is in order."""
    run = Run(hour).look("before", "aa").task("install", "changed", "b").check("pass", "b").look("after", "bb", "b")
    run.task("install", "failed", "a", message="port 80 is taken").check("fail").look("after", "aa", "a")
    return run.store(base)


def mended(base: Path, hour: int = 11, hosts: tuple[str, ...] = ("a", "b")) -> str:
    run = Run(hour, hosts).look("before", "bb")
    for host in hosts:
        run.task("install", "changed", host).check("pass", host)
    return run.look("after", "cc").store(base)


def test_from_the_first_state_to_the_last(base: Path) -> None:
    names = [failed(base), mended(base, hosts=("a",)), mended(base, 12)]
    joined = join((), BY)
    record = joined.record
    assert joined.is_new
    assert list(joined.added) == names
    assert [(run.record, run.verdict) for run in record.runs] == [
        (names[0], "not_delivered"), (names[1], "delivered"), (names[2], "delivered"),
    ]  # fmt: skip
    assert (record.verdict, record.stage, record.document.reasons) == ("delivered", "tested", ())
    assert [(row.host, row.before[-2:], row.after[-2:]) for row in record.settings] == [
        ("a", "aa", "cc"), ("b", "aa", "cc"),
    ]  # fmt: skip
    first, last = (store.load(base / name).systems for name in (names[0], names[2]))
    assert [(row.name, row.snapshot_before, row.snapshot_after) for row in record.systems] == [
        (before.name, before.snapshot_before, after.snapshot_after) for before, after in zip(first, last, strict=True)
    ]


def test_a_fault_is_told_over_the_runs(base: Path) -> None:
    """A step is the same step when its file was mended above it, so that it stands on another line."""
    failed(base)
    again = Run(11).look("before", "bb").task("install", "failed", "a", message="port 80 is taken").check("fail")
    again.look("after", "aa", "a").store(base)
    run = Run(12).look("before", "bb")
    run.journal.add(
        "task_start", task="i2", play="p", name="install", action="ansible.builtin.debug", path="site.yml:99"
    )
    run.journal.add("result", task="i2", host="a", status="changed", duration=1.0)
    run.task("install", "changed", "b").check("pass").check("pass", "b").look("after", "cc").store(base)
    record = join((), BY).record
    assert record.verdict == "delivered"
    step = next(fault for fault in record.faults if fault.kind == "task_failed")
    assert (step.run, step.solved_in, step.status, step.attempts) == (1, 3, "solved", 2)
    test = next(fault for fault in record.faults if fault.kind == "test_failed")
    assert (test.run, test.solved_in, test.status) == (1, 3, "solved")
    assert len(record.faults) == 2
    result = next(test for test in record.tests if test.host == "a")
    assert (result.status, result.run, result.attempt) == ("pass", 3, 3)
    assert [(row.run, row.status) for row in result.earlier] == [(1, "fail"), (2, "fail")]


def test_what_no_later_run_did_stays_as_it_was(base: Path) -> None:
    """A later run that did less, or elsewhere, does not make an earlier one good."""
    failed(base)
    mended(base, hosts=("b",))
    Run(12, tags=["motd"]).look("before", "cc").task("motd", "ok").look("after", "cc").store(base)
    record = join((), BY).record
    assert (record.verdict, record.stage) == ("not_delivered", "started")
    assert [reason.params["hosts"] for reason in record.document.reasons if reason.code == "hosts_failed"] == [["a"]]
    assert [run.deciding for run in record.runs] == [("a",), ("b",), ("a", "b")]
    assert {fault.status for fault in record.faults} == {"open"}


@pytest.mark.parametrize("kind", ["interrupted", "trial"])
def test_a_run_that_was_cut_off_or_tried_delivers_nothing(base: Path, kind: str) -> None:
    failed(base)
    run = Run(11, check_mode=kind == "trial").look("before", "bb").task("install", "changed").task("install", host="b")
    run.check("pass").check("pass", "b").look("after", "cc").store(base, is_finished=kind == "trial")
    record = join((), BY).record
    assert (record.verdict, record.stage) == ({"interrupted": "interrupted", "trial": "not_delivered"}[kind], "started")
    assert record.completeness.journal_complete is (kind == "trial")
    if kind == "trial":
        assert next(row for row in record.settings if row.host == "b").after.endswith("bb")
        assert not any(test.host == "a" and test.status == "pass" for test in record.tests)


def test_trial_runs_alone_are_a_trial(base: Path) -> None:
    for hour in (10, 11):
        Run(hour, check_mode=True).task("install", "changed").store(base)
    record = join((), BY).record
    assert (record.document.check_mode, record.stage) == (True, "trial")


def test_a_machine_that_did_not_answer_at_first(base: Path) -> None:
    Run(10).look("before", "aa", "a").task("install", "changed").check("pass").look("after", "bb", "a").task(
        "ping", "unreachable", "b"
    ).store(base)
    mended(base)
    record = join((), BY).record
    assert (record.verdict, [fault.status for fault in record.faults]) == ("delivered", ["solved"])
    assert [system.reachable for system in record.systems] == [True, True]
    assert {row.host: row.before[-2:] for row in record.settings} == {"a": "aa", "b": "bb"}


def test_hours_and_material_of_all_runs(base: Path) -> None:
    for name in (failed(base), mended(base)):
        add(base / name, "hours", BY, {"hours": "1,5", "activity": "installatie", "day": "23-11-2026"})
        add(base / name, "component", BY, {"host": "a", "name": "kabel", "kind": "cable"})
    directory = join((), BY).directory
    record = add(directory, "hours", BY, {"hours": "1", "activity": "verslag", "day": "24-11-2026"})
    assert (record.hours.hands_on, record.hours.machine) == (
        4,
        pytest.approx(sum(_machine_hours(base, record)), abs=1e-4),
    )
    assert [line.run for line in record.hours.lines if line.kind == "hands_on"] == [1, 2, 0]
    assert [row.name for row in record.components if row.change == "used"] == ["kabel", "kabel"]


def test_hours_of_a_run_are_counted_once_over_all_records(base: Path) -> None:
    """In the week sheet and on the pages; also those that were added to a run after it was taken in."""
    name = mended(base)
    add(base / name, "hours", BY, {"hours": "1,5", "activity": "installatie", "day": "23-11-2026"})
    directory = join((), BY).directory
    add(directory, "hours", BY, {"hours": "1", "activity": "verslag", "day": "24-11-2026"})
    add(base / name, "hours", BY, {"hours": "4", "activity": "zoeken", "day": "23-11-2026"})
    for path in (base / name, directory):
        store.write_record(store.load(path), path)
    assert sorted(line.hours for line in week(date(2026, 11, 23))) == [1, 1.5, 4]
    with open_index(base) as index:
        collection = collection_of(index, base, datetime(2026, 11, 25, tzinfo=UTC), None)
    assert sorted(line.hours for line in collection.hours) == [1, 1.5, 4]
    assert [(of.source.name, of.source.part_of) for of in collection.readable] == [
        (name, directory.name), (directory.name, ""),
    ]  # fmt: skip
    assert {wait.of.source.name for waits in collection.waits.values() for wait in waits} == {directory.name}
    assert [visit.of.source.name for visit in collection.lives["a"].visits] == [name]


def _machine_hours(base: Path, record: Record) -> list[float]:
    return [store.load(base / run.record).hours.machine for run in record.runs]


def test_a_later_run_is_never_silent(base: Path) -> None:
    """It makes a new revision of a record that is open, and a new record beside one that is approved."""
    failed(base)
    first = join((), BY)
    revision = first.record.document.revision
    later = mended(base)
    assert since(first.directory, first.record).runs == (later,)
    second = join((), BY)
    assert (second.directory, second.added, second.is_new) == (first.directory, (later,), False)
    assert second.record.document.revision == revision + 1
    assert second.record.document.history[-1].what == f"joined: {later}"
    assert since(second.directory, second.record).runs == ()

    add(second.directory, "decision", "M. de Wit", {"decision": "approved"})
    last = mended(base, 12)
    third = join((), BY)
    assert third.is_new
    assert third.added == (last,)
    assert len(store.load(second.directory).runs) == 2
    with pytest.raises(OpleverError, match="approved and cannot change"):
        add_run(second.directory, third.record.runs[0])


def add_run(directory: Path, run: Any) -> None:
    content = {"record": run.record, "revision": run.revision, "fingerprint": run.fingerprint, "digest": run.digest}
    admit(directory, [registry.LOG.make("run", BY, "2026-11-24T10:00:00.000000Z", content)])


def test_a_later_revision_of_a_run_counts_when_it_is_taken_in_again(base: Path) -> None:
    name = mended(base)
    directory = join((), BY).directory
    add(base / name, "hours", BY, {"hours": "2", "activity": "installatie", "day": "23-11-2026"})
    assert store.load(directory).hours.hands_on == 0
    assert since(directory, store.load(directory)).revisions == ((name, 1, 2),)
    again = join((), BY)
    assert again.renewed == (name,)
    assert again.record.hours.hands_on == 2
    assert [run.number for run in again.record.runs] == [1]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["gone", "journal", "entries"])
def test_a_run_that_is_not_what_it_was_is_told_and_never_green(base: Path, damage: str) -> None:
    name = failed(base)
    add(base / name, "hours", BY, {"hours": "2", "activity": "installatie", "day": "23-11-2026"})
    mended(base)
    directory = join((), BY).directory
    build(directory)
    assert verify(directory).problems == ()
    if damage == "gone":
        (base / name).rename(base / "elsewhere")
    else:
        path = base / name / {"journal": "journal.jsonl", "entries": "entries.jsonl"}[damage]
        path.write_bytes(path.read_bytes().replace(b"port 80", b"port 81").replace(b'"hours":2.0', b'"hours":8.0'))
    record = store.load(directory)
    assert (record.verdict, record.stage) == ("not_delivered", "started")
    assert record.document.reasons[0].params == {"runs": [name]}
    assert not record.completeness.journal_complete
    assert any(problem.startswith(f"run {name}: ") for problem in verify(directory).problems)


def test_names_that_were_replaced_in_a_run_are_no_damage(base: Path) -> None:
    name = mended(base)
    add(base / name, "hours", BY, {"hours": "2", "activity": "installatie", "day": "23-11-2026"})
    directory = join((), BY).directory
    retention.pseudonymise(base / name, ("hours_names",), b"key", datetime(2028, 1, 1, tzinfo=UTC))
    record = store.load(directory)
    assert (record.verdict, record.hours.hands_on) == ("delivered", 2)
    assert next(line for line in record.hours.lines if line.kind == "hands_on").person.startswith("P-")


def test_a_run_stays_as_long_as_the_record_that_is_made_of_it(base: Path) -> None:
    name = mended(base)
    directory = join((), BY).directory
    now, terms = datetime.now(UTC) + timedelta(days=2), config.Retention(record="3 days")
    assert retention.plan(base, terms, now) == []
    add(directory, "correction", BY, {"field": "entry.2", "reason": "hoort bij een andere opdracht"})
    assert store.load(directory).runs == ()
    assert [due.record for due in retention.plan(base, terms, now)] == [name]


def test_a_run_of_a_record_of_several_is_signed_with_it(base: Path) -> None:
    name = mended(base)
    directory = join((), BY).directory
    with pytest.raises(OpleverError, match=f"is a run of {directory.name}"):
        sign(base / name, BY, "executor")


def test_runs_of_two_assignments_are_no_record(base: Path) -> None:
    one, other = mended(base), Run(12, assignment={"id": "W-2"}).task("x").store(base)
    with pytest.raises(OpleverError, match="several assignments: W-1, W-2"):
        join((one, other), BY)


def test_without_an_assignment_it_is_called_after_its_playbooks(base: Path) -> None:
    """And not by the name that it has as a directory."""
    names = [Run(hour, assignment={}).task("install", "changed").store(base) for hour in (10, 11)]
    assert join(names, BY).record.assignment.title == "site.yml"


def test_runs_without_an_assignment_make_one_record_also_when_they_are_joined_twice(base: Path) -> None:
    first, second, third = (Run(hour, assignment={}).task("install", "changed").store(base) for hour in (10, 11, 12))
    joined = join([first, second], BY)
    again = join([first, second], BY)
    assert (again.directory, again.added, again.is_new) == (joined.directory, (), False)
    more = join([first, second, third], BY)
    assert (more.directory, more.added) == (joined.directory, (third,))
    assert len(list(base.glob("*-job-*"))) == 1
    assert join([first, second], BY, begins_new=True).is_new


def test_only_runs_are_taken_together(base: Path) -> None:
    mended(base)
    directory = join((), BY).directory
    with pytest.raises(OpleverError, match="no record of a run"):
        join((directory.name,), BY)


def test_a_record_of_several_runs_is_compared_and_listed_as_one(base: Path) -> None:
    names = [failed(base), mended(base)]
    directory = join((), BY).directory
    rows = {row.name: row for row in listing(Filter()).records}
    assert [rows[name].part_of for name in names] == [directory.name] * 2
    assert rows[directory.name].runs == 2
    assert [visit.record.name for visit in history("a")] == names
    assert [visit.record.name for visit in history("a", directory)] == [directory.name]
    assert not any(visit.drift for visit in history("a", directory))
    compared = compare([names[0], directory.name], ["a"])
    assert compared


def test_a_delivery_of_several_runs_is_what_later_runs_are_compared_with(base: Path) -> None:
    """The recorder finds the snapshot in the last run, since the record itself has no journal."""
    failed(base)
    mended(base)
    directory = join((), BY).directory
    content = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    assert delivered.is_delivery(content, "a")
    snapshot = delivered.last_snapshot(directory, "a")
    assert snapshot
    assert snapshot["files"][FILE][-1] == "cc"


@pytest.mark.parametrize("name", ["../private", "../../private", "/etc", ".", "x/../../private"])
def test_evidence_takes_nothing_from_outside_the_records(
    base: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Entries that somebody else made may name anything as a run; the ZIP goes to others."""
    (base / "private").mkdir()
    (base / "private" / "id_ed25519").write_text("PRIVATE", encoding="utf-8")
    records = base / "records"
    monkeypatch.setenv("OPLEVER_RECORDS", str(records))
    records.mkdir()
    runs = [Run(hour).task("one").store(records) for hour in (10, 11)]
    directory = join((), BY).directory
    entries = (directory / "entries.jsonl").read_text(encoding="utf-8")
    (directory / "entries.jsonl").write_text(entries.replace(runs[0], name), encoding="utf-8")
    with zipfile.ZipFile(io.BytesIO(evidence(directory))) as archive:
        assert {path.split("/")[2] for path in archive.namelist() if "/runs/" in path} == {runs[1]}


@pytest.mark.parametrize("name", ["../../etc/x", "/etc/x", "$(touch x)", "a b", "..", "-rf"])
def test_a_journal_gives_no_name_that_leads_elsewhere(base: Path, name: str) -> None:
    """The name of a record is that of the directory in the ZIP, and stands in commands that people copy."""
    run = Run(10).task("one")
    run.journal.lines[0] = run.journal.lines[0].replace(b'"r1"', json.dumps(name).encode())
    directory = base / run.store(base)
    assert re.fullmatch(r"[a-z0-9-]+", store.load(directory).id)
    with zipfile.ZipFile(io.BytesIO(evidence(directory))) as archive:
        assert all(re.match(r"[a-z0-9]", path) and ".." not in path for path in archive.namelist())


def test_what_the_runs_showed_goes_with_the_paper_and_the_evidence(base: Path) -> None:
    names = [failed(base), mended(base)]
    directory = join((), BY).directory
    runs = tuple(run.record for run in store.load(directory).runs)
    enclosed = {file.name: file.content for file in enclosing(directory, Paper(), runs).enclosures}
    assert [name for name in enclosed if name.endswith("journal.jsonl")] == [f"{name}.journal.jsonl" for name in names]
    with zipfile.ZipFile(io.BytesIO(evidence(directory))) as archive:
        for name in names:
            content = (base / name / "journal.jsonl").read_bytes()
            assert archive.read(f"{directory.name}/runs/{name}/journal.jsonl") == content
            assert enclosed[f"{name}.journal.jsonl"] == content


def test_a_step_is_the_same_on_another_line_also_in_a_run_that_did_less(base: Path) -> None:
    failed(base)
    run = Run(11, tags=["wiki"])
    run.journal.add(
        "task_start", task="i2", play="p", name="install", action="ansible.builtin.debug", path="site.yml:99"
    )
    run.journal.add("result", task="i2", host="a", status="changed", duration=1.0)
    run.check("pass").store(base)
    record = join((), BY).record
    assert {(fault.kind, fault.status, fault.solved_in) for fault in record.faults} == {
        ("task_failed", "solved", 2), ("test_failed", "solved", 2),
    }  # fmt: skip


@pytest.mark.parametrize(("later", "status"), [("failed", "open"), ("ignored", "open")])
def test_a_fault_that_comes_back_is_one_fault_and_open(base: Path, later: str, status: str) -> None:
    failed(base)
    Run(11).look("before", "bb").task("install", later, "a", message="port 80 is taken").look("after", "cc").store(base)
    [fault] = [fault for fault in join((), BY).record.faults if fault.kind == "task_failed"]
    assert (fault.status, fault.attempts, fault.run, fault.solved_in) == (status, 2, 1, 0)


def test_exceptions_of_two_runs_are_two(base: Path) -> None:
    """Each record numbers its own from X1 on."""
    for hour, host, control in ((10, "a", "SSH-001"), (11, "b", "NET-002")):
        check = {"id": control, "title": "t", "status": "fail", "severity": "high", "area": "SSH"}
        run = Run(hour, (host,))
        run.task("audit", host=host, data={"stage": "after", "suite": "baseline", "checks": [check]})
        grant = {"control": control, "reason": host, "owner": "ICT", "approver": "M. de Wit", "expires": "2099-12-31"}
        add(base / run.store(base), "exception", BY, grant)
    baseline = join((), BY).record.baseline
    assert [(grant.id, grant.control, grant.reason) for grant in baseline.exceptions] == [
        ("1.X1", "SSH-001", "a"), ("2.X1", "NET-002", "b"),
    ]  # fmt: skip
    assert [(c.host, c.after, c.exception) for c in baseline.controls] == [
        ("a", "waived", "1.X1"),
        ("b", "waived", "2.X1"),
    ]


def test_a_run_of_everything_does_not_do_what_has_to_be_asked_for(base: Path) -> None:
    """Steps with the tag `never` are done by a run with their other tag alone."""
    run = Run(10, tags=["migrate"])
    run.journal.add("task_start", task="m", play="p", name="migrate", path="site.yml:9", tags=["never", "migrate"])
    run.journal.add("result", task="m", host="a", status="failed", duration=1.0, message="no")
    run.counts["a"]["failed"] += 1
    run.store(base)
    mended(base)
    record = join((), BY).record
    assert (record.verdict, record.runs[0].deciding) == ("not_delivered", ("a", "b"))
    assert [fault.status for fault in record.faults] == ["open"]


def test_tests_by_hand_of_two_runs_are_two(base: Path) -> None:
    """Each record numbers its own: a test that passed in a later run says nothing of another one that failed."""
    for hour, title, status in ((10, "link", "fail"), (11, "printer", "pass")):
        name = Run(hour, ("a",)).look("before", "aa").task("x").check("pass").look("after", "aa").store(base)
        add(base / name, "test", BY, {"host": "a", "title": title, "status": status})
    record = join((), BY).record
    by_hand = [(test.id, test.title.en, test.status) for test in record.tests if test.by == BY]
    assert by_hand == [("1.hand.1", "link", "fail"), ("2.hand.1", "printer", "pass")]
    assert record.verdict == "not_delivered"
