"""What the reader makes of every kind of line, and that each line of the file is counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from journals import Journal
from oplever.errors import OpleverError
from oplever.journal.events import NoHosts, Notify, Unread
from oplever.record.model import Record
from oplever.render.registry import render


def finished(journal: Journal) -> Record:
    return journal.finish(ok=1).record()


def reasons(record: Record) -> dict[str, dict[str, Any]]:
    return {reason.code: reason.params for reason in record.document.reasons}


def test_every_line_of_the_file_is_counted_also_of_a_kind_that_a_newer_writer_adds() -> None:
    journal = Journal().task("one").add("notify", handler="h", host="a").add("weather", sky="blue").add("no_hosts")
    record = finished(journal)
    assert record.completeness.lines == len(journal.lines)
    assert record.completeness.journal_complete
    assert not {"journal_lines_lost", "journal_lines_differ"} & set(reasons(record))


def test_notify_and_no_hosts_are_read_as_what_they_are() -> None:
    journal = Journal().add("notify", handler="h", host="a").add("no_hosts", why="no_hosts_matched").add("weather")
    assert [type(event) for event in journal.events()][-3:] == [Notify, NoHosts, Unread]


def damaged(journal: Journal, number: int) -> Record:
    journal.lines[number] = b'{"seq": 4, "kind": \n'
    return journal.record()


@pytest.mark.parametrize("number", [4, -1])
def test_a_damaged_line_is_counted_and_missed_wherever_it_stands(number: int) -> None:
    journal = Journal().task("one").finish(ok=1)
    record = damaged(journal, number)
    assert record.completeness.lines == len(journal.lines)
    assert not record.completeness.journal_complete
    assert reasons(record)["journal_lines_lost"] == {"count": 1}
    assert "journal_lines_differ" not in reasons(record)


@pytest.mark.parametrize(
    ("key", "value"),
    [("t", "9999-99-99T10:00:00.000000Z"), ("t", ""), ("t", "yesterday"), ("seq", int("9" * 400)), ("seq", -1)],
)
def test_a_line_of_no_moment_or_of_no_number_is_damaged(key: str, value: object) -> None:
    """One such line made every command over all records end in the middle."""
    journal = Journal().task("one").task("two").finish(ok=2)
    journal.lines[5] = json.dumps({**json.loads(journal.lines[5]), key: value}).encode() + b"\n"
    record = journal.record()
    assert reasons(record)["journal_lines_lost"] == {"count": 1}
    assert "1" in render(record, "md", "en").decode()


def test_a_first_line_of_no_moment_is_no_start() -> None:
    journal = Journal().task("one").finish(ok=1)
    journal.lines[0] = journal.lines[0].replace(b"2026-11-23", b"2026-13-23")
    with pytest.raises(OpleverError) as refusal:
        journal.record()
    assert refusal.value.slug == "journal-foreign"


def test_a_line_that_was_put_in_shows_by_the_count_of_the_last_one() -> None:
    journal = Journal().task("one").finish(ok=1)
    journal.lines.insert(5, journal.lines[5])
    record = journal.record()
    before = len(journal.lines) - 1
    assert reasons(record)["journal_lines_differ"] == {"written": before - 1, "read": before}
    assert not record.completeness.journal_complete
    assert record.verdict == "delivered_with_remarks"


def test_lines_after_the_last_one_show_too() -> None:
    journal = Journal().task("one").finish(ok=1).task("afterwards")
    assert reasons(journal.record())["journal_lines_differ"]["read"] == len(journal.lines) - 1


def test_a_hole_that_is_told_already_is_no_second_reason() -> None:
    journal = Journal().task("one").task("two").finish(ok=1)
    del journal.lines[4:6]
    assert reasons(journal.record())["journal_lines_lost"] == {"count": 2}
    assert "journal_lines_differ" not in reasons(journal.record())


def test_a_last_line_that_counts_nothing_is_not_held_against_the_journal() -> None:
    journal = Journal().task("one").add("run_end", lost=0, reason="finished")
    assert "journal_lines_differ" not in reasons(journal.record())


@pytest.mark.parametrize("why", ["no_hosts_matched", "no_hosts_remaining"])
def test_the_play_without_hosts_is_known_by_its_name(why: str) -> None:
    journal = Journal().task("one").add("play_start", play="q", name="Databases", hosts="db").add("no_hosts", why=why)
    assert [(step.name, step.no_hosts) for step in finished(journal).plan] == [("All", ""), ("Databases", why)]


def handler(journal: Journal, **result: Any) -> Record:
    """Tells a handler from a task of which the result says it or not, and runs it."""
    journal.add("notify", handler="role : restart", host="a")
    journal.task("configure", "changed", changed=True, **result)
    journal.add("task_start", task="h", play="p", name="restart", action="debug", handler=True)
    return finished(journal.add("result", task="h", host="a", status="ok"))


@pytest.mark.parametrize("result", [{}, {"notify": ["role : restart"]}])
def test_a_handler_knows_who_told_it_by_the_result_or_by_the_line_before_it(result: dict[str, Any]) -> None:
    configure, restart = handler(Journal().task("before"), **result).steps[1:]
    assert configure.results[0].notified == ("role : restart",)
    assert restart.results[0].notified_by == ("configure",)


def test_a_line_of_another_host_tells_nothing() -> None:
    journal = Journal().add("notify", handler="restart", host="b").task("configure", "changed", host="a")
    assert finished(journal).steps[0].results[0].notified == ()


def test_the_plan_says_in_both_languages_that_nobody_was_there() -> None:
    journal = Journal().task("one").add("play_start", play="q", name="Databases", hosts="db")
    record = finished(journal.add("no_hosts", why="no_hosts_matched"))
    assert "not carried out: no machine matched" in render(record, "md", "en").decode()
    assert "niet uitgevoerd: geen machine van toepassing" in render(record, "md", "nl").decode()
