"""Runs that work on a machine at the same time, as the machine tells of them and as the controller knows its own."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils import recording
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.values import at_key, rows


def this_run() -> dict[str, Any]:
    """What a machine keeps of the run that this worker belongs to."""
    pid = os.getppid()
    controller = platform.node()
    name = recording.name() or f"run {pid} without a record"
    return {"run": name, "controller": controller, "pid": pid, "since": _since(pid)}


def other_runs(listed: object) -> list[dict[str, Any]]:
    """The runs that a machine lists, without those of this controller that are over though they did not say so. Each
    with `run`, `controller`, `begun` and whether it is `certain` that both were there at once."""
    return [
        {
            "run": at_key(row, "run"),
            "controller": at_key(row, "controller"),
            "begun": _moment(row.get("begun")),
            "certain": row.get("inside") is True or _is_ours(row),
        }
        for row in rows(listed)
        if row.get("inside") is True or not _is_ours(row) or _is_alive(row)
    ]


def warnings(host: str, runs: Iterable[dict[str, Any]]) -> list[str]:
    texts = {
        True: "another run is at work on {host} at the same time: {run} of {controller}, since {begun}",
        False: "another run began on {host} and has not said that it ended: {run} of {controller}, since {begun}",
    }
    return [texts[run["certain"]].format(host=host, **run) for run in runs]


def _is_ours(row: dict[str, Any]) -> bool:
    return bool(row.get("controller") == platform.node())


def _is_alive(row: dict[str, Any]) -> bool:
    pid = row.get("pid")
    since = _since(pid) if isinstance(pid, int) and pid > 0 else ""
    return bool(since) and since == row.get("since")


def _since(pid: int) -> str:
    """When the process started, in the words of the kernel: a number that a later process of this name does not have.
    Empty when there is no such process; `unknown` where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        return "" if os.path.isdir("/proc/1") else "unknown"
    except (OSError, IndexError):
        return "unknown"


def _moment(seconds: object) -> str:
    """What a machine says is not always a moment."""
    if not isinstance(seconds, (int, float)):
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""
