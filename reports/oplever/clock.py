"""Moments as the package writes them: ISO 8601 in UTC with microseconds, `2026-11-23T10:00:00.000000Z`. A leaf."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def now() -> str:
    """This moment."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """A moment with a zone as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The moment that a text in ISO 8601 names, in its own zone; without zone it is UTC. Raises ValueError."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def recorded(text: str) -> datetime:
    """A moment at which something can have been recorded: a clock that was never set stands in 1970, and one that tells
    of a far future says nothing. Raises ValueError."""
    read = moment(text)
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise ValueError(text)
    return read


def week_name(day: date) -> str:
    """The week of a day as ISO 8601 names it: `2026-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def seconds_by_day(begin: datetime, end: datetime) -> Iterator[tuple[date, float]]:
    """The seconds from `begin` to `end` on each day (of the zone of `begin`) that they touch; nothing when it is not
    before `end`."""
    while begin < end:
        midnight = (begin + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        stop = min(midnight, end)
        yield begin.date(), (stop - begin).total_seconds()
        begin = stop
