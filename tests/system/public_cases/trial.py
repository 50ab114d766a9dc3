"""One public case in a place: its files, hosts and plays; and what a record says otherwise than it expects."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from ansible.parsing.vault import VaultLib, VaultSecret
from oplever.record.model import HostResult, Record

from system.public_cases.case import Case
from system.recorder.runs import GONE, LOCAL, Place

PASSWORD = b"of the vault of these tests"


@dataclass(frozen=True)
class Trial:
    """`peer` is what the names of its hosts begin with, so that many cases fit in one inventory."""

    case: Case
    place: Place
    secret: str
    peer: str = ""

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        return {self.peer + host: {**(GONE if host == "gone" else LOCAL), "me": host} for host in self.case.hosts}

    def set_up(self) -> list[dict[str, Any]]:
        """Write the files of the case; its plays."""
        for name, content in self._filled(self.case.files).items():
            text = content if isinstance(content, str) else json.dumps(content)
            self.place.write(name, _encrypted(text) if name in self.case.vaulted else text)
        targets = ",".join(self.hosts) or "all"
        play = {"name": self.case.id, "hosts": targets, "gather_facts": False, "tasks": list(self.case.tasks)}
        plays: list[dict[str, Any]] = self._filled(list(self.case.plays) or [{**play, **self.case.play}])
        return plays

    @property
    def options(self) -> list[str]:
        options: list[str] = self._filled(list(self.case.options))
        return options

    @property
    def environment(self) -> dict[str, str]:
        environment: dict[str, str] = self._filled(self.case.environment)
        return environment

    def differences(self, record: Record) -> Iterator[str]:
        """What the record says otherwise than the case expects."""
        rows = results(record, self.case.id)
        for task, by_host in self._filled(self.case.expected.results).items():
            by_machine = {host: row for (name, host), row in rows.items() if name == task}
            expected = {self.peer + host: value for host, value in by_host.items()}
            if by_machine.keys() != expected.keys():
                yield f"{task}: on {sorted(by_machine)}, expected on {sorted(expected)}"
                continue
            for host, value in expected.items():
                values = value if isinstance(value, list) else [value]
                if len(values) != len(by_machine[host]):
                    yield f"{task} on {host}: {len(by_machine[host])} results, expected {len(values)}"
                for result, row in zip(by_machine[host], values, strict=False):
                    fields = {"status": row} if isinstance(row, str) else row
                    yield from (f"{task} on {host}: {line}" for line in _unlike(result, fields))

    def _filled(self, content: Any) -> Any:
        """The texts of a case with its own secret, the names of its hosts and its directory."""
        texts = {"SECRET": self.secret, "{peer}": self.peer, "{place}": str(self.place.path)}
        if isinstance(content, str):
            return functools.reduce(lambda text, name: text.replace(name, texts[name]), texts, content)
        if isinstance(content, dict):
            return {self._filled(key): self._filled(value) for key, value in content.items()}
        return [self._filled(part) for part in content] if isinstance(content, list | tuple) else content


def results(record: Record, play: str) -> dict[tuple[str, str], list[HostResult]]:
    """By task and host. A record may have steps of many cases; those of one are in plays with its name."""
    rows: dict[tuple[str, str], list[HostResult]] = {}
    for step in record.steps:
        if step.play == play:
            for result in step.results:
                rows.setdefault((step.name, result.host), []).append(result)
    return rows


def _unlike(result: HostResult, fields: dict[str, Any]) -> Iterator[str]:
    for name, expected in fields.items():
        value = json.loads(msgspec.json.encode(getattr(result, name)))
        if name == "items":
            value = {item["item"]: item["status"] for item in value}
        if name == "changes":  # the mark of a text is another one in each run
            value = [{key: part[key] for key in part if key != "mark"} for part in value]
        if name == "message" and expected:
            is_right = (expected.removeprefix("!") in value) != expected.startswith("!")
        else:
            is_right = value == expected
        if not is_right:
            yield f"{name} is {value!r}, expected {expected!r}"


def _encrypted(text: str) -> str:
    content: bytes = VaultLib([("default", VaultSecret(PASSWORD))]).encrypt(text)
    return content.decode()
