"""Every way to tamper with a line of entries is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from journals import complete
from msgspec import structs
from oplever import store
from oplever.record import entries
from oplever.store import chain
from oplever.store.append import append
from oplever.store.records import entry_lines
from stored import store_record

AT = "2026-11-24T10:00:00.000000Z"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    directory = store_record(tmp_path, "20261101T100000Z-site-aaaaaa", complete().finish(ok=5))
    for number in range(4):
        append(directory, [entries.make("hours", "S. Yilmaz", AT, {"hours": 1, "activity": f"work {number}"})])
    return directory


def problems(record: Path, lines: list[bytes]) -> list[str]:
    return chain.breaks(lines, record / "journal.jsonl")


def test_whole(record: Path) -> None:
    assert problems(record, entry_lines(record)) == []


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_removed_line_is_named(record: Path, gone: int) -> None:
    lines = entry_lines(record)
    del lines[gone]
    assert len(problems(record, lines)) == 1
    assert "removed" in problems(record, lines)[0]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_changed_line_is_named(record: Path, number: int) -> None:
    lines = entry_lines(record)
    lines[number] = lines[number].replace(b'"hours":1', b'"hours":8')
    assert [f"line {number + 1} was changed" in problem for problem in problems(record, lines)] == [True]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_lines_in_another_order_are_named(record: Path, number: int) -> None:
    lines = entry_lines(record)
    lines[number], lines[number + 1] = lines[number + 1], lines[number]
    assert any("moved" in problem or "removed" in problem for problem in problems(record, lines))


@pytest.mark.parametrize("where", [0, 1, 4])
def test_a_line_that_was_put_in_by_hand_is_named(record: Path, where: int) -> None:
    lines = entry_lines(record)
    lines.insert(where, entries.line(entries.make("hours", "X", AT, {"hours": 8, "activity": "none"})))
    assert problems(record, lines)


def test_another_journal_is_named(record: Path) -> None:
    journal = record / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"2026-11-01", b"2026-11-02"))
    assert problems(record, entry_lines(record)) == ["line 1 was written for another journal.jsonl"]


def test_a_journal_that_grew_is_the_same_journal(record: Path) -> None:
    with (record / "journal.jsonl").open("ab") as file:
        file.write(b"{}\n")
    assert problems(record, entry_lines(record)) == []


def test_lines_from_before_there_was_a_chain_are_read(tmp_path: Path) -> None:
    directory = store_record(tmp_path, "20261101T100000Z-site-aaaaaa", complete().finish(ok=5))
    old = b'{"at":"%s","by":"S","entry":{"added":"hours","hours":1,"activity":"x"}}\n' % AT.encode()
    (directory / "entries.jsonl").write_bytes(old)
    append(directory, [entries.make("hours", "S", AT, {"hours": 2, "activity": "y"})])
    assert problems(directory, entry_lines(directory)) == []
    assert store.load(directory).hours.hands_on == 3
    changed = [old.replace(b'"hours":1', b'"hours":9'), entry_lines(directory)[1]]
    assert problems(directory, changed) == ["line 1 was changed, or a line between 1 and 2 was removed"]


def test_lines_of_an_earlier_version_are_a_chain_as_well(tmp_path: Path) -> None:
    """They call the link `amends`."""
    directory = store_record(tmp_path, "20261101T100000Z-site-aaaaaa", complete().finish(ok=5))
    lines: list[bytes] = []
    for number in range(3):
        entry = entries.make("hours", "S. Yilmaz", AT, {"hours": 1, "activity": f"work {number}"})
        link = chain.link(lines, directory / "journal.jsonl")
        lines.append(entries.line(structs.replace(entry, amends=link)))
    assert all(b'"amends"' in line and b'"previous"' not in line for line in lines)
    (directory / "entries.jsonl").write_bytes(b"".join(lines))
    append(directory, [entries.make("hours", "S. Yilmaz", AT, {"hours": 2, "activity": "new"})])
    lines = entry_lines(directory)
    assert b'"previous":"entry:' in lines[3]
    assert problems(directory, lines) == []
    assert "line 2 was changed" in problems(directory, [lines[0], lines[1].replace(b":1.0,", b":8.0,"), *lines[2:]])[0]


HAND = "20261110T100000Z-installation-dddddd"


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    late = {"record": HAND, "kind": "installation", "title": "switch", "work_process": "1.3"}
    directory = store.create(tmp_path, HAND, [entries.make("opened", "S. Yilmaz", AT, late)])
    append(directory, [entries.make("hours", "S. Yilmaz", AT, {"hours": 1, "activity": "x"})])
    return directory


def test_work_by_hand_begins_with_the_name_of_its_record(by_hand: Path) -> None:
    lines = entry_lines(by_hand)
    assert problems(by_hand, lines) == []
    assert chain.link([], by_hand / "journal.jsonl") == f"record:{HAND}"
    other = by_hand.rename(by_hand.with_name("20261111T100000Z-installation-eeeeee"))
    assert problems(other, lines) == [f"line 1 opened another record, {HAND}"]


def test_a_journal_that_was_put_beside_work_by_hand_is_named(by_hand: Path) -> None:
    (by_hand / "journal.jsonl").write_bytes(b"{}\n")
    assert problems(by_hand, entry_lines(by_hand)) == ["a journal.jsonl was put beside entries that began without one"]


def test_a_first_line_that_is_not_the_first_any_more_is_named(by_hand: Path, record: Path) -> None:
    first, second = entry_lines(by_hand)
    assert problems(by_hand, [second, first]) == [
        "lines before line 1 were removed",
        "line 2 opens the record: it was moved down, or lines were added before it",
    ]
    lines = entry_lines(record)
    assert problems(record, [lines[1], lines[0]]) == [
        "lines before line 1 were removed",
        "line 2 follows the journal itself: it was moved down, or lines were added before it",
    ]


def test_where_a_line_was_moved_to_is_told(record: Path) -> None:
    first, second, third, fourth = entry_lines(record)
    assert problems(record, [first, third, second, fourth]) == [
        "line 2 was moved: it follows line 3, not line 1",
        "line 3 was moved: it follows line 1, not line 2",
        "line 4 was moved: it follows line 2, not line 3",
    ]


def test_a_line_without_a_link_is_named_once_the_chain_began(record: Path) -> None:
    lines = [*entry_lines(record), b"{}\n", b"{\n", b"\xff\n"]
    assert problems(record, lines) == [
        "line 5 has no link to the line before it: edited or added by hand",
        "line 6 cannot be read",
        "line 7 cannot be read",
    ]


@pytest.mark.parametrize("link", ["journal:x:y", "journal:", "journal:1:y"])
def test_a_link_to_a_journal_that_says_nothing_is_named(record: Path, link: str) -> None:
    lines = [f'{{"previous":"{link}"}}\n'.encode()]
    assert problems(record, lines) == ["line 1 was written for another journal.jsonl"]
    (record / "journal.jsonl").unlink()
    assert problems(record, lines) == ["line 1 was written for another journal.jsonl"]


def test_the_end_of_a_line_is_not_part_of_its_link() -> None:
    assert chain.of_line(b"{}\r\n") == chain.of_line(b"{}\n") == chain.of_line(b"{}")
    assert chain.of_line(b"{}").startswith("entry:44136fa355b3678a1146ad16f7e8649e")
