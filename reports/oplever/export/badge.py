"""A badge for a page or a README: what the record says, in one picture (SVG) with the same words for who hears it."""

from __future__ import annotations

from html import escape

from oplever.export.shape import Shape
from oplever.kinds import registry
from oplever.page.blocks import SYMBOLS, Tone
from oplever.page.translator import Translator
from oplever.record.model import Record

_COLOURS: dict[Tone, str] = {
    "plain": "#55606e", "good": "#176a3a", "warn": "#855300", "bad": "#b01f17", "info": "#55606e",
}  # fmt: skip
_WIDTH, _MARGIN = 7, 10
"""Of a letter and beside a text, in pixels: wide enough for the fonts that a browser may take."""


def draw(record: Record, shape: Shape) -> bytes:
    headline = registry.of(record).layout.headline(Translator(shape.language), record)
    tone, title = headline.tone, headline.title
    label, text = "oplever", f"{SYMBOLS[tone]} {title}".strip()
    left, right = (len(part) * _WIDTH + 2 * _MARGIN for part in (label, text))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" lang="{shape.language}" \
aria-label="{escape(f"{label}: {title}")}">
<title>{escape(f"{label}: {title} ({record.id})")}</title>
<rect width="{left}" height="20" fill="#1c2430"/>
<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[tone]}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left / 2}" y="14">{escape(label)}</text>
<text x="{left + right / 2}" y="14">{escape(text)}</text>
</g>
</svg>
""".encode()
