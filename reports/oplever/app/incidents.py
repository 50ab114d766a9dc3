"""Incidents: take a report in, find it, list the queue, and add what happens with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import Any

from msgspec import to_builtins

from oplever import clock, store
from oplever._shared import sequence
from oplever.app import incident_rules
from oplever.app.add import admit, with_entry
from oplever.app.incident_rules import Current
from oplever.app.new import begin
from oplever.app.queue import listing
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.incident.states import OPEN
from oplever.messages import M_
from oplever.page.vocabulary import DOCUMENT_STATUS
from oplever.record.drift import SUITE
from oplever.record.entries import Entry
from oplever.record.entries.base import invalid
from oplever.record.fold import Run
from oplever.record.identity import latest
from oplever.record.model import BAD, Incident, Record, Test
from oplever.record.model.incident_rules import Rules, Team
from oplever.record.persons import among, same_person
from oplever.store import Sources
from oplever.store.cases import Case

KIND = "incident"
_TITLE = 80
_UNTAKEN = ("new", "assigned")
"""States of cases that wait for nothing but somebody to take them."""
_RELATIONS = ("record", "duplicate", "earlier")
"""Links of a case that lead to a record."""
_CLASSIFICATION = ("impact", "urgency", "lesson", "flag", "priority", "reason")


def new(base: Path, by: str, data: Mapping[str, Any]) -> tuple[Path, Record]:
    """The directory of a new case and its record. `data` are fields of `reported` and of `classified` as a person typed
    them, and `title`; it is classified when there is anything of that.

    Raises OpleverError: `entry-invalid`, `rules-invalid`, `file-unwritable`.
    """
    reported = {name: value for name, value in data.items() if name not in ("title", *_CLASSIFICATION)}
    classified = {name: data.get(name) for name in _CLASSIFICATION}
    events = [("reported", reported)]
    if any(classified.values()):
        events.append(("classified", classified))
    title = data.get("title") or shorten(str(data.get("text") or ""), _TITLE, placeholder=" …")
    return open_case(base, by, title, events, incident_rules.load())


def open_case(
    base: Path,
    by: str,
    title: str,
    events: Sequence[tuple[str, Mapping[str, Any]]],
    current: Current,
    *,
    files: Mapping[str, bytes] | None = None,
    by_machine: bool = False,
) -> tuple[Path, Record]:
    """A new case with these events after the rules, and `files` by their path in it, all of them or none. Of one that
    comes in `by_machine` the caller has the documents made. Raises OpleverError, as `new`."""
    name = f"{sequence.stamp(datetime.now(UTC))}-{KIND}-{_free_ending(base)}"
    reported = dict(events[0][1])
    machine = str(reported.get("machine") or "").strip()
    opened = {
        "record": name,
        "kind": KIND,
        "title": title or "?",
        "work_process": registry.KINDS[KIND].work_processes[0],
        "location": reported.get("place"),
        "systems": [machine] if machine else [],
    }
    at = clock.now()
    first = registry.LOG.make("opened", by, at, opened)
    sources = Sources(Run(), "", (first,))
    for entry in (_rules(current, by, at), *(registry.LOG.make(kind, by, at, dict(data)) for kind, data in events)):
        sources = with_entry(sources, entry)
    return begin(base, name, sources.entries, files=files, by_machine=by_machine)


def _free_ending(base: Path) -> str:
    """Six characters by which no other case here is named: people say them on the phone."""
    while any(base.glob(f"*-{KIND}-{(ending := secrets.token_hex(3))}")):
        pass
    return ending


def _rules(current: Current, by: str, at: str) -> Entry:
    return registry.LOG.make("rules", by, at, {"digest": current.digest, "rules": to_builtins(current.rules)})


def find(name: str) -> Path:
    """The directory of a case: by path, by name, or by the last six characters of it, as people say it.

    Raises OpleverError (`record-unknown`), also when cases of two desks have the same end.
    """
    return store.with_ending(name, f"*-{KIND}") or store.find(name)


def case_of(record: Record) -> Incident:
    """The case of a record. Raises OpleverError (`record-unknown`) for another kind of record."""
    if record.incident is None:
        raise OpleverError(
            "record-unknown", M_("{id} is no incident", id=record.id), M_("list them: oplever incident list --all")
        )
    return record.incident


def add(directory: Path, kind: str, by: str, data: Mapping[str, Any], *, after: str = "") -> Record:
    """The case with one more event. A classification goes by the rules as they are now: when they changed, they are
    added before it. `after` is as of `admit`.

    Raises OpleverError: `entry-invalid`, `incident-state`, `incident-open-ends`, `decision-by-executor`,
    `rules-invalid`, and what `admit` raises.
    """
    record = store.load(directory)
    case = case_of(record)
    at = clock.now()
    added = [registry.LOG.make(kind, by, at, _with_name(directory, data) if kind == "linked" else dict(data))]
    if kind == "classified":
        current = incident_rules.load()
        if current.digest != case.rules_digest:
            added.insert(0, _rules(current, by, at))
    return admit(directory, added, after=after)


def _with_name(case: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    """A link to a record of this desk by its whole name, for the last six characters of it and `latest` are another
    record some day; with the digest of its journal, which says what it was. The names of others stay as they are.

    Raises OpleverError: `record-unknown` for a record that is not here, `entry-invalid` for the case itself, which is
    `latest` when it was just made.
    """
    relation, target = str(data.get("relation", "")), str(data.get("target", "")).strip()
    if relation not in _RELATIONS or not store.is_named(target):
        return dict(data)
    try:
        directory = store.find(target)
    except OpleverError:
        if relation == "record":
            raise
        return dict(data)  # a case of another desk that was not brought here
    if directory == case.resolve():
        raise invalid(M_("a case is not linked to itself"), M_("name what belongs to it: --target RECORD"))
    digest = data.get("digest")
    if relation == "record" and not digest:
        digest = store.load(directory).document.journal_digest or None
    return {**data, "target": directory.name, "digest": digest}


def _is_for(case: Case, by: str, rules: Rules) -> bool:
    """Whether a case waits for this person: he or his team has it; or nobody, and its category is for his team. Who is
    in no team handles what nobody has, whatever it is about."""
    if same_person(case.assignee, by):
        return True
    if case.assignee:
        return _is_in(rules.teams.get(case.assignee), by)
    category = rules.categories.get(case.category)
    team = rules.teams.get(category.team) if category else None
    return team is None or _is_in(team, by) or not any(_is_in(other, by) for other in rules.teams.values())


def _is_in(team: Team | None, by: str) -> bool:
    """A team without members is everybody."""
    return team is not None and (not team.members or among(by, team.members) is not None)


def _passed_over(directory: Path, by: str) -> Case | None:
    """The case that this person should take before this one; None when there is none, or this one is under way."""
    if store.load(directory).status not in _UNTAKEN:
        return None
    rules = incident_rules.load().rules
    first = next((case for case in listing(_UNTAKEN) if _is_for(case, by, rules)), None)
    return first if first and first.name != directory.name else None


def take(
    directory: Path, by: str, reason: str = "", ask: Callable[[Case], str] | None = None, *, after: str = ""
) -> Record:
    """The case, taken by this person. When another is first in the queue and no reason says why not that one, `ask`
    gives the reason. `after` is as of `admit`.

    Raises OpleverError: `incident-order` when there is no reason either way; what `add` raises.
    """
    first = _passed_over(directory, by)
    if first and not reason and ask:
        reason = ask(first)
    if first and not reason:
        level = M_("priority {level}", level=first.priority) if first.priority else M_("not classified yet")
        advice = M_("take that: oplever incident take {name}; or say why not: --reason '...'", name=first.name)
        raise OpleverError(
            "incident-order",
            M_("{name} is first in the queue ({level}): {title}", name=first.name, level=level, title=first.title),
            advice,
        )
    data = {"reason": reason or None, "passed_over": first.name if first else None}
    return add(directory, "taken", by, data, after=after)


def merge(directory: Path, into: Path, by: str, reason: str, *, after: str = "") -> Record:
    """The case that goes on, to which the other one was joined. `after` is as of `admit`, for the one that is joined.
    Raises OpleverError, as `add`."""
    target, source = store.load(into), store.load(directory)
    case_of(target)
    if target.status not in OPEN:
        advice = (
            M_("go on with the other case: oplever incident show {merged_into}", merged_into=target.case.merged_into)
            if target.status == "merged"
            else M_("reopen it first, or merge the other way round")
        )
        raise OpleverError(
            "incident-state",
            M_("{id} is {status}: nothing is joined to it", id=target.id, status=M_(DOCUMENT_STATUS[target.status][1])),
            advice,
        )
    add(directory, "merged", by, {"into": into.name, "reason": reason}, after=after)
    return add(into, "linked", by, {"relation": "duplicate", "target": source.id, "reason": reason})


def retest(
    directory: Path, by: str, tested: Path, tests: Sequence[str] = (), reason: str = "", *, after: str = ""
) -> Record:
    """The case, retested by a record: the tests that count are those named, else the one that made the case, else all
    of its machine. `after` is as of `admit`.

    Raises OpleverError: `entry-invalid` when the record has no such test, or had it before the case was solved; what
    `add` raises.
    """
    case, record = case_of(store.load(directory)), store.load(tested)
    counting = counting_tests(case, record, tests)
    if not counting:
        subject = ", ".join(tests) or case.cause or case.machine or M_("this case")
        advice = M_("name tests that it has: --tests; or test by hand: --result pass --reason '...'")
        raise OpleverError(
            "entry-invalid", M_("{name} has no test of {subject}", name=tested.name, subject=subject), advice
        )
    if early := too_early(case, counting):
        advice = M_("run the tests again: playbooks/verify.yml")
        raise OpleverError(
            "entry-invalid",
            M_("{name} tested {id} before the case was solved", name=tested.name, id=early[0].id),
            advice,
        )
    result = "pass" if all(test.status == "pass" for test in counting) else "fail"
    data = {
        "result": result,
        "record": tested.name,
        "digest": record.document.journal_digest or None,
        "tests": [f"{test.host} {test.id}" for test in counting][:50],
        "reason": reason or None,
    }
    return add(directory, "retested", by, data, after=after)


def too_early(case: Incident, tests: Sequence[Test]) -> list[Test]:
    """Tests from before the solution: they show nothing about it."""
    return [test for test in tests if test.at and test.at < case.solutions[-1].at] if case.solutions else []


def cause_of(test: Test) -> str:
    """What a test shows to be wrong, as cases name it: drift of a machine is one cause, whatever changed."""
    return f"{test.host} {SUITE if test.suite == SUITE else test.id}"


def counting_tests(case: Incident, record: Record, names: Sequence[str] = ()) -> list[Test]:
    """The results in a record that say whether a case is solved; those that do not apply say nothing."""
    measured = [test for test in latest(record.tests) if test.status == "pass" or test.status in BAD]
    if names:
        return [test for test in measured if test.id in names or f"{test.host} {test.id}" in names]
    if case.cause:
        return [test for test in measured if cause_of(test) == case.cause]
    return [test for test in measured if case.machine and test.host == case.machine]
