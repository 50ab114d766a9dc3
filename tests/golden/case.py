"""One record that golden files are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from golden.journal import Data

__all__ = ["ALL", "Case", "Data"]

ALL = ("",)


@dataclass(frozen=True)
class Case:
    """Lines of `journal.jsonl` (none: the record has no journal) and of `entries.jsonl`; `outputs` is how the names of
    the files that are kept begin, `beside` are journals of other records in the same directory, by their names."""

    journal: list[bytes]
    entries: list[Data] = field(default_factory=list)
    outputs: tuple[str, ...] = ALL
    beside: dict[str, list[bytes]] = field(default_factory=dict)
