"""Whose papers these are, from `oplever.yml`."""

from __future__ import annotations

from oplever import config
from oplever.errors import OpleverError
from oplever.files import unreadable
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
    try:
        if kind is None or path.stat().st_size > _LARGEST:
            advice = M_("use a PNG, SVG or JPEG file of at most 1 MB")
            raise OpleverError(
                "config-invalid", M_("organisation.logo: {path} is no picture that can be printed", path=path), advice
            )
        return Enclosure(f"logo{path.suffix.lower()}", "logo", kind, path.read_bytes())
    except OSError as problem:
        raise unreadable(path, problem) from None
