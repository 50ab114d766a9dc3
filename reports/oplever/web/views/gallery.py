"""Photos and other files of a record, to look at."""

from __future__ import annotations

from collections.abc import Collection

from oplever.page.translator import Translator
from oplever.record.model import Annex, Record
from oplever.record.persons import same_person
from oplever.text import clean
from oplever.web.parts import Gallery, Part, Section, Shot

PICTURES = ("image/jpeg", "image/png", "image/webp")


def photos(t: Translator, path: str, record: Record) -> tuple[Section, ...]:
    """The section with the files of the record whose page is at `path`; none when it has no files."""
    parts = gallery(t, path, record)
    return (Section(t("Photos and files"), parts),) if parts else ()


def gallery(t: Translator, path: str, record: Record, people: Collection[str] = ()) -> tuple[Part, ...]:
    """The files of a record; with `people` those alone that one of them added. Nothing when there are none."""
    shots = tuple(
        Shot(f"{path}/annexes/{annex.sha256}", annex.what, _about(t, annex), annex.type in PICTURES)
        for annex in clean(record).annexes
        if not people or any(same_person(annex.by, name) for name in people)
    )
    return (Gallery(shots),) if shots else ()


def _about(t: Translator, annex: Annex) -> str:
    return " · ".join((annex.name, t.size(annex.size_bytes), annex.by, t.moment(annex.at)))
