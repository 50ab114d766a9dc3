"""Nobody waits while documents are drawn, and nobody adds while they are put in their place."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from journals import complete
from oplever.app.build import build
from oplever.store import documents
from stored import store_record


def is_locked(directory: Path) -> bool:
    other = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(other)
    return False


def test_the_record_is_locked_for_putting_documents_and_not_for_drawing_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = store_record(tmp_path, "20261101T100000Z-site-aaaaaa", complete().finish(ok=5))
    locked: dict[str, bool] = {}
    put = documents.put

    def drawn(_record: object, place: Path, directory: Path) -> None:
        locked["drawing"] = is_locked(record)
        (place / "report.nl.md").write_bytes(b"x")

    def placed(directory: Path, place: Path) -> None:
        locked["putting"] = is_locked(record)
        put(directory, place)

    monkeypatch.setattr("oplever.app.build.write_documents", drawn)
    monkeypatch.setattr(documents, "put", placed)
    build(record)
    assert locked == {"drawing": False, "putting": True}
