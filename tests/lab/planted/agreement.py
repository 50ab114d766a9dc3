"""The engine and OpenSCAP on the same machines in the same states, joined by the rule ids of the SCAP content.

A control may stand for several rules; it holds when all of them do. Only verdicts count: where one of the two says
pass or fail and the other does not (not applicable, no such rule, cannot tell), there is nothing to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml_files

HERE = Path(__file__).resolve().parent
VERDICTS = ("pass", "fail")
RIGHT = ("ours", "openscap", "both")
STATES = {
    "stock": "as Debian installs it",
    "delivered": "after the roles sshd, firewall, timesync, nginx and harden",
    "merged": "delivered, and what is set also written where and as OpenSCAP looks for it",
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

    @property
    def deciding(self) -> set[str]:
        """The rules that came to the joined verdict."""
        return {rule for rule, verdict in self.rules.items() if verdict == self.theirs}

    def __str__(self) -> str:
        rules = ", ".join(sorted(self.deciding))
        return (
            f"{self.control} on {self.machine} {self.state}: "
            f"the audit says {self.ours} ({self.found}), OpenSCAP {self.theirs} ({rules})"
        )


@dataclass(frozen=True)
class Case:
    """One control of a ruling: the rules that differ, what the audit finds (a pattern for all of it), and where."""

    control: str
    rules: tuple[str, ...]
    found: str
    places: frozenset[tuple[str, str]]

    def misses(self, pair: Pair) -> str:
        """What in the pair this case does not explain; nothing when it explains it."""
        if (pair.machine, pair.state) not in self.places:
            return f"not on {pair.machine} {pair.state}"
        if more := pair.deciding - set(self.rules):
            return f"not for {', '.join(sorted(more))}"
        return "" if re.fullmatch(self.found, pair.found, re.DOTALL) else f"only where the audit found {self.found}"


@dataclass(frozen=True)
class Ruling:
    """Who is right about a disagreement, found by hand: `ours`, `openscap`, or `both` (each of its own question), and
    the class of its cause, `kind`."""

    kind: str
    ours: str
    right: str
    why: str
    cases: tuple[Case, ...]

    def case(self, pair: Pair) -> Case | None:
        """The case that explains it."""
        return next((case for case in self._near(pair) if not case.misses(pair)), None)

    def misses(self, pair: Pair) -> list[str]:
        """Why cases about the same control do not explain it."""
        return [miss for case in self._near(pair) if (miss := case.misses(pair))]

    def _near(self, pair: Pair) -> Iterator[Case]:
        return (case for case in self.cases if (case.control, self.ours) == (pair.control, pair.ours))


@dataclass(frozen=True)
class Rulings:
    """The rulings, the version of the content that they are about, and their classes: name -> what it means."""

    content: str
    kinds: dict[str, str]
    entries: tuple[Ruling, ...]

    def ruling(self, pair: Pair) -> Ruling | None:
        return next((ruling for ruling in self.entries if ruling.case(pair)), None)

    def controls(self, *kinds: str) -> set[tuple[str, str]]:
        """(control, machine) of which a ruling of these classes speaks, in whatever state."""
        rows = ((case, ruling) for ruling in self.entries if ruling.kind in kinds for case in ruling.cases)
        return {(case.control, machine) for case, _ in rows for machine, _ in case.places}


def rulings(path: Path = HERE / "rulings.yml") -> Rulings:
    """The rulings of `rulings.yml`; a mistake in it is an AssertionError that names the entry."""
    document = yaml_files.load(path)
    kinds = {name: text.strip() for name, text in document["classes"].items()}
    for row in document["rulings"]:
        assert row["class"] in kinds, row
        assert row["right"] in RIGHT, row
        assert row["ours"] in VERDICTS, row
        places = [state for case in row["cases"].values() for states in case["places"].values() for state in states]
        assert set(places) <= set(STATES), row
    return Rulings(str(document["content"]), kinds, tuple(_ruling(row) for row in document["rulings"]))


def _ruling(row: Mapping[str, Any]) -> Ruling:
    cases = (
        Case(
            control, tuple(case["rules"]), str(case["found"]),
            frozenset((machine, state) for machine, states in case["places"].items() for state in states),
        )
        for control, case in row["cases"].items()
    )  # fmt: skip
    return Ruling(row["class"], row["ours"], row["right"], row["why"].strip(), tuple(cases))


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
    compared = []
    for name, control in controls.items():
        rules = {rule: openscap[rule] for rule in rules_of(control) if rule in openscap}
        if rules:
            result = ours[name]
            compared.append(Pair(name, machine, state, result["status"], result["found"] or result["reason"], rules))
    return compared


def comparable_pairs(compared: Iterable[Pair]) -> list[Pair]:
    """The pairs of which both came to a verdict."""
    return [pair for pair in compared if pair.comparable]


def problems(compared: Sequence[Pair], rulings: Rulings) -> list[str]:
    """What a person must look at: disagreements that no ruling explains or in which the ruling is against us, and
    rulings about what is no longer so."""
    different = [pair for pair in comparable_pairs(compared) if not pair.agrees]
    sentences, used = [], set()
    for pair in different:
        ruling = rulings.ruling(pair)
        if ruling is None:
            near = sorted({miss for other in rulings.entries for miss in other.misses(pair)})
            sentences.append(f"{pair}: " + ("ruled on, but " + "; ".join(near) if near else "nobody ruled on it"))
            continue
        used.add((id(ruling.case(pair)), pair.machine, pair.state))
        if ruling.right == "openscap":
            sentences.append(f"{pair}: the audit is wrong")
    for case in (case for ruling in rulings.entries for case in ruling.cases):
        gone = sorted(f"{machine} {state}" for machine, state in case.places if (id(case), machine, state) not in used)
        if gone:
            sentences.append(f"{case.control} is ruled on, but no longer differs as described there: {', '.join(gone)}")
    return sentences


def report(compared: Sequence[Pair], rulings: Rulings, content: str) -> tuple[list[str], str]:
    """(what makes a test fail, what it tells without failing) with this version of the content.

    A disagreement with another version than was ruled on is Debian's news, and no fault of this checkout.
    """
    wrong = problems(compared, rulings)
    if content == rulings.content:
        return wrong, ""
    note = (
        f"The rulings are about ssg-debian {rulings.content}, and here is {content}. Run tools/agreement, look into "
        "what it names, and write the rulings and the version into tests/lab/planted/rulings.yml."
    )
    return [], "\n".join([note, *wrong])
