"""What the journal says of a task beyond its status: who rescued it, who notified it, what it left running."""

from __future__ import annotations

from journals import Journal
from oplever.record.model import HostResult, Record


def run(version: int = 2) -> Journal:
    journal = Journal()
    journal.lines[0] = journal.lines[0].replace(b'"version": 1', b'"version": %d' % version)
    return journal


def step(
    journal: Journal, name: str, status: str = "ok", *, start: dict[str, object] | None = None, **keys: object
) -> Journal:
    journal.add("task_start", task=name, play="p", name=name, action="x.y.z", **(start or {}))
    return journal.add("result", task=name, host="a", status=status, **keys)


def result(record: Record, name: str) -> HostResult:
    return next(step.results[0] for step in record.steps if step.name == name)


def test_the_block_that_is_named_rescues() -> None:
    journal = run()
    step(journal, "fails", "failed", rescued_by="B")
    step(journal, "inner always")
    step(journal, "recovers", start={"rescues": "B"})
    record = journal.record()
    assert (result(record, "fails").status, result(record, "fails").rescued_by) == ("rescued", "recovers")
    assert record.faults[0].fix == "recovers"
    assert (record.systems[0].recap.rescued, record.systems[0].recap.failed) == (1, 0)


def test_going_on_is_not_being_rescued() -> None:
    journal = run()
    step(journal, "fails", "failed")
    step(journal, "always")
    assert result(journal.record(), "fails").status == "failed"
    # Version 1 did not say; there the record has to go by what came after.
    old = run(version=1)
    step(old, "fails", "failed")
    step(old, "rescue, or always")
    assert result(old.record(), "fails").status == "rescued"


def test_a_handler_is_rescued_by_the_block_that_flushed_it() -> None:
    journal = run()
    step(journal, "handler", "failed", start={"handler": True})
    step(journal, "recovers", start={"rescues": "B"})
    step(journal, "goes on", start={"rescues": "B"})
    record = journal.record()
    assert (result(record, "handler").status, result(record, "handler").rescued_by) == ("rescued", "recovers")


def test_who_notified_a_handler() -> None:
    journal = run()
    step(journal, "one", "changed", notify=["restart"])
    step(journal, "two", "changed", notify=["role : topic"])
    step(journal, "restart", start={"handler": True, "listen": ["topic"]})
    step(journal, "three", "changed", notify=["other"])
    record = journal.record()
    assert result(record, "one").notified == ("restart",)
    assert result(record, "restart").notified_by == ("one", "two")


def test_attempts_background_work_and_changes() -> None:
    journal = run()
    journal.add("task_start", task="t", play="p", name="t", action="x.y.z")
    journal.add("retry", task="t", host="a", attempt=1, message="not yet")
    journal.add("include", task="t", name="more.yml", hosts=["a"])
    journal.add("result", task="t", host="a", status="changed", changed=True, attempts=2,
                job={"id": "j1", "finished": False}, diff=[{"name": "/etc/x", "added": 2, "removed": 1}])  # fmt: skip
    record = journal.record()
    retried = result(record, "t")
    assert (retried.retries, retried.attempts, retried.job) == (("not yet",), 2, "j1")
    assert [(c.name, c.added, c.removed) for c in retried.changes] == [("/etc/x", 2, 1)]
    assert record.steps[0].includes == ("more.yml",)
    assert record.systems[0].recap.ok == 2  # the result, and the file that came in


def test_counts_without_a_recap_leave_out_what_ansible_does_not_count() -> None:
    journal = run()
    journal.add("task_start", task="m", play="p", name="m", action="ansible.builtin.meta")
    journal.add("result", task="m", host="a", status="skipped")
    step(journal, "ignored", "ignored", changed=True)
    recap = journal.record().systems[0].recap
    assert (recap.skipped, recap.ok, recap.changed, recap.ignored) == (0, 1, 1, 1)


def test_collections_that_come_later_are_versions_too() -> None:
    journal = run()
    journal.add("playbook_start", playbook="b.yml", collections={"a.b": "1.2"})
    journal.add("run_end", lines=4, lost=0, reason="finished", collections={"a.b": "1.2", "c.d": None})
    assert journal.record().document.tool_versions == {"a.b": "1.2"}


def test_a_clock_set_back_gives_no_negative_duration() -> None:
    journal = run()
    step(journal, "one")
    journal.lines[-1] = journal.lines[-1].replace(b"2026-11-23T10", b"2026-11-23T08")
    record = journal.record()
    assert record.document.duration >= 0
    assert record.hours.machine >= 0


def test_a_path_is_relative_to_where_ansible_ran() -> None:
    """Where a project stands on a controller is no business of a document; what lies elsewhere keeps its path."""
    journal = Journal(cwd="/srv/site")
    for name, path in (("a", "/srv/site/roles/web/tasks/main.yml:3"), ("b", "/usr/share/ansible/x.yml:9")):
        journal.add("task_start", task=name, play="p", name=name, action="ansible.builtin.debug", path=path)
        journal.add("result", task=name, host="a", status="failed", duration=0.5, message="no")
    record = journal.finish(failed=2).record()
    assert [step.path for step in record.steps] == ["roles/web/tasks/main.yml:3", "/usr/share/ansible/x.yml:9"]
    locations = [fault.location for fault in record.faults]
    assert locations == ["a (roles/web/tasks/main.yml:3)", "b (/usr/share/ansible/x.yml:9)"]
