"""A PDF without what it says about who made it, when and with what, and without anything that runs. Pure.

What is on its pages stays, and so does what somebody wrote on them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from oplever import extras
from oplever.errors import OpleverError
from oplever.messages import M_

_ABOUT = ("/Metadata", "/PieceInfo", "/LastModified", "/AA", "/OpenAction", "/AF", "/JS")
"""Keys of any object that say who made it or do something by themselves."""
_ROOT = ("/Names", "/Perms", "/Collection", "/Legal")
"""Keys of the document itself: files and scripts inside it, and what belongs to a signature."""
_REMARK = ("/T", "/M", "/CreationDate", "/NM")
"""Who made a remark on a page, and when."""
_KEPT_SEGMENTS = frozenset((0xE0, 0xEE))
"""Of a JPEG: its form, and how its colours are kept."""
_END = b"\xff\xd9"


def cleaned(content: bytes) -> bytes:
    """Raises OpleverError: `annex-type` for one that cannot be read, has a password or is signed, `extra-missing`."""
    pikepdf = extras.load("pikepdf", "web")
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise _refusal(M_("the PDF is locked with a password"))
            if _is_signed(pdf):
                raise _refusal(M_("the PDF has a digital signature, which would be lost here"))
            _clean(pikepdf, pdf)
            out = io.BytesIO()
            pdf.save(out, deterministic_id=True)
            return out.getvalue()
    except OpleverError:
        raise
    except pikepdf.PasswordError:
        raise _refusal(M_("the PDF is locked with a password")) from None
    except Exception:  # what is not well formed is anything in the place of anything
        raise _refusal(M_("the PDF cannot be read")) from None


def _refusal(message: str) -> OpleverError:
    return OpleverError("annex-type", message, M_("print it to a new PDF, and add that"))


def _is_signed(pdf: Any) -> bool:
    form = pdf.Root.get("/AcroForm")
    return "/Perms" in pdf.Root or (form is not None and bool(int(form.get("/SigFlags", 0)) & 1))


def _clean(pikepdf: Any, pdf: Any) -> None:
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    _drop(pdf.Root, _ROOT)
    for value in pdf.objects:
        for dictionary in _dictionaries(pikepdf, value):
            _drop(dictionary, _ABOUT)
            if dictionary.get("/Type") == "/Annot" and dictionary.get("/Subtype") != "/Widget":
                _drop(dictionary, _REMARK)
            if dictionary.get("/S") in ("/JavaScript", "/Launch", "/SubmitForm", "/ImportData"):
                _drop(dictionary, ("/S", "/F", "/Win", "/Next"))
        if isinstance(value, pikepdf.Stream) and value.get("/Filter") == "/DCTDecode":
            photo = value.read_raw_bytes()
            if (plain := without_segments(photo)) != photo:
                value.write(plain, filter=pikepdf.Name.DCTDecode)


def _drop(dictionary: Any, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in dictionary:
            del dictionary[key]


def _dictionaries(pikepdf: Any, value: Any) -> Iterator[Any]:
    """The dictionary of an object, and those directly inside it; what it refers to is an object of its own."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, pikepdf.Stream | pikepdf.Dictionary):
            yield part
            pending += [item for item in part.values() if _is_inside(pikepdf, item)]
        elif isinstance(part, pikepdf.Array):
            pending += [item for item in part if _is_inside(pikepdf, item)]


def _is_inside(pikepdf: Any, item: Any) -> bool:
    return isinstance(item, pikepdf.Dictionary | pikepdf.Array) and not item.is_indirect


def without_segments(jpeg: bytes) -> bytes:
    """A JPEG without the segments in which cameras and programs write, and without what comes after its end; its pixels
    are the same bytes."""
    if jpeg[:2] != b"\xff\xd8":
        return jpeg
    kept, place = [jpeg[:2]], 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF and jpeg[place + 1] != 0xDA:
        marker, end = jpeg[place + 1], place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if marker in _KEPT_SEGMENTS or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(jpeg[place:end])
        place = end
    pixels, end_mark, _ = jpeg[place:].partition(_END)
    return b"".join((*kept, pixels, end_mark))
