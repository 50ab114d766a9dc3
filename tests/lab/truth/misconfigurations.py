"""Ways in which a machine can be set up wrongly, as data (misconfigurations/README.md), in rounds that do not meet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .changes import HOSTS

PLACE = Path(__file__).with_name("misconfigurations")
HARMLESS = Path(__file__).with_name("harmless.yml")
PATH = re.compile(r"/(?:etc|opt|var|usr|proc)/[\w./-]+")


@dataclass(frozen=True)
class Misconfiguration:
    """`must_name` are controls that must fail, each with a text that must stand in what was found; `must_pass` those
    that must hold, of what only looks wrong."""

    id: str
    kind: str
    plant: str
    undo: str
    must_name: tuple[tuple[str, str], ...]
    releases: tuple[int, ...] = (12, 13)
    must_pass: tuple[str, ...] = ()

    @property
    def controls(self) -> frozenset[str]:
        return frozenset([*(control for control, _ in self.must_name), *self.must_pass])

    @property
    def paths(self) -> frozenset[str]:
        """Files and directories that the lines touch, or read to bring back what was there."""
        return frozenset(PATH.findall(self.plant + self.undo))

    def on(self, host: str) -> bool:
        return host in {HOSTS[f"debian{release}"] for release in self.releases}

    def meets(self, other: Misconfiguration) -> bool:
        return bool(self.controls & other.controls or self.paths & other.paths)


def misconfigurations(*, kernel: bool = False) -> list[Misconfiguration]:
    """Those that a machine of the lab can show, in the order of the files; or those that need a kernel of their own."""
    rows = [row for path in sorted(PLACE.glob("*.yml")) for row in yaml.safe_load(path.read_text("utf-8"))]
    return [_read(row) for row in rows if bool(row.get("kernel")) == kernel]


def harmless() -> list[Misconfiguration]:
    """What looks like a misconfiguration, and is none."""
    rows = yaml.safe_load(HARMLESS.read_text("utf-8"))
    return [_read({"kind": HARMLESS.stem, "must_name": [], **row}) for row in rows]


def _read(row: dict[str, Any]) -> Misconfiguration:
    names = tuple((name["control"], name["text"]) for name in row["must_name"])
    releases, passing = tuple(row.get("releases", (12, 13))), tuple(row.get("must_pass", ()))
    return Misconfiguration(row["id"], row["kind"], row["plant"], row["undo"], names, releases, passing)


def rounds(entries: Iterable[Misconfiguration]) -> list[list[Misconfiguration]]:
    """All entries, in as few groups as the first fit gives: in one group no two share a control or a path."""
    groups: list[list[Misconfiguration]] = []
    for entry in entries:
        group = next((group for group in groups if not any(entry.meets(other) for other in group)), None)
        if group is None:
            groups.append([entry])
        else:
            group.append(entry)
    return groups


def named(entry: Misconfiguration, results: dict[str, dict[str, Any]]) -> list[str]:
    """What the audit does not say of a planted entry, as lines; empty when it names all of it."""
    lines = []
    for control, text in entry.must_name:
        status, answer = results[control]["status"], results[control]["found"] or results[control]["reason"]
        if status != "fail" or text not in answer:
            lines.append(f"{control} {status}: {answer or 'nothing found'} (must have: {text})")
    return lines


def named_wrongly(
    entry: Misconfiguration, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> list[str]:
    """What the audit says of a planted entry that does no harm, as lines: more than it said before."""
    return [
        f"{control} {after[control]['status']}: {after[control]['found']}"
        for control in entry.must_pass
        if after[control]["status"] != "pass" and after[control]["found"] != before[control]["found"]
    ]
