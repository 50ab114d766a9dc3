"""The clock of a target, against an oracle that looks at the clock on the wall every minute."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from oplever.kinds.incident import hours
from oplever.kinds.incident.hours import Interval
from oplever.record.model.incident_rules import Calendar, Closure

MINUTE = timedelta(minutes=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANGES = {
    "Europe/Amsterdam": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "America/Havana": (datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
    "Pacific/Apia": (datetime(2026, 6, 1, tzinfo=UTC),),
}
"""Zones with moments at which their clocks change: by an hour, by half of it, at midnight, and not at all."""
OFFICE = Calendar("Europe/Amsterdam", dict.fromkeys(WEEKDAYS[:5], ("08:00-12:00", "13:00-17:00")))  # type: ignore[misc]


def minutes(text: str) -> tuple[int, int]:
    begin, end = text.split("-")
    return tuple(int(hour) * 60 + int(minute) for hour, minute in (begin.split(":"), end.split(":")))  # type: ignore[return-value]


def is_open(calendar: Calendar, moment: datetime) -> bool:
    """What somebody sees who looks at the clock on the wall."""
    wall = moment.astimezone(ZoneInfo(calendar.zone))
    day, minute = wall.date().isoformat(), wall.hour * 60 + wall.minute
    if any(closure.first <= day <= closure.until for closure in calendar.closures):
        return False
    if any(begin <= minute < end for begin, end in map(minutes, calendar.breaks)):
        return False
    hours_of_day = calendar.week.get(WEEKDAYS[wall.weekday()], ())  # type: ignore[call-overload]
    return any(begin <= minute < end for begin, end in map(minutes, hours_of_day))


def looked_at(calendar: Calendar, start: datetime, end: datetime, pauses: list[Interval]) -> list[datetime]:
    """Every minute in which the clock runs."""
    running = []
    while start < end:
        if is_open(calendar, start) and not any(begin <= start < stop for begin, stop in pauses):
            running.append(start)
        start += MINUTE
    return running


def random_hours(source: random.Random) -> str:
    begin, end = sorted(source.sample(range(0, 24 * 60 + 1, source.choice((1, 15, 30))), 2))
    return f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


def random_calendar(source: random.Random, zone: str, near: datetime) -> Calendar:
    week = {day: tuple(random_hours(source) for _ in range(source.randrange(4))) for day in WEEKDAYS}
    closures = []
    if source.random() < 0.3:
        first = near + timedelta(days=source.randrange(-2, 3))
        last = first + timedelta(days=source.randrange(3))
        closures = [Closure(first.date().isoformat(), last.date().isoformat())]
    breaks = tuple(random_hours(source) for _ in range(source.randrange(3)) if source.random() < 0.5)
    return Calendar(zone, week, breaks, tuple(closures))  # type: ignore[arg-type]


def differences(count: int, seed: int) -> list[str]:
    """Cases in which the function and the oracle do not agree."""
    source, wrong = random.Random(seed), []  # noqa: S311 - no secret
    for number in range(count):
        zone = source.choice(list(CHANGES))
        near = source.choice(CHANGES[zone])
        calendar = random_calendar(source, zone, near)
        start = near - MINUTE * source.randrange(2 * 1440)
        end = start + MINUTE * source.randrange(1, 3 * 1440)
        pauses = [
            (begin, begin + MINUTE * source.randrange(1, 600))
            for begin in (start + MINUTE * source.randrange(-60, 2 * 1440) for _ in range(source.randrange(3)))
        ]
        running = looked_at(calendar, start, end, pauses)
        if hours.elapsed(calendar, start, end, pauses) != MINUTE * len(running):
            wrong.append(f"{number}: elapsed in {calendar} from {start} to {end} without {pauses}")
        if running:
            limit = source.randrange(1, len(running) + 1)
            if hours.due(calendar, start, MINUTE * limit, pauses) != running[limit - 1] + MINUTE:
                wrong.append(f"{number}: due after {limit} in {calendar} from {start} without {pauses}")
    return wrong


@pytest.mark.slow
def test_the_clock_agrees_with_looking_every_minute() -> None:
    assert differences(250, seed=15) == []


@pytest.mark.truth
def test_the_clock_agrees_with_looking_every_minute_in_ten_thousand_cases() -> None:
    assert differences(10_000, seed=2026) == []


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)


def test_a_weekend_and_a_break_are_no_working_time() -> None:
    friday, monday = at("2026-11-27T16:00"), at("2026-11-30T09:00")
    assert hours.elapsed(OFFICE, friday, monday) == timedelta(hours=2)
    assert hours.due(OFFICE, friday, timedelta(hours=6)) == at("2026-11-30T14:00")


def test_time_stands_still_while_a_case_waits() -> None:
    start, wait = at("2026-11-26T08:00"), at("2026-11-26T09:00")
    assert hours.due(OFFICE, start, timedelta(hours=2), stands=wait) is None
    assert hours.due(OFFICE, start, timedelta(minutes=30), stands=wait) == at("2026-11-26T08:30")
    pauses = [(wait, at("2026-11-26T15:00"))]
    assert hours.due(OFFICE, start, timedelta(hours=2), pauses) == at("2026-11-26T16:00")


def test_an_hour_that_the_clock_shows_twice_counts_twice() -> None:
    nights = Calendar("Europe/Amsterdam", dict.fromkeys(WEEKDAYS, ("00:00-24:00",)))  # type: ignore[arg-type]
    assert hours.elapsed(nights, at("2026-10-25T00:00"), at("2026-10-26T00:00")) == timedelta(hours=25)
    assert hours.elapsed(nights, at("2026-03-29T00:00"), at("2026-03-30T00:00")) == timedelta(hours=23)


def test_a_calendar_without_hours_has_no_due_moment() -> None:
    assert hours.due(Calendar("Europe/Amsterdam", {}), at("2026-11-26T08:00"), timedelta(minutes=1)) is None
