"""The rules by which an organisation handles incidents, as `incidents.yml` has them and as a record keeps them.

Texts of hours (`08:00-12:30`) and terms (`15m`, `4h`, `2d`) stay as they were written; what they mean is worked out by
`oplever.kinds.incident.hours`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from oplever.words import Text

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Level = Literal["1", "2", "3"]
"""Of impact and of urgency: 1 is high, 3 is low."""
LEVELS: dict[int, Level] = {1: "1", 2: "2", 3: "3"}
Priority = Annotated[int, Meta(ge=1, le=4)]
OpeningHours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
TimeLimit = Annotated[str, Meta(pattern=r"^\d{1,4}[mhd]$")]
IsoDay = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class Closure(Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from"}):
    """Days on which nobody works, the first and the last one included."""

    first: IsoDay
    until: IsoDay
    name: str = ""


class Calendar(Struct, frozen=True, forbid_unknown_fields=True):
    """When the clock of a target runs: the hours of each day of the week by the clock on the wall in `zone`, without
    the breaks, and not on closed days."""

    zone: str
    week: dict[Weekday, tuple[OpeningHours, ...]]
    breaks: tuple[OpeningHours, ...] = ()
    closures: tuple[Closure, ...] = ()

    def hours(self, weekday: int) -> tuple[OpeningHours, ...]:
        """Of a day of the week, 0 is Monday."""
        return self.week.get(WEEKDAYS[weekday], ())


class Priorities(Struct, frozen=True, forbid_unknown_fields=True):
    """`matrix` gives the priority by impact, then urgency. `lesson_raises` are the steps by which a lesson or exam that
    is going on raises it."""

    matrix: dict[Level, dict[Level, Priority]]
    lesson_raises: Annotated[int, Meta(ge=0, le=3)] = 1

    def level(self, impact: int, urgency: int) -> int | None:
        """What the matrix says; None where it says nothing."""
        if impact not in LEVELS or urgency not in LEVELS:
            return None
        return self.matrix.get(LEVELS[impact], {}).get(LEVELS[urgency])


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """Within what time, in working hours, a person answers and a solution is there."""

    response: TimeLimit
    solution: TimeLimit


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked when a report of this category comes in."""

    id: Name
    ask: Text
    type: Literal["text", "yes_no", "choice"] = "text"
    choices: tuple[str, ...] = ()
    required: bool = False


class Category(Struct, frozen=True, forbid_unknown_fields=True):
    """`first_help` is what the user can try at once, `team` who handles it, `guideline` how it is solved, with its
    version; `needs` is the authorisation that the work takes."""

    title: Text
    team: str = ""
    guideline: str = ""
    first_help: Text | None = None
    questions: tuple[Question, ...] = ()
    needs: str = ""


class Team(Struct, frozen=True, forbid_unknown_fields=True):
    title: Text
    members: tuple[Name, ...] = ()


class Authorisation(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do something, and on what ground."""

    people: tuple[Name, ...]
    ground: Name


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. `hours_a_day` is what a `d` in a time limit counts for; `warn_at_percent` is the part of a time limit
    after which a case is shown as nearly late; a closed case can be reopened for `reopen_days`."""

    version: Name
    calendar: Calendar
    priorities: Priorities
    targets: dict[Literal["1", "2", "3", "4"], Target]
    categories: dict[str, Category]
    teams: dict[str, Team] = {}
    authorised: dict[str, Authorisation] = {}
    hours_a_day: Annotated[float, Meta(gt=0, le=24)] = 8
    warn_at_percent: Annotated[int, Meta(gt=0, le=100)] = 75
    reopen_days: Annotated[int, Meta(ge=0, le=366)] = 14

    def target(self, level: int | None) -> Target | None:
        """Of a priority; None for a case without one."""
        return next((target for priority, target in self.targets.items() if priority == str(level)), None)
