"""A page as GitHub-flavoured Markdown.

Text from machines is either escaped so that no character of it is markup, or stands in a code span that it cannot
end. Raw HTML is never written, except a comment that keeps an address from becoming a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch

from oplever.page.blocks import (
    STAGE_SYMBOLS,
    SYMBOLS,
    Attention,
    AttentionItem,
    Bars,
    Block,
    Bullets,
    Cell,
    Checklist,
    Details,
    Group,
    KeyValue,
    Page,
    Paragraph,
    Photos,
    SignatureLine,
    Signatures,
    Steps,
    Table,
    Timeline,
    Tone,
    Verdict,
    Waiting,
)
from oplever.render.paper import MANY_ROWS, on_paper, rows_of

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)](?:\s|$)))", re.MULTILINE)
_LINK = re.compile(r"(?i)(?<=[a-z])(:)(?=//)|(?<=www)(\.)|(?<=mailto)(:)|(?<=xmpp)(:)")
_ADDRESS = re.compile(r"(?<=[\w.+-])@(?=[\w-])")
_TICKS = re.compile(r"`+")

_FRONT_ROWS = 30
"""Rows of the timeline that stand on the first page: it is read before anything else."""

Labels = dict[str, str]


def escape(text: str) -> str:
    """`text` as Markdown that shows exactly it, on one line."""
    text = _SPECIAL.sub(r"\\\1", text)
    text = _LINK.sub(lambda match: "\\" + match[0], text)
    text = _LINE_START.sub(lambda match: match[1] + _escaped_start(match[2]), text)
    text = _ADDRESS.sub("<!-- -->@", text)
    return "<br>".join(line.strip() for line in text.split("\n"))


def _escaped_start(start: str) -> str:
    return f"{start}<!-- -->" if start.isdigit() else f"\\{start}"


def code(text: str, in_table: bool = False) -> str:
    """`text` as a code span with a fence longer than any run of backticks in it."""
    text = " ".join(text.split("\n")).strip()
    if not text:
        return ""
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text.replace('|', chr(92) + '|') if in_table else text}{space}{fence}"


def _with_tone(tone: Tone, text: str) -> str:
    symbol = SYMBOLS[tone]
    return f"{symbol} {text}" if symbol else text


def _cell(cell: Cell, in_table: bool = True) -> str:
    if cell.code and in_table and "\\|" in cell.text:
        text = escape(cell.text)  # a table cannot tell this from an escaped bar inside code
    else:
        text = code(cell.text, in_table) if cell.code else escape(cell.text)
    if cell.tone in ("bad", "warn") and text:
        text = f"**{text}**"
    parts = (_with_tone(cell.tone, text), escape(cell.note), *(escape(line) for line in cell.lines))
    return "<br>".join(part for part in parts if part)


def _rows(titles: Sequence[str], rows: Iterator[Sequence[str]], numbers: Sequence[bool]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(escape(title) for title in titles)} |"
    yield f"|{'|'.join(' ---: ' if number else ' --- ' for number in numbers)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


@singledispatch
def _lines(block: Block, labels: Labels, level: int) -> Iterator[str]:
    raise TypeError(f"no Markdown for {type(block).__name__}")


@_lines.register
def _(block: Photos, labels: Labels, level: int) -> Iterator[str]:
    """The photos themselves: a document in Markdown lies beside them."""
    for photo in block.pictures:
        yield f"![{escape(photo.text)}]({photo.place})"
        yield f"{escape(photo.caption)} ({escape(photo.note)})"


@_lines.register
def _(block: Paragraph, labels: Labels, level: int) -> Iterator[str]:
    text = escape(block.text)
    yield ""
    yield f"> **{_with_tone(block.tone, text)}**" if block.tone in ("bad", "warn") else _with_tone(block.tone, text)
    yield ""


@_lines.register
def _(block: KeyValue, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    for key, value in block.pairs:
        yield f"- {escape(key)}: {_cell(value, in_table=False)}"
    yield ""


@_lines.register
def _(block: Table, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    if not block.is_named:
        yield f"**{escape(block.caption)}**"
    rows = ([_cell(cell) for cell in row] for row in block.rows)
    columns = block.columns
    yield from _rows([column.title for column in columns], rows, [column.number for column in columns])
    if block.left_out:
        yield escape(block.left_out)
        yield ""


@_lines.register
def _(block: Bullets, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    for line in block.lines:
        yield f"- {_cell(line, in_table=False)}"
    yield ""


@_lines.register
def _(block: Steps, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    for number, line in enumerate(block.lines, 1):
        typed = f" {code(line.typed)}" if line.typed else ""
        yield f"{number}. {escape(line.do)}{typed}"
        if line.see:
            yield f"   <br>{escape(line.see)}"
    yield ""


@_lines.register
def _(block: Group, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    yield f"{'#' * level} {escape(block.title)}"
    for inner in block.blocks:
        yield from _lines(inner, labels, level + 1)


@_lines.register
def _(block: Details, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    count = f" ({escape(block.count)})" if block.count else ""
    yield f"{'#' * min(level, 6)} {_with_tone('bad' if block.tone == 'bad' else 'plain', escape(block.title))}{count}"
    if block.folded:
        yield ""
        yield escape(block.folded)
    for inner in block.blocks:
        yield from _lines(inner, labels, level + 1)


@_lines.register
def _(block: Attention, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    yield f"## {escape(block.title)}"
    yield ""
    for item in block.lines:
        yield from _attention(item, labels)
    yield ""


def _attention(item: AttentionItem, labels: Labels) -> Iterator[str]:
    where = f" ({labels['section'].format(number=item.number)})" if item.number is not None else ""
    yield f"- {_with_tone(item.tone, f'**{escape(item.label)}**')}: {escape(item.text)}{where}"
    if item.detail:
        yield f"  <br>{escape(''.join(phrase.text for phrase in item.detail))}"


@_lines.register
def _(block: Waiting, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    yield f"## {escape(block.title)}"
    yield ""
    for who, needs in block.lines:
        yield f"- **{escape(who)}**: {escape(' · '.join(need.text for need in needs))}"
    yield ""


@_lines.register
def _(block: Bars, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    yield f"## {escape(block.title)}"
    yield ""
    yield escape(block.summary)
    yield ""
    for bar in block.bars:
        yield f"- {escape(bar.label)}: {escape(bar.text)}"
    yield ""


@_lines.register
def _(block: Timeline, labels: Labels, level: int) -> Iterator[str]:
    yield ""
    yield f"## {escape(block.title)}"
    yield ""
    yield escape(block.summary)
    if block.table.folded or sum(_row_counts(block.table)) > _FRONT_ROWS:
        yield ""
        yield escape(labels["folded"])
        return
    for inner in block.table.blocks:
        yield from _lines(inner, labels, level + 1)


@_lines.register
def _(block: Checklist, labels: Labels, level: int) -> Iterator[str]:
    boxes = {True: ("[x]", "[ ]"), False: ("[ ]", "[x]"), None: ("[ ]", "[ ]")}
    rows = ([escape(line.text), *boxes[line.done], escape(line.remark)] for line in block.lines)
    yield from _rows([block.title, block.yes, block.no, block.remark], rows, [False] * 4)


@_lines.register
def _(block: Signatures, labels: Labels, level: int) -> Iterator[str]:
    rows = (
        [
            f"{escape(line.role)}<br>{escape(line.meaning)}",
            escape(line.name),
            escape(line.date),
            "<br>".join(part for part in (_signature_line(block, line), escape(line.note)) if part),
        ]
        for line in block.lines
    )
    yield from _rows(["", block.name, block.date, block.signature], rows, [False] * 4)


def _signature_line(block: Signatures, line: SignatureLine) -> str:
    return f"{escape(block.signed)} {code(line.digest, in_table=True)}".strip() if line.name else ""


def _row_counts(block: Details) -> Iterator[int]:
    yield from (len(inner.rows) for inner in block.blocks if isinstance(inner, Table))


def _fact(cell: Cell) -> str:
    return ", ".join(part for part in (escape(cell.text), escape(cell.note)) if part)


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield f"## {_with_tone(verdict.tone, escape(verdict.title))}"
    yield ""
    yield " → ".join(f"{STAGE_SYMBOLS[stage.state]} {escape(stage.label)}" for stage in verdict.stages)
    yield ""
    yield f"{escape(verdict.explanation)} {escape(verdict.figures)}"


def _page(page: Page) -> Iterator[str]:
    if page.organisation:
        yield escape(page.organisation.name)
        yield ""
    yield f"# {escape(page.title)}"
    yield ""
    yield f"{escape(page.kind)} {code(page.id)}"
    yield ""
    yield " · ".join(_fact(cell) for cell in (*(cell for _, cell in page.facts), page.status))
    yield ""
    if page.verdict:
        yield from _verdict(page.verdict)
    for block in page.summary:
        yield from _lines(block, page.labels, 3)
    for section in page.sections:
        yield ""
        yield f"## {section.number}. {escape(section.title)}"
        for block in section.blocks:
            yield from _lines(block, page.labels, 3)
    yield "---"
    yield ""
    for note in page.notes:
        yield f"{escape(note)}  "


def draw(page: Page) -> bytes:
    """The page as UTF-8 Markdown, without double blank lines; a page of many rows is shortened as on paper."""
    if rows_of(page) > MANY_ROWS:
        page = on_paper(page)
    text = "\n".join(_page(page)) + "\n"
    return re.sub(r"\n{3,}", "\n\n", text).encode("utf-8")
