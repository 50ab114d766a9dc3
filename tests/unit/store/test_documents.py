"""What is known of documents: of which revision they are, where they are drawn, and why that failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from journals import complete
from oplever.files import locked
from oplever.store import documents, manifest
from oplever.store.documents import Documents


@pytest.fixture
def record(tmp_path: Path) -> Path:
    directory = tmp_path / "20261123T100000Z-site-a1b2c3"
    directory.mkdir()
    (directory / "journal.jsonl").write_bytes(b"".join(complete().finish(ok=5).lines))
    return directory


def test_without_a_manifest_documents_are_of_no_known_revision(record: Path) -> None:
    assert documents.examine(record) == Documents("none", 0, 1)
    (record / "report.nl.md").write_text("paper", encoding="utf-8")
    assert documents.examine(record) == Documents("out_of_date", 0, 1)


def test_documents_of_an_earlier_revision_are_out_of_date_also_when_they_are_gone(record: Path) -> None:
    (record / "report.nl.md").write_text("paper", encoding="utf-8")
    with locked(record):
        manifest.save(record, manifest.with_new_documents(record, manifest.without_documents(record)))
    assert documents.examine(record) == Documents("current", 1, 1)
    (record / "entries.jsonl").write_bytes(b"{}\n")
    assert documents.examine(record) == Documents("out_of_date", 1, 2)
    (record / "report.nl.md").unlink()
    assert documents.examine(record) == Documents("out_of_date", 1, 2)


def test_drafts_are_beside_the_documents_and_leave_nothing(record: Path) -> None:
    with documents.held(record):
        with documents.drafts(record) as place:
            assert place.parent == record / ".documents"
            assert list(place.iterdir()) == []
            left = place
        assert not left.exists()
    assert not (record / ".documents").exists()


def test_why_drawing_failed_is_kept_whatever_bytes_are_in_it(record: Path) -> None:
    with documents.held(record):
        documents.note(record, "the disk is full")
    assert documents.problem(record) == "the disk is full"
    (record / ".documents/problem").write_bytes(b"no caf\xe9\n")
    assert documents.problem(record) == "no caf\N{REPLACEMENT CHARACTER}"
    documents.note(record, "")
    assert documents.problem(record) == ""
