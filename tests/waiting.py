"""Wait for something that happens by itself. How long that takes depends on the load of the host, so it is generous."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds after which it will not happen any more, on a host that is ten times as busy as it should be."""


def wait_for(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return as soon as the condition holds. Raises AssertionError when it does not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {patience:.0f} s"
        time.sleep(0.05)
