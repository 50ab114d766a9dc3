"""A public case: what somebody reported about another tool, as a small playbook, and what our record must say of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

HERE = Path(__file__).parent
GROUPS = ("results", "text", "secrets")
"""Files of cases that share one command each: a play for each case, on hosts of its own."""
ALONE = "runs"
"""The file of cases that have a command each, because of how the command ends."""


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """What the record must say.

    `results`: task -> host -> status, or fields of the result (a list when a task has more results on a host; of a
    `message` the text that must be in it, or not when it begins with `!`). `reasons`, beside those of a run without
    tests, `stage`, `systems` (every machine of the record, if not all hosts) `plan` (play -> why it had no machine) and
    `record` (whether there is one) are of cases alone.
    """

    results: dict[str, dict[str, Any]] = {}
    reasons: dict[str, dict[str, Any]] = {}
    stage: str = "carried_out"
    systems: tuple[str, ...] | None = None
    plan: dict[str, str] = {}
    record: bool = True


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """`says` completes "The record ...". Hosts are local, but one called `gone` does not answer. In the texts of a case
    `SECRET` is a text that may be nowhere in the record, `{peer}` the beginning of the names of its hosts, and
    `{place}` the directory of the playbook."""

    id: str
    references: tuple[str, ...]
    trap: str
    says: str
    tasks: tuple[dict[str, Any], ...] = ()
    play: dict[str, Any] = {}
    plays: tuple[dict[str, Any], ...] = ()
    hosts: tuple[str, ...] = ("a", "b")
    files: dict[str, Any] = {}
    vaulted: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    code: int = 0
    expected: Expected = Expected()


def cases(name: str) -> tuple[Case, ...]:
    """The cases of one file. Raises msgspec.ValidationError."""
    content = yaml.safe_load((HERE / "cases" / f"{name}.yml").read_text(encoding="utf-8"))
    return msgspec.convert(content, tuple[Case, ...])


def every_case() -> Iterator[Case]:
    for name in (ALONE, *GROUPS):
        yield from cases(name)
