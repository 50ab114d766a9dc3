"""A page as one HTML file that needs nothing else: no network, no font, no script to be readable.

The content security policy allows exactly the one style sheet and the one script in the file, by their digests.

What makes a browser slow is the number of elements, so a page of many rows holds its folds and the later rows of its
tables compressed (zlib in base64, in `script` elements that are data), and the script of the page draws them when
somebody opens, filters or asks for more. A small page holds everything as it is.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from oplever.page.blocks import (
    MOST_FOLDS,
    STAGE_SYMBOLS,
    SYMBOLS,
    Block,
    Cell,
    Column,
    Enclosure,
    Mark,
    Page,
    Table,
    Tone,
)
from oplever.render.paper import MANY_ROWS, rows_of

_LONG = 320
"""Characters of a cell after which the rest is folded."""

_WORD = 16
"""Letters of a word in a table up to which it is never broken."""

_ROWS = 100
"""Rows of a table in a page of many rows that are drawn at once, and each time somebody asks for more."""

_SEPARATOR = "\x1e"
"""Between folds; no text of a page can hold it, since that is clean."""


def _tone(tone: Tone, text: str) -> str:
    symbol = SYMBOLS[tone]
    if not symbol:
        return escape(text)
    return (
        f'<span class="tone {tone}"><span class="symbol" aria-hidden="true">{symbol}</span>&nbsp;{escape(text)}</span>'
    )


def _lang(language: Mark) -> str:
    return f' lang="{language}"' if language else ""


def _text(text: str, code: bool, language: Mark = "") -> str:
    """Text of a machine: fixed width when it is code, folded when it is long. A language apart says so to a screen
    reader."""
    name = "code" if code else "span" if language else ""
    start, end = (f"<{name}{_lang(language)}>", f"</{name}>") if name else ("", "")
    element = f"{start}{escape(text)}{end}"
    if len(text) <= _LONG:
        return element
    return f'<details class="long"><summary>{start}{escape(text[:160])} …{end}</summary>{element}</details>'


def _cell(cell: Cell) -> str:
    if cell.tone != "plain":
        shown = _tone(cell.tone, cell.text)
    else:
        shown = _text(cell.text, cell.code, cell.language) if cell.text else ""
    if cell.link:
        shown = f'<a href="{escape(cell.link)}">{shown}</a>'
    note = f"<small{_lang(cell.note_language)}>{_text(cell.note, False)}</small>" if cell.note else ""
    return shown + note + _difference(cell.lines)


def _difference(lines: tuple[str, ...]) -> str:
    """Changed lines, by their sign and by a colour."""
    names = {"+": "added", "-": "removed"}
    if not lines:
        return ""
    drawn = (f'<span class="{names.get(line[:1], "left-out")}">{escape(line)}</span>' for line in lines)
    return f'<code class="difference">{"".join(drawn)}</code>'


def _rows(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> str:
    """One line for each row: the script of the page splits them at the line ends."""
    heads = [
        f'<td role="cell" data-label="{escape(column.title)}"' + (' class="number">' if column.number else ">")
        for column in columns
    ]
    return "".join(
        '<tr role="row">'
        + "".join(
            f"{head}<div{_whole_words(cell)}>{_cell(cell)}</div></td>"
            if cell.text or cell.note or cell.lines
            else f"{head}</td>"
            for head, cell in zip(heads, row, strict=True)
        ).replace("\n", "&#10;")
        + "</tr>\n"
        for row in rows
    )


def _whole_words(cell: Cell) -> str:
    """A column is at least as wide as its words, unless they are words of machines without end."""
    words = f"{cell.text} {cell.note}".split()
    return "" if cell.code or max(map(len, words), default=0) > _WORD else ' class="words"'


def _pack(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def _one_a_line(folds: str) -> str:
    """Folds, each on one line, as rows are."""
    return "\n".join(fold.strip().replace("\n", " ") for fold in folds.split(_SEPARATOR) if fold.strip())


def _first_rows(table: Table, many: bool) -> Markup:
    return Markup(_rows(table.columns, table.rows[:_ROWS] if many else table.rows))  # noqa: S704 - escaped above


def _later_rows(table: Table, many: bool) -> str:
    """What the page leaves for its script to draw; empty when the table is whole."""
    return _pack(_rows(table.columns, table.rows[_ROWS:])) if many and len(table.rows) > _ROWS else ""


def _kind(block: Block) -> str:
    return str(block.__struct_config__.tag)


def _logo(logo: Enclosure) -> str:
    return f"data:{logo.mime_type};base64,{base64.b64encode(logo.content).decode()}"


@lru_cache
def environment() -> Environment:
    """Templates, and what they draw values with."""
    made = Environment(
        loader=PackageLoader("oplever.render"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals.update(
        symbols=SYMBOLS,
        stage_symbols=STAGE_SYMBOLS,
        kind=_kind,
        tone=lambda tone, text: Markup(_tone(tone, text)),  # noqa: S704 - these three escape what they are given
        text=lambda text, language="": Markup(_text(text, False, language)),  # noqa: S704
        cell=lambda cell: Markup(_cell(cell)),  # noqa: S704
        first_rows=_first_rows,
        later_rows=_later_rows,
        packed=_pack,
        folds_shown=MOST_FOLDS,
        separator=_SEPARATOR,
        one_a_line=_one_a_line,
        logo=_logo,
    )
    return made


@lru_cache
def _template() -> Template:
    return environment().get_template("report.html.j2")


@lru_cache
def asset(name: str) -> str:
    """One of our own files beside the templates."""
    loader = environment().loader
    assert loader is not None  # set above, for the type checker  # noqa: S101
    return loader.get_source(environment(), name)[0]


def digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def draw(page: Page) -> bytes:
    """The page as UTF-8 HTML."""
    style = asset("report.css")
    if re.fullmatch(r"[\w.-]+", page.id):  # a style sheet has no autoescape: only what needs none goes in
        style += f'@page {{ @bottom-left {{ content: "{page.id}" }} }}\n'
    script = asset("report.js")
    parts = _template().generate(
        page=page,
        pictures={picture.name: _logo(picture) for picture in page.pictures},
        many=rows_of(page) > MANY_ROWS,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_digest=digest(style),
        script_digest=digest(script),
    )
    return b"".join(part.encode() for part in parts)
