"""A figure that stands in more than one place is the same in all of them: first page, chapter, `oplever show`, index,
exports. Each is read here as a reader gets it, from text and files, never from what computed it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from golden import generated, outputs
from golden.cases import RUNS, Case
from golden.test_always import always
from hypothesis import given
from oplever.cli.overview import overview
from oplever.export.registry import export
from oplever.export.shape import Shape
from oplever.kinds.documents import build
from oplever.page.blocks import Attention, Block, Bullets, Details, Group, Page, Table, Timeline
from oplever.page.translator import Translator
from oplever.record.model import Record
from oplever.store import rows
from oplever.text import clean

Facts = dict[str, str]
BAD = ("fail", "error")


def blocks(outer: tuple[Block, ...]) -> Iterator[Block]:
    """All blocks, also those inside others."""
    for block in outer:
        yield block
        if isinstance(block, (Group, Details)):
            yield from blocks(block.blocks)
        elif isinstance(block, Timeline):
            yield from blocks((block.table,))


def machines(page: Page) -> dict[str, Facts]:
    """What the first page says of each machine: in a table, or in the fold below it when there are many."""
    tables = [block for block in blocks(page.summary) if isinstance(block, Table) and "achines" in block.caption]
    if not tables:
        return {}
    titles = [column.title for column in tables[-1].columns]
    texts = {row[0].text: [cell.text for cell in row] for row in tables[-1].rows}
    notes = {row[0].text: row[-1].note for row in tables[-1].rows}
    return {host: {**dict(zip(titles, row, strict=True)), "Along": notes[host]} for host, row in texts.items()}


def table(page: Page, key: str, caption: str) -> list[Facts]:
    """The rows of a table in a section, by the titles of its columns."""
    section = next(section for section in page.sections if section.key == key)
    return [
        dict(zip((column.title for column in block.columns), (cell.text for cell in row), strict=True))
        for block in blocks(section.blocks)
        if isinstance(block, Table) and block.caption == caption
        for row in block.rows
    ]


def rows_by_machine(page: Page, key: str, start: str) -> Counter[str]:
    """How many rows the folds of a section whose titles start so hold of each machine: a row counts for all machines of
    its fold."""
    section = next(section for section in page.sections if section.key == key)
    count: Counter[str] = Counter()
    for block in blocks(section.blocks):
        if isinstance(block, Details) and block.title.startswith(start):
            number_of_rows = sum(len(inner.rows) for inner in block.blocks if isinstance(inner, Table))
            count.update(dict.fromkeys(hosts_of(block, start), number_of_rows))
    return count


def hosts_of(fold: Details, start: str) -> list[str]:
    """The machines that a fold is about: in its title, or in a fold of its own when they are many."""
    text = fold.title.removeprefix(start)
    _, alike, few = text.partition(" machines alike: ")
    if not alike:
        return [text]
    folded = [block for block in blocks(fold.blocks) if isinstance(block, Bullets)]
    return (folded[0].lines[0].text if folded else few).split(", ")


def number(text: str) -> int:
    """The first whole number of a text; 0 when there is none."""
    match = re.search(r"\d[\d,]*", text)
    return int(match[0].replace(",", "")) if match else 0


def badge(page: Page, *keys: str) -> int:
    """What the table of contents counts as wrong in these sections."""
    badges = [section.badge for section in page.sections if section.key in keys and section.badge]
    return sum(number(badge.text) for badge in badges)


def reason(record: Record, code: str, *names: str) -> int:
    return sum(item.params[name] for item in record.document.reasons if item.code == code for name in names)


def index(record: Record, name: str) -> list[rows.Row]:
    return rows.parts(record)[f"oplever_{name}"]


def comma_separated(record: Record, subject: str) -> list[Facts]:
    content = export(record, "csv", Shape(subject=subject)).decode()
    return list(csv.DictReader(io.StringIO(content)))


def junit(record: Record) -> tuple[int, int]:
    """Tests and controls that fail, as a CI server counts them."""
    count = Counter[bool]()
    for suite in ET.fromstring(export(record, "junit")).iter("testsuite"):  # noqa: S314 - made here
        bad = sum(case.find("failure") is not None or case.find("error") is not None for case in suite)
        assert bad == int(suite.attrib["failures"]) + int(suite.attrib["errors"])
        count[suite.attrib["name"].startswith("baseline ")] += bad
    return count[False], count[True]


def sarif(record: Record) -> int:
    """What fails, tests and controls together, as code scanning counts it."""
    results = json.loads(export(record, "sarif"))["runs"][0]["results"]
    return sum(
        all(suppression["status"] != "accepted" for suppression in result.get("suppressions", ())) for result in results
    )


def agree(**figures: object) -> None:
    """All of these, by where they stand, are one figure."""
    assert len({json.dumps(figure) for figure in figures.values()}) == 1, figures


def check(record: Record) -> None:
    """Every figure of a record that stands in more than one place. Names of machines are as documents write them."""
    record = clean(record)
    page = build(record, Translator("en"))
    check_machines(record, page)
    check_failures(record, page)
    check_sentence(record, page)
    check_changes(record, page)
    check_people(record, page)
    check_times(record, page)


def check_machines(record: Record, page: Page) -> None:
    facts = machines(page)
    agree(
        first_page=len(facts),
        index=rows.record_row(record)["hosts"],
        index_rows=len(index(record, "systems")),
        recap=len(table(page, "steps", "Steps per machine")) or len(facts),
        scope=len(record.scope.systems),
    )
    for row in index(record, "systems"):
        facts_of_host = facts[row["host"]]
        passed, _, ran = facts_of_host["Tests"].partition(" of ")
        agree(first_page=(number(passed), number(ran)), index=(row["passed"], row["ran"]))
        after = facts_of_host["Security"].rpartition("→ ")[2]
        score = None if after == "not measured" or "before" in after else number(after)
        agree(first_page=score, index=None if row["score"] is None else round(row["score"]))


def check_failures(record: Record, page: Page) -> None:
    tests, controls = junit(record)
    agree(
        first_page=reason(record, "tests_failed", "count"),
        contents=badge(page, "tests", "tests_during"),
        index=sum(row["kind"] == "test" for row in index(record, "failing")),
        junit=tests,
    )
    section = next(section for section in page.sections if section.key == "baseline")
    counts = [
        number(b.text.rpartition(": ")[2]) for b in section.blocks if getattr(b, "text", "").startswith("Checked ")
    ]
    agree(
        first_page=reason(record, "controls_failed", "high", "medium", "low"),
        contents=badge(page, "baseline"),
        chapter=sum(counts),
        chapter_rows=len(table(page, "baseline", "Failing controls")),
        index=sum(row["kind"] == "control" for row in index(record, "failing")),
        csv=sum(row["after"] in BAD for row in comma_separated(record, "controls")),
        junit=controls,
    )
    agree(junit=tests + controls, sarif=sarif(record))


def check_sentence(record: Record, page: Page) -> None:
    """The sentence of figures on the first page."""
    figures = page.verdict.figures
    tests = re.search(r"([\d,]+) of ([\d,]+) tests? passed", figures)
    controls = re.search(r"([\d,]+) of ([\d,]+) security controls measured", figures)
    systems = index(record, "systems")
    ran = [sum(row["passed"] for row in systems), sum(row["ran"] for row in systems)]
    hosts = {system.name for system in record.systems}
    if all(test.host in hosts for test in record.tests):
        agree(first_page=[number(tests[1]), number(tests[2])] if tests else [0, 0], index=ran)
    scores = [score for host in record.baseline.hosts if (score := host.after or host.before)]
    agree(
        first_page=[number(controls[1]), number(controls[2])] if controls else [0, 0],
        record=[sum(score.measured for score in scores), sum(score.total for score in scores)],
    )


def check_changes(record: Record, page: Page) -> None:
    packages, of_hosts = (
        rows_by_machine(page, *of) for of in (("components", "Packages on "), ("systems", "Settings of "))
    )
    for host, facts in machines(page).items():
        parts = f"{facts['Changes']}, {facts['Along'].removeprefix('came along: ')}".split(", ")
        components = sum(number(part) for part in parts if re.search("component|package", part))
        settings = sum(number(part) for part in parts if re.search("setting|file", part))
        indexed = Counter(row["section"] for row in index(record, "changes") if row["host"] == host)
        other = [row for row in table(page, "components", "Parts and tools") if row["Machine"] == host]
        csv_rows = [
            [row for row in comma_separated(record, s) if row["host"] == host] for s in ("components", "settings")
        ]
        agree(
            first_page=(components, settings),
            chapter=(packages[host] + len(other), of_hosts[host]),
            csv=(len(csv_rows[0]), len(csv_rows[1])),
            index=(indexed["component"], indexed["setting"]),
        )


def check_people(record: Record, page: Page) -> None:
    lines = [line for block in page.summary if isinstance(block, Attention) for line in block.lines]
    agree(
        first_page=sum(line.label == "Open point" for line in lines),
        reason=reason(record, "rest_points_open", "count"),
        contents=badge(page, "rest_points"),
        chapter=sum(row["State"] == "open" for row in table(page, "rest_points", "Open points")),
    )
    unsolved = [row for row in table(page, "faults", "Faults") if row["State"] in ("open", "escalated")]
    counted = re.search(r"([\d,]+) faults? not solved", page.verdict.figures)
    agree(
        first_page=number(counted[1]) if counted else 0,
        contents=badge(page, "faults"),
        chapter=len(unsolved),
    )
    hours = table(page, "hours", "Hours")
    worked = [float(row["Hours spent"]) for row in hours if row["Kind"] == "hands-on"]
    agree(chapter=len(hours), csv=len(comma_separated(record, "hours")))
    assert record.hours.hands_on == pytest.approx(sum(worked), abs=0.005 * len(worked) + 1e-9)


def check_times(record: Record, page: Page) -> None:
    when = dict(page.facts)["When"].note
    timelines = [block for block in page.summary if isinstance(block, Timeline)]
    control = next(section for section in page.sections if section.key == "document")
    durations = [cell.text for b in control.blocks for key, cell in getattr(b, "pairs", ()) if key == "Duration"]
    if when.startswith("took "):
        agree(first_page=when.removeprefix("took "), chapter=durations[0])
    for timeline in timelines:
        agree(timeline=timeline.summary.partition(" took ")[2].partition(";")[0], chapter=durations[0])
    t = Translator("en")
    recap = {row["Machine"]: row for row in table(page, "steps", "Steps per machine")}
    lanes = {lane.label: lane.note for timeline in timelines for lane in timeline.lanes}
    for row in index(record, "systems"):
        host = row["host"]
        if host in recap:
            agree(
                chapter=recap[host]["Time in steps"],
                timeline=lanes.get(host, recap[host]["Time in steps"]),
                index=t.duration(row["seconds"]),
            )
            names = {"OK": "ok", "of which changed": "changed", "failed": "failed", "skipped": "skipped"}
            agree(chapter=[number(recap[host][name]) for name in names], index=[row[key] for key in names.values()])


@pytest.mark.parametrize("name", RUNS)
def test_figures_of_golden_records_agree(name: str) -> None:
    check(outputs.record(name))


@always
@given(case=generated.cases())
def test_figures_of_any_record_agree(case: Case) -> None:
    check(outputs.record_of(case))


@pytest.mark.parametrize("name", ["delivered", "failed", "remarks"])
def test_the_terminal_shows_what_the_first_page_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = outputs.record(name)
    overview(record, Path(), Translator("en"))
    shown = " ".join(capsys.readouterr().out.split())
    page = build(record, Translator("en"))
    for host, facts in machines(page).items():
        texts = [facts[name] for name in ("Task", "State", "Tests", "Security", "Changes")]
        assert re.search(re.escape(host) + ".*" + ".*".join(map(re.escape, texts)), shown), (host, texts)


def test_steps_are_counted_alike_in_a_table_and_in_its_rows() -> None:
    """A recap is Ansible's; where the rows below it count otherwise, the chapter says why."""
    why = "Counted by Ansible: a step that includes files"
    for name in RUNS:
        record = outputs.record(name)
        page = build(record, Translator("en"))
        section = next(section for section in page.sections if section.key == "steps")
        is_explained = any(getattr(block, "text", "").startswith(why) for block in section.blocks)
        recap = {row["Machine"]: row for row in table(page, "steps", "Steps per machine")}
        counts = {
            block.title.removeprefix("All steps on "): block.count
            for block in blocks(section.blocks)
            if isinstance(block, Details) and block.title.startswith("All steps on ")
        }
        differing = [
            host
            for host, count in counts.items()
            if count
            != ", ".join(f"{key} {value}" for key, value in recap[host].items() if key in COUNTED and value != "0")
        ]
        assert bool(differing) <= is_explained, (name, differing)


COUNTED = ("OK", "of which changed", "not reachable", "failed", "skipped", "rescued", "ignored")
