"""Where a command puts what somebody asked for: a file, what a link leads to, or what is no file at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from oplever.errors import OpleverError
from oplever.files import put


def test_a_pipe_gets_the_content_and_stays_a_pipe(tmp_path: Path) -> None:
    """As `/dev/stdout` and any other device: a draft that takes its place would take it from all programs."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    contents: list[bytes] = []
    reader = threading.Thread(target=lambda: contents.append(pipe.read_bytes()), daemon=True)
    reader.start()
    put(pipe, b"the record")
    reader.join(10)
    assert contents == [b"the record"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    put(link, b"first")
    put(link, b"second")
    assert link.is_symlink()
    assert target.read_bytes() == b"second"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "target.csv"]


def test_a_directory_is_no_place_for_it(tmp_path: Path) -> None:
    with pytest.raises(OpleverError, match="Is a directory"):
        put(tmp_path, b"the record")
    assert list(tmp_path.iterdir()) == []
