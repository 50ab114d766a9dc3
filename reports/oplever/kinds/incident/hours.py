"""The clock of a target: working time between two moments, and the moment at which a time limit is over. Pure.

A calendar is open at a moment when the clock on the wall of its time zone then shows a time within the hours of that
day, outside the breaks, and the day is not a closed one. So on the night that the clock is set forward an hour less is
worked, and when it is set back an hour that the clock shows twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from oplever.record.model.incident_rules import Calendar, Rules

Interval = tuple[datetime, datetime]
"""From a moment to before another, in UTC."""
_UNITS = {"m": 1 / 60, "h": 1.0}
_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=3 * 366)
"""How far ahead a moment is looked for: a calendar without any hours in that time has none."""
_EXTREME = timedelta(hours=15)
"""No clock on earth differs more from UTC."""


def limit(rules: Rules, text: str) -> timedelta:
    """Working time of a time limit: `15m`, `4h`, or `2d` of `hours_a_day` each."""
    unit = rules.hours_a_day if text[-1] == "d" else _UNITS[text[-1]]
    return timedelta(hours=int(text[:-1]) * unit)


def walls(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
    """When a day is open, in minutes from midnight by the clock on the wall."""
    iso = day.isoformat()
    if any(closure.first <= iso <= closure.until for closure in calendar.closures):
        return ()
    hours = [_minutes(text) for text in calendar.hours(day.weekday())]
    return tuple(_without(_joined(hours), [_minutes(text) for text in calendar.breaks]))


def opened(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    """The stretches between two moments in which the calendar is open, in order."""
    day = (start - _EXTREME).date()
    while day <= (end + _EXTREME).date():
        for begin, stop in _of_day(calendar, day):
            if (begin := max(begin, start)) < (stop := min(stop, end)):
                yield begin, stop
        day += _DAY


def elapsed(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Interval] = ()) -> timedelta:
    """Working time between two moments, without what lies in a pause."""
    return sum(
        (stop - begin for part in _running(start, end, pauses) for begin, stop in opened(calendar, *part)), timedelta()
    )


def due(
    calendar: Calendar,
    start: datetime,
    time_limit: timedelta,
    pauses: Sequence[Interval] = (),
    *,
    stands: datetime | None = None,
) -> datetime | None:
    """The moment at which the time limit is over; None when the calendar has no hours for it, or the clock `stands`
    still from some moment on, before it is over."""
    left = time_limit
    horizon = start + _FARTHEST + sum((stop - begin for begin, stop in pauses), timedelta())
    for part in _running(start, min(horizon, stands) if stands else horizon, pauses):
        for begin, stop in opened(calendar, *part):
            if stop - begin >= left:
                return begin + left
            left -= stop - begin
    return None


def _minutes(text: str) -> tuple[int, int]:
    first, last = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return first, last


def _joined(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that touch or overlap as one."""
    joined: list[tuple[int, int]] = []
    for begin, stop in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        elif begin < stop:
            joined.append((begin, stop))
    return joined


def _without(stretches: Sequence[tuple[int, int]], breaks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    left = list(stretches)
    for pause_begin, pause_stop in breaks:
        left = [
            piece
            for begin, stop in left
            for piece in ((begin, min(stop, pause_begin)), (max(begin, pause_stop), stop))
            if piece[0] < piece[1]
        ]
    return _joined(left)


def _running(start: datetime, end: datetime, pauses: Sequence[Interval]) -> Iterator[Interval]:
    """The stretches between two moments that lie in no pause."""
    for begin, stop in sorted(pauses):
        if start < min(begin, end):
            yield start, min(begin, end)
        start = max(start, stop)
    if start < end:
        yield start, end


def _of_day(calendar: Calendar, day: date) -> list[Interval]:
    hours = walls(calendar, day)
    if not hours:
        return []
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    parts = []
    for begin, stop, offset in _offsets(calendar.zone, day):
        for first, last in hours:
            opening = max(begin, midnight + timedelta(minutes=first) - offset)
            closing = min(stop, midnight + timedelta(minutes=last) - offset)
            if opening < closing:
                parts.append((opening, closing))
    return parts


@lru_cache(maxsize=4096)
def _offsets(zone: str, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """Around a day: from when to when the zone differs how much from UTC. One change of the clock is looked for."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    begin, stop = midnight - _EXTREME, midnight + _DAY + _EXTREME
    first, last = _offset(zone, begin), _offset(zone, stop)
    if first == last:
        return ((begin, stop, first),)
    before, after = begin, stop
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        before, after = (middle, after) if _offset(zone, middle) == first else (before, middle)
    return (begin, after, first), (after, stop, last)


def _offset(zone: str, moment: datetime) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
