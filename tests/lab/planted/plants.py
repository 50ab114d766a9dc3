"""What is planted for each control, from `plants/*.yml` and `kinds.yml` (docs/reference/planted.md has the format)."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml_files
from ansible_collections.oplever.lab.plugins.module_utils.engine import language
from ansible_collections.oplever.lab.plugins.plugin_utils import baseline

HERE = Path(__file__).resolve().parent
BASELINE = HERE.parents[2] / "roles/harden/files"
PROFILE = "debian-hoog"
"""The profile that has every control."""
ROLE = "harden"
DPKG, INSTALLED = "/var/lib/dpkg/status", "Package: {}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
PORTS = [80]
"""Ports that remedy.yml opens beside those of the profile."""


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
    """A machine of files and of what its commands print, on which a control must come to `status`.

    `commands` has command lines, or names of commands that print the same whatever they are asked.
    """

    control: str
    status: str
    found: str
    files: dict[str, str]
    modes: dict[str, str]
    links: dict[str, str]
    commands: dict[str, str]
    because: str


@functools.cache
def controls() -> dict[str, dict[str, Any]]:
    """Every control as a machine gets it, its parameters filled in: id -> control. Whoever asks leaves it as it is."""
    files = sorted((BASELINE / "baseline").glob("*.yml"))
    every = [control for path in files for control in yaml_files.load(path)]
    profile = yaml_files.load(BASELINE / f"profiles/{PROFILE}.yml")
    purposes = sorted({purpose for control in every for purpose in control.get("only_for", [])})
    parameters = {**profile["parameters"], "ports": baseline.ports(profile["parameters"]["ports"], PORTS)}
    chosen = language.resolve(baseline.controls(every, profile["level"], [], purposes), parameters)
    return {control["id"]: control for control in chosen}


@functools.cache
def plants_by_control() -> dict[str, dict[str, Any]]:
    """Control id -> what its plant file says, the words of its kind filled in."""
    by_id, kinds = controls(), yaml_files.load(HERE / "kinds.yml")
    expected: dict[str, dict[str, Any]] = {}
    for path in sorted((HERE / "plants").glob("*.yml")):
        for control, entry in yaml_files.load(path).items():
            assert control in by_id, f"{path.name}: the baseline has no control {control}"
            assert control not in expected, f"{path.name}: {control} is planted twice"
            words = {"id": control, "kernel": os.uname().release, **target(by_id[control]), **entry}
            expected[control] = filled({**kinds.get(entry.get("kind", ""), {}), **entry}, words)
    return expected


def plants() -> list[Plant]:
    return [plant(control, entry) for control, entry in plants_by_control().items() if "plant" in entry]


def trees() -> list[Tree]:
    """The parser-level cases: of each control that cannot be planted one that fails and one that passes."""
    return [
        tree(control, status, entry[status], entry["because"])
        for control, entry in plants_by_control().items() if "because" in entry for status in ("fail", "pass")
    ]  # fmt: skip


def tree(control: str, status: str, entry: dict[str, Any], because: str) -> Tree:
    files, modes, links = (dict(entry.get(key, {})) for key in ("files", "modes", "links"))
    files.setdefault(DPKG, "\n".join(INSTALLED.format(name) for name in ["dpkg", *entry.get("packages", [])]))
    commands = {"systemd-detect-virt": "none", **entry.get("commands", {})}
    return Tree(control, status, str(entry.get("found", "")), files, modes, links, commands, because)


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
