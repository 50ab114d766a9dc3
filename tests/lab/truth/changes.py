"""Changes that somebody makes behind Ansible's back, as data, and whether two snapshots name them.

A change is an entry of changes/*.yml: `plant` and `undo` are shell lines, `prepare` makes what is changed, `needs` is a
command without which it says nothing, `releases` are where it applies (all by default). Each line of `must_name` is
`kind key | before | after`: texts that one difference must have, `absent` for nothing there, empty for anything. `also`
are patterns of what else may be named, `must_not_show` texts that no snapshot may hold, `stays` patterns of what stays
named after the undo: what the snapshot knows by a time that nobody can set back. Of each kind of component one change
is the `sample` that `make test` plants, on machines without roles; kind `application` has none, since it needs them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml_files
from oplever.record import drift
from oplever.record.fold import Call
from oplever.record.model import Test
from oplever.record.snapshots import Pair

HERE = Path(__file__).parent
HOSTS = {"debian12": "srv1", "debian13": "web1"}
KEPT = r"/root/\w+\.(kept|time)$"
"""What the changes keep to put back."""
FAILED = re.compile(r"^== (\S+)\n(.*?)(?=^== |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Change:
    id: str
    kind: str
    plant: str
    undo: str
    must_name: tuple[str, ...]
    group: str
    prepare: str = ""
    needs: str = ""
    releases: tuple[str, ...] = tuple(HOSTS)
    also: tuple[str, ...] = ()
    must_not_show: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    sample: bool = False

    def on(self, host: str) -> bool:
        return host in {HOSTS[release] for release in self.releases}


def changes() -> list[Change]:
    """All of them, in the order of the files."""
    return [
        Change(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}, group=path.stem
        )
        for path in sorted(HERE.glob("changes/*.yml"))
        for row in yaml_files.load(path)
    ]


def script(lines: Iterable[tuple[str, str]]) -> str:
    """One shell script that runs each (id, shell lines) by itself and says which of them failed."""
    parts = [
        f"bash -euc {shlex.quote(text)} </dev/null >/run/planted.out 2>&1 || "
        f"{{ echo '== {name}'; tail -n 3 /run/planted.out; }}"
        for name, text in lines
        if text
    ]
    return "\n".join(["#!/bin/bash", *parts, "rm -f /run/planted.out", "exit 0", ""])


def failures(output: str) -> dict[str, str]:
    return {name: text.strip() for name, text in FAILED.findall(output.replace("\r\n", "\n"))}


def differences(host: str, before: dict[str, Any], after: dict[str, Any]) -> list[Test]:
    """What the record names, as it would since a delivery."""
    reference = Call("", host, {"snapshot": before, "stage": "before", "reference": "reference"}, "")
    look = Call("", host, {"snapshot": after, "stage": "after"}, "")
    return [test for test in drift.tests({host: Pair(reference, look)}) if test.status in ("fail", "error")]


def name(test: Test) -> str:
    """`kind key`."""
    return test.id.removeprefix("drift.").replace(".", " ", 1)


def is_update(test: Test) -> bool:
    """Whether it tells of another version of a package that was there before."""
    return name(test).startswith("package ") and not {"", "absent"} & {test.expected, test.found}


def fits(line: str, test: Test) -> bool:
    about, before, after = (part.strip() for part in line.split("|"))
    return about in name(test) and before in test.expected and after in test.found


def missing(change: Change, named: Iterable[Test], shown: str) -> list[str]:
    """Lines of `must_name` that no difference has, and texts that must not be shown and are."""
    named = list(named)
    lines = [line for line in change.must_name if not any(fits(line, test) for test in named)]
    return [*lines, *(f"shown: {text}" for text in change.must_not_show if text in shown)]


def left(planted: Iterable[Change], named: Iterable[Test]) -> list[str]:
    """What the undo of the changes did not bring back, each with what was and what is."""
    patterns = [re.compile(pattern) for change in planted for pattern in change.stays]
    return [
        f"{name(test)}: {test.expected[:200]} -> {test.found[:200]}"
        for test in named
        if not any(pattern.search(name(test)) for pattern in patterns)
    ]


def unexpected(planted: Iterable[Change], named: Iterable[Test]) -> list[str]:
    """Differences that none of the changes explains."""
    planted = list(planted)
    patterns = [re.compile(pattern) for pattern in (KEPT, *(p for change in planted for p in change.also))]
    texts = [line.split("|")[0].strip() for change in planted for line in change.must_name]
    return [
        name(test)
        for test in named
        if not any(text in name(test) for text in texts) and not any(p.search(name(test)) for p in patterns)
    ]
