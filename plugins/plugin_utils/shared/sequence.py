"""The order in which records were made, also when the clock of the controller stood wrong.

The name of a record begins with the time at its start, by the wall clock. That alone would make a record of 1970 the
oldest and one of 2038 the newest for ever. So the first line of a journal names the record made before it (`previous`),
and that order counts. Records without it (imported ones, those of before it did so) take their place by time.
"""

from __future__ import annotations

import json
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Literal

JOURNAL = "journal.jsonl"
ENTRIES = "entries.jsonl"
"""A record of work by hand has these alone."""
LATEST = "latest"
RELEASED = "20250101"
"""A day before the first release of the recorder: nothing of ours is older."""
_STAMP = re.compile(r"\d{8}T\d{6}Z")

_FIRST_LINE_BYTES = 16 * 1024 * 1024

Doubt = Literal["past", "future", "back"]
"""Before the software was there, after now, or before the record that was made before it."""


def is_stamped(name: str) -> bool:
    """Whether a name begins with a time, as that of a record does until somebody renames it."""
    return bool(_STAMP.match(name))


def stamp(moment: datetime) -> str:
    """A moment as the names of records have it: `20261123T100000Z`."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def names(base: str, *files: str) -> list[str]:
    """The records in a directory that have one of these files (a journal or entries), in no order. Raises OSError."""
    files = files or (JOURNAL, ENTRIES)
    with os.scandir(base) as entries:
        directories = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [e.name for e in directories if any(os.path.lexists(os.path.join(e.path, file)) for file in files)]


def latest(base: str) -> str | None:
    """What the link `latest` leads to, when that is a name."""
    try:
        name = os.readlink(os.path.join(base, LATEST))
    except OSError:
        return None
    return name if name == os.path.basename(name) else None


def previous(record: str) -> str | None:
    """The record made before the one in this directory: '' when there was none, None when no journal says it."""
    try:
        descriptor = os.open(os.path.join(record, JOURNAL), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as journal:
            start = json.loads(journal.readline(_FIRST_LINE_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(start, dict) or "previous" not in start:
        return None
    return start["previous"] if isinstance(start["previous"], str) else ""


def doubt(name: str, previous: str | None, now: str) -> Doubt | None:
    """Why the time in a name is not believed; `previous` as above, `now` as the times in names. A directory that was
    renamed has none."""
    if not is_stamped(name):
        return None
    if name[:16] > now:
        return "future"
    if previous is not None and name < RELEASED:
        return "past"
    if not (previous and is_stamped(previous)):
        return None
    if doubt(previous, None, now) is None and name[:16] < previous[:16]:
        return "back"
    return None


def newest_in(base: str, now: datetime, *files: str) -> Iterator[str]:
    """Names of the records in a directory that have one of these files, the one made last first. Raises OSError."""
    return newest_first(names(base, *files), latest(base), lambda name: previous(os.path.join(base, name)), stamp(now))


def newest_first(
    records: list[str], latest: str | None, before: Callable[[str], str | None], now: str
) -> Iterator[str]:
    """The names, the record made last first. `before` gives `previous` of a name; it is asked as late as possible, as
    it may have to read a file."""
    before = cache(before)
    by_time = deque(sorted(records, key=lambda name: (name[:16] <= now, name), reverse=True))
    waiting, left = deque(by_time), set(records)
    current = latest if latest in left else None
    while left:
        current = current or _where_to_go_on(by_time, left, before)
        link = before(current)
        while waiting and not doubt(current, link, now) and waiting[0][:16] > current[:16]:
            later = waiting.popleft()
            if later in left and before(later) is None:  # another one has its place behind a link, whatever its time
                left.discard(later)
                yield later
        left.discard(current)
        yield current
        current = link if link in left else None


def _where_to_go_on(by_time: deque[str], left: set[str], before: Callable[[str], str | None]) -> str:
    """The next one when no link leads to what is left: by time, or the last of those that links hold together."""
    while by_time[0] not in left:
        by_time.popleft()
    newest = by_time[0]
    if before(newest) is None:
        return newest
    linked = [name for name in by_time if name in left and before(name) is not None]
    followed = {before(name) for name in linked}
    return next((name for name in linked if name not in followed), newest)
