"""Pages are written where they changed, all of them or none, and only where they belong."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import published
import pytest
from command import attempt
from oplever.app import publish as module
from oplever.app.publish import publish
from oplever.errors import OpleverError
from oplever.overview import paths
from oplever.record import entries
from oplever.store.append import append
from stored import store_record, visit

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base = tmp_path / "records"
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    published.store(base)
    return base


def contents(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir() if path.name != paths.STATE}


def marks(place: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in place.iterdir()}


def change(base: Path, records: dict[str, Path]) -> None:
    """A new record, an entry to an old one, a record that goes, and documents of another."""
    store_record(base, "20261125T100000Z-site-bbbbbb", visit("web9").finish(ok=4))
    at = "2026-11-25T09:00:00.000000Z"
    append(records["remarks"], [entries.make("hours", "K. Jansen", at, {"hours": 2, "activity": "x"})])
    for path in sorted(records["check_mode"].iterdir()):
        path.unlink()
    records["check_mode"].rmdir()
    (records["failed"] / "report.en.html").write_bytes(b"x")


@pytest.mark.slow
def test_made_again_is_made_whole(base: Path, tmp_path: Path) -> None:
    records = {directory.name: directory for directory in base.iterdir()}
    by_case = {name: next(d for d in records.values() if d.name.endswith(end)) for name, end in
               (("remarks", "d00002"), ("failed", "d00003"), ("check_mode", "d00005"))}  # fmt: skip
    publish(NOW)
    change(base, by_case)
    again = publish(NOW)
    assert 0 < again.changed < again.files
    (base / "other").mkdir()
    publish(NOW, base / "other")  # as far from the records as the first
    assert contents(base / "overview") == contents(base / "other")
    assert not list((base / "overview").glob(".new-*"))


@pytest.mark.slow
def test_nothing_new_writes_nothing(base: Path) -> None:
    publish(NOW)
    before = marks(base / "overview")
    assert publish(NOW.replace(hour=13)).changed == 0
    after = marks(base / "overview")
    assert {name for name in after if after[name] != before.get(name)} == {paths.STATE}


@pytest.mark.slow
def test_another_day_is_another_start_page(base: Path) -> None:
    publish(NOW)
    publish(NOW.replace(day=27))
    assert b"27 November 2026" in (base / "overview" / "index.en.html").read_bytes()


@pytest.mark.slow
def test_a_page_that_somebody_wrote_is_made_again(base: Path) -> None:
    publish(NOW)
    page = base / "overview" / "points.nl.html"
    content = page.read_bytes()
    page.write_bytes(content.replace(b"Restpunten", b"Nietpunten"))
    older = next((base / "overview").glob("records-*.nl.html"))
    older.unlink()
    assert publish(NOW).changed == 2
    assert page.read_bytes() == content
    assert older.exists()


@pytest.mark.slow
def test_another_version_draws_everything_again(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(NOW)
    monkeypatch.setattr(module, "_program", lambda: "another")
    done = publish(NOW)
    assert done.changed == done.files


@pytest.mark.slow
def test_pages_of_what_is_gone_go(base: Path) -> None:
    publish(NOW)
    hostile = next(path for path in base.iterdir() if path.name.endswith("d00009"))
    machine = next((base / "overview").glob("machine-web1-cmd*.en.html"))
    (base / "overview" / "note.txt").write_text("ours", encoding="utf-8")
    for path in hostile.iterdir():
        path.unlink()
    hostile.rmdir()
    publish(NOW)
    assert not machine.exists()
    assert (base / "overview" / "note.txt").exists()  # who put that there takes it away


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"{", b"nonsense", b'{"format": 3}'])
def test_a_damaged_mark_makes_everything_again(base: Path, content: bytes) -> None:
    publish(NOW)
    (base / "overview" / paths.STATE).write_bytes(content)
    done = publish(NOW)
    assert done.changed == done.files


def test_a_directory_with_files_of_something_else_is_refused(base: Path, tmp_path: Path) -> None:
    other = tmp_path / "share"
    other.mkdir()
    (other / "thesis.docx").write_bytes(b"x")
    with pytest.raises(OpleverError) as refusal:
        publish(NOW, other)
    assert refusal.value.slug == "publish-foreign"
    assert [path.name for path in other.iterdir()] == ["thesis.docx"]
    (other / "thesis.docx").rename(other / paths.STATE)
    (other / paths.STATE).write_bytes(b'{"format": "something else"}')
    with pytest.raises(OpleverError) as refusal:
        publish(NOW, other)
    assert refusal.value.slug == "publish-foreign"


def test_the_records_themselves_are_no_place_for_pages(base: Path) -> None:
    with pytest.raises(OpleverError) as refusal:
        publish(NOW, base)
    assert refusal.value.slug == "publish-foreign"


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_pages(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(NOW)
    before, times = contents(base / "overview"), marks(base / "overview")
    store_record(base, "20261125T100000Z-site-bbbbbb", visit("web9").finish(ok=4))
    left = 20

    def write(path: Path, content: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", write)
        with pytest.raises(OpleverError) as refusal:
            publish(NOW)
    assert refusal.value.slug == "file-unwritable"
    assert "No space left" in refusal.value.message
    assert (contents(base / "overview"), marks(base / "overview")) == (before, times)
    publish(NOW)
    publish(NOW, base / "other")
    assert contents(base / "overview") == contents(base / "other")


def test_a_place_that_cannot_be_written_is_one_error(base: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = attempt("publish", "--out", str(tmp_path / "file" / "pages"))
    assert result.exit_code == 2
    assert "[file-unwritable]" in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_a_stop_half_way_is_mended_by_the_next(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very first time too: the directory is marked before anything is put in it."""

    def stop(draft: Path, place: Path, names: list[str]) -> None:
        for name in names[:7]:
            (draft / name).replace(place / name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_put", stop)
        with pytest.raises(KeyboardInterrupt):
            publish(NOW)
    publish(NOW)
    publish(NOW, base / "other")
    assert contents(base / "overview") == contents(base / "other")


@pytest.mark.slow
def test_pages_can_be_read_by_whoever_may_read_the_directory(base: Path) -> None:
    mask = os.umask(0o022)
    try:
        publish(NOW)
    finally:
        os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in (base / "overview").iterdir()} == {0o644}


@pytest.mark.slow
def test_the_command_says_where_the_pages_are(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = store_record(base, "20261001T100000Z-site-bad000", visit())
    (broken / "journal.jsonl").write_bytes(b"nonsense")
    monkeypatch.chdir(base.parent)
    result = attempt("publish", "--language", "nl")
    assert result.exit_code == 0
    assert "gepubliceerd: records/overview/index.html (8 dossiers; " in result.output
    assert "1 dossier kan niet worden gelezen" in result.output
    start = base / "overview"
    assert (start / "index.html").read_bytes() == (start / "index.nl.html").read_bytes()
    attempt("publish", "--language", "en")
    assert (start / "index.html").read_bytes() == (start / "index.en.html").read_bytes()


@pytest.mark.slow
def test_records_elsewhere_are_linked_from_where_the_pages_are(base: Path, tmp_path: Path) -> None:
    directory = next(path for path in base.iterdir() if path.name.endswith("d00001"))
    (directory / "report.nl.html").write_bytes(b"x")
    place = tmp_path / "share" / "a b" / "pages"
    publish(NOW, place)
    links = {link for page in published.pages(place).values() for link in page.links if "report." in link}
    assert links == {f"../../../records/{directory.name}/report.nl.html"}
