"""The leaves that everything stands on: moments, text for a terminal, a line at the end of a file."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from oplever import clock
from oplever.files import append_line, below, extend
from oplever.text import printable, wrapped

CET = timezone(timedelta(hours=1))


def test_now_is_written_in_utc_with_microseconds() -> None:
    before, text, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert before <= clock.moment(text) <= after


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    assert clock.written(datetime(2026, 11, 23, 0, 30, tzinfo=CET)) == "2026-11-22T23:30:00.000000Z"


def test_a_moment_without_zone_is_utc() -> None:
    assert clock.moment("2026-11-23T10:00") == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert clock.moment("2026-11-23T10:00+01:00") == datetime(2026, 11, 23, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="gisteren"):
        clock.moment("gisteren")


def test_seconds_go_to_the_day_they_were_spent_on() -> None:
    begin = datetime(2026, 11, 23, 23, 59, 30, tzinfo=UTC)
    spent = list(clock.seconds_by_day(begin, begin + timedelta(days=1, seconds=90)))
    assert spent == [(date(2026, 11, 23), 30), (date(2026, 11, 24), 86400), (date(2026, 11, 25), 60)]
    assert list(clock.seconds_by_day(begin, begin)) == []


def test_nothing_that_steers_a_terminal_is_printed() -> None:
    assert printable("a\x1b[31mb\u202ec\nd é") == "a?[31mb?c?d é"


def test_lines_of_a_machine_stay_apart_where_they_are_wrapped() -> None:
    assert wrapped("12 bytes\n+a\tb\n+\x1bc", 80) == ["12 bytes +a b +?c"]


def test_a_directory_that_goes_while_it_is_walked_through_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As drafts of documents do, which another process makes."""
    for name in ("a", ".drafts/b", ".drafts/deeper/c", "kept/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("kept")
    scandir = os.scandir

    def gone(path: str | int) -> object:  # a number when rmtree asks
        if str(path).endswith("deeper"):
            shutil.rmtree(path)
        return scandir(path)

    assert below(tmp_path) == [tmp_path / name for name in (".drafts/b", ".drafts/deeper/c", "a", "kept/d", "link")]
    monkeypatch.setattr(os, "scandir", gone)
    assert below(tmp_path) == [tmp_path / name for name in (".drafts/b", "a", "kept/d", "link")]


def test_a_line_is_appended_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_line(path, b"1\n")
    append_line(path, b"2\n")
    assert path.read_bytes() == b"1\n2\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_half_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines"
    append_line(path, b"1\n")
    write = os.write

    def until_the_disk_is_full(descriptor: int, data: bytes) -> int:
        if len(data) < 4:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:2])

    monkeypatch.setattr(os, "write", until_the_disk_is_full)
    with pytest.raises(OSError, match="No space"):
        append_line(path, b"23456\n")
    assert path.read_bytes() == b"1\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):  # noqa: PT011 - whichever error the system gives
        append_line(tmp_path / "link", b"1\n")
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_added_to_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    extend(path, b"1\n")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    script = f"""
import resource, signal
from pathlib import Path
from oplever.files import extend
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (3, 3))  # whatever writes more than three bytes of a file is killed
extend(Path({str(path)!r}), b"2\\n3\\n")
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGXFSZ
    assert path.read_bytes() == b"1\n"
    extend(path, b"2\n3\n")
    assert path.read_bytes() == b"1\n2\n3\n"
    assert path.stat().st_mode & 0o777 == 0o640
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError):  # noqa: PT011 - whichever error the system gives
        extend(tmp_path / "link", b"4\n")
    assert path.read_bytes() == b"1\n2\n3\n"
