"""What is wrong in a site file: one line for each problem, with its place and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Path, Place, Places

ADVICE = (
    "No machine was touched. docs/reference/site.md describes every key of this file; "
    "`ansible-inventory -i <file> --graph` reads it without touching a machine."
)


class SiteError(Exception):
    """The site file cannot be used; `lines` has one sentence for each problem."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


@dataclass
class Report:
    """Collects the problems of one site file; each is reported once, in the order of the file."""

    places: Places
    problems: dict[tuple[str, int, int], list[str]] = field(default_factory=dict)
    paths: set[Path] = field(default_factory=set)

    def add(self, path: Path, message: str) -> None:
        """A problem with the value or key at `path`."""
        self.paths.add(path)
        self.add_at(self.places.of(path), f"{dotted(path)}: {message}" if path else message)

    def add_at(self, place: Place, message: str, *, first_only: bool = False) -> None:
        """`first_only`: when something was reported at this place, as for a machine of the same range, not again."""
        messages = self.problems.setdefault((place.file, place.line, place.column), [])
        if message not in messages and not (first_only and messages):
            messages.append(message)

    def has(self, path: Path) -> bool:
        """Whether something at or below `path` was reported, so that what follows from it goes without saying."""
        return any(reported[: len(path)] == path for reported in self.paths)

    def lines(self) -> list[str]:
        return [
            f"{file}:{line}:{column}: {message}"
            for (file, line, column), messages in sorted(self.problems.items())
            for message in messages
        ]

    def raise_any(self) -> None:
        """Raises SiteError if anything was reported."""
        if self.problems:
            raise SiteError(self.lines())


def dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def meant(name: object, names: Iterable[object]) -> str:
    """The end of a sentence: which of `names` was probably meant, or else which there are."""
    texts = sorted({str(candidate) for candidate in names})
    close = difflib.get_close_matches(str(name), texts, n=1, cutoff=0.6)
    if not close:
        close = [text for text in texts if text.lower() == str(name).lower()]
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; possible are {', '.join(texts)}" if texts else ""
