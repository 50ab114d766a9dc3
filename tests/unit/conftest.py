"""For unit tests: no process draws documents after a command has answered, unless the test is about that."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
