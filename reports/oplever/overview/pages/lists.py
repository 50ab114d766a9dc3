"""What is open over all records, and what was decided."""

from __future__ import annotations

from oplever.overview.collection import Collection, Current
from oplever.overview.extract import Allowed
from oplever.overview.findings import Finding, findings
from oplever.overview.pages import cells
from oplever.overview.pages.start import reading, soon
from oplever.overview.pages.weeks import weeks
from oplever.overview.sources import Readable
from oplever.overview.tree import Part
from oplever.overview.words import observed, suggested
from oplever.page.blocks import Cell, Column, Tone
from oplever.page.translator import N_, Translator
from oplever.page.vocabulary import CHECK, DOCUMENT_STATUS, toned, word
from oplever.record.model import ExceptionGrant, Proposal

_NEWEST_CLOSED = 50
_SHOWN_RECORDS = 3
_DECISIONS: dict[str, tuple[Tone, str]] = {"approved": ("good", N_("approved")), "rejected": ("bad", N_("rejected"))}
_READINGS: dict[str, tuple[Tone, str]] = {
    "overdue": ("bad", N_("overdue")),
    "nearly_due": ("warn", N_("nearly due")),
    "stands_still": ("info", N_("the clock stands still")),
    "running": ("plain", N_("in time so far")),
}


def incidents(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """Open ones in the order in which they are handled, the newest that are ready, and the last weeks of the desk."""
    columns = (
        Column(t("Priority"), 2),
        Column(t("Incident"), 6),
        Column(t("State"), 3),
        Column(t("Due"), 4),
        Column(t("Where"), 3),
        Column(t("Who"), 3),
    )
    open_names = {of.source.name for of in collection.open_incidents}
    ready = [of for of in reversed(collection.incidents) if of.source.name not in open_names][:_NEWEST_CLOSED]
    done = (Column(t("Day"), 2), Column(t("Incident"), 6), Column(t("State"), 3), Column(t("In time"), 3))
    return (
        cells.part(
            "open",
            t("Open incidents"),
            columns,
            (_incident(collection, t, of) for of in collection.open_incidents),
            t("No incident is open."),
        ),
        Part(
            "ready",
            t("Ready"),
            cells.listing(
                t("Newest that are ready"), done, (_ready(t, of) for of in ready), t("No incident is ready.")
            ),
        ),
        weeks(collection, t),
    )


def _incident(collection: Collection, t: Translator, of: Readable) -> tuple[Cell, ...]:
    case = of.record.case
    late = toned(t, _READINGS, reading(of, collection))
    due = t.moment(case.due) if case.due else ""
    return (
        Cell(t.number(case.priority) if case.priority else t("not determined yet")),
        cells.record_cell(t, of),
        toned(t, DOCUMENT_STATUS, of.record.status),
        Cell(late.text, late.tone, note=due) if late.text else Cell(due),
        Cell(case.place, note=case.machine) if case.place or case.machine else Cell(t("not recorded"), "info"),
        Cell(cells.assignee_text(t, case) or t("nobody yet")),
    )


def _ready(t: Translator, of: Readable) -> tuple[Cell, ...]:
    states = of.record.case.targets
    late = sum(state.in_time is False for state in states)
    met = sum(state.in_time is True for state in states)
    text = t.plural("{count} time limit not met", "{count} time limits not met", late) if late else t("yes")
    return (
        cells.when_cell(t, of.source),
        cells.record_cell(t, of),
        toned(t, DOCUMENT_STATUS, of.record.status),
        Cell(text, "bad" if late else "good") if late or met else Cell(t("not measured"), "info"),
    )


def points(collection: Collection, t: Translator) -> tuple[Part, ...]:
    columns = (Column(t("Open point"), 6), Column(t("Owner"), 3), Column(t("Due"), 3), Column(t("Record"), 5))
    rows = [
        (
            Cell(point.item, note=point.id),
            Cell(cells.person_text(t, point.owner)),
            _due(collection, t, point.due),
            cells.record_cell(t, of),
        )
        for of, point in collection.points
    ]
    return (cells.part("points", t("Open points"), columns, rows, t("No point is open.")),)


def _due(collection: Collection, t: Translator, due: str) -> Cell:
    if not due:
        return Cell(t("no day"), "info")
    return Cell(cells.day(t, due), "bad", note=t("late")) if due < collection.today else Cell(cells.day(t, due))


def exceptions(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """What is let go for a time: exceptions of the baseline, and differences with a delivery."""
    approval = (Column(t("Approved by"), 3), Column(t("Until"), 3), Column(t("Record"), 4))
    return (
        cells.part(
            "exceptions",
            t("Exceptions to the security baseline"),
            (Column(t("Control"), 2), Column(t("Machines"), 3), Column(t("Reason"), 5), *approval),
            (_exception(collection, t, of, grant) for of, grant in collection.exceptions),
            t("There are no exceptions."),
        ),
        cells.part(
            "differences",
            t("Accepted differences with the delivery"),
            (Column(t("Machine"), 3), Column(t("Difference"), 5), Column(t("Reason"), 4), *approval),
            (_difference(collection, t, of, allowed) for of, allowed in collection.allowed),
            t("No difference was accepted."),
        ),
    )


def _exception(collection: Collection, t: Translator, of: Readable, grant: ExceptionGrant) -> tuple[Cell, ...]:
    return (
        Cell(grant.control, note=grant.id),
        Cell(cells.hosts_text(t, sorted(grant.hosts), cells.MOST_HOSTS) if grant.hosts else t("all")),
        Cell(grant.reason, note=grant.compensating),
        _approver(t, grant),
        cells.until_cell(t, grant.expires, collection.today, soon(collection)),
        cells.record_cell(t, of),
    )


def _difference(collection: Collection, t: Translator, of: Readable, allowed: Allowed) -> tuple[Cell, ...]:
    return (
        cells.machine_cell(allowed.host, t.language),
        cells.text_cell(t, allowed.title, allowed.id),
        Cell(allowed.reason),
        Cell(cells.person_text(t, allowed.by)),
        cells.until_cell(t, allowed.until, collection.today, soon(collection)),
        cells.record_cell(t, of),
    )


def _approver(t: Translator, grant: ExceptionGrant) -> Cell:
    """Who approved it, as far as somebody stated it; an exception that does not count says so."""
    name = cells.person_text(t, grant.approver) if grant.approver else t("nobody")
    return Cell(name) if grant.valid else Cell(name, "bad", note=t("does not count"))


def failing(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """Controls and tests that fail now or could not be read, each with its machines."""
    texts = {
        "control": (
            t("Controls that fail or could not be measured"),
            t("No control fails, as far as security was measured."),
        ),
        "test": (t("Tests that fail or have no result"), t("No test fails, as far as machines were tested.")),
    }
    which = (Column(t("Result"), 3), Column(t("Machines"), 1, True), Column(t("Which"), 6))
    columns = {  # a test has no severity
        "control": (Column(t("Test or control"), 7), Column(t("Severity"), 2), *which),
        "test": (Column(t("Test or control"), 7), *which),
    }
    parts = []
    for kind, (title, empty) in texts.items():
        rows = [_failing(t, currents) for (of_kind, *_), currents in collection.failing.items() if of_kind == kind]
        parts.append(cells.part(f"{kind}s", title, columns[kind], rows, empty))
    return tuple(parts)


def _failing(t: Translator, currents: list[Current]) -> tuple[Cell, ...]:
    count, names = cells.hosts_of(t, currents)
    first = currents[0]
    severity = (cells.severity_cell(t, first.failing.severity),) if first.failing.kind == "control" else ()
    result = toned(t, CHECK, first.failing.status)
    return (cells.failing_title(t, first), *severity, result, Cell(t.number(count)), Cell(names))


def decisions(collection: Collection, t: Translator) -> tuple[Part, ...]:
    """What supervisors decided, and what people and the toolkit propose."""
    columns = (
        Column(t("Day"), 2),
        Column(t("Record"), 5),
        Column(t("Decision"), 2),
        Column(t("By"), 3),
        Column(t("Remarks"), 5),
    )
    decided = [of for of in collection.readable if of.record.accountability.decision]
    decided.sort(key=lambda of: of.record.accountability.decided_at, reverse=True)
    rows = [
        (
            Cell(cells.day(t, account.decided_at)),
            cells.record_cell(t, of),
            toned(t, _DECISIONS, account.decision or ""),
            Cell(cells.person_text(t, account.decided_by)),
            Cell(account.remarks),
        )
        for of in decided
        for account in (of.record.accountability,)
    ]
    newest_first = list(reversed(collection.accounted))
    people = [(of, item) for of in newest_first for item in of.record.proposals.items if not item.candidate]
    return (
        cells.part("decisions", t("Decisions"), columns, rows, t("Nothing was decided yet.")),
        _proposals(t, "proposals", t("Improvement proposals"), people),
        _findings(collection, t),
    )


def _findings(collection: Collection, t: Translator) -> Part:
    """What all records together show, with the records that show it, and what was decided about it."""
    columns = (
        Column(t("What was seen"), 6),
        Column(t("What could be done"), 4),
        Column(t("Machines"), 3),
        Column(t("Records that show it"), 4),
        Column(t("Decision"), 3),
    )
    rows = (
        (
            Cell(observed(t, finding), note=finding.id),
            Cell(suggested(t, finding)),
            Cell(cells.hosts_text(t, finding.hosts, cells.MOST_HOSTS)),
            _evidence(t, finding),
            _decision(t, finding.decision),
        )
        for finding in findings(collection)
    )
    return cells.part(
        "findings",
        t("What could be better"),
        columns,
        rows,
        t("Nothing was found in the last runs that could be better."),
    )


def _evidence(t: Translator, finding: Finding) -> Cell:
    """The newest record that shows it by its link, and the names of some others."""
    newest, *others = finding.records
    names = [cells.name(of.source) for of in others[:_SHOWN_RECORDS]]
    more = t("and {count} more", count=t.number(len(others) - len(names))) if others[_SHOWN_RECORDS:] else ""
    note = ", ".join(filter(None, (*names, more)))
    return Cell(cells.name(newest.source), note=note, link=cells.report(t, newest.source))


def _decision(t: Translator, decision: Proposal | None) -> Cell:
    if decision is None:
        return Cell(t("not decided"), "info")
    by = cells.person_text(t, decision.by)
    return Cell(word(t, decision.decision), note=" · ".join(filter(None, (by, decision.reason))))


def _proposals(t: Translator, key: str, title: str, pairs: list[tuple[Readable, Proposal]]) -> Part:
    columns = (
        Column(t("Observation"), 5),
        Column(t("Proposal"), 5),
        Column(t("About"), 2),
        Column(t("Decision"), 3),
        Column(t("Record"), 4),
    )
    rows = (
        (
            Cell(item.observation, note=item.gain, language=t.mark("en") if item.candidate else ""),
            Cell(item.proposal),
            Cell(word(t, item.process)),
            Cell(word(t, item.decision) if item.decision else t("not decided"), note=item.reason),
            cells.record_cell(t, of),
        )
        for of, item in pairs
    )
    return cells.part(key, title, columns, rows, t("There are none."))
