"""Records and an empty desk for every test here."""

from __future__ import annotations

from pathlib import Path

import published
import pytest
from desk_client import quick_hash


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPLEVER_STORE", "OPLEVER_DESK_STORE", "OPLEVER_PERSON", "OPLEVER_CONFIG", "ANSIBLE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "records"
    base.mkdir()
    monkeypatch.setenv("OPLEVER_RECORDS", str(base))
    quick_hash(monkeypatch)
    return base


@pytest.fixture
def stored(records: Path) -> dict[str, str]:
    """The names of golden records, by what they show."""
    return {case: directory.name for case, directory in published.store(records).items()}
