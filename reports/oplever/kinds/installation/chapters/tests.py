"""Tests during the work and directly after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from oplever.kinds.installation.chapters.runs import before, run_name
from oplever.page.blocks import Block, Cell, Column, Details, Paragraph, Tone
from oplever.page.parts import Blocks, alike_text, code, english, every_name, machines_cell, table, title_cell
from oplever.page.translator import Translator
from oplever.page.view import View, status_counts
from oplever.page.vocabulary import CHECK, toned
from oplever.record import alike, figures
from oplever.record.drift import SUITE
from oplever.record.identity import TestKey, is_measured
from oplever.record.model import (
    BAD,
    Test,
)


def tests_during(view: View, t: Translator) -> Blocks:
    if not view.during and figures.changed_nothing(view.record):
        return (Paragraph(t("Nothing was changed, so nothing was tested during the work."), "info"),)
    return _tests(t, view.during, _counted_later(view, t))


def _counted_later(view: View, t: Translator) -> Blocks:
    """Failures during the work of which a result after it counts, so that the figures here and elsewhere agree."""
    failing = {TestKey.of(test) for test in view.failing_tests if test.stage == "during"}
    later = sum(test.status in BAD and TestKey.of(test) not in failing for test in view.during)
    if not later:
        return ()
    text = t.plural(
        "For {count} test that failed here, the result directly after the work counts.",
        "For {count} tests that failed here, the result directly after the work counts.",
        later,
    )
    return (Paragraph(text, "info"),)


def tests_after(view: View, t: Translator) -> Blocks:
    return _tests(t, view.after)


def passed_of(t: Translator, tests: list[Test]) -> str:
    """`30 of 32 tests passed, 1 with an exception`; tests that do not apply are not counted."""
    passed, measured = figures.passed_and_measured(tests)
    if not measured:
        return t("no test applied")
    text = t.plural(
        "{passed} of {count} test passed", "{passed} of {count} tests passed", measured, passed=t.number(passed)
    )
    waived = check_counts(t, {"waived": sum(test.status == "waived" for test in tests)})
    return f"{text}, {waived}" if waived else text


def tests_tone(tests: list[Test]) -> Tone:
    """Green when something was tested and all of it passed."""
    if any(test.status in BAD for test in tests):
        return "bad"
    if any(test.status == "waived" for test in tests):
        return "warn"
    return "good" if any(map(is_measured, tests)) else "info"


def check_counts(t: Translator, counts: Mapping[str, int]) -> str:
    return ", ".join(f"{t.number(counts[status])} {t(CHECK[status][1])}" for status in CHECK if counts.get(status))


def _tests(t: Translator, tests: list[Test], remark: Blocks = ()) -> Blocks:
    if not tests:
        return ()
    failing = [test for test in tests if test.status in BAD]
    suites: dict[str, list[Test]] = defaultdict(list)
    for test in tests:
        suites[test.suite].append(test)
    columns = (
        Column(t("Result"), 2),
        Column(t("Machine"), 1),
        Column(t("Test"), 4),
        Column(t("Expected"), 3),
        Column(t("Found"), 3),
    )
    return (
        Paragraph(passed_of(t, tests) + ".", tests_tone(tests)),
        *remark,
        *table(t("Failed tests"), columns, [_test_row(t, same.members[0], same.hosts) for same in _once(failing)]),
        *(
            Details(
                name or t("other tests"),
                _suite(t, name, columns, members),
                count=check_counts(t, status_counts(members)),
                tone=tests_tone(members),
            )
            for name, members in suites.items()
        ),
    )


def _once(tests: list[Test]) -> tuple[alike.Once[Test], ...]:
    return alike.once(tests, _as_shown, lambda test: test.host)


def _as_shown(test: Test) -> alike.Same:
    return alike.of_test(test, shown=(test.evidence, test.by, test.attempt, test.run, test.earlier))


def _suite(t: Translator, name: str, columns: Sequence[Column], tests: list[Test]) -> Blocks:
    """A row for each test. What differs from a delivery is there once for all machines on which it does."""
    if name != SUITE:
        rows = [_test_row(t, test, (test.host,)) for test in tests]
        return table(t("Tests of {suite}", suite=name) if name else t("other tests"), columns, rows)
    blocks: list[Block] = []
    for group in alike.alike(tests, _as_shown, lambda test: test.host):
        rows = [_test_row(t, test, group.hosts) for test in group.differences]
        caption = t("Changed since the delivery: {machines}", machines=alike_text(t, group.hosts))
        blocks += [*table(caption, columns, rows), *every_name(t, group.hosts)]
    return tuple(blocks)


def _was_otherwise(test: Test) -> bool:
    """Whether an earlier run had another result; that it passed each time says its number of attempts."""
    return any(result.status != test.status for result in test.earlier)


def _test_row(t: Translator, test: Test, hosts: Sequence[str]) -> tuple[Cell, ...]:
    """`hosts` are all machines on which it ended in this way."""
    again = t("attempt {number}", number=test.attempt) if test.attempt > 1 else ""
    by = t("by {person}", person=test.by) if test.by not in ("", "machine") else ""
    at = t.clock(test.at) if test.at and len(hosts) == 1 else ""
    history = t("before: {results}", results=before(t, test.earlier)) if _was_otherwise(test) else ""
    about = " · ".join(part for part in (again, by, at, run_name(t, test.run), history) if part)
    evidence = "\n".join(part for part in (test.reason, test.evidence) if part)
    measured = test.by == "machine"
    return (
        toned(t, CHECK, test.status, about),
        machines_cell(t, hosts),
        title_cell(t, test.title, test.id, note=test.id),
        english(t, test.expected) if measured else code(test.expected),
        english(t, test.found, evidence) if measured else code(test.found, evidence),
    )
