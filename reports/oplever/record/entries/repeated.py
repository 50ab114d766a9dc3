"""Whether a record has an entry already: the same thing stated twice counts twice. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from oplever.record.entries.base import EntryKind
from oplever.record.entries.withdrawal import Added, first, lines
from oplever.record.persons import same_person

_PRESENT = ("day", "moment", "aware", "since")
"""Fields that mean the day or the moment of the entry itself when nobody fills them in."""


def revision_of(entries: Sequence[Added], new: Added) -> int | None:
    """The revision by which a record with these entries has `new` already; None when it does not. What was withdrawn
    does not count, and what was corrected counts as it was added and as it is now."""
    for place, (entry, line) in enumerate(zip(entries, lines(entries), strict=True)):
        if line.withdrawn_by is None and new.entry in (entry.entry, line.content) and _is_of_the_same(entry, new):
            return place + first(entries)
    return None


def _is_of_the_same(old: Added, new: Added) -> bool:
    """Whether two entries with the same content are about the same person and day."""
    content = new.entry
    is_of_author = "by" in content.declaration.names and not any(content.person_names())
    if is_of_author and not same_person(old.by, new.by):
        return False
    return old.at[:10] == new.at[:10] or not _is_of_its_day(content)


def _is_of_its_day(content: EntryKind) -> bool:
    return any(getattr(content, name, None) == "" for name in _PRESENT)
