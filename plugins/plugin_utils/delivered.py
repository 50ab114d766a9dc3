"""The records on the controller as a memory: what a machine was like when it was last delivered, and since then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import differences, project, sequence
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.drift import Acceptance
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.values import at_key, mapping

DELIVERED = ("delivered", "delivered_with_remarks")
STAGES = ("tested", "accepted", "approved", "signed")
"""How far a delivery has come, in order."""
BAD = ("fail", "error")
LOOKED_AT = 30  # records after the delivery that may tell since when something is wrong


def directory() -> Path:
    """Where the callback keeps the records."""
    return Path(project.records(project.current()))


def record(name: str) -> Path:
    """The directory of a record. Raises AnsibleError when that is no name of one."""
    if name != Path(name).name or name.startswith("."):
        raise AnsibleError(f"{name!r} is no name of a record: use one that `oplever list` shows")
    return directory() / name


def newest_first(base: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Directory and record.json of each run that was not merely a trial, the one made last first."""
    return (pair for pair in every(base) if not _only_tried(pair[1]))


def every(base: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Directory and record.json of each record, the one made last first."""
    try:
        names = sequence.newest_in(str(base), datetime.now(UTC), "record.json")
    except OSError:
        return
    for name in names:
        try:
            record = json.loads((base / name / "record.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # a damaged record is not a delivery; `oplever list` shows it
        if isinstance(record, dict):
            yield base / name, record


def least_stage() -> str:
    """How far a delivery must have come before anything is compared with it. Raises AnsibleError when the setting names
    no such stage."""
    stage = project.reference(project.current()) or STAGES[0]
    if stage not in STAGES:
        raise AnsibleError(f"reference in section [oplever] of ansible.cfg is {stage}: use {', '.join(STAGES)}")
    return stage


def is_delivery(record: dict[str, Any], host: str, least: str = STAGES[0]) -> bool:
    """Whether the machine was delivered: work between two snapshots of it, tested, and in order. To look at a machine
    delivers nothing, whatever came out: not a run that compared it with its delivery, nor one that only hardened or
    audited it. `least` is the stage that it must have reached."""
    stage = record.get("stage")
    if record.get("verdict") not in DELIVERED or stage not in STAGES or _may_be_a_trial(record):
        return False
    if STAGES.index(stage) < STAGES.index(least):
        return False
    tests = _rows(record, "tests", host)
    is_compared = any(test.get("suite") == differences.SUITE for test in tests)
    is_tested = any(test.get("status") == "pass" for test in tests)
    kept = any(row.get("snapshot_before") and row.get("snapshot_after") for row in _rows(record, "systems", host))
    return kept and is_tested and not is_compared


def last_snapshot(record: Path, host: str) -> dict[str, Any] | None:
    """The last snapshot of `host` in the journal of `record`, when it was one after the work; else None. A record of
    several runs has no journal: then that of the last run on the machine."""
    runs = _runs(record, host) if not (record / sequence.JOURNAL).exists() else ()
    if runs:
        return last_snapshot(runs[-1], host)
    snapshot = None
    names = {json.dumps(host, ensure_ascii=is_ascii) for is_ascii in (True, False)}  # as any journal may write it
    try:
        with (record / "journal.jsonl").open(encoding="utf-8") as journal:
            for line in journal:
                if '"snapshot"' not in line or not any(name in line for name in names):
                    continue  # most lines are not one of this machine, and they are large
                data = _data(line, host)
                if data.get("stage") == "after" and isinstance(data.get("snapshot"), dict):
                    snapshot = data["snapshot"]
    except (OSError, UnicodeDecodeError):
        return None
    return snapshot


def _runs(record: Path, host: str) -> tuple[Path, ...]:
    """The runs on a machine that a record of several is made of, in their order; trial runs are none."""
    try:
        content = json.loads((record / "record.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    rows = content.get("runs") if isinstance(content, dict) else None
    return tuple(
        record.parent / row["record"]
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and host in row.get("hosts", ()) and not row.get("check_mode")
        if isinstance(row.get("record"), str) and row["record"] == Path(row["record"]).name
    )


def acceptances(record: dict[str, Any], name: str, host: str, day: str) -> Iterator[Acceptance]:
    """What people accepted in this record of what differs on the machine; `day` is today (ISO 8601)."""
    for test in _rows(record, "tests", host):
        grant = mapping(test.get("acceptance"))
        identifier = str(test.get("id"))
        if grant and identifier.startswith(f"{differences.SUITE}.") and not grant.get("record"):
            kind, key = differences.thing(identifier)
            value, by, at, reason, until = (at_key(grant, part) for part in ("value", "by", "at", "reason", "until"))
            is_over = bool(until) and until < day
            yield Acceptance(kind, key, value, by, at, reason, until, record=name, expired=is_over)


def _data(line: str, host: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    data = event.get("data") if isinstance(event, dict) and event.get("host") == host else None
    return data if isinstance(data, dict) else {}


def _rows(record: dict[str, Any], section: str, host: str) -> list[dict[str, Any]]:
    rows = record.get(section)
    key = "name" if section == "systems" else "host"
    return [row for row in rows if isinstance(row, dict) and row.get(key) == host] if isinstance(rows, list) else []


def _only_tried(record: dict[str, Any]) -> bool:
    document = record.get("document")
    return bool(isinstance(document, dict) and document.get("check_mode"))


def controls(base: Path, host: str, least: str = STAGES[0]) -> dict[str, Any]:
    """How the baseline of `host` stood at its last delivery; empty when it was never delivered with a baseline.

    `record`, `at`, `profile`, `controls` (id -> status) and `later`: records since then, oldest first, each with
    `record`, `at` and `failing` (ids).
    """
    later: list[dict[str, Any]] = []
    for path, record in newest_first(base):
        statuses = _statuses(record, host)
        if not statuses:
            continue
        about = {"record": path.name, "at": _started(record)}
        if is_delivery(record, host, least):
            profile = str(record["baseline"].get("profile", ""))
            return {**about, "profile": profile, "controls": statuses, "later": later[::-1]}
        later.append({**about, "failing": sorted(name for name, status in statuses.items() if status in BAD)})
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


def _may_be_a_trial(record: dict[str, Any]) -> bool:
    """Whether it is a run of which the tool that recorded it does not say whether it did anything."""
    document = record.get("document")
    reasons = document.get("reasons") if isinstance(document, dict) else None
    return any(isinstance(reason, dict) and reason.get("code") == "check_mode_unknown" for reason in reasons or [])


def _started(record: dict[str, Any]) -> str:
    document = record.get("document")
    return str(document.get("started") or "") if isinstance(document, dict) else ""
