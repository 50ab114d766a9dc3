"""A page over all records as one HTML file that needs nothing else; it leads to other files by relative links."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Template
from markupsafe import Markup

from oplever.overview.tree import Sheet
from oplever.render import html


@lru_cache
def _template() -> Template:
    return html.environment().get_template("overview.html.j2")


def draw(sheet: Sheet) -> bytes:
    """The page as UTF-8 HTML."""
    style, script = html.asset("report.css") + html.asset("overview.css"), html.asset("report.js")
    parts = _template().generate(
        page=sheet,
        many=sheet.is_packed,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_digest=html.digest(style),
        script_digest=html.digest(script),
    )
    return b"".join(part.encode() for part in parts)
