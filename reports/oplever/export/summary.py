"""Summary of a job in Markdown, for GitHub (`$GITHUB_STEP_SUMMARY`) and a note on GitLab: the first page in short."""

from __future__ import annotations

import re
from collections.abc import Iterator

from oplever.export.shape import Shape
from oplever.kinds import registry
from oplever.page.blocks import STAGE_SYMBOLS, SYMBOLS, Attention, Block, Cell, Table, Waiting
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Record

_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
_PLAIN = frozenset("(,'/")
"""Marks that mean nothing wherever they stand; a point between words makes a link, a hyphen begins a list."""
_MOST_ROWS = 50


def draw(record: Record, shape: Shape) -> bytes:
    view, layout, t = View.of(record), registry.of(record).layout, Translator(shape.language)
    verdict = layout.verdict(record, t)
    stages = " → ".join(f"{STAGE_SYMBOLS[stage.state]} {stage.label}" for stage in verdict.stages)
    lines = [
        f"## {SYMBOLS[verdict.tone]} {_text(verdict.title)}",
        f"{_text(layout.title(record, t))} · {_text(record.id)}",
        _text(stages),
        f"{_text(verdict.explanation)} {_text(verdict.figures)}",
    ]
    for block in layout.summary(view, t):
        lines += _block(block, t)
    return ("\n\n".join(line for line in lines if line.strip()) + "\n").encode()


def _block(block: Block, t: Translator) -> Iterator[str]:
    if isinstance(block, Attention):
        items = [
            f"- {SYMBOLS[line.tone]} {_text(line.label)}: {_text(line.text)}"
            + (f" ({_text(detail)})" if (detail := "".join(phrase.text for phrase in line.detail)) else "")
            for line in block.lines
        ]
        yield f"### {_text(block.title)}"
        yield "\n".join(items)
    elif isinstance(block, Waiting):
        yield f"### {_text(block.title)}"
        needs = ((who, " · ".join(need.text for need in of_one)) for who, of_one in block.lines)
        yield "\n".join(f"- {_text(who)}: {_text(text)}" for who, text in needs)
    elif isinstance(block, Table):
        yield f"### {_text(block.caption)}"
        head = [column.title for column in block.columns]
        rows = [_row(head), "|".join(["", *(" --- " for _ in head), ""])]
        rows += [_row([_cell(cell) for cell in row], escaped=True) for row in block.rows[:_MOST_ROWS]]
        yield "\n".join(rows)
        if block.rows[_MOST_ROWS:]:
            yield _text(t("and {count} more", count=len(block.rows) - _MOST_ROWS))


def _row(texts: list[str], *, escaped: bool = False) -> str:
    return "| " + " | ".join(texts if escaped else map(_text, texts)) + " |"


def _cell(cell: Cell) -> str:
    text = f"{SYMBOLS[cell.tone]} {_text(cell.text)}".strip()
    return "<br>".join(part for part in (text, _text(cell.note)) if part)


def _text(text: str) -> str:
    """Text and nothing else: no markup, no mention of a person, no link; lines become spaces."""
    return _MARKUP.sub(lambda mark: mark[0] if mark[0] in _PLAIN else f"&#{ord(mark[0])};", " ".join(text.split()))
