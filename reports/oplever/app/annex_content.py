"""What a file is, by its content, and the same file without what it says about who made it, where and with what. Pure.

A picture is drawn again from its pixels: nothing else of the file stays, whatever it was hidden in.
"""

from __future__ import annotations

import io
import re
from typing import Any

from oplever import extras
from oplever.app.annex_pdf import cleaned
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.entries.annex import FileType

LARGEST = 10_000_000
"""Bytes of one file."""
MOST_PIXELS = 60_000_000
"""Of one picture; more would take the memory of the desk."""
_IMAGES: dict[str, FileType] = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_STARTS = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"RIFF", "WEBP"))
_MODES = {"JPEG": ("L", "RGB"), "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"), "WEBP": ("RGB", "RGBA")}
_QUALITY = 90
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def examined(content: bytes) -> tuple[FileType, bytes]:
    """The type of a file and what is to be kept of it.

    Raises OpleverError: `annex-size`, `annex-type`, `extra-missing`.
    """
    if not content:
        raise OpleverError("annex-size", M_("the file is empty"), M_("choose the file again"))
    if len(content) > LARGEST:
        raise too_large()
    for start, form in _STARTS:
        if content.startswith(start) and (form != "WEBP" or content[8:12] == b"WEBP"):
            return _IMAGES[form], _picture(content, form)
    if content.startswith(b"%PDF-"):
        if b"%%EOF" in content[-2048:]:
            return "application/pdf", cleaned(content)
    elif _is_text(content):
        return "text/plain", content
    raise _unknown_type()


def too_large() -> OpleverError:
    return OpleverError(
        "annex-size",
        M_("the file is larger than {size} MB", size=LARGEST // 1_000_000),
        M_("make it smaller, or add the part of it that matters"),
    )


def _unknown_type() -> OpleverError:
    return OpleverError(
        "annex-type",
        M_("the file is no photo (JPEG, PNG or WebP), PDF or plain text"),
        M_("save it as one of these; what counts is what is in the file, not its name"),
    )


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(content)


def _picture(content: bytes, form: str) -> bytes:
    """The picture upright, and nothing but its pixels."""
    pillow, ops = extras.load("PIL.Image", "web"), extras.load("PIL.ImageOps", "web")
    try:
        with pillow.open(io.BytesIO(content), formats=(form,)) as source:
            if source.width * source.height > MOST_PIXELS:
                raise OpleverError(
                    "annex-size",
                    M_("the picture has more than {count} million pixels", count=MOST_PIXELS // 1_000_000),
                    M_("make it smaller"),
                )
            return _encode_image(ops.exif_transpose(source), form)
    except OpleverError:
        raise
    except Exception:  # decoders of pictures raise whatever they stumble over
        raise _unknown_type() from None


def _encode_image(image: Any, form: str) -> bytes:
    if image.mode not in _MODES[form]:
        image = image.convert("RGBA" if "A" in image.mode and form != "JPEG" else "RGB")
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    out = io.BytesIO()
    options = {} if form == "PNG" else {"quality": _QUALITY}
    image.save(out, form, **options)
    return out.getvalue()
