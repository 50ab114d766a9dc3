"""The clock of a target: working time between two moments, and the moment at which a time limit is over. Pure.

A calendar is open at a moment when the clock on the wall of its time zone then shows a time within the hours of that
day, outside the breaks, and the day is not a closed one. So on the night that the clock is set forward an hour less is
worked, and when it is set back an hour that the clock shows twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
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


class Stretch(NamedTuple):
    """A part of a day, in minutes from midnight by the clock on the wall; `end` is no longer in it."""

    begin: int
    end: int


def open_stretches(calendar: Calendar, day: date) -> tuple[Stretch, ...]:
    """When a day is open, in order."""
    iso = day.isoformat()
    if any(closure.first <= iso <= closure.until for closure in calendar.closures):
        return ()
    hours = [_stretch(text) for text in calendar.hours(day.weekday())]
    return tuple(_without(_merge(hours), [_stretch(text) for text in calendar.breaks]))


def open_intervals(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
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
        (stop - begin for part in _running(start, end, pauses) for begin, stop in open_intervals(calendar, *part)),
        timedelta(),
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
    remaining = time_limit
    horizon = start + _FARTHEST + sum((stop - begin for begin, stop in pauses), timedelta())
    for part in _running(start, min(horizon, stands) if stands else horizon, pauses):
        for begin, stop in open_intervals(calendar, *part):
            if stop - begin >= remaining:
                return begin + remaining
            remaining -= stop - begin
    return None


def _stretch(text: str) -> Stretch:
    """`08:30-12:15` as a Stretch."""
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Stretch(begin, end)


def _merge(stretches: Sequence[Stretch]) -> list[Stretch]:
    """In order, those that touch or overlap as one."""
    merged: list[Stretch] = []
    for stretch in sorted(stretches):
        if merged and stretch.begin <= merged[-1].end:
            merged[-1] = Stretch(merged[-1].begin, max(merged[-1].end, stretch.end))
        elif stretch.begin < stretch.end:
            merged.append(stretch)
    return merged


def _without(stretches: Sequence[Stretch], breaks: Sequence[Stretch]) -> list[Stretch]:
    """What remains of the stretches outside the breaks."""
    remaining = list(stretches)
    for pause in breaks:
        before = (Stretch(stretch.begin, min(stretch.end, pause.begin)) for stretch in remaining)
        after = (Stretch(max(stretch.begin, pause.end), stretch.end) for stretch in remaining)
        remaining = [stretch for stretch in (*before, *after) if stretch.begin < stretch.end]
    return _merge(remaining)


def _running(start: datetime, end: datetime, pauses: Sequence[Interval]) -> Iterator[Interval]:
    """The stretches between two moments that lie in no pause."""
    for begin, stop in sorted(pauses):
        if start < min(begin, end):
            yield start, min(begin, end)
        start = max(start, stop)
    if start < end:
        yield start, end


def _of_day(calendar: Calendar, day: date) -> list[Interval]:
    stretches = open_stretches(calendar, day)
    if not stretches:
        return []
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    parts = []
    for begin, stop, offset in _offsets(calendar.zone, day):
        for stretch in stretches:
            opening = max(begin, midnight + timedelta(minutes=stretch.begin) - offset)
            closing = min(stop, midnight + timedelta(minutes=stretch.end) - offset)
            if opening < closing:
                parts.append((opening, closing))
    return parts


class _Offset(NamedTuple):
    """How much a zone differs from UTC, and from when to when."""

    begin: datetime
    stop: datetime
    offset: timedelta


@lru_cache(maxsize=4096)
def _offsets(zone: str, day: date) -> tuple[_Offset, ...]:
    """The offsets around a day, of which at most one change of the clock is looked for."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    begin, stop = midnight - _EXTREME, midnight + _DAY + _EXTREME
    first, last = _offset(zone, begin), _offset(zone, stop)
    if first == last:
        return (_Offset(begin, stop, first),)
    before, after = begin, stop
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        before, after = (middle, after) if _offset(zone, middle) == first else (before, middle)
    return _Offset(begin, after, first), _Offset(after, stop, last)


def _offset(zone: str, moment: datetime) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
