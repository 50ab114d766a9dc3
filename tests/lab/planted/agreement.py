"""The engine and OpenSCAP on the same machines in the same states, joined by the rule ids of the SCAP content.

A control may stand for several rules; it holds when all of them do. Only verdicts count: where one of the two says
pass or fail and the other does not (not applicable, no such rule, cannot tell), there is nothing to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
VERDICTS = ("pass", "fail")
RIGHT = ("ours", "openscap", "both")
STATES = {
    "stock": "as Debian installs it",
    "delivered": "after the roles sshd, firewall, timesync, nginx and harden",
    "merged": "delivered, the drop-ins of sshd written into its main file, and the kernel modules denied",
    "planted": "delivered, with the faults of the first round",
}


@dataclass(frozen=True)
class Pair:
    """What the two said of one control on one machine in one state. `rules` has the verdict of OpenSCAP per rule."""

    control: str
    machine: str
    state: str
    ours: str
    found: str
    rules: dict[str, str]

    @property
    def theirs(self) -> str:
        """The joined verdict, or nothing where no rule came to one."""
        verdicts = [verdict for verdict in self.rules.values() if verdict in VERDICTS]
        return "fail" if "fail" in verdicts else "pass" if verdicts else ""

    @property
    def comparable(self) -> bool:
        return self.ours in VERDICTS and self.theirs != ""

    @property
    def agrees(self) -> bool:
        return self.ours == self.theirs


@dataclass(frozen=True)
class Ruling:
    """Who is right about a disagreement, found by hand: `ours`, `openscap`, or `both` (each of its own question)."""

    controls: tuple[str, ...]
    ours: str
    right: str
    why: str

    def about(self, pair: Pair) -> bool:
        return pair.control in self.controls and pair.ours == self.ours


def rulings() -> list[Ruling]:
    """The rulings of `rulings.yml`; a mistake in it is an AssertionError that names the entry."""
    rows = yaml.safe_load((HERE / "rulings.yml").read_text(encoding="utf-8"))
    for row in rows:
        assert row["right"] in RIGHT, row
        assert row["ours"] in VERDICTS, row
    return [Ruling(tuple(row["controls"]), row["ours"], row["right"], row["why"].strip()) for row in rows]


def rules_of(control: Mapping[str, Any]) -> list[str]:
    return list(control.get("refs", {}).get("ssg", []))


def pairs(
    controls: Mapping[str, Mapping[str, Any]],
    machine: str,
    state: str,
    ours: Mapping[str, Mapping[str, Any]],
    openscap: Mapping[str, str],
) -> list[Pair]:
    """Every control that names a rule which OpenSCAP selected, with what both said."""
    found = []
    for name, control in controls.items():
        rules = {rule: openscap[rule] for rule in rules_of(control) if rule in openscap}
        if rules:
            said = ours[name]
            found.append(Pair(name, machine, state, said["status"], said["found"] or said["reason"], rules))
    return found


def ruling_for(pair: Pair, known: Iterable[Ruling]) -> Ruling | None:
    return next((ruling for ruling in known if ruling.about(pair)), None)


def unsettled(found: Iterable[Pair], known: list[Ruling]) -> list[Pair]:
    """Disagreements without a ruling, and those in which the ruling is against us."""
    different = [pair for pair in found if pair.comparable and not pair.agrees]
    return [pair for pair in different if (ruling := ruling_for(pair, known)) is None or ruling.right == "openscap"]
