"""Whose papers these are, from `oplever.yml`."""

from __future__ import annotations

import errno
from pathlib import Path

from oplever import config
from oplever.errors import OpleverError
from oplever.files import bounded, unreadable
from oplever.messages import M_
from oplever.page.blocks import Enclosure, Organisation
from oplever.text import clean

_KINDS = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_LARGEST = 1_000_000


def organisation() -> Organisation | None:
    """None where no name is set. Raises OpleverError (`config-invalid`, `file-unreadable`)."""
    settings = config.load().organisation
    if not settings.name:
        return None
    shown = Organisation(settings.name, settings.address, settings.colour, tuple(settings.fields.items()))
    shown = clean(shown)
    return Organisation(shown.name, shown.address, shown.colour, shown.fields, _logo(settings.logo))


def _logo(text: str | None) -> Enclosure | None:
    if text is None:
        return None
    path = config.path_beside(text)
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise _not_printable(path)
    try:
        content = bounded(path, _LARGEST)
    except OSError as problem:
        raise (_not_printable(path) if problem.errno == errno.EFBIG else unreadable(path, problem)) from None
    return Enclosure(f"logo{path.suffix.lower()}", "logo", kind, content)


def _not_printable(path: Path) -> OpleverError:
    message = M_("organisation.logo: {path} is no picture that can be printed", path=path)
    return OpleverError("config-invalid", message, M_("use a PNG, SVG or JPEG file of at most 1 MB"))
