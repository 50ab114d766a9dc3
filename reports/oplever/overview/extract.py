"""What the pages over all records need of one record: so little that thousands can be read at once."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, structs

from oplever.kinds.installation.order import Order, State
from oplever.overview import signals
from oplever.overview.signals import Signals
from oplever.page.view import short_names
from oplever.record import figures, origins
from oplever.record.handout import FilledCard, handouts
from oplever.record.model import Baseline, Completeness, Missing, Record, Scope, Score, System, Test, Text
from oplever.text import clean


class Machine(Struct, frozen=True, array_like=True, gc=False):
    """One machine in one record. `state` is what is known of it in the end, `tasks` are its roles by their short names,
    `purposes` what roles say that it is for, `waived` of the `measured` tests have an exception, `before` and `after`
    are scores of 0 to 100 (None: not measured then). The changes are those of `origins.Changed`, and nobody knows them
    when `is_compared` is false."""

    name: str
    state: State
    groups: tuple[str, ...]
    tasks: tuple[str, ...]
    os: str
    address: str
    passed: int
    measured: int
    before: float | None
    after: float | None
    is_compared: bool
    components: int
    asked: int | None
    settings: int
    by_roles: int
    waived: int
    purposes: tuple[Text, ...] = ()


class Failing(Struct, frozen=True, array_like=True, gc=False):
    """A test or control that fails, or could not be read, after the work."""

    kind: Literal["test", "control"]
    host: str
    id: str
    title: Text
    severity: str
    status: Literal["fail", "error"]


class Allowed(Struct, frozen=True, array_like=True, gc=False):
    """A difference with the delivery that somebody accepted; `until` is the last day it holds, empty: no end."""

    host: str
    id: str
    title: Text
    by: str
    reason: str
    until: str


class Extract(Struct, frozen=True):
    """`record` is without what machines showed and what was done on them: of that `machines`, `failing` and `allowed`
    are here, and in its place nothing is. Its faults are those that are not solved. `last` is the moment of its last
    line, `signals` what it says about the work itself, `cards` what it tells users, and `withheld` the cards (by name
    and machine) that are not made because of what it shows."""

    record: Record
    last: str
    machines: tuple[Machine, ...] = ()
    failing: tuple[Failing, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    signals: Signals = Signals()
    cards: tuple[FilledCard, ...] = ()
    withheld: tuple[tuple[str, str], ...] = ()


def of(record: Record) -> Extract:
    """What is kept of a record; its texts are clean, whatever a machine put in them."""
    cards, left_out = handouts(record)
    kept = Extract(
        record=_without_work(record),
        last=max([record.document.created, *(line.at for line in record.document.history)]),
        machines=_machines(record),
        failing=_failing(record),
        allowed=tuple(_accepted_difference(test) for test in figures.accepted_drift(record)),
        signals=signals.of(record),
        cards=cards,
        withheld=tuple((left.card, left.host) for left in left_out if left.why in ("test_failed", "value_missing")),
    )
    return clean(kept)


def encode(extract: Extract) -> bytes:
    return msgspec.json.encode(extract)


_DECODER = msgspec.json.Decoder(Extract)


def decode(body: bytes) -> Extract:
    """Raises msgspec.DecodeError for what another version wrote."""
    return _DECODER.decode(body)


def _without_work(record: Record) -> Record:
    plain = structs.replace(record.document, commit=None, dirty=None, tool_versions={}, history=(), corrections=())
    missing = record.completeness.missing
    lacking = tuple(Missing(item.section, item.code, item.who, params=item.params) for item in missing)
    return structs.replace(
        record,
        document=structs.replace(plain, command=(), inventories=()),
        scope=Scope((), ()),
        systems=(),
        components=(),
        settings=(),
        plan=(),
        steps=(),
        tests=(),
        baseline=Baseline(exceptions=record.baseline.exceptions),
        faults=tuple(figures.unsolved_faults(record)),
        annexes=(),
        cards=(),
        completeness=Completeness(record.completeness.complete, lacking),
    )


def _machines(record: Record) -> tuple[Machine, ...]:
    order, tests = Order(record), figures.tests_of_hosts(record)
    scores = {score.host: (score.before, score.after) for score in record.baseline.hosts}
    changes = origins.changed(record, origins.writers(record.steps))
    tasks = figures.tasks(record.systems)
    short = short_names({role for system in record.systems for role in system.roles})
    return tuple(
        _machine(
            system,
            (order.state(system), tuple(short[role] for role in tasks[system.name])),
            tests.get(system.name, []),
            scores.get(system.name, (None, None)),
            changes.get(system.name, origins.Changed(0, 0, 0, 0)),
        )
        for system in record.systems
    )


def _machine(
    system: System,
    standing: tuple[State, tuple[str, ...]],
    tests: list[Test],
    scores: tuple[Score | None, Score | None],
    change: origins.Changed,
) -> Machine:
    (state, tasks), (passed, measured) = standing, figures.passed_and_measured(tests)
    before, after = (score.score if score else None for score in scores)
    return Machine(
        name=system.name,
        state=state,
        groups=system.groups,
        tasks=tasks,
        os=system.os,
        address=figures.address(system),
        passed=passed,
        measured=measured,
        before=before,
        after=after,
        is_compared=bool(system.snapshot_before and system.snapshot_after),
        components=change.components,
        asked=change.asked,
        settings=change.settings,
        by_roles=change.by_roles,
        waived=sum(test.status == "waived" for test in tests),
        purposes=tuple(task.text for task in system.tasks),
    )


def _failing(record: Record) -> tuple[Failing, ...]:
    tests = (
        Failing("test", test.host, test.id, test.title, "", _bad(test.status)) for test in figures.failing_tests(record)
    )
    controls = (
        Failing("control", control.host, control.id, control.title, control.severity, _bad(control.after))
        for control in figures.failing_controls(record)
    )
    return (*tests, *controls)


def _bad(status: str | None) -> Literal["fail", "error"]:
    return "error" if status == "error" else "fail"


def _accepted_difference(test: Test) -> Allowed:
    accepted = test.acceptance
    assert accepted is not None  # noqa: S101 - what `accepted_drift` chooses by, for the type checker
    return Allowed(test.host, test.id, test.title, accepted.by, accepted.reason, accepted.until)
