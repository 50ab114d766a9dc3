"""Photos in a document: which ones it shows, with a number and what each shows."""

from __future__ import annotations

from oplever.page.blocks import Paragraph, Photo, Photos
from oplever.page.parts import Blocks
from oplever.page.translator import Translator
from oplever.record.entries.annex import SUFFIXES, place_of
from oplever.record.model import Annex, Record

MOST = 40
"""Photos that a document shows; what is beyond is in the files of the record."""
TYPES = frozenset(kind for kind in SUFFIXES if kind.startswith("image/"))


def taken(record: Record) -> tuple[Annex, ...]:
    """All photos of a record, in the order in which they were added: photo 1 is the first."""
    return tuple(annex for annex in record.annexes if annex.type in TYPES)


def shown(record: Record) -> tuple[Annex, ...]:
    """Those that a document shows."""
    return taken(record)[:MOST]


def photos(t: Translator, record: Record) -> Blocks:
    """The photos of a record, small; nothing when there are none."""
    pictures = tuple(
        Photo(
            file=annex.sha256,
            place=place_of(annex),
            caption=t("Photo {number}: {what}", number=number, what=annex.what),
            text=annex.what,
            note=" · ".join((annex.by, t.moment(annex.at))) if annex.at else annex.by,
            absent=t("Not shown here; it is in the files of the record."),
        )
        for number, annex in enumerate(shown(record), 1)
    )
    if not pictures:
        return ()
    surplus = len(taken(record)) - len(pictures)
    more = t(
        "The first {shown} photos are shown; {count} more are in the files of the record.",
        shown=len(pictures),
        count=surplus,
    )
    small = t("Photos are shown small here; as they were added they are in the directory annexes of the record.")
    return Photos(pictures), Paragraph(more if surplus > 0 else small)
