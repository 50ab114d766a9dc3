"""What is planted for each control, from `plants/*.yml` and `kinds.yml` (docs/reference/planted.md has the format)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
BASELINE = HERE.parents[2] / "roles/harden/files/baseline"
ROLE = "harden"


@dataclass(frozen=True)
class Plant:
    """A fault for a booted machine: shell lines that plant it, a pattern for what `found` must say, and what mends it:
    a role, or shell lines of its own where no role has the remedy. Plants that would meet are in different rounds."""

    control: str
    plant: str
    found: str
    undo: str
    role: str
    round: int
    needs: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """A machine of files and of what its commands print, on which a control must come to `status`."""

    control: str
    status: str
    found: str
    files: dict[str, str]
    commands: dict[str, str]
    because: str


def controls() -> dict[str, dict[str, Any]]:
    """The baseline as its files have it: id -> control."""
    files = sorted(BASELINE.glob("*.yml"))
    return {c["id"]: c for path in files for c in yaml.safe_load(path.read_text(encoding="utf-8"))}


def written() -> dict[str, dict[str, Any]]:
    """Control id -> what its plant file says, the words of its kind filled in."""
    known, kinds = controls(), yaml.safe_load((HERE / "kinds.yml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((HERE / "plants").glob("*.yml")):
        for control, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            assert control in known, f"{path.name}: the baseline has no control {control}"
            assert control not in found, f"{path.name}: {control} is planted twice"
            words = {"id": control, "kernel": os.uname().release, **target(known[control]), **entry}
            found[control] = filled({**kinds.get(entry.get("kind", ""), {}), **entry}, words)
    return found


def plants() -> list[Plant]:
    return [plant(control, entry) for control, entry in written().items() if "plant" in entry]


def trees() -> list[Tree]:
    """The parser-level cases: of each control that cannot be planted one that fails and one that passes."""
    return [
        Tree(control, status, str(entry[status].get("found", "")), entry[status].get("files", {}),
             {"systemd-detect-virt": "none", **entry[status].get("commands", {})}, entry["because"])
        for control, entry in written().items() if "because" in entry for status in ("fail", "pass")
    ]  # fmt: skip


def plant(control: str, entry: dict[str, Any]) -> Plant:
    undo = entry.get("undo", "")
    return Plant(
        control, entry["plant"], str(entry["found"]), undo, entry.get("role", "" if undo else ROLE),
        int(entry.get("round", 1)), tuple(entry.get("needs", ())), tuple(entry.get("absent", ())),
    )  # fmt: skip


def target(control: dict[str, Any]) -> dict[str, Any]:
    """What a control looks at first: `select` and, its dots made slashes, `path`; or the keys of a selector mapping."""
    while "source" not in control:
        control = next(control[group][0] for group in ("all", "any", "none") if group in control)
    select = control.get("select")
    return dict(select) if isinstance(select, dict) else {"select": select, "path": str(select).replace(".", "/")}


def filled(value: Any, words: dict[str, Any]) -> Any:
    """`value` with each `@word@` replaced, in keys too; a word that nobody gave is a mistake in the plant file."""
    if isinstance(value, str):
        return re.sub(r"@(\w+)@", lambda hit: str(words[hit[1]]), value)
    if isinstance(value, dict):
        return {filled(key, words): filled(item, words) for key, item in value.items()}
    return [filled(item, words) for item in value] if isinstance(value, list) else value
