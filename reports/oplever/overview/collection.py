"""All records together, and what follows from them: machines over time, groups, people, and what is open now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from msgspec import structs

from oplever.overview.extract import Allowed, Failing
from oplever.overview.questions import Question
from oplever.overview.sources import Readable, Source, Visit
from oplever.overview.waiting import ORDER, Wait, waits
from oplever.page.blocks import Organisation
from oplever.page.view import SEVERITIES
from oplever.page.week import WorkedHours
from oplever.record.handout import FilledCard
from oplever.record.model import ExceptionGrant, Incident, RestPoint, Who
from oplever.record.persons import among

_MOST_VISITS = 20
"""Records of a machine, the newest, in which cards are looked for: a later one may have tested a single role."""
_BESIDE = frozenset({"incident", "instruction", "faq"})
"""Kinds of records that are about people; of these machines have no history."""
PSEUDONYM = "P-"
"""How the name of somebody begins whose name was taken away."""


@dataclass(frozen=True)
class Life:
    """A machine over all records, oldest first."""

    host: str
    visits: list[Visit]

    @property
    def last(self) -> Visit:
        return self.visits[-1]

    @cached_property
    def _real(self) -> list[Visit]:
        """Visits that were no trial run, newest first: a trial shows what would be."""
        return [visit for visit in reversed(self.visits) if visit.machine.state != "trial"]

    @property
    def real(self) -> Visit:
        """The last one that was no trial run; of a machine with trial runs alone the last of those."""
        return self._real[0] if self._real else self.last

    def newest(self, count: int) -> list[Visit]:
        """The last visits that were no trial run, newest first."""
        return self._real[:count]

    @cached_property
    def tested(self) -> Visit | None:
        """The last one at which something was tested."""
        return next((visit for visit in self._real if visit.machine.measured), None)

    @cached_property
    def scored(self) -> Visit | None:
        """The last one at which security was measured after the work."""
        return next((visit for visit in self._real if visit.machine.after is not None), None)


class Current(NamedTuple):
    """A test or control that fails on a machine now, by the last record that measured it."""

    failing: Failing
    of: Readable


@dataclass(frozen=True)
class Collection:
    """`sources` in the order in which they were made, `queue` the names of open incidents in the order in which they
    are handled, `versions` by machine the versions of its packages in its last snapshot, `questions` those that users
    ask frequently."""

    sources: tuple[Source, ...]
    queue: tuple[str, ...]
    now: datetime
    organisation: Organisation | None = None
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()

    @property
    def today(self) -> str:
        return f"{self.now:%Y-%m-%d}"

    @cached_property
    def readable(self) -> list[Readable]:
        return [Readable(source, source.extract) for source in self.sources if source.extract is not None]

    @cached_property
    def accounted(self) -> list[Readable]:
        """Those that account for work: a record of several runs does so for its runs."""
        return [of for of in self.readable if not of.source.part_of]

    @cached_property
    def unreadable(self) -> list[Source]:
        return [source for source in self.sources if source.extract is None]

    @cached_property
    def installations(self) -> list[Readable]:
        """What was done on machines: incidents, instructions and the like tell nothing of how one is."""
        return [of for of in self.readable if of.record.kind not in _BESIDE]

    @cached_property
    def runs(self) -> list[Readable]:
        """Installations as machines saw them: those of several runs are not among them, since their runs are."""
        return [of for of in self.installations if not of.record.runs]

    @cached_property
    def incidents(self) -> list[Readable]:
        return [of for of in self.readable if of.record.incident is not None]

    @cached_property
    def open_incidents(self) -> list[Readable]:
        by_name = {of.source.name: of for of in self.incidents}
        return [by_name[name] for name in self.queue if name in by_name]

    @cached_property
    def months(self) -> dict[str, list[Source]]:
        """Newest month first, in each the newest record first."""
        months: dict[str, list[Source]] = defaultdict(list)
        for source in reversed(self.sources):
            months[source.month].append(source)
        return {month: months[month] for month in sorted(months, reverse=True)}

    @cached_property
    def lives(self) -> dict[str, Life]:
        lives: dict[str, Life] = {}
        for of in self.runs:
            for machine in of.extract.machines:
                lives.setdefault(machine.name, Life(machine.name, [])).visits.append(Visit(of, machine))
        return dict(sorted(lives.items()))

    @cached_property
    def groups(self) -> dict[str, list[Life]]:
        """By the groups that a machine had in its last record."""
        groups: dict[str, list[Life]] = defaultdict(list)
        for life in self.lives.values():
            for group in life.last.machine.groups:
                groups[group].append(life)
        return dict(sorted(groups.items()))

    @cached_property
    def cards(self) -> list[FilledCard]:
        """What users are told now: of each machine and card what the newest record says that says anything of it."""
        cards: dict[str, FilledCard] = {}
        for life in self.lives.values():
            for card in _cards_of(life):
                hosts = cards[card.digest].hosts if card.digest in cards else ()
                cards[card.digest] = structs.replace(card, hosts=(*hosts, life.host))
        return sorted(cards.values(), key=lambda card: card.role)

    @cached_property
    def failing(self) -> dict[tuple[str, str, str], list[Current]]:
        """What fails now, by kind and name: controls before tests, severe ones first, then by number of machines."""
        failing: dict[tuple[str, str, str], list[Current]] = defaultdict(list)
        for life in self.lives.values():
            for current in failing_of(life):
                key = current.failing.kind, current.failing.id, current.failing.status
                failing[key].append(current)
        return dict(sorted(failing.items(), key=lambda item: (item[0][0], _rank(item[1]), -len(item[1]), item[0][1:])))

    @cached_property
    def points(self) -> list[tuple[Readable, RestPoint]]:
        """Open points: those that are due first, then those of which nobody said when."""
        points = [
            (of, point) for of in self.accounted for point in of.record.rest_points.items if point.status == "open"
        ]
        return sorted(points, key=lambda pair: (pair[1].due or "9", pair[0].source.moment, pair[1].id))

    @cached_property
    def exceptions(self) -> list[tuple[Readable, ExceptionGrant]]:
        """Exceptions of the last record that measured the security of each machine, once each; first to end first."""
        last = {id(life.scored.of.record): life.scored.of for life in self.lives.values() if life.scored}
        grants: dict[tuple[str, ...], tuple[Readable, ExceptionGrant]] = {}
        for of in sorted(last.values(), key=lambda of: of.source.moment):
            for grant in of.record.baseline.exceptions:
                grants[grant.id, grant.control, grant.expires, *grant.hosts] = (of, grant)
        return sorted(grants.values(), key=lambda pair: (pair[1].expires, pair[1].control, pair[1].id))

    @cached_property
    def allowed(self) -> list[tuple[Readable, Allowed]]:
        """Differences with the delivery that were accepted, as the last test of each machine has them."""
        pairs = [
            (life.tested.of, allowed)
            for life in self.lives.values()
            if life.tested
            for allowed in life.tested.of.extract.allowed
            if allowed.host == life.host
        ]
        return sorted(pairs, key=lambda pair: (pair[1].until or "9", pair[1].host, pair[1].id))

    @cached_property
    def waits(self) -> dict[Who, list[Wait]]:
        """The records that wait for each role, newest first."""
        lists: dict[Who, list[Wait]] = {role: [] for role in ORDER}
        for of in reversed(self.accounted):
            for wait in waits(of):
                lists[wait.who].append(wait)
        return lists

    @cached_property
    def hours(self) -> list[WorkedHours]:
        """Hours that people gave, of all records."""
        return [line for of in self.readable for line in hours_of(of)]

    @cached_property
    def people(self) -> dict[str, tuple[str, ...]]:
        """Each person once, by one way of writing the name, with all ways; who has no name left is not among them."""
        spellings: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for of in self.readable for name in names_of(of)):
            if name.startswith(PSEUDONYM):
                continue
            first = among(name, spellings) or name
            spellings.setdefault(first, []).append(name)
        return {first: tuple(names) for first, names in sorted(spellings.items(), key=lambda item: item[0].casefold())}


def _cards_of(life: Life) -> Iterator[FilledCard]:
    settled: set[str] = set()
    for visit in life.newest(_MOST_VISITS):
        extract = visit.of.extract
        cards = [card for card in extract.cards if life.host in card.hosts and card.name not in settled]
        yield from cards
        settled |= {card.name for card in cards} | {name for name, host in extract.withheld if host == life.host}


def _rank(currents: list[Current]) -> int:
    """Place of the severity of a control; a test has none."""
    severity = currents[0].failing.severity
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def failing_of(life: Life) -> Iterator[Current]:
    """What fails on a machine now: tests by the last record that tested it, controls by the last that measured them."""
    for kind, visit in (("control", life.scored), ("test", life.tested)):
        if visit is not None:
            for failing in visit.of.extract.failing:
                if failing.host == life.host and failing.kind == kind:
                    yield Current(failing, visit.of)


def hours_of(of: Readable) -> Iterator[WorkedHours]:
    """Those of a run stand in its own record, and are not counted again in a record of several."""
    record = of.record
    for line in record.hours.lines:
        if line.kind != "machine" and not line.run:
            about = of.source.name, record.assignment.id, record.assignment.title
            yield WorkedHours(line.person, line.day, line.kind, line.activity, line.hours, *about)


def names_of(of: Readable) -> Iterator[str]:
    """Everybody who has something to do with a record by name: users and clients are not among them."""
    record = of.record
    yield from (
        person.name for person in record.people if person.role in ("executor", "verifier", "supervisor") and person.name
    )
    yield from (line.person for line in record.hours.lines if line.kind != "machine")
    yield from (point.owner for point in record.rest_points.items if point.owner)
    if record.accountability.decided_by:
        yield record.accountability.decided_by
    if record.incident and record.incident.assignee and not is_of_team(record.incident):
        yield record.incident.assignee


def is_of_team(incident: Incident) -> bool:
    """Whether a team has the case, and nobody in particular."""
    return incident.rules is not None and incident.assignee in incident.rules.teams
