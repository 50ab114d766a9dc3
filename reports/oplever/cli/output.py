"""A record on the terminal. Everything that came from a machine goes through `printable`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from oplever.record.model import Record
from oplever.render.registry import FORMATS
from oplever.render.text import LANGUAGES

_MOST = 15


def printable(text: str) -> str:
    """Text from a machine without characters that steer a terminal or turn the direction of writing."""
    return "".join(char if char.isprintable() else "?" for char in text)


def summary(record: Record) -> str:
    """The verdict and its reasons."""
    lines = [f"verdict: {record.verdict}"]
    for reason in record.document.reasons:
        params = ", ".join(f"{key}: {_shown(value)}" for key, value in reason.params.items())
        lines.append(f"  {reason.code}" + (f" ({printable(params)})" if params else ""))
    return "\n".join(lines)


def documents(record: Record, directory: Path) -> str:
    """What a person wants to know before opening a document: verdict, machines, what is wrong, what is missing."""
    lines = [record.id, printable(record.assignment.title), summary(record), ""]
    lines += _machines(record)
    lines += _failing(record)
    if missing := record.completeness.missing:
        lines += ["", "still missing:"]
        lines += [f"  {one.code:<24} {one.who:<11} {one.command}".rstrip() for one in missing]
    made = [f"report.{language}.{suffix}" for suffix in FORMATS for language in LANGUAGES]
    there = [name for name in made if (directory / name).is_file()]
    lines += ["", f"documents in {directory}:", "  " + (" ".join(there) or "none yet: oplever report")]
    return "\n".join(line for line in lines if line is not None)


def _machines(record: Record) -> Iterator[str]:
    passed = Counter(test.host for test in record.tests if test.stage == "after" and test.status == "pass")
    ran = Counter(test.host for test in record.tests if test.stage == "after" and test.status != "not_applicable")
    scores = {host.host: host for host in record.baseline.hosts}
    for system in record.systems:
        score = scores.get(system.name)
        before, after = ((s.score if s else None) for s in (score.before, score.after)) if score else (None, None)
        yield (
            f"{printable(system.name):<16} changed {system.recap.changed:<4} failed {system.recap.failed:<3} "
            f"tests {passed[system.name]}/{ran[system.name]:<4} baseline {_score(before)} -> {_score(after)}"
        )


def _failing(record: Record) -> Iterator[str]:
    bad = [test for test in record.tests if test.stage == "after" and test.status in ("fail", "error")]
    if bad:
        yield ""
        yield "failing tests:"
    for test in bad[:_MOST]:
        yield f"  {printable(f'{test.host}: {test.id}: expected {test.expected}; found {test.found}')}"
    if bad[_MOST:]:
        yield f"  and {len(bad) - _MOST} more; see the report"


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.0f}"


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
