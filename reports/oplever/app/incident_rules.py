"""The rules for incidents that hold in this project: its `incidents.yml`, or those that come with Oplever."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from oplever import config
from oplever.errors import OpleverError
from oplever.files import bounded, unreadable
from oplever.kinds.incident import rules_file
from oplever.kinds.incident.rules_file import Mistake
from oplever.messages import M_
from oplever.record.model.incident_rules import Rules

NAME = "incidents.yml"
_LARGEST_BYTES = 2 << 20
"""Of what is read: which size is too large for rules, they say themselves."""


class Current(Struct, frozen=True):
    """The rules with their digest."""

    rules: Rules
    digest: str


def path() -> Path | None:
    """Where the rules of this project are: what `incidents` in oplever.yml names, else `incidents.yml` beside it; None
    when it has none. Raises OpleverError (`config-invalid`, `file-unreadable`)."""
    named = config.load().incidents
    if named:
        return config.path_beside(named)
    beside = config.beside(NAME)
    return beside if beside and beside.exists() else None


def lint(source: Path) -> tuple[Mistake, ...]:
    """Everything that is wrong with a file of rules. Raises OpleverError (`file-unreadable`)."""
    return rules_file.parse(_content(source)).mistakes


def load() -> Current:
    """Raises OpleverError: `rules-invalid` with a line for each mistake, `config-invalid`, `file-unreadable`."""
    source = path()
    if source is None:
        rules = rules_file.defaults()
        return Current(rules, rules_file.digest(rules))
    parsed = rules_file.parse(_content(source))
    if parsed.rules is None:
        count = len(parsed.mistakes)
        many = M_("{source} has {count} mistakes", source=source, count=count)
        message = M_("{source} has 1 mistake", source=source) if count == 1 else many
        advice = M_("correct them; docs/reference/incidents.md lists the keys")
        raise OpleverError(
            "rules-invalid", message, advice, tuple(placed(source, mistake) for mistake in parsed.mistakes)
        )
    return Current(parsed.rules, rules_file.digest(parsed.rules))


def placed(source: Path, mistake: Mistake) -> str:
    """A mistake with its file, line and column, as compilers write it."""
    place = f"{source}:{mistake.line}:{mistake.column}"
    return M_("{place}: {message}", place=place, message=mistake.message)


def _content(source: Path) -> bytes:
    try:
        return bounded(source, _LARGEST_BYTES)
    except OSError as problem:
        raise unreadable(source, problem) from None
