"""Annotations for GitHub: workflow commands that a job prints, a line for each problem."""

from __future__ import annotations

from oplever.export.problems import problems
from oplever.export.shape import Shape
from oplever.record.model import Record

_TEXT = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_TEXT, (":", "%3A"), (",", "%2C"))


def draw(record: Record, shape: Shape) -> bytes:
    """GitHub shows 10 errors and 10 warnings of a step; what is gravest comes first."""
    every = sorted(problems(record, shape), key=lambda problem: not problem.is_grave)
    lines = []
    for problem in every:
        place = f"file={_escape(problem.file, _PROPERTY)},line={problem.line}," if problem.file else ""
        title = f"title={_escape(problem.finding.id, _PROPERTY)}"
        command = "error" if problem.is_grave else "warning"
        lines.append(f"::{command} {place}{title}::{_escape(problem.text(shape.language), _TEXT)}\n")
    return "".join(lines).encode()


def _escape(text: str, marks: tuple[tuple[str, str], ...]) -> str:
    for mark, escape in marks:
        text = text.replace(mark, escape)
    return text
