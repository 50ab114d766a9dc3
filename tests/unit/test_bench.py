"""What the bench of the main job adds up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


def test_seconds_and_round_trips_of_a_run_are_those_of_its_roles() -> None:
    import job  # noqa: PLC0415 - on the path once a test begins

    def event(kind: str, second: int, task: str, **keys: object) -> dict[str, object]:
        return {"kind": kind, "t": f"2026-11-23T10:00:{second:02d}.000000Z", "task": task, **keys}

    events = [
        event("task_start", 0, "a", role="oplever.lab.base"),
        event("host_start", 0, "a", host="web1"),
        event("result", 4, "a", host="web1", duration=4.0),
        event("task_start", 5, "b"),
        event("host_start", 5, "b", host="web1"),
        event("result", 6, "b", host="web1", duration=1.0),
    ]
    start = 1795428000  # of that day at 10:00 UTC
    calls = [f"{start + second}.5 web1" for second in (1, 2, 5)]
    results, seconds, trips = job._by_role(events, calls)
    assert (results, seconds) == (2, {"oplever.lab.base": 4.0, "": 1.0})
    assert trips == Counter({"oplever.lab.base": 2, "": 1})
