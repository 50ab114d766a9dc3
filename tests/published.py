"""Pages over all records, read as a browser reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from golden.cases import CASES
from oplever.record.entries.annex import place

CHOSEN = ("delivered", "remarks", "failed", "hostile", "check_mode", "incident_closed", "incident_escalated")
"""Golden cases that say something on every page."""

ANNEX = b"iperf3 web1 -> db1: 2.35 Gbit/s\n"
"""The file that the delivered record has beside it."""


def store(base: Path, names: Iterable[str] = CHOSEN) -> dict[str, Path]:
    """The directories of these golden cases, made below `base`."""
    return {name: _store(base, *_files(name)) for name in names}


def _store(base: Path, record: str, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = base / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return base / record


@cache
def _files(name: str) -> tuple[str, Mapping[str, bytes]]:
    """The name of the record of a golden case, and the files of it and of the runs beside it."""
    case = CASES[name]()
    record = json.loads(case.journal[0])["id"] if case.journal else case.entries[0]["entry"]["record"]
    files = {f"{run}/journal.jsonl": b"".join(lines) for run, lines in case.beside.items()}
    if case.journal:
        files[f"{record}/journal.jsonl"] = b"".join(case.journal)
    if case.entries:
        files[f"{record}/entries.jsonl"] = "".join(json.dumps(entry) + "\n" for entry in case.entries).encode()
    for entry in case.entries:
        if entry["entry"]["added"] == "annex":
            files[f"{record}/{place(entry['entry']['digest'], entry['entry']['type'])}"] = ANNEX
    return record, files


class Page(HTMLParser):
    """Elements, links and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self._hidden = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self._hidden += tag in ("script", "style")
        if attributes.get("id"):
            self.ids.add(str(attributes["id"]))
        if tag in ("a", "link") and (href := attributes.get("href")) and href != "data:,":
            self.links.append(href)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data + "\n"


def pages(place: Path) -> dict[str, Page]:
    return {path.name: Page(path) for path in sorted(place.glob("*.html"))}


def target(page: Page, link: str) -> tuple[Path, str]:
    """The file that a link leads to, and the place in it."""
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("", ""), link
    return (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path, parts.fragment
