"""Cards of A6 size: as PDF, one on each page, and as HTML that prints so."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from jinja2 import Template
from markupsafe import Markup

from oplever import extras
from oplever.page.cards import Deck
from oplever.render import html, pdf
from oplever.render.square import square


def draw_html(deck: Deck) -> bytes:
    """The cards as UTF-8 HTML: side by side on a screen, one on each sheet on paper."""
    style = html.asset("cards.css")
    squares = [_svg(card.code) for card in deck.cards]
    drawn = _template().render(
        deck=deck,
        squares=squares,
        style=Markup(style),  # noqa: S704 - our own file
        style_digest=html.digest(style),
    )
    return drawn.encode()


@lru_cache
def _template() -> Template:
    return html.environment().get_template("cards.html.j2")


def _svg(code: str) -> Markup:
    """The square as a drawing; nothing where the library for it is not installed. Digits alone go into it."""
    rows = square(code)
    runs = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, mark in enumerate(row) if mark == "1")
    size = len(rows)
    drawing = f'<svg viewBox="0 0 {size} {size}" aria-hidden="true"><path d="{"".join(runs)}"/></svg>' if rows else ""
    return Markup(drawing)  # noqa: S704


def draw_pdf(deck: Deck) -> bytes:
    """The cards as PDF/A and PDF/UA. Raises OpleverError (`extra-missing`) without Typst."""
    typst = extras.load("typst", "pdf")
    tree: dict[str, Any] = msgspec.to_builtins(deck, builtin_types=(bytes,))
    logo = deck.organisation.logo if deck.organisation else None
    if tree["organisation"]:
        tree["organisation"]["logo"] = logo.name if logo else ""
    data = pdf.for_paper(tree)
    for card, plain in zip(data["cards"], deck.cards, strict=True):
        card |= {"code": plain.code, "square": square(plain.code)}
    data |= {"fallback": pdf.fallback()}
    with TemporaryDirectory(prefix="oplever-") as name:
        if logo:
            (Path(name) / logo.name).write_bytes(logo.content)
        drawn = typst.compile(
            (resources.files("oplever.render") / "templates" / "cards.typ").read_bytes(),
            root=Path(name),
            format="pdf",
            sys_inputs={"deck": json.dumps(data, ensure_ascii=False)},
            pdf_standards=list(pdf.STANDARDS),
            timestamp=pdf.made_at(deck.created),
            ignore_system_fonts=not pdf.fallback(),
        )
    if not isinstance(drawn, bytes):
        raise TypeError("Typst gave no single PDF")
    return pdf.without_suspects(drawn)
