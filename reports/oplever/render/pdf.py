"""A page as PDF, for the archive (PDF/A-2a) and for every reader (PDF/UA-1), through Typst.

The template is ours and fixed. The page goes in beside it as JSON, so nothing of it can become markup. What paper
does not need is left out here: rows beyond a table's limit and what is folded on screen; the document says so.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec

from oplever import clock, extras
from oplever.page.blocks import STAGE_SYMBOLS, SYMBOLS, Page
from oplever.render.paper import on_paper

STANDARDS = ("a-2a", "ua-1")
_LONGEST = 400
"""Characters of one text on paper; the whole of it is in the HTML report."""

_WORD = 18
"""Letters of a word after which a line may break anywhere in it."""

_DRAWN = (
    (0x20, 0x2FF),
    (0x370, 0x4FF),
    (0x1E00, 0x1FFF),
    (0x2010, 0x2040),
    (0x2044, 0x205E),
    (0x2070, 0x20C0),
    (0x2190, 0x23FF),
    (0x2500, 0x25FF),
    (0x2713, 0x2713),
    (0x2717, 0x2717),
    (0x27E6, 0x27EF),
    (0xFFFD, 0xFFFD),
)
"""What the fonts inside Typst can draw. A PDF/A may not hold a character without a shape."""

_ESCAPED = re.compile(rf"\S{{{_WORD + 1},}}")
_BREAK = re.compile(rf"(.{{{_WORD}}}|[/._:=,@&?;|-](?=.))")


@lru_cache(maxsize=4096)
def _drawable(character: str) -> bool:
    point = ord(character)
    has_shape = any(first <= point <= last for first, last in _DRAWN)
    return character == "\n" or (
        has_shape and unicodedata.category(character) not in ("Cn", "Mn", "Me", "Mc", "Cf", "Cc")
    )


def _text(text: str) -> str:
    """Text that fits on paper: not too long, only characters with a shape, with places to break long words."""
    text = unicodedata.normalize("NFC", text)
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rstrip() + " …"
    if not text.isascii():
        text = "".join(c if _drawable(c) else f"⟨U+{ord(c):04X}⟩" for c in text)
    return _ESCAPED.sub(lambda word: _BREAK.sub("\\1\u200b", word[0]), text)


def _for_paper(value: Any) -> Any:
    """The tree with every text made to fit on paper."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        # Keys and kinds are names of ours, and a break inside one would make it another name.
        return {key: item if key in ("kind", "tone", "state") else _for_paper(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_paper(item) for item in value]
    return value


@lru_cache
def _template() -> bytes:
    return (resources.files("oplever.render") / "templates" / "report.typ").read_bytes()


def _created(iso: str) -> datetime:
    """When the record was made: the same record gives the same PDF. The epoch when the record has no time."""
    try:
        return clock.moment(iso).replace(microsecond=0)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def draw(page: Page) -> bytes:
    """The page as PDF. Raises OpleverError (`extra-missing`) without Typst."""
    typst = extras.load("typst", "pdf")
    tree = msgspec.to_builtins(on_paper(page))
    kind = tree.pop("kind")
    data = {**_for_paper(tree), "document": _text(kind), "symbols": SYMBOLS, "stage_symbols": STAGE_SYMBOLS}
    result = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"page": json.dumps(data, ensure_ascii=False)},
        pdf_standards=list(STANDARDS),
        timestamp=_created(page.created),
        ignore_system_fonts=True,
    )
    if not isinstance(result, bytes):
        raise TypeError("Typst gave no single PDF")
    return _without_suspects(result)


def _without_suspects(pdf: bytes) -> bytes:
    """Without an entry that says what is so without it: readers based on poppler call it an error of the file. Spaces
    take its place, so that every object stays where it was."""
    entry = b"/Suspects false"
    return pdf.replace(b"/MarkInfo<</Marked true" + entry, b"/MarkInfo<</Marked true" + b" " * len(entry))
