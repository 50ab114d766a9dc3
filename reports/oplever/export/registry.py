"""Which formats there are, and how a record gets into one."""

from __future__ import annotations

from typing import Protocol

from oplever.export import (
    badge,
    csv,
    github,
    gitlab,
    glpi,
    hdf,
    junit,
    native,
    netbox,
    oscal,
    prometheus,
    sarif,
    summary,
    xccdf,
)
from oplever.export.shape import Shape
from oplever.record.model import Record
from oplever.text import clean


class Format(Protocol):
    """A format draws a record; it decides shape, never results. One module is one format."""

    def draw(self, record: Record, shape: Shape) -> bytes:
        """The record as the bytes of a file. Raises OpleverError (`export-empty`) when it holds nothing of it."""


FORMATS: dict[str, Format] = {
    "junit": junit,
    "sarif": sarif,
    "hdf": hdf,
    "oscal": oscal,
    "xccdf": xccdf,
    "csv": csv,
    "glpi": glpi,
    "netbox": netbox,
    "prometheus": prometheus,
    "badge": badge,
    "summary": summary,
    "github": github,
    "gitlab": gitlab,
    "json": native.JSON,
    "jsonl": native.LINES,
}
"""By name on the command line."""


def export(record: Record, fmt: str, shape: Shape | None = None) -> bytes:
    """One record in one format; `fmt` is a key of `FORMATS`. Raises KeyError for any other, OpleverError as `draw`.

    What machines said is made visible and harmless first (`oplever.text`), except in JSON, which holds the record as
    it is.
    """
    exact = fmt in ("json", "jsonl")
    return FORMATS[fmt].draw(record if exact else clean(record), shape or Shape())
