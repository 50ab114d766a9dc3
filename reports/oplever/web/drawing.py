"""Pages of the desk as HTML, and the files that go with them: from memory, each under a name that holds its digest."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources

from jinja2 import ChoiceLoader, Environment, PackageLoader, Template

from oplever.render import html
from oplever.web.parts import Screen

_STYLES = ("report.css",)
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@lru_cache
def _environment() -> Environment:
    return html.environment().overlay(
        loader=ChoiceLoader([PackageLoader("oplever.web"), PackageLoader("oplever.render")])
    )


@lru_cache
def _template() -> Template:
    return _environment().get_template("desk.html.j2")


def draw(screen: Screen) -> bytes:
    """The page as UTF-8 HTML."""
    files = {name.replace(".", "_"): path for path, (name, _, _) in static().items()}
    return _template().render(page=screen, many=False, files=files, document=screen.document).encode()


@lru_cache
def static() -> dict[str, tuple[str, str, bytes]]:
    """Path -> (name, type, content) of each file that a page asks for."""
    directory = resources.files("oplever.web") / "static"
    contents = {
        "desk.css": "".join(html.asset(name) for name in _STYLES)
        + (directory / "desk.css").read_text(encoding="utf-8"),
        "desk.js": (directory / "desk.js").read_text(encoding="utf-8"),
    }
    return {
        _path(name, text): (name, _TYPES[name.rpartition(".")[2]], text.encode()) for name, text in contents.items()
    }


def _path(name: str, text: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(text.encode()).hexdigest()[:16]}.{suffix}"
