"""What holds of every record, whatever machines and people said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from golden import generated, outputs
from golden.cases import RUNS, Case
from golden.journal import Journal
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oplever.errors import OpleverError
from oplever.kinds.documents import build
from oplever.kinds.installation.order import Order
from oplever.page.blocks import Page
from oplever.page.translator import Translator
from oplever.record import model
from oplever.record.model import Record

BAD = ("fail", "error")
always = settings(
    database=None,
    derandomize=True,
    max_examples=100,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
"""The same examples each time: a test that fails, fails for everybody."""


def problems(node: Any, path: str = "") -> Iterator[str]:
    """Where in a tree of builtins something is marked as bad."""
    if isinstance(node, dict):
        if node.get("tone") == "bad":
            yield f"{path}: {node.get('text') or node.get('title')}"
        for key, value in node.items():
            yield from problems(value, f"{path}.{key}")
    elif isinstance(node, (list, tuple)):
        for place, value in enumerate(node):
            yield from problems(value, f"{path}.{place}")


def first_page(page: Page) -> dict[str, Any]:
    """What a reader sees before opening a section: verdict, facts, summary, and the badges of the contents."""
    badges = {section.key: section.badge for section in page.sections}
    parts = {"verdict": page.verdict, "facts": page.facts, "summary": page.summary, "badges": badges}
    tree: dict[str, Any] = msgspec.to_builtins(parts)
    return tree


def last_tests(record: Record) -> list[model.Test]:
    """The last result of each test: one after the work counts for more than one during it."""
    last: dict[tuple[str, str, str], model.Test] = {}
    for test in record.tests:
        key = (test.host, test.suite, test.id)
        if test.stage == "after" or key not in last or last[key].stage == "during":
            last[key] = test
    return list(last.values())


def failing_checks(case: Case) -> set[tuple[str, str, str]]:
    """Tests of the journal that fail as they were last measured, read from its lines alone."""
    last: dict[str, dict[tuple[str, str, str], str]] = {"during": {}, "after": {}}
    for line in map(json.loads, case.journal):
        data = line.get("data") or {}
        for row in data.get("checks", ()):
            if "severity" not in row:
                stage = "after" if data["stage"] == "after" else "during"
                last[stage][line["host"], data["suite"], row["id"]] = row["status"]
    return {key for key, status in {**last["during"], **last["after"]}.items() if status in BAD}


def answered_in_reverse(case: Case) -> Case:
    """The same run in which the machines of each step answered in the opposite order: who is first is chance."""
    answers: list[list[Any]] = []
    whole = [line for line in case.journal if line.endswith(b"\n")]
    for line in map(json.loads, whole):
        step = (line.get("task"), line["kind"] in ("host_start", "result"))
        if not (answers and step[1] and answers[-1][0] == step):
            answers.append([step, {}])
        answers[-1][1].setdefault(line.get("host"), []).append(line)
    lines = [line for _, by_host in answers for host in reversed(by_host) for line in by_host[host]]
    moments = ({key: line[key] for key in ("seq", "t")} for line in map(json.loads, whole))
    reordered = [{**line, **moment} for line, moment in zip(lines, moments, strict=True)]
    cut = case.journal[len(whole) :]
    return replace(case, journal=[*(json.dumps(line).encode() + b"\n" for line in reordered), *cut])


def reasons_in_reverse(case: Case) -> tuple[Any, Any]:
    """What the record concludes, and what it concludes when the machines answer in reverse."""
    forward, reverse = (outputs.record_of(ordered) for ordered in (case, answered_in_reverse(case)))
    return (forward.verdict, forward.document.reasons), (reverse.verdict, reverse.document.reasons)


@always
@given(case=generated.cases())
def test_the_order_in_which_machines_answer_changes_no_reason(case: Case) -> None:
    forward, reverse = reasons_in_reverse(case)
    assert forward == reverse


@pytest.mark.parametrize("name", RUNS)
def test_the_order_of_answers_changes_no_reason_of_a_golden_record(name: str) -> None:
    forward, reverse = reasons_in_reverse(outputs.case(name))
    assert forward == reverse


@settings(always, max_examples=40)
@given(case=generated.sound_cases)
def test_delivered_means_that_nothing_bad_is_on_the_first_page(case: Case) -> None:
    record = outputs.record_of(case)
    assume(record.verdict == "delivered")
    assert list(problems(first_page(build(record, Translator("en"))))) == []
    assert [test for test in last_tests(record) if test.status in BAD] == []
    assert failing_checks(case) == set()


@always
@given(case=generated.cases())
def test_a_machine_in_order_got_all_of_the_work_and_passed_its_last_tests(case: Case) -> None:
    """Read from the lines of the journal alone: what was planned, how it ended, what was tested."""
    record = outputs.record_of(case)
    order = Order(record)
    in_order = {system.name for system in record.systems if order.state(system) in ("ok", "remarks", "insecure")}
    lines = [json.loads(line) for line in case.journal]
    ends = [line["reason"] for line in lines if line["kind"] == "run_end"]
    if ends != ["finished"] or record.document.check_mode:
        assert in_order == set()
        return
    failed = {
        line["host"]
        for line in lines
        if line["kind"] == "result" and line["status"] in ("failed", "unreachable") and not line.get("rescued_by")
    }
    left = [play["hosts"] for line in lines for play in line.get("plays", ())[1:]]
    groups = {"a": ("all", "a", "web", "a:!b"), "b": ("all", "b", "a:!b")}
    waiting = {host for host, patterns in groups.items() if set(patterns) & set(left)}
    assert not in_order & failed
    assert not in_order & waiting
    assert not in_order & {host for host, _, _ in failing_checks(case)}
    tested = {test.host for test in last_tests(record) if test.status != "not_applicable"}
    assert in_order <= tested


def test_every_golden_record_tells_of_each_machine_what_is_known() -> None:
    states = {of: [Order(outputs.record(of)).state(system) for system in outputs.record(of).systems] for of in RUNS}
    assert states["delivered"] == ["ok", "ok"]
    assert states["failed"] == ["not_ok", "not_ok", "unreachable"]
    assert states["interrupted"] == ["not_finished", "not_ok"]
    assert states["check_mode"] == ["trial"]
    assert states["remarks"][0] == "insecure"


def test_golden_records_that_are_delivered_hold_nothing_bad() -> None:
    """The same of a record that is known to be in order, so that the test above cannot pass for want of examples."""
    record = outputs.record("delivered")
    assert record.verdict == "delivered"
    assert list(problems(first_page(build(record, Translator("en"))))) == []
    assert list(problems(first_page(build(outputs.record("failed"), Translator("en"))))) != []


@always
@given(case=generated.cases())
def test_every_record_is_derived_kept_and_read_back(case: Case) -> None:
    record = outputs.record_of(case)
    assert msgspec.json.decode(outputs.makers(record)["record.json"](), type=Record) == record


@settings(always, max_examples=30)
@given(case=generated.cases())
def test_every_section_is_in_both_languages(case: Case) -> None:
    record = outputs.record_of(case)
    pages = [build(record, Translator(language)) for language in outputs.LANGUAGES]
    keys = [[section.key for section in page.sections] for page in pages]
    assert keys[0] == keys[1]
    for page in pages:
        text = outputs.makers(record)[f"report.{page.language}.md"]().decode()
        assert [section.title for section in page.sections if f"{section.number}. {section.title}\n" not in text] == []
        assert all(section.blocks for section in page.sections)


def test_every_part_of_a_record_has_a_section() -> None:
    """The page answers for each key of record.json; those that are no section of their own are told elsewhere."""
    page = build(outputs.record("delivered"), Translator("en"))
    elsewhere = {"schema", "id", "kind", "work_process", "status", "verdict", "stage", "settings", "completeness"}
    absent = {"incident", "instruction", "faq", "cards", "runs"}  # of other kinds, of cards, of several runs
    assert set(Record.__struct_fields__) - elsewhere - absent <= {section.key for section in page.sections}


def test_every_part_of_a_case_is_in_its_file() -> None:
    """What was said in each event, and nothing of what machines of a run show."""
    page = build(outputs.record("incident_closed"), Translator("en"))
    assert "incident" in {section.key for section in page.sections}
    text = outputs.makers(outputs.record("incident_closed"))["report.en.md"]().decode()
    for content in (
        "de docent staat bij de printer", "lege toner, dat is bekend", "De toner wordt nu vervangen.", "toner zwart",
        "toner vervangen en rollen schoongemaakt", "Nieuwe toner geplaatst.", "W-14", "version 3", "toner leeg",
        "20261124T083000Z-verify-9b0001", "hij doet het weer", "toner vaker op voorraad", "rood", "print1",
    ):  # fmt: skip
        assert content in text, content


@always
@given(case=generated.cases(), data=st.data())
def test_a_damaged_journal_is_a_record_or_one_clear_error(case: Case, data: st.DataObject) -> None:
    assert refused_or_not_delivered(Case(damaged(case, data), case.entries))


def damaged(case: Case, data: st.DataObject) -> list[bytes]:
    """The lines with some gone, perhaps in another order or without the first, and the last one cut short."""
    lines = data.draw(st.permutations(case.journal[1:])) if data.draw(st.booleans()) else case.journal[1:]
    missing = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=5))
    kept = [line for number, line in enumerate(lines) if number not in missing]
    cut = data.draw(st.integers(0, len(kept[-1]) - 1)) if kept else 0
    return [*case.journal[: data.draw(st.integers(0, 1))], *kept[:-1], *([kept[-1][:cut]] if kept else [])]


def refused_or_not_delivered(case: Case) -> bool:
    try:
        record = outputs.record_of(case)
    except OpleverError as problem:
        return problem.slug in ("journal-empty", "journal-foreign")
    return record.verdict in ("interrupted", "not_delivered", "delivered_with_remarks")


WORDS = ("id", "status", "severity", "high", "pass", "fail", "nl", "en", "name", "source", "ssg", "record", "failing")
PARTS = (
    *("packages", "files", "units", "sockets", "accounts", "groups", "mounts", "sysctl", "modules"),
    *("network", "host", "hardware", "upgradable"),
)
ABOUT = ("title", "severity", "expected", "found", "reason", "evidence", "remedy", "refs", "duration", "exception")
leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | st.sampled_from(WORDS)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)
snapshots = st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, values))
rows = st.fixed_dictionaries({"id": values, "status": st.sampled_from(BAD)}, optional=dict.fromkeys(ABOUT, values))
KEPT = ("stage", "suite", "profile", "profile_version", "reference", "exceptions")


@always
@given(
    checks=st.lists(rows | values, max_size=3) | values,
    before=snapshots | values,
    after=snapshots | values,
    other=st.fixed_dictionaries({}, optional=dict.fromkeys(KEPT, values)),
)
def test_nothing_that_a_module_returns_breaks_a_record(checks: Any, before: Any, after: Any, other: Any) -> None:
    """A machine is not trusted to give data of the right shape."""
    journal = Journal("20261123T100000Z-site-f00002")
    journal.play("All", {"a": []})
    for data in (
        {"stage": "before", "snapshot": before, **other},
        {"stage": "after", **other, "checks": checks},
        {"stage": "after", "snapshot": after},
    ):
        journal.task("Look", "oplever.lab.checks")
        journal.result("a", data=data)
    journal.finish()
    record = outputs.record_of(Case(journal.lines))
    for language in outputs.LANGUAGES:
        build(record, Translator(language))
