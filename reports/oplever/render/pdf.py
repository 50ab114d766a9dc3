"""A page as PDF, for the archive (PDF/A-3a) and for every reader (PDF/UA-1), through Typst.

The template is ours and fixed. The page goes in beside it as JSON, so nothing of it can become markup. What is folded
on screen stands behind the document in small print, and the files of the record go inside it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from oplever import clock, extras
from oplever.page.blocks import STAGE_SYMBOLS, SYMBOLS, Enclosure, Page
from oplever.render.paper import APART_ROWS, MANY_ROWS, archived, rows_of
from oplever.render.square import square

STANDARDS = ("a-3a", "ua-1")
_PAGE = "page-tree.json"
_EXACT = ("symbols", "stage_symbols", "code", "square", "enclosures", "pictures")
"""Parts of the tree that are no text to fit on paper."""
_NO_TEXT = ("kind", "tone", "state", "logo", "colour", "file", "drawn")
"""Names of ours, which are others with a break inside, and lines of a signature, which has no end of its own."""
_LONGEST = 400
"""Characters of one text on paper; the whole of it is in the HTML report."""

_WORD = 18
"""Letters without a sign among them after which a line may break in a long word; it may break after each sign too."""

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

_FALLBACK: dict[str, tuple[tuple[int, int], ...]] = {
    "Noto Sans Arabic": ((0x600, 0x6FF),),
    "Noto Naskh Arabic": ((0x600, 0x6FF),),
    "Noto Sans Hebrew": ((0x5D0, 0x5EA),),
    "DejaVu Sans": ((0x5D0, 0x5EA), (0x621, 0x64A), (0x660, 0x669), (0x6AF, 0x6AF), (0x6CC, 0x6CC)),
    "Noto Sans CJK SC": ((0x3001, 0x30FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3)),
    "Noto Sans CJK JP": ((0x3001, 0x30FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3)),
    "Droid Sans Fallback": ((0x3001, 0x30FF), (0x4E00, 0x9FA5)),
}
"""Fonts of this machine that draw names in other scripts, where they are installed, and what they have for certain."""

_ESCAPED = re.compile(rf"\S{{{_WORD + 1},}}")
_SIGNS = r"/._:=,@&?;|\-"
_BREAK = re.compile(rf"([^{_SIGNS}]{{{_WORD}}}(?=[^{_SIGNS}])|[{_SIGNS}](?=.))")


@lru_cache
def fallback() -> tuple[str, ...]:
    """The fonts for other scripts that this machine has."""
    typst = extras.load("typst", "pdf")
    installed = set(typst.Fonts(include_system_fonts=True).families())
    return tuple(family for family in _FALLBACK if family in installed)


@lru_cache(maxsize=4096)
def _drawable(character: str) -> bool:
    point = ord(character)
    if character == "\n":
        return True
    if unicodedata.category(character) in ("Cn", "Mn", "Me", "Mc", "Cf", "Cc"):
        return False
    if any(first <= point <= last for first, last in _DRAWN):
        return True
    ranges = (pair for family in fallback() for pair in _FALLBACK[family])
    return any(first <= point <= last for first, last in ranges)


def _text(text: str) -> str:
    """Text that fits on paper: not too long, only characters with a shape, with places to break long words."""
    text = unicodedata.normalize("NFC", text)
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rstrip() + " …"
    if not text.isascii():
        text = "".join(c if _drawable(c) else f"⟨U+{ord(c):04X}⟩" for c in text)
    return _ESCAPED.sub(lambda word: _BREAK.sub("\\1\u200b", word[0]), text)


def for_paper(value: Any) -> Any:
    """The tree with every text made to fit on paper."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {key: item if key in _NO_TEXT else for_paper(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [for_paper(item) for item in value]
    return value


@lru_cache
def _template() -> bytes:
    return (resources.files("oplever.render") / "templates" / "report.typ").read_bytes()


def made_at(iso: str) -> datetime:
    """When the record was made: the same record gives the same PDF. The epoch when the record has no time."""
    try:
        return clock.moment(iso).replace(microsecond=0)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def draw(page: Page) -> bytes:
    """The page as PDF. Raises OpleverError (`extra-missing`) without Typst."""
    extras.require("typst", "pdf")
    logo = page.organisation.logo if page.organisation else None
    with TemporaryDirectory(prefix="oplever-") as name:
        place = Path(name)
        _put((*page.enclosures, *page.pictures, *((logo,) if logo else ())), place)
        (place / _PAGE).write_bytes(msgspec.json.encode(_tree(page)))
        is_large = rows_of(page) > APART_ROWS
        return without_suspects((_compiled_apart if is_large else compiled)(place, page.created))


def at_once(pages: Sequence[Page]) -> int:
    """How many of these pages are best drawn at the same time. Two processes need the memory of two, and of very large
    pages that is too much."""
    rows = max(map(rows_of, pages), default=0)
    return min(len(pages), os.cpu_count() or 1) if APART_ROWS < rows <= MANY_ROWS else 1


def _compiled_apart(place: Path, created: str) -> bytes:
    """As `compiled`, in a process of its own: what Typst keeps in memory of a large page is gone with it."""
    # -P: a directory called oplever where the user happens to stand is not the package.
    command = [sys.executable, "-P", "-m", "oplever.render.pdf", str(place), created]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ChildProcessError(f"Typst: {' '.join(last) or f'ended with {done.returncode}'}")
    return done.stdout


def _tree(page: Page) -> dict[str, Any]:
    """The page as the template takes it; files lie beside it."""
    tree: dict[str, Any] = msgspec.to_builtins(archived(page), builtin_types=(bytes,))  # files are large
    kind, enclosures = tree.pop("kind"), tree.pop("enclosures")
    tree.pop("pictures")
    logo = page.organisation.logo if page.organisation else None
    if tree["organisation"]:
        tree["organisation"]["logo"] = logo.name if logo else ""
    return {
        **tree,
        "document": kind,
        "symbols": SYMBOLS,
        "stage_symbols": STAGE_SYMBOLS,
        "square": square(page.code),
        "pictures": {picture.name: True for picture in page.pictures},
        "enclosures": [{key: file[key] for key in ("name", "what", "mime_type")} for file in enclosures],
    }


def compiled(place: Path, created: str) -> bytes:
    """The page that lies in `place` as PDF."""
    typst = extras.load("typst", "pdf")
    tree = json.loads((place / _PAGE).read_bytes())
    exact = {name: tree[name] for name in _EXACT}
    data = {**for_paper(tree), **exact, "fallback": fallback()}
    result = typst.compile(
        _template(),
        root=place,
        format="pdf",
        sys_inputs={"page": json.dumps(data, ensure_ascii=False)},
        pdf_standards=list(STANDARDS),
        timestamp=made_at(created),
        ignore_system_fonts=not fallback(),
    )
    if not isinstance(result, bytes):
        raise TypeError("Typst gave no single PDF")
    return result


def _put(enclosures: tuple[Enclosure, ...], place: Path) -> None:
    """Where the template reads them."""
    for file in enclosures:
        (place / file.name).write_bytes(file.content)


def without_suspects(pdf: bytes) -> bytes:
    """Without an entry that says what is so without it: readers based on poppler call it an error of the file. Spaces
    take its place, so that every object stays where it was."""
    entry = b"/Suspects false"
    return pdf.replace(b"/MarkInfo<</Marked true" + entry, b"/MarkInfo<</Marked true" + b" " * len(entry))


if __name__ == "__main__":
    sys.stdout.buffer.write(compiled(Path(sys.argv[1]), sys.argv[2]))
