"""The newest changes to records as an Atom feed (RFC 4287), for a feed reader or a wall screen."""

from __future__ import annotations

import uuid
from xml.etree import ElementTree as ET

from oplever.kinds import registry
from oplever.overview import paths
from oplever.overview.collection import Collection
from oplever.overview.pages import cells
from oplever.overview.sources import Readable
from oplever.page.reasons import reason_text
from oplever.page.translator import Translator

_NEWEST = 50
_MOST_REASONS = 3
_ATOM = "http://www.w3.org/2005/Atom"
_NAMESPACE = uuid.UUID("6f706c65-7665-5200-8000-6f7665727631")
"""Of our own making: a record has the same number in every feed, and no address is claimed."""
_EPOCH = "1970-01-01T00:00:00Z"


def draw(collection: Collection, t: Translator) -> bytes:
    """The records that changed last, the last one first."""
    ET.register_namespace("", _ATOM)
    newest = sorted(collection.readable, key=lambda of: (of.extract.last, of.source.name), reverse=True)[:_NEWEST]
    organisation = collection.organisation.name if collection.organisation else ""
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": t.language})
    _add(feed, "title", t("Overview of all records"))
    _add(feed, "id", _urn(f"{organisation} {t.language}"))
    _add(feed, "updated", newest[0].extract.last if newest else _EPOCH)
    _add(_add(feed, "author"), "name", organisation or "Oplever")
    _add(feed, "link", href=paths.feed(t.language), rel="self")
    _add(feed, "link", href=paths.file("index", t.language), rel="alternate", type="text/html")
    for of in newest:
        _entry(feed, of, t)
    ET.indent(feed, " ")
    text: str = ET.tostring(feed, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _entry(feed: ET.Element, of: Readable, t: Translator) -> None:
    record = cells.record_cell(t, of)
    headline = registry.of(of.record).layout.headline(t, of.record)
    reasons = " ".join(reason_text(t, reason) for reason in of.record.document.reasons[:_MOST_REASONS])
    entry = _add(feed, "entry")
    _add(entry, "title", f"{record.text}: {headline.title}")
    _add(entry, "id", _urn(of.source.name))
    _add(entry, "updated", of.extract.last)
    _add(entry, "link", href=record.link or paths.file(paths.month(of.source.month), t.language), rel="alternate")
    _add(entry, "summary", f"{reasons or headline.sentence} {cells.name(of.source)}")


def _urn(name: str) -> str:
    return uuid.uuid5(_NAMESPACE, name).urn


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = text or None
    return element
