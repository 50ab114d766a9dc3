"""Photos of a record as documents show them: small, and without anything but their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from oplever import extras
from oplever.app import record_files
from oplever.errors import OpleverError
from oplever.page.blocks import Enclosure
from oplever.page.photos import shown
from oplever.record.entries.annex import place_of
from oplever.record.model import Record

_LONGEST_SIDE = 800
_QUALITY = 80


def small(directory: Path, record: Record) -> tuple[Enclosure, ...]:
    """The photos that the documents show, each under its digest. One that is gone, or is not what was added, is left
    out: `oplever verify` names it. Without the library that draws them there are none."""
    try:
        extras.load("PIL.Image", "web")
    except OpleverError:
        return ()
    return tuple(_drawn(directory, record))


def _drawn(directory: Path, record: Record) -> Iterator[Enclosure]:
    for annex in shown(record):
        try:
            content = record_files.read(directory, place_of(annex), annex.sha256, annex.name)
            yield Enclosure(annex.sha256, annex.what, "image/jpeg", _scale(content))
        except (OpleverError, OSError, ValueError):  # it was drawn by ourselves when it was added
            continue


def _scale(content: bytes) -> bytes:
    """As JPEG; what is transparent is white."""
    pillow = extras.load("PIL.Image", "web")
    with pillow.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as source:
        picture = source.convert("RGBA")
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    paper = pillow.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
