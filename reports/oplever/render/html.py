"""A page as one HTML file that needs nothing else: no network, no font, no script to be readable.

The content security policy allows exactly the one style sheet and the one script in the file, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from oplever.render.blocks import SYMBOLS, Page

_LONG = 320
"""Characters of a cell after which the rest is folded."""


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("oplever.render"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(symbols=SYMBOLS, long=_LONG)
    return environment.get_template("report.html.j2")


@lru_cache
def _asset(name: str) -> str:
    environment = _template().environment
    assert environment.loader is not None  # set two lines above, for the type checker  # noqa: S101
    return environment.loader.get_source(environment, name)[0]


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def draw(page: Page) -> bytes:
    """The page as UTF-8 HTML."""
    style = _asset("report.css")
    if re.fullmatch(r"[\w.-]+", page.id):  # a style sheet has no autoescape: only what needs none goes in
        style += f'@page {{ @bottom-left {{ content: "{page.id}" }} }}\n'
    script = _asset("report.js")
    text = _template().render(
        page=msgspec.to_builtins(page),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_digest=_digest(style),
        script_digest=_digest(script),
    )
    return text.encode("utf-8")
