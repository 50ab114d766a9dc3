"""The code on a paper: how it is read, of which revision it speaks, and what is said when it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from oplever.errors import OpleverError
from oplever.store import fingerprint
from oplever.store.fingerprint import Printed

DIGITS = "0123456789abcdef01234567"
LINES = b'{"previous": "a"}\n{"previous": "b"}\n'


@pytest.fixture
def record(tmp_path: Path) -> Path:
    directory = tmp_path / "20261123T100000Z-site-a1b2c3"
    directory.mkdir()
    (directory / "journal.jsonl").write_bytes(b"{}\n")
    (directory / "entries.jsonl").write_bytes(LINES)
    return directory


def test_a_code_is_read_as_somebody_types_it() -> None:
    printed = Printed("20261123T100000Z-site-a1b2c3", 12, DIGITS)
    assert printed.text == f"oplever:20261123T100000Z-site-a1b2c3:12:{DIGITS}"
    assert fingerprint.parse(printed.text) == printed
    assert fingerprint.parse(f" oplever:20261123T100000Z-\n  site-a1b2c3:12:{DIGITS[:12]} {DIGITS[12:]}\n") == printed
    assert fingerprint.is_printed(printed.text)
    assert not fingerprint.is_printed(f"x{printed.text}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"other:a:1:{DIGITS}",
        f"oplever::1:{DIGITS}",
        f"oplever:../a:1:{DIGITS}",
        f"oplever:a:b:1:{DIGITS}",
        f"oplever:a::{DIGITS}",
        f"oplever:a:-1:{DIGITS}",
        f"oplever:a:1234567890:{DIGITS}",
        f"oplever:a:1:{DIGITS[:-1]}",
        f"oplever:a:1:{DIGITS}0",
        f"oplever:a:1:{DIGITS.upper()}",
        f"oplever:a:1:{DIGITS}:x",
    ],
)
def test_what_is_no_code_is_refused_with_what_was_typed(text: str) -> None:
    with pytest.raises(OpleverError) as refusal:
        fingerprint.parse(text)
    assert refusal.value.slug == "code-invalid"
    assert refusal.value.message == f"this is not the code of a document: {text}"
    assert refusal.value.advice == "type it as it stands under the square: oplever:RECORD:REVISION:FINGERPRINT"


def test_each_revision_has_a_fingerprint_of_all_before_it(record: Path) -> None:
    printed = [fingerprint.of(record, revision) for revision in (1, 2, 3)]
    assert [each.revision for each in printed] == [1, 2, 3]
    assert {each.record for each in printed} == {record.name}
    assert len({each.fingerprint for each in printed}) == 3
    assert fingerprint.parse(printed[2].text) == printed[2]
    (record / "entries.jsonl").write_bytes(LINES.replace(b'"b"', b'"c"'))
    again = [fingerprint.of(record, revision) for revision in (1, 2, 3)]
    assert [old == new for old, new in zip(printed, again, strict=True)] == [True, True, False]
    (record / "journal.jsonl").write_bytes(b"{ }\n")
    assert fingerprint.of(record, 1) != printed[0]


def test_a_record_without_entries_has_one_revision_and_one_without_a_journal_begins_at_0(record: Path) -> None:
    (record / "entries.jsonl").unlink()
    assert fingerprint.of(record, 1).revision == 1
    with pytest.raises(ValueError, match="there is no revision 2"):
        fingerprint.of(record, 2)
    (record / "journal.jsonl").unlink()
    (record / "entries.jsonl").write_bytes(LINES)
    assert fingerprint.of(record, 1).revision == 1
    for revision in (-1, 3):
        with pytest.raises(ValueError, match=f"there is no revision {revision}"):
            fingerprint.of(record, revision)


def test_the_record_is_named_as_its_directory_is(record: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(record.name)
    assert fingerprint.of(tmp_path / "latest", 1).record == record.name


def test_why_a_paper_is_not_of_this_record(record: Path) -> None:
    printed = fingerprint.of(record, 3)
    assert fingerprint.problem(record, printed) == ""
    assert (
        fingerprint.problem(record, printed._replace(revision=4))
        == "the document is of revision 4, which this record does not have"
    )
    assert (
        fingerprint.problem(record, printed._replace(fingerprint=DIGITS))
        == "the document is of another revision 3 than this record has: its fingerprint differs"
    )
