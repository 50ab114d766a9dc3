"""Faults of services, as data (faults.yml), and whether the first page of a record names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from oplever.record.causes import Cause


@dataclass(frozen=True)
class Fault:
    """`cause` is the id of the test that must be named as a cause, with `words` in what was found."""

    id: str
    round: int
    host: str
    plant: str
    undo: str
    cause: str
    words: str
    follows: tuple[str, ...] = ()


def faults() -> list[Fault]:
    """All of them, in the order of the file."""
    rows: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return [Fault(**{**row, "follows": tuple(row.get("follows", ()))}) for row in rows]


def unnamed(fault: Fault, causes: tuple[Cause, ...]) -> list[str]:
    """What the causes do not say of a planted fault, as lines; empty when they say all of it."""
    causes_by_id = {cause.test.id: cause for cause in causes if cause.test.host == fault.host}
    cause = causes_by_id.get(fault.cause)
    if cause is None:
        return [f"{fault.cause} is no cause: {', '.join(causes_by_id) or 'none'}"]
    text = cause.test.found or cause.test.reason
    lines = [] if fault.words in text else [f"{fault.cause}: {text} (must have: {fault.words})"]
    followers = {test.id for test in cause.consequences}
    return lines + [f"{name} does not follow from {fault.cause}" for name in fault.follows if name not in followers]
