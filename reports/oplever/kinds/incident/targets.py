"""Priority, time limits and when they are over: worked out of the events and rules of a case, never stored. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from oplever import clock
from oplever.kinds.incident import hours
from oplever.kinds.incident.hours import Interval
from oplever.record.model import Incident, TargetState
from oplever.record.model.incident import TargetName
from oplever.record.model.incident_rules import Rules

Reading = Literal["met", "missed", "overdue", "nearly_due", "running", "stands_still", "no_priority", "no_calendar"]
_STANDING = frozenset({"waiting", "solved", "closed", "merged"})
"""States in which the clock of the solution stands still."""
_DONE = frozenset({"solved", "closed"})


class Course(NamedTuple):
    """How the clock of a target ran: from `start`, not during `pauses`, standing since `stands`, until `reached`."""

    start: datetime
    pauses: tuple[Interval, ...]
    stands: datetime | None
    reached: datetime | None


def priority(case: Incident) -> int | None:
    """From the matrix, or what somebody set in its place; None before the case is classified."""
    if not case.classifications or case.rules is None:
        return None
    last = case.classifications[-1]
    if last.override is not None:
        return last.override
    level = case.rules.priorities.level(last.impact, last.urgency)
    if level is None:
        return None
    return max(1, level - (case.rules.priorities.lesson_raises if last.lesson else 0))


def targets(case: Incident, level: int | None) -> tuple[TargetState, ...]:
    """When an answer and a solution are due, and whether they were there in time."""
    if not case.reported_at or case.rules is None:
        return ()
    target = case.rules.target(level)
    return tuple(
        _state(case.rules, name, getattr(target, name) if target else "", course)
        for name, course in _courses(case).items()
    )


def _courses(case: Incident) -> dict[TargetName, Course]:
    return {"response": response(case), "solution": solution(case)}


def due(status: str, states: tuple[TargetState, ...]) -> str | None:
    """The next moment at which something is due; None when nothing is, or nobody can tell."""
    open_states = [state.due for state in states if state.reached is None and state.due]
    return None if status in _STANDING or not open_states else min(open_states)


def response(case: Incident) -> Course:
    """An answer is the first time that a person told the user something; what came back was not told."""
    first = next((contact for contact in case.contacts if not contact.returned), None)
    answered = clock.moment(first.at) if first else None
    ended = case.changes[-1] if case.changes and case.changes[-1].state in ("closed", "merged") else None
    stands = clock.moment(ended.at) if ended and answered is None else None
    return Course(clock.moment(case.reported_at), (), stands, answered)


def solution(case: Incident) -> Course:
    """The clock of the solution stands still while the case waits, and while it is solved; what was solved and is not
    goes on where it was. A clock of a computer that was set back takes no time away."""
    start = moment = clock.moment(case.reported_at)
    pauses: list[Interval] = []
    stands = reached = None
    for change in case.changes:
        moment = max(moment, clock.moment(change.at))
        if change.state not in _STANDING:
            pauses += [(stands, moment)] if stands else []
            stands = reached = None
            continue
        stands = stands or moment
        reached = (reached or moment) if change.state in _DONE else None
    return Course(start, tuple(pauses), stands, reached)


def _state(rules: Rules, name: TargetName, text: str, course: Course) -> TargetState:
    over = _due(rules, text, course)
    reached = clock.written(course.reached) if course.reached else None
    in_time = course.reached <= over if course.reached and over else None
    return TargetState(name, text, clock.written(over) if over else None, reached, in_time)


def _due(rules: Rules, text: str, course: Course) -> datetime | None:
    if not text:
        return None
    stands = None if course.reached else course.stands
    return hours.due(rules.calendar, course.start, hours.limit(rules, text), course.pauses, stands=stands)


class Measured(NamedTuple):
    """One target at a moment: the working time that has gone by, and what that means."""

    name: TargetName
    limit: str
    due: str | None
    elapsed: timedelta
    reading: Reading


def measure(case: Incident, now: datetime) -> tuple[Measured, ...]:
    """Every target of a case as it is at a moment."""
    if case.rules is None:
        return ()
    courses = _courses(case) if case.reported_at else {}
    return tuple(_measure(case.rules, state, courses[state.name], now) for state in case.targets)


def _measure(rules: Rules, state: TargetState, course: Course, now: datetime) -> Measured:
    end = course.reached or course.stands or now
    gone = hours.elapsed(rules.calendar, course.start, end, course.pauses)
    return Measured(state.name, state.limit, state.due, gone, _reading(rules, state, course, gone, now))


def _reading(rules: Rules, state: TargetState, course: Course, gone: timedelta, now: datetime) -> Reading:
    if not state.limit:
        return "no_priority"
    if state.due and course.reached:
        return "met" if state.in_time else "missed"
    if state.due and now > clock.moment(state.due):
        return "overdue"
    if course.stands or course.reached:
        return "stands_still"
    if state.due is None:
        return "no_calendar"
    return "nearly_due" if gone >= hours.limit(rules, state.limit) * rules.warn_at_percent / 100 else "running"
