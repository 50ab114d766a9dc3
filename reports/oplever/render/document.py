"""From a record to the tree that every format draws. Pure: no file, no clock, no format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from oplever.record.model import Record
from oplever.render.blocks import Attention, Block, Cell, Page, Paragraph, Section
from oplever.render.sections import handover, job, machines, proof, summary
from oplever.render.text import N_, Translator
from oplever.render.view import View
from oplever.render.words import DOCUMENT_STATUS, STAGES, missing_text, stage_steps, toned, word
from oplever.text import clean

Builder = Callable[[View, Translator], tuple[Block, ...]]


class Chapter(Struct, frozen=True):
    """One section: its number is its place in `CHAPTERS`. `keys` are the sections of the record it answers for; the
    first one names it."""

    keys: tuple[str, ...]
    title: str
    build: Builder


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(("document",), N_("Document control"), job.document),
    Chapter(("assignment",), N_("Assignment and principal"), job.assignment),
    Chapter(("people",), N_("People, roles, level"), job.people),
    Chapter(("scope",), N_("Scope and exclusions"), job.scope),
    Chapter(("starting_state",), N_("Starting state"), machines.starting_state),
    Chapter(("components",), N_("Materials, components, tools"), machines.components),
    Chapter(("systems", "settings"), N_("System overview (as built)"), machines.systems),
    Chapter(("plan",), N_("Plan and order"), job.plan),
    Chapter(("steps",), N_("Steps carried out"), machines.steps),
    Chapter(("tests_during",), N_("Tests during"), proof.tests_during),
    Chapter(("tests", "tests_after"), N_("Tests directly after"), proof.tests_after),
    Chapter(("baseline",), N_("Security-baseline check"), proof.baseline),
    Chapter(("faults",), N_("Faults and deviations"), proof.faults),
    Chapter(("escalations",), N_("Escalations"), proof.escalations),
    Chapter(("acceptance",), N_("User check and acceptance"), handover.acceptance),
    Chapter(("rest_points",), N_("Rest points (punch list)"), handover.rest_points),
    Chapter(("consequences",), N_("Consequences"), handover.consequences),
    Chapter(("proposals",), N_("Improvement proposals"), handover.proposals),
    Chapter(("hours",), N_("Hours"), handover.hours),
    Chapter(("accountability",), N_("Accountability and review"), handover.accountability),
    Chapter(("handover",), N_("Handover and after-care"), handover.after_care),
    Chapter(("annexes",), N_("Annexes and evidence"), handover.annexes),
    Chapter(("signatures",), N_("Signatures"), handover.signatures),
)


_ELSEWHERE = {"tests_during_missing": "tests_during"}
"""Both stages of tests are one section of the record and two of the document."""


def build(record: Record, t: Translator) -> Page:
    """The whole document of a record in one language."""
    return build_clean(View.of(clean(record)), t)


def build_clean(view: View, t: Translator) -> Page:
    """As `build`, for a view of a record that is clean already: one view serves every language."""
    record = view.record
    numbers = {key: number for number, chapter in enumerate(CHAPTERS) for key in chapter.keys}
    return Page(
        language=t.language,
        title=summary.title(record, t),
        kind=t("Installation record"),
        id=record.id,
        created=record.document.created,
        facts=(
            *summary.facts(record, t),
            (t("Stage"), toned(t, STAGES, record.stage, stage_steps(t, record))),
            (t("Status"), toned(t, DOCUMENT_STATUS, record.status, t("revision {n}", n=record.document.revision))),
        ),
        verdict=summary.verdict(record, t),
        summary=tuple(_numbered(block, numbers) for block in summary.summary(view, t)),
        sections=tuple(_section(view, t, numbers[chapter.keys[0]], chapter) for chapter in CHAPTERS),
        notes=(
            t("Times are in time zone {zone}.", zone=t.zone),
            t("Computed from the journal of the run and from what people added; nothing in it was typed over."),
        ),
        labels=_labels(t),
    )


def _numbered(block: Block, numbers: Mapping[str, int]) -> Block:
    """The block with the numbers that the sections it points at have in this document."""
    if not isinstance(block, Attention):
        return block
    return structs.replace(
        block, lines=tuple(structs.replace(line, number=numbers.get(line.section)) for line in block.lines)
    )


def _section(view: View, t: Translator, number: int, chapter: Chapter) -> Section:
    """A section says honestly that it is empty, and always what it lacks and how to supply that."""
    blocks = chapter.build(view, t)
    keys = chapter.keys
    missing = tuple(
        Paragraph(
            f"{word(t, one.who).capitalize()}: {missing_text(t, one.code, one.params)}",
            "warn",
            one.command,
        )
        for one in view.record.completeness.missing
        if _ELSEWHERE.get(one.code, one.section) in keys
    )
    badge = Cell(t("to supply"), "warn") if missing else None if blocks else Cell(t("empty"), "info")
    if not blocks and not missing:
        blocks = (Paragraph(t("Nothing recorded."), "info"),)
    return Section(
        number=number,
        key=chapter.keys[0],
        title=t(chapter.title),
        blocks=(*missing, *blocks),
        badge=_problem(view, t, chapter.keys[0]) or badge,
    )


def _problem(view: View, t: Translator, key: str) -> Cell | None:
    """What the table of contents says beside a section in which something is wrong."""
    tests = {"tests": "after", "tests_during": "during"}
    failed = {
        "baseline": len(view.failing_controls),
        "steps": sum(system.recap.failed + system.recap.unreachable for system in view.record.systems),
        **{name: sum(test.stage == stage for test in view.failing_tests) for name, stage in tests.items()},
    }
    if failed.get(key):
        return Cell(t.plural("{count} failed", "{count} failed", failed[key]), "bad" if key != "baseline" else "warn")
    still_open = {
        "faults": len(view.open_faults),
        "rest_points": sum(point.status == "open" for point in view.record.rest_points.items),
    }
    if still_open.get(key):
        return Cell(t.plural("{count} open", "{count} open", still_open[key]), "bad" if key == "faults" else "warn")
    return None


def _labels(t: Translator) -> dict[str, str]:
    """Words of the frame around the content, for the formats."""
    return {
        "contents": t("Contents"),
        "summary": t("Summary"),
        "verdict": t("Verdict"),
        "because": t("Because"),
        "skip": t("Skip to the content"),
        "filter": t("Filter this table"),
        "shown": t("{shown} of {total} rows"),
        "open_all": t("Open everything"),
        "close_all": t("Close everything"),
        "print": t("Print"),
        "section": t("Section {number}"),
        "supply": t("Supply with"),
        "left_out": t("{count} more rows are in the HTML report."),
        "folded": t("The rows are in the HTML report."),
        "record": t("Record"),
        "page": t("Page {number} of {total}"),
        "security": t("Security score"),
        "problem": t("problem"),
        "nothing": t("nothing"),
        "more_rows": t("Show {count} more rows"),
        "everywhere": t("Search in everything"),
        "found": t("Found in {count} parts"),
        "no_script": t("The page shows its folds with a script; without one, read the record in record.json."),
    }
