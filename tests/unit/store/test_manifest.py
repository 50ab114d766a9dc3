"""What a manifest says of the files of a record, and every way in which they differ from it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from journals import complete
from msgspec import structs
from oplever.errors import OpleverError
from oplever.record import entries
from oplever.store import manifest
from oplever.store.append import append
from stored import store_record

NAME = "20261101T100000Z-site-aaaaaa"
AT = "2026-11-24T10:00:00.000000Z"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record with a document, one in a folder, and what does not belong to it: a draft, a link, something signed."""
    directory = store_record(tmp_path, NAME, complete().finish(ok=5))
    append(directory, [entries.make("hours", "S. Yilmaz", AT, {"hours": 1, "activity": "x"})])
    for name in ("report.en.md", "files/photo.png", ".report.en.md.draft", "signed/1/report.en.md"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(name.encode())
    manifest.save(directory, manifest.with_new_documents(directory, manifest.without_documents(directory)))
    return directory


def test_every_file_is_listed_with_its_digest_and_size(record: Path) -> None:
    made = manifest.read(record / "manifest.json")
    assert [file.name for file in made.files] == ["entries.jsonl", "files/photo.png", "journal.jsonl", "report.en.md"]
    assert made.files[1] == manifest.Listed("files/photo.png", hashlib.sha256(b"files/photo.png").hexdigest(), 15)
    assert (made.record, made.revision, made.version) == (NAME, 2, 1)
    (record / "link").symlink_to(record / "report.en.md")
    assert manifest.make(record, 2) == made


def test_a_record_without_a_journal_begins_at_revision_0(record: Path) -> None:
    (record / "journal.jsonl").unlink()
    assert (manifest.first_revision(record), manifest.make(record, 1).revision) == (0, 1)


def test_a_manifest_is_written_for_people_too(record: Path) -> None:
    content = (record / "manifest.json").read_bytes()
    assert content.startswith(b'{\n "files": [\n  {\n   "name": "entries.jsonl"')
    assert content.endswith(b"}\n")
    assert not content.endswith(b"\n\n")


def problems(record: Path) -> list[str]:
    """Without the draft, which is there on purpose."""
    return [problem for problem in manifest.problems(record) if not problem.startswith(".report.en.md.draft: added")]


def test_a_draft_that_a_crash_left_is_named_as_added(record: Path) -> None:
    assert manifest.problems(record) == [".report.en.md.draft: added, or written after the documents were made"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("report.en.md", None, "missing"),
        ("report.en.md", b"x", "changed (12 bytes then, 1 now)"),
        ("report.en.md", b"REPORT.en.md", "its checksum differs from manifest.json"),
        ("files/photo.png", b"", "changed (15 bytes then, 0 now)"),
        ("more.txt", b"", "added, or written after the documents were made"),
        ("files/more.txt", b"", "added, or written after the documents were made"),
    ],
)
def test_a_file_that_differs_is_named(record: Path, name: str, content: bytes | None, problem: str) -> None:
    assert problems(record) == []
    if content is None:
        (record / name).unlink()
    else:
        (record / name).write_bytes(content)
    assert problems(record) == [f"{name}: {problem}"]


def test_what_is_no_regular_file_any_more_is_named(record: Path, tmp_path: Path) -> None:
    (record / "report.en.md").rename(tmp_path / "report.en.md")
    (record / "report.en.md").symlink_to(tmp_path / "report.en.md")
    assert problems(record) == ["report.en.md: no longer a regular file"]
    (record / "report.en.md").unlink()
    (record / "report.en.md").mkdir()
    assert problems(record) == ["report.en.md: no longer a regular file"]


def test_a_folder_that_leads_out_of_the_record_is_named(record: Path, tmp_path: Path) -> None:
    (record / "files").rename(tmp_path / "files")
    (record / "files").symlink_to(tmp_path / "files")
    assert "files/photo.png: its checksum differs from manifest.json" in problems(record)


def rewrite(directory: Path, **changes: object) -> None:
    made = structs.replace(manifest.read(directory / "manifest.json"), **changes)
    (directory / "manifest.json").write_bytes(manifest.encode(made))


def test_a_manifest_of_another_record_is_named(record: Path) -> None:
    rewrite(record, record="other")
    assert problems(record) == ["manifest.json: belongs to record other"]


def test_a_manifest_that_was_rewritten_is_named(record: Path) -> None:
    content = (record / "manifest.json").read_bytes()
    (record / "manifest.json").write_bytes(msgspec.json.format(content, indent=2))
    assert problems(record) == ["manifest.json: changed"]


def test_entries_that_went_or_came_are_counted(record: Path) -> None:
    lines = (record / "entries.jsonl").read_bytes()
    (record / "entries.jsonl").write_bytes(b"")
    assert "entries.jsonl: lines after line 0 were removed (there were 1)" in problems(record)
    (record / "entries.jsonl").write_bytes(lines)
    append(record, [entries.make("hours", "S. Yilmaz", AT, {"hours": 2, "activity": "y"})])
    assert "entries.jsonl: lines after line 1 are not in the documents" in problems(record)


def test_a_broken_chain_is_named(record: Path) -> None:
    path = record / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(b"journal:", b"entry:"))
    manifest.save(record, manifest.with_new_documents(record, manifest.without_documents(record)))
    assert problems(record) == ["entries.jsonl: lines before line 1 were removed"]


def test_manifests_of_before_there_were_revisions_say_less(record: Path) -> None:
    rewrite(record, revision=None, record="other")
    assert problems(record) == []


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff"])
def test_a_manifest_that_cannot_be_read_is_one_error(record: Path, content: bytes | None) -> None:
    path = record / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OpleverError) as refusal:
        manifest.problems(record)
    assert (refusal.value.slug, refusal.value.advice) == ("file-unreadable", "make the documents: oplever report")
    assert str(path) in refusal.value.message


def test_a_file_that_cannot_be_read_stops_the_manifest(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sha256(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(manifest, "sha256", sha256)
    with pytest.raises(OpleverError) as refusal:
        manifest.save(record, manifest.with_new_documents(record, manifest.without_documents(record)))
    assert refusal.value.slug == "file-unreadable"
    assert str(record) in refusal.value.message
