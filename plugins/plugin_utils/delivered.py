"""The records on the controller as a memory: what a machine was like when it was last delivered, and since then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.shared import project, sequence

DELIVERED = ("delivered", "delivered_with_remarks")
BAD = ("fail", "error")
LOOKED_AT = 30  # records after the delivery that may tell since when something is wrong


def directory() -> Path:
    """Where the callback keeps the records."""
    return Path(project.records(project.current()))


def newest_first(base: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Directory and record.json of each run that was not merely a trial, the one made last first."""
    try:
        names = sequence.newest_in(str(base), datetime.now(UTC), "record.json")
    except OSError:
        return
    for name in names:
        try:
            record = json.loads((base / name / "record.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # a damaged record is not a delivery; `oplever list` shows it
        if isinstance(record, dict) and not _only_tried(record):
            yield base / name, record


def is_delivery(record: dict[str, Any]) -> bool:
    return record.get("verdict") in DELIVERED


def _handed_over(record: dict[str, Any], host: str) -> bool:
    """Whether the state of the machine was kept at the end; an audit alone delivers nothing."""
    rows = record.get("systems")
    return any(row.get("name") == host and row.get("snapshot_after") for row in rows or [] if isinstance(row, dict))


def _only_tried(record: dict[str, Any]) -> bool:
    document = record.get("document")
    return bool(isinstance(document, dict) and document.get("check_mode"))


def controls(base: Path, host: str) -> dict[str, Any]:
    """How the baseline of `host` stood at its last delivery; empty when it was never delivered with a baseline.

    `record`, `at`, `profile`, `controls` (id -> status) and `later`: records since then, oldest first, each with
    `record`, `at` and `failing` (ids).
    """
    later: list[dict[str, Any]] = []
    for path, record in newest_first(base):
        found = _statuses(record, host)
        if not found:
            continue
        about = {"record": path.name, "at": _started(record)}
        if is_delivery(record) and _handed_over(record, host):
            profile = str(record["baseline"].get("profile", ""))
            return {**about, "profile": profile, "controls": found, "later": later[::-1]}
        later.append({**about, "failing": sorted(name for name, status in found.items() if status in BAD)})
        if len(later) > LOOKED_AT:
            return {}
    return {}


def _statuses(record: dict[str, Any], host: str) -> dict[str, str]:
    section = record.get("baseline")
    rows = section.get("controls") if isinstance(section, dict) else None
    return {
        str(row["id"]): str(row["after"])
        for row in rows or []
        if isinstance(row, dict) and row.get("host") == host and row.get("after") and row.get("id")
    }


def _started(record: dict[str, Any]) -> str:
    document = record.get("document")
    return str(document.get("started") or "") if isinstance(document, dict) else ""
