"""Records and an empty desk for every test here."""

from __future__ import annotations

from pathlib import Path

import published
import pytest
from desk_client import empty_desk


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return empty_desk(monkeypatch, tmp_path)


@pytest.fixture
def stored(records: Path) -> dict[str, str]:
    """The names of golden records, by what they show."""
    return {case: directory.name for case, directory in published.store(records).items()}
