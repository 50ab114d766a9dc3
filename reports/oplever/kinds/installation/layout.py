"""What the documents of an installation hold, in their order."""

from __future__ import annotations

from oplever.kinds.installation import forms
from oplever.kinds.installation.chapters import (
    acceptance,
    baseline,
    faults,
    handover,
    job,
    machines,
    steps,
    summary,
    tests,
)
from oplever.kinds.installation.headline import headline
from oplever.page.blocks import Cell
from oplever.page.document import Chapter, Layout
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.record import figures
from oplever.record.model import Record
from oplever.record.start import is_stated

CHAPTERS: tuple[Chapter, ...] = (
    Chapter(("document",), N_("Document control"), job.document),
    Chapter(("assignment",), N_("Assignment and client"), job.assignment),
    Chapter(("people",), N_("People, roles, level"), job.people),
    Chapter(("scope",), N_("Scope and exclusions"), job.scope),
    Chapter(("starting_state",), N_("Starting state"), machines.starting_state),
    Chapter(("components",), N_("Materials, components, tools"), machines.components),
    Chapter(("systems", "settings"), N_("System overview (as built)"), machines.systems),
    Chapter(("plan",), N_("Plan and order"), job.plan),
    Chapter(("steps",), N_("Steps carried out"), steps.steps),
    Chapter(("tests_during",), N_("Tests during"), tests.tests_during),
    Chapter(("tests", "tests_after"), N_("Tests directly after"), tests.tests_after),
    Chapter(("baseline",), N_("Security-baseline check"), baseline.baseline),
    Chapter(("faults",), N_("Faults and deviations"), faults.faults),
    Chapter(("escalations",), N_("Escalations"), faults.escalations),
    Chapter(("acceptance",), N_("User check and acceptance"), acceptance.acceptance),
    Chapter(("rest_points",), N_("Open points"), handover.rest_points),
    Chapter(("consequences",), N_("Consequences"), handover.consequences),
    Chapter(("proposals",), N_("Improvement proposals"), handover.proposals),
    Chapter(("hours",), N_("Hours"), handover.hours),
    Chapter(("accountability",), N_("Accountability and review"), handover.accountability),
    Chapter(("handover",), N_("Handover and after-care"), handover.after_care),
    Chapter(("annexes",), N_("Annexes and evidence"), handover.annexes),
    Chapter(("signatures",), N_("Signatures"), handover.signatures),
)

ELSEWHERE = {"tests_during_missing": "tests_during"}
"""Both stages of tests are one section of the record and two of the document."""


def _problem(view: View, t: Translator, key: str) -> Cell | None:
    """What the table of contents says beside a section in which something is wrong."""
    stages = {"tests": "after", "tests_during": "during"}
    failed = {
        "baseline": len(view.failing_controls),
        "steps": sum(system.recap.failed + system.recap.unreachable for system in view.record.systems),
        **{name: sum(test.stage == stage for test in view.failing_tests) for name, stage in stages.items()},
    }
    if failed.get(key):
        return Cell(t.plural("{count} not OK", "{count} not OK", failed[key]), "bad" if key != "baseline" else "warn")
    if key == "faults" and view.unsolved_faults:
        return Cell(faults.unsolved(t, len(view.unsolved_faults)), "bad")
    if key == "rest_points" and (points := figures.open_points(view.record)):
        return Cell(t.plural("{count} open", "{count} open", len(points)), "warn")
    return None


def _notes(record: Record, t: Translator) -> tuple[str, ...]:
    if is_stated(record):
        return (t("Computed from what people stated; no machine measured it, and nothing was retyped."),)
    if record.runs:
        count = len(record.runs)
        text = t.plural(
            "Computed from the record of {count} run and from what people added; nothing was retyped.",
            "Computed from the records of {count} runs and from what people added; nothing was retyped.",
            count,
        )
        return (text,)
    return (t("Computed from the journal of the run and from what people added; nothing was retyped."),)


LAYOUT = Layout(
    name=N_("Installation record"),
    title=summary.title,
    facts=summary.facts,
    headline=headline,
    verdict=summary.verdict,
    summary=summary.summary,
    chapters=CHAPTERS,
    problem=_problem,
    forms={"certificate": forms.certificate, "checklist": forms.checklist},
    letter=forms.letter,
    notes=_notes,
    elsewhere=ELSEWHERE,
)
