"""What a desk did in one week, counted over its cases. Pure.

Everything is as it was at the end of the week, or in a week that is not over as it is now; only the priority, and so
the time limits, are always those of now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median

from msgspec import Struct

from oplever import clock
from oplever.kinds.incident import hours
from oplever.kinds.incident.states import OPEN
from oplever.record.model import Incident
from oplever.words import Text

_REPEATED_DAYS = 28
"""Days up to the end of the week in which causes are compared."""


class DeskCase(Struct, frozen=True):
    """One case with its name and title."""

    name: str
    title: str
    case: Incident


class Figures(Struct, frozen=True):
    """Numbers of cases: those that came in, were closed, joined with another and reopened in the week; those open
    before and after it; of the open ones those past a time limit; and time limits that ended in it and were not met."""

    came_in: int = 0
    closed: int = 0
    merged: int = 0
    reopened: int = 0
    open_before: int = 0
    open_after: int = 0
    overdue: int = 0
    missed: int = 0


class CategoryFigures(Struct, frozen=True):
    """Of one category: `name` is its key in the rules. `working_hours` is the median from report to solution of what
    was solved in the week; None when nothing was, or nobody can tell."""

    name: str
    title: Text
    figures: Figures
    working_hours: float | None = None


class RepeatedCause(Struct, frozen=True):
    """A cause that several cases had in the four weeks before the end of what was counted, as it was written last."""

    cause: str
    cases: tuple[str, ...]


class DeskWeek(Struct, frozen=True):
    """`first` and `end` are the moments between which the week lies, and `until` is up to when it was counted: its end,
    or now in a week that is not over. `satisfied` counts what users said in it. `rows` are the cases that were open in
    it."""

    first: str
    end: str
    until: str
    figures: Figures
    categories: tuple[CategoryFigures, ...]
    channels: dict[str, int]
    satisfied: dict[str, int]
    repeated: tuple[RepeatedCause, ...]
    overdue: tuple[DeskCase, ...]
    rows: tuple[DeskCase, ...]


def week(cases: Iterable[DeskCase], first: datetime, end: datetime, now: datetime | None = None) -> DeskWeek:
    """The week of a desk with these cases; those reported after it do not count. Before `now` nothing is late that is
    due after it; without it the week is over."""
    counted = min(end, now or end)
    begin, until = clock.written(first), clock.written(counted)
    present = [row for row in cases if row.case.reported_at and row.case.reported_at < until]
    by_category: dict[str, list[DeskCase]] = defaultdict(list)
    for row in present:
        by_category[row.case.category].append(row)
    categories = [_category(name, rows, begin, until) for name, rows in by_category.items()]
    came_in = [row for row in present if begin <= row.case.reported_at]
    words = [word for row in present for word in row.case.confirmations if begin <= word.at < until]
    return DeskWeek(
        first=begin,
        end=clock.written(end),
        until=until,
        figures=_figures(present, begin, until),
        categories=tuple(sorted((c for c in categories if c.figures != Figures()), key=_busiest)),
        channels=dict(Counter(row.case.channel for row in came_in).most_common()),
        satisfied=dict(Counter(word.satisfied for word in words)),
        repeated=tuple(_repeated_causes(present, counted)),
        overdue=tuple(row for row in present if _is_overdue(row.case, until)),
        rows=tuple(row for row in present if _is_touched(row.case, begin, until)),
    )


def _busiest(category: CategoryFigures) -> tuple[int, int, str]:
    return -category.figures.came_in, -category.figures.open_after, category.name


def state_at(case: Incident, moment: str) -> str:
    """The state just before a moment; empty before the case was reported."""
    if not case.reported_at or case.reported_at >= moment:
        return ""
    return next((change.state for change in reversed(case.changes) if change.at < moment), "new")


def _figures(rows: Sequence[DeskCase], begin: str, until: str) -> Figures:
    changes = [change for row in rows for change in row.case.changes if begin <= change.at < until]
    return Figures(
        came_in=sum(begin <= row.case.reported_at for row in rows),
        closed=sum(change.state == "closed" for change in changes),
        merged=sum(change.state == "merged" for change in changes),
        reopened=sum(_is_reopened(row.case, moment.at) for row in rows for moment in row.case.reopenings
                     if begin <= moment.at < until),
        open_before=sum(state_at(row.case, begin) in OPEN for row in rows),
        open_after=sum(state_at(row.case, until) in OPEN for row in rows),
        overdue=sum(_is_overdue(row.case, until) for row in rows),
        missed=sum(_missed_limits(row.case, begin, until) for row in rows),
    )  # fmt: skip


def _is_reopened(case: Incident, moment: str) -> bool:
    """Whether it was closed until then: a case that was only solved was open all the time."""
    return state_at(case, moment) == "closed"


def _is_overdue(case: Incident, moment: str) -> bool:
    is_open = state_at(case, moment) in OPEN
    return is_open and any(t.due and t.due < moment and not (t.reached and t.reached < moment) for t in case.targets)


def _missed_limits(case: Incident, begin: str, until: str) -> int:
    """Time limits that ended in the week before anything was there."""
    ended = [target for target in case.targets if target.due and begin <= target.due < until]
    return sum(not (target.reached and target.reached <= (target.due or "")) for target in ended)


def _is_touched(case: Incident, begin: str, until: str) -> bool:
    return state_at(case, begin) in OPEN or any(begin <= at < until for at in _moments(case))


def _moments(case: Incident) -> Iterator[str]:
    yield case.reported_at
    yield from (change.at for change in case.changes)


def _category(name: str, rows: Sequence[DeskCase], begin: str, until: str) -> CategoryFigures:
    rule = next((row.case.rule for row in reversed(rows) if row.case.rule), None)
    spent = [spent for row in rows if (spent := _working_hours(row.case, begin, until)) is not None]
    title = rule.title if rule else Text(nl=name, en=name)
    return CategoryFigures(name, title, _figures(rows, begin, until), median(spent) if spent else None)


def _working_hours(case: Incident, begin: str, until: str) -> float | None:
    """From report to the solution of the week, in working hours without waiting; None without one."""
    solution = next((target for target in case.targets if target.name == "solution"), None)
    if case.rules is None or solution is None or not solution.reached or not begin <= solution.reached < until:
        return None
    pauses = [(clock.moment(wait.since), clock.moment(wait.resumed)) for wait in case.waits if wait.resumed]
    start, end = clock.moment(case.reported_at), clock.moment(solution.reached)
    return hours.elapsed(case.rules.calendar, start, end, tuple(pauses)) / timedelta(hours=1)


def _repeated_causes(rows: Sequence[DeskCase], counted: datetime) -> Iterator[RepeatedCause]:
    begin, until = clock.written(counted - timedelta(days=_REPEATED_DAYS)), clock.written(counted)
    names: dict[str, dict[str, None]] = defaultdict(dict)
    written: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: row.case.reported_at):
        for solution in row.case.solutions:
            if begin <= solution.at < until:
                key = " ".join(solution.cause.casefold().split()).rstrip(".")
                names[key][row.name] = None
                written[key] = solution.cause
    repeated = [RepeatedCause(written[key], tuple(cases)) for key, cases in names.items() if len(cases) > 1]
    yield from sorted(repeated, key=lambda cause: (-len(cause.cases), cause.cause))
