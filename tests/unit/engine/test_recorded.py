"""Sources on real files and real answers of Debian 12 and 13; of the same machine also when it is only mounted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.engine import recorded


def problems(results: list[dict[str, Any]]) -> list[str]:
    return [
        f"{r['id']}: {r['status']} {r['reason']} expected {r['expected']}, found {r['found']}"
        for r in results
        if r["status"] != "pass"
    ]


@pytest.mark.parametrize("release", recorded.RELEASES)
def test_what_is_on_a_machine(release: str, tmp_path: Path) -> None:
    assert problems(recorded.results(release, tmp_path)) == []


@pytest.mark.parametrize("release", recorded.RELEASES)
def test_what_is_on_the_same_machine_when_it_does_not_run(release: str, tmp_path: Path) -> None:
    assert problems(recorded.results(release, tmp_path, away=True)) == []
