"""What was reported, and how urgent it is."""

from __future__ import annotations

from oplever.kinds.incident.chapters.terms import CHANNELS, FLAGS, LEVELS, TARGETS, by_at, category, phrase, time_limit
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import Blocks, changes_table, code, pairs, table, titled
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Classification, Incident, TargetState


def report(view: View, t: Translator) -> Blocks:
    incident = view.record.case
    if not incident.reported_at:
        return ()
    return (
        *pairs(
            (t("Received"), Cell(t.moment(incident.reported_at), note=phrase(t, CHANNELS, incident.channel))),
            (t("Reporter"), incident.reporter),
            (t("Taken in by"), incident.reported_by),
            (t("In the words of the reporter"), incident.text),
            (t("Room"), incident.place),
            (t("Machine"), code(incident.machine)),
            (t("Since"), t.day(incident.since) if incident.since else None),
            (t("Category"), category(t, incident)),
            (t("Guideline of the category"), incident.rule.guideline if incident.rule else None),
            (t("Team of the category"), _team(incident, t)),
            (t("Failing test"), code(incident.cause)),
        ),
        *_answers(incident, t),
    )


def _team(incident: Incident, t: Translator) -> str | None:
    team = incident.rules.teams.get(incident.rule.team) if incident.rules and incident.rule else None
    return titled(t, team.title) if team else None


def _answers(incident: Incident, t: Translator) -> Blocks:
    questions = {question.id: question.ask for question in incident.rule.questions} if incident.rule else {}
    rows = [
        (
            Cell(titled(t, questions[answer.question]) if answer.question in questions else answer.question),
            Cell(answer.answer),
        )
        for answer in incident.answers
    ]
    return table(t("Questions at the intake"), (Column(t("Question"), 3), Column(t("Answer"), 3)), rows)


def priority(view: View, t: Translator) -> Blocks:
    incident = view.record.case
    rows = [_classification(t, classification) for classification in incident.classifications]
    columns = (
        Column(t("Impact"), 2),
        Column(t("Urgency"), 2),
        Column(t("Set by hand"), 3),
        Column(t("Particulars"), 3),
        Column(t("By"), 2),
    )
    version = incident.rules.version if incident.rules else ""
    level = t("priority {level}", level=incident.priority) if incident.priority else t("not determined yet")
    return (
        *pairs(
            (t("Priority"), Cell(level, "plain" if incident.priority else "warn")),
            (t("Rules"), Cell(version, note=incident.rules_digest)),
        ),
        *changes_table(t("Impact and urgency"), columns, rows),
        *_targets(view, t),
    )


def _classification(t: Translator, classification: Classification) -> tuple[Cell, ...]:
    particulars = [t(FLAGS[flag]) for flag in classification.flags if flag in FLAGS]
    particulars += [t("a lesson or exam is hindered")] if classification.lesson else []
    by_hand = t("priority {level}", level=classification.override) if classification.override else ""
    return (
        Cell(t(LEVELS[classification.impact])),
        Cell(t(LEVELS[classification.urgency])),
        Cell(by_hand, note=classification.reason),
        Cell(", ".join(particulars)),
        by_at(t, classification.by, classification.at),
    )


def _targets(view: View, t: Translator) -> Blocks:
    incident, history = view.record.case, view.record.document.history
    last = history[-1].at if history else ""
    if not any(state.limit for state in incident.targets):
        return (Paragraph(t("Without a priority there are no time limits."), "info"),) if incident.targets else ()
    rows = [
        (
            Cell(t(TARGETS[state.name])),
            Cell(time_limit(t, state.limit)),
            Cell(t.moment(state.due)) if state.due else Cell(t("nobody can tell now"), "info"),
            Cell(t.moment(state.reached)) if state.reached else Cell(t("not yet"), "info"),
            _in_time(t, state, last),
        )
        for state in incident.targets
    ]
    columns = (
        Column(t("Time limit"), 2),
        Column(t("Working hours"), 2),
        Column(t("Due"), 3),
        Column(t("Reached"), 3),
        Column(t("In time"), 2),
    )
    return table(t("Time limits"), columns, rows)


def _in_time(t: Translator, state: TargetState, last: str) -> Cell:
    """`last` is when something was added last: what was due before that and is not there is too late."""
    if state.in_time is None and state.due and not state.reached and state.due < last:
        return Cell(t("no"), "bad")
    if state.in_time is None:
        return Cell(t("not known yet"), "info")
    return Cell(t("yes"), "good") if state.in_time else Cell(t("no"), "bad")
