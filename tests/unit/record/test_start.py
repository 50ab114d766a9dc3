"""What a record holds before anybody added to it: the run, its machines, people, scope and hours."""

from __future__ import annotations

from typing import Any

import pytest
from journals import ZERO, Journal
from oplever.kinds.derive import derive
from oplever.record.model import Assignment, History, Hours, HoursLine, Person, Recap, Record, Scope


def started(**start: Any) -> Record:
    return Journal(**start).task("one").finish(ok=1).record()


def test_the_document_says_how_the_run_was_started() -> None:
    journal = Journal(
        check_mode=True, inventories=["hosts.yml"], commit="9f3c", dirty=True,
        versions={"ansible": "2.19", "collection": None},
    )  # fmt: skip
    journal.add("playbook_start", playbook="two.yml")
    document = derive(journal.task("one").finish(ok=1).events(), "5f").document
    assert (document.journal_version, document.journal_digest, document.revision) == (1, "5f", 1)
    assert (document.command, document.playbooks) == (("ansible-playbook",), ("site.yml", "two.yml"))
    assert (document.check_mode, document.inventories) == (True, ("hosts.yml",))
    assert (document.commit, document.dirty, document.tool_versions) == ("9f3c", True, {"ansible": "2.19"})
    assert (document.started, document.ended, document.created, document.duration) == (
        "2026-11-23T10:00:00.000000Z", "2026-11-23T10:00:08.000000Z", "2026-11-23T10:00:08.000000Z", 8.0,
    )  # fmt: skip
    assert document.history == (History(1, "2026-11-23T10:00:08.000000Z", "machine", "run"),)


def test_what_the_run_does_not_say_stays_unknown() -> None:
    record = Journal().record()
    assert (record.id, record.work_process, record.status) == ("r1", "", "concept")
    document = record.document
    assert (document.ended, document.commit, document.dirty, document.check_mode) == (None, None, None, False)
    assert (document.tool_versions, document.inventories) == ({}, ())


def assigned(**assignment: Any) -> Assignment:
    return started(assignment=assignment).assignment


def test_the_assignment_as_it_was_given() -> None:
    texts = ("id", "title", "principal", "location", "requested_by", "reason", "planned_start", "planned_end")
    values: dict[str, Any] = {name: f"the {name}" for name in texts}
    assert assigned(**values, norm_hours=8, prescribed_order=True, procedures=["P-12", 3]) == Assignment(
        **values, norm_hours=8.0, prescribed_order=True, procedures=("P-12", "3")
    )
    assert assigned(id=118, title=None).id == "118"


@pytest.mark.parametrize(
    "assignment", [None, "x", {}, {"norm_hours": "8", "prescribed_order": "yes", "procedures": "P"}]
)
def test_an_assignment_of_another_shape_says_nothing(assignment: Any) -> None:
    record = started(assignment=assignment)
    assert (record.assignment, record.people) == (Assignment(), (Person("", "executor"),))


def people(*rows: Any, **start: Any) -> tuple[Person, ...]:
    return started(assignment={"people": list(rows)}, **start).people


def test_people_are_whom_the_assignment_names_and_the_account_is_the_executors() -> None:
    named = people(
        {"name": "S. Yilmaz", "role": "executor", "level": "G"}, {"name": None, "role": "user", "level": 2},
        {"name": "nobody", "role": "cook"}, "odd",
        {"name": "two", "role": ["executor", "user"]}, account="svc", controller="control1", person="someone",
    )  # fmt: skip
    assert named == (Person("S. Yilmaz", "executor", "G", "svc", "control1"), Person("", "user", "2"))


@pytest.mark.parametrize("role", ["executor", "verifier", "supervisor", "principal", "user"])
def test_every_role_is_taken(role: str) -> None:
    assert [person.role for person in people({"name": "x", "role": role}) if person.name] == [role]


def test_without_an_executor_in_the_assignment_it_is_who_ran_it() -> None:
    named = people({"name": "J. Bakker", "role": "user"}, account="svc", controller="control1", person="s.yilmaz")
    assert named == (Person("s.yilmaz", "executor", "", "svc", "control1"), Person("J. Bakker", "user"))
    assert people() == (Person("", "executor"),)


@pytest.mark.parametrize(("limit", "shown"), [("web", "web"), (["a", "b"], "a,b"), (None, ""), ([], "")])
def test_the_scope_is_what_was_asked_for(limit: Any, shown: str) -> None:
    scope = started(limit=limit, tags=["all"], skip_tags=["slow"], work_process="1.3").scope
    assert scope == Scope(("a",), ("1.3",), shown, ("all",), ("slow",))
    assert started(limit=limit).scope == Scope(("a",), (), shown)


def test_a_machine_has_its_groups_roles_time_and_counts() -> None:
    journal = Journal()
    for name, role, status in (
        ("1", "web", "ok"),
        ("2", "web", "changed"),
        ("3", "mail", "skipped"),
        ("4", "db", "failed"),
    ):
        journal.add("task_start", task=name, play="p", name=name, role=role)
        journal.add("result", task=name, host="a", status=status, duration=0.1)
    journal.add("task_start", task="5", play="p", name="5").add("result", task="5", host="b", status="ok")
    journal.add("stats", recap={"a": {**ZERO, "ok": 2, "failed": 1}, "b": {**ZERO, "unreachable": 1}})
    first, second = journal.record().systems
    assert (first.groups, first.roles, first.machine_seconds) == (("web",), ("web", "db"), 0.4)
    assert (first.recap, first.reachable) == (Recap(ok=2, failed=1), True)
    assert (second.groups, second.roles, second.machine_seconds, second.reachable) == ((), (), 0.0, False)


def test_to_be_audited_or_asked_for_options_gives_a_machine_no_role() -> None:
    control = {"id": "SSH-001", "title": "t", "status": "fail", "severity": "high", "expected": "", "found": ""}
    audit = {"stage": "before", "suite": "harden", "profile": "debian-basis", "checks": [control]}
    journal = Journal()
    for name, action, role, data in (
        ("1", "ansible.builtin.validate_argument_spec", "harden", {}),
        ("2", "oplever.lab.checks", "harden", audit),
        ("3", "ansible.builtin.validate_argument_spec", "web", {}),
        ("4", "oplever.lab.checks", "web", {**audit, "profile": None}),
    ):
        path = f"/srv/roles/{role}/tasks/verify.yml:{name}"
        journal.add("task_start", task=name, play="p", name=name, action=action, role=role, path=path)
        journal.add("result", task=name, host="a", status="ok", duration=0.1, data=data)
    (system,) = journal.record().systems
    assert (system.roles, system.machine_seconds) == (("web",), 0.4)


def test_a_machine_that_the_recap_does_not_count_has_none() -> None:
    journal = Journal().add("play_start", play="q", targets=["b"]).add("stats", recap={"a": {"ok": 1}})
    second = journal.record().systems[1]
    assert (second.recap, second.roles, second.machine_seconds) == (Recap(), (), 0.0)
    assert (second.snapshot_before, second.snapshot_after) == (None, None)


def test_a_machine_with_a_snapshot_from_before_alone_is_described_by_it() -> None:
    system = Journal().snapshot("before", host={"os": "Debian 12"}).record().systems[0]
    assert (system.os, system.snapshot_before, system.snapshot_after) == (
        "Debian 12", "2026-11-23T10:00:05.000000Z", None,
    )  # fmt: skip
    journal = Journal().snapshot("before", host={"os": "Debian 12"}).snapshot("after", host={"os": "Debian 13"})
    assert journal.record().systems[0].os == "Debian 13"


def test_the_hours_of_the_machine_are_the_time_of_the_run_by_day() -> None:
    journal = Journal(assignment={"norm_hours": 8}).task("one")
    journal.lines = [line.replace(b"T10:", b"T23:") for line in journal.lines]
    journal.lines[-1] = journal.lines[-1].replace(b"2026-11-23T23:00:05", b"2026-11-24T00:30:00")
    assert journal.record().hours == Hours(
        (
            HoursLine("machine", "2026-11-23", "machine", "ansible-playbook", 1.0),
            HoursLine("machine", "2026-11-24", "machine", "ansible-playbook", 0.5),
        ),
        machine=1.5,
        norm=8.0,
    )


def test_an_hour_is_rounded_to_four_places() -> None:
    (line,) = started().hours.lines
    assert (line.hours, started().hours.machine) == (0.0019, 0.0019)
