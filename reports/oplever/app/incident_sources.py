"""Incidents that machines report: from the failing tests, drift and open faults of a record. The same cause never makes
a second case, and a record in which it passes again offers to say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from oplever import store
from oplever.app import incident_rules, incidents
from oplever.app.incident_rules import Current
from oplever.app.incidents import cause_of
from oplever.app.queue import listing
from oplever.page.parts import titled
from oplever.page.translator import Translator
from oplever.record import figures
from oplever.record.causes import causes
from oplever.record.drift import SUITE
from oplever.record.entries.base import LONGEST
from oplever.record.model import Incident, Record, Test
from oplever.store.cases import Case
from oplever.words import Language

CATEGORY = "machine"
_MOST_CONSEQUENCES = 20
_RETESTED = frozenset({"in_progress", "solved"})


class Trouble(Struct, frozen=True):
    """One thing that is wrong: `check` is the name of the test, or what failed."""

    host: str
    check: str
    title: str
    text: str

    @property
    def cause(self) -> str:
        return f"{self.host} {self.check}"


class Passing(Struct, frozen=True):
    """An open case of which the tests pass again; `is_ready` when its state takes a retest."""

    case: Case
    is_ready: bool


class Taken(Struct, frozen=True):
    """What came of a record: cases that were made, cases to which it was added, cases that it belonged to already, and
    cases of which the tests pass in it."""

    made: tuple[str, ...]
    linked: tuple[str, ...]
    present: tuple[str, ...]
    passing: tuple[Passing, ...]


def from_record(directory: Path, by: str, language: Language = "nl") -> Taken:
    """Make or extend a case for each cause in a record. What a case says is kept in this language.

    Raises OpleverError: `rules-invalid`, `file-unwritable`, `store-unusable`.
    """
    record = store.load(directory)
    open_cases = listing()
    by_cause = {case.cause: case for case in reversed(open_cases) if case.cause}
    new_cases, linked, present = [], [], []
    current: Current | None = None
    for trouble in troubles(record, Translator(language)):
        case = by_cause.get(trouble.cause)
        if case is None:
            current = current or incident_rules.load()
            new_cases.append(_open_case(directory, record, trouble, by, current))
        elif _is_linked(_load(case), directory):
            present.append(case.name)
        else:
            _link(case.name, directory, record, by)
            linked.append(case.name)
    return Taken(tuple(new_cases), tuple(linked), tuple(present), tuple(_passing(directory.name, record, open_cases)))


def troubles(record: Record, t: Translator) -> Iterator[Trouble]:
    """One for each cause: a failing test that no other explains, the drift of a machine, an open fault that is no
    test."""
    failing = figures.failing_tests(record)
    drift = [test for test in failing if test.suite == SUITE]
    for cause in causes([test for test in failing if test.suite != SUITE], record.tests, record.systems):
        yield _of_tests(t, cause.test.host, cause.test.id, (cause.test, *cause.consequences))
    for host in dict.fromkeys(test.host for test in drift):
        yield _of_tests(t, host, SUITE, [test for test in drift if test.host == host])
    for fault in figures.unsolved_faults(record):
        if fault.kind != "test_failed":
            check = f"{fault.kind} {fault.location}".strip()
            yield Trouble(fault.host, check, f"{fault.host}: {fault.location or fault.symptom}", fault.symptom or check)


def _of_tests(t: Translator, host: str, check: str, tests: Any) -> Trouble:
    words = t("expected {expected}; found {found}")
    rows = [
        f"{_title(t, test)}: {words.format(expected=test.expected, found=test.found or test.reason)}" for test in tests
    ]
    surplus = len(rows) - _MOST_CONSEQUENCES
    more = [t("and {count} more", count=surplus)] if surplus > 0 else []
    text = "\n".join([*rows[:_MOST_CONSEQUENCES], *more])
    return Trouble(host, check, f"{host}: {_title(t, tests[0])}", text[:LONGEST])


def _title(t: Translator, test: Test) -> str:
    return titled(t, test.title) or test.id


def _open_case(directory: Path, record: Record, trouble: Trouble, by: str, current: Current) -> str:
    reported = {
        "channel": "machine",
        "text": trouble.text,
        "machine": trouble.host,
        "cause": trouble.check,
        "category": CATEGORY if CATEGORY in current.rules.categories else None,
    }
    events = [("reported", reported), ("linked", _link_data(directory, record))]
    case, _ = incidents.open_case(store.records_directory(), by, trouble.title, events, current)
    return case.name


def _link(case: str, directory: Path, record: Record, by: str) -> None:
    incidents.add(store.find(case), "linked", by, _link_data(directory, record))


def _link_data(directory: Path, record: Record) -> dict[str, Any]:
    digest = record.document.journal_digest or None
    return {"relation": "record", "target": directory.name, "digest": digest}


def _load(case: Case) -> Incident:
    return incidents.case_of(store.load(store.find(case.name)))


def _is_linked(case: Incident, directory: Path) -> bool:
    return any(link.target == directory.name for link in case.links)


def _passing(name: str, record: Record, open_cases: list[Case]) -> Iterator[Passing]:
    """Cases that a machine reported, of which every test that counts passes in this record, which is not the one that
    they began with."""
    passed = {cause_of(test) for test in record.tests if test.status == "pass"}
    for row in open_cases:
        if row.cause not in passed:
            continue
        case = _load(row)
        counting = incidents.counting_tests(case, record)
        is_new = not any(retest.record == name for retest in case.retests)
        if is_new and counting and all(test.status == "pass" for test in counting):
            yield Passing(row, row.state in _RETESTED and not incidents.too_early(case, counting))


def unreported(record: Record, open_cases: list[Case]) -> list[str]:
    """Causes in a record that no open case has."""
    reported = {case.cause for case in open_cases}
    return [trouble.cause for trouble in troubles(record, Translator("en")) if trouble.cause not in reported]
