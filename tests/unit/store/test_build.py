"""Documents are made by one at a time, and of all that was said before."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from journals import complete
from oplever.app.build import build
from stored import store_record


def test_nobody_else_writes_while_documents_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = store_record(tmp_path, "20261101T100000Z-site-aaaaaa", complete().finish(ok=5))
    refused = []

    def render(_record: object, directory: Path) -> None:
        other = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            refused.append(directory)
        finally:
            os.close(other)

    monkeypatch.setattr("oplever.app.build.write_documents", render)
    build(record)
    assert refused == [record]
