"""Names of the pages: safe on every file system, and the same each time."""

from __future__ import annotations

import hashlib
import re

from oplever.words import Language

STATE = ".oplever-overview.json"
"""What was published here, and the mark by which a directory is known to be ours."""
START = "index.html"


def file(page: str, language: Language) -> str:
    return f"{page}.{language}.html"


def feed(language: Language) -> str:
    return f"feed.{language}.xml"


def machine(host: str, part: int = 0) -> str:
    """The page of a machine; `part` is one of its older history, from 1."""
    return _file_name("machine", host) + (f"-{part}" if part else "")


def group(name: str) -> str:
    return _file_name("group", name)


def person(name: str) -> str:
    """A name that must go one day is in no file name."""
    return f"person-{_digest(name)}"


def month(name: str) -> str:
    return f"records-{name}"


def _file_name(kind: str, name: str) -> str:
    """Readable, and never the same for two names: file systems of shares may not tell `A` from `a`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40].strip("-")
    return "-".join(part for part in (kind, plain, _digest(name)[:6]) if part)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
