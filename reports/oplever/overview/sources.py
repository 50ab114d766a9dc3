"""Records as the pages get them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from oplever.overview.extract import Extract, Machine
from oplever.record.model import Record


class Source(Struct, frozen=True):
    """One record. With `problem` it cannot be read and there is no extract. `clock` is why its start time is not
    believed, `digest` changes with everything here, `documents` are the links to its documents by their file name. A
    run of a record of several is `part_of` that one, which accounts for it."""

    name: str
    moment: str
    clock: str | None
    problem: str | None
    extract: Extract | None
    digest: str
    documents: dict[str, str] = {}
    part_of: str = ""

    @property
    def month(self) -> str:
        return self.moment[:7]


class Readable(NamedTuple):
    """A record that can be read."""

    source: Source
    extract: Extract

    @property
    def record(self) -> Record:
        return self.extract.record


class Visit(NamedTuple):
    """A machine in one record."""

    of: Readable
    machine: Machine


def executors(record: Record) -> Iterable[str]:
    return (person.name for person in record.people if person.role == "executor" and person.name)
