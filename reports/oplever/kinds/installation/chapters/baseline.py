"""The security baseline: scores, failing controls, exceptions, and what other scanners say."""

from __future__ import annotations

from collections import Counter, defaultdict

from oplever.kinds.installation.chapters.tests import check_counts
from oplever.page.blocks import Cell, Column, Details, Paragraph, Tone
from oplever.page.parts import Blocks, english, in_language, machines_table, table, title_cell, titled
from oplever.page.translator import Translator
from oplever.page.view import SEVERITIES, View
from oplever.page.vocabulary import CHECK, SEVERITY, area, toned
from oplever.record import figures
from oplever.record.model import (
    BAD,
    Control,
    ExceptionGrant,
    Record,
    Regression,
    Score,
    SecondOpinion,
    Tally,
)
from oplever.record.persons import has_confirmed


def baseline(view: View, t: Translator) -> Blocks:
    section = view.record.baseline
    if not section.controls:
        return (*_exceptions(view, t), *_opinions(t, section.opinions))
    name = " ".join(part for part in (section.profile, section.version) if part)
    failing = view.failing_controls
    passing = [control for control in view.controls if control.after not in BAD]
    return (
        Paragraph(
            t("Checked against profile {profile}: {count}.", profile=name or "–", count=_control_count(t, failing)),
            "warn" if failing else "good" if any(control.after for control in section.controls) else "info",
        ),
        *_scores(view, t),
        *_tallies(t, section.tallies),
        *_worse(t, section.worse),
        *_areas(view, t),
        *table(t("Failing controls"), _control_columns(t, remedy=True), [_failing(t, c) for c in failing], 40),
        *_exceptions(view, t),
        *_opinions(t, section.opinions),
        *_passing(t, passing),
    )


def _control_count(t: Translator, failing: list[Control]) -> str:
    return (
        t.plural("{count} control fails", "{count} controls fail", len(failing)) if failing else t("no control fails")
    )


def inapplicable_text(t: Translator, count: int) -> str:
    return t.plural("{count} does not apply", "{count} do not apply", count)


def of_the_host_text(t: Translator, count: int) -> str:
    return t.plural("{count} belongs to the host of a container", "{count} belong to the host of a container", count)


def _denominator(t: Translator, score: Score, of_the_host: int) -> str:
    """Over how many controls a score goes, and why not over the others, but for those that could not be read, which
    have a column; `of_the_host` belong to the host of a container."""
    parts = [t("{measured} of {total} measured", measured=score.measured, total=score.total)]
    if score.not_applicable > score.not_measured:
        parts.append(inapplicable_text(t, score.not_applicable - score.not_measured))
    if of_the_host:
        parts.append(of_the_host_text(t, of_the_host))
    if score.not_measured > of_the_host:
        parts.append(t("{count} not looked at", count=score.not_measured - of_the_host))
    return ", ".join(parts)


def _score_cells(t: Translator, score: Score | None, of_the_host: int) -> tuple[Cell, ...]:
    if score is None:
        return (Cell(t("not measured"), "info"), Cell(""), Cell(""), Cell(""))
    return (
        Cell(
            t.number(score.score) if score.score is not None else "–",
            note=_denominator(t, score, min(of_the_host, score.not_measured)),
        ),
        Cell(t.number(score.passed)),
        Cell(t.number(score.failed), "bad" if score.failed else "good" if score.measured else "info"),
        Cell(t.number(score.errors), "bad" if score.errors else "plain"),
    )


def _scores(view: View, t: Translator) -> Blocks:
    rows, of_the_host = [], Counter(c.host for c in view.record.baseline.controls if figures.is_of_the_host(c))
    for host in view.scores.values():
        last, elsewhere = host.after or host.before, of_the_host[host.host]
        waived = Cell(t.number(last.waived)) if last else Cell("")
        stages = (cell for score in (host.before, host.after) for cell in _score_cells(t, score, elsewhere))
        rows.append((Cell(host.host), *stages, waived))
    columns = [
        Column(t("Machine"), 5),
        Column(t("Score before"), 8, True),
        Column(t("Passed before"), 4, True),
        Column(t("Failed before"), 4, True),
        Column(t("Unknown before"), 4, True),
        Column(t("Score after"), 8, True),
        Column(t("Passed after"), 4, True),
        Column(t("Failed after"), 4, True),
        Column(t("Unknown after"), 4, True),
        Column(t("Exceptions"), 7, True),
    ]
    return machines_table(t, t("Security score per machine, out of 100"), columns, rows)


def _tallies(t: Translator, tallies: tuple[Tally, ...]) -> Blocks:
    """Scores per area and severity; at the last delivery too, where there was one."""
    rows = [
        (
            Cell(area(t, tally.area) if tally.area else t("other")),
            Cell(t(SEVERITY[tally.severity][1])),
            *(Cell(_points(t, score)) for score in (tally.delivered, tally.before, tally.after)),
        )
        for tally in tallies
    ]
    columns = (
        Column(t("Area"), 2),
        Column(t("Severity"), 2),
        Column(t("Score at the last delivery"), 2, True),
        Column(t("Score before"), 2, True),
        Column(t("Score after"), 2, True),
    )
    caption = t("Security score per area and severity, out of 100")
    return (Details(caption, table(caption, columns, rows)),) if rows else ()


def _points(t: Translator, score: Score | None) -> str:
    return "–" if score is None or score.score is None else t.number(score.score)


def _worse(t: Translator, worse: tuple[Regression, ...]) -> Blocks:
    rows = [
        (
            Cell(t(SEVERITY[w.severity][1]), SEVERITY[w.severity][0]),
            Cell(w.host),
            Cell(w.control),
            toned(t, CHECK, w.was, w.delivered),
            Cell(t.moment(w.since), note=w.record) if w.since else Cell(t("seen in this run for the first time")),
        )
        for w in worse
    ]
    columns = (
        Column(t("Severity"), 2),
        Column(t("Machine"), 2),
        Column(t("Control"), 2),
        Column(t("At the last delivery"), 4),
        Column(t("Fails since"), 4),
    )
    return table(t("What got worse since the last delivery"), columns, rows, 40)


def _areas(view: View, t: Translator) -> Blocks:
    """Failing controls per area and severity, before and after the work; areas without any in a sentence."""
    areas: dict[str, dict[str, list[Control]]] = defaultdict(lambda: defaultdict(list))
    for control in view.record.baseline.controls:
        areas[control.area][control.severity].append(control)
    rows, quiet = [], []
    for letters, controls in sorted(areas.items()):
        name = area(t, letters)
        every = [control for group in controls.values() for control in group]
        if all(c.after in ("pass", "not_applicable") and c.before not in BAD for c in every):
            quiet.append(name)
        else:
            rows.append((Cell(name), *(_failing_of(t, severity, controls[severity]) for severity in SEVERITIES)))
    columns = (
        Column(t("Area"), 2),
        *(Column(t(SEVERITY[severity][1]).capitalize(), 2, True) for severity in SEVERITIES),
    )
    without = Paragraph(t("No failing controls in: {areas}.", areas=", ".join(quiet)), "info")
    return (
        *table(t("Controls that fail or could not be measured, per area and severity, before → after"), columns, rows),
        *((without,) if quiet else ()),
    )


def _failing_of(t: Translator, severity: str, controls: list[Control]) -> Cell:
    """`2 → 0`: how many fail before and after the work; a dash for what was not measured then."""
    before = [control.before in BAD for control in controls if control.before]
    after = [control.after in BAD for control in controls if control.after]
    tone: Tone = "plain"
    if any(after):
        tone = "bad" if severity == "high" else "warn"
    elif any(before) and after:
        tone = "good"
    first, last = (t.number(sum(failing)) if failing else "–" for failing in (before, after))
    return Cell(f"{first} → {last}" if controls else "–", tone)


def _control_columns(t: Translator, remedy: bool) -> tuple[Column, ...]:
    shared = (
        Column(t("Severity"), 2),
        Column(t("Machine"), 2),
        Column(t("Control"), 4),
        Column(t("Expected"), 3),
        Column(t("Found"), 3),
    )
    return (
        (*shared, Column(t("What to do"), 3))
        if remedy
        else (Column(t("Result"), 2), *shared[1:], Column(t("Before"), 2))
    )


def _control_note(control: Control) -> str:
    refs = ", ".join(f"{name} {' '.join(ids)}" for name, ids in control.refs.items())
    return " · ".join(part for part in (control.id, refs) if part)


def _failing(t: Translator, control: Control) -> tuple[Cell, ...]:
    tone, text = SEVERITY[control.severity]
    unknown = t(CHECK["error"][1]) if control.after == "error" else ""
    return (
        Cell(t(text), tone, note=unknown),
        Cell(control.host),
        title_cell(t, control.title, control.id, note=_control_note(control)),
        english(t, control.expected),
        english(t, control.found, "\n".join(part for part in (control.reason, control.evidence) if part)),
        title_cell(t, control.remedy),
    )


def _passing(t: Translator, controls: list[Control]) -> Blocks:
    areas: dict[str, list[Control]] = defaultdict(list)
    for control in controls:
        areas[control.area].append(control)
    details = []
    for letters in sorted(areas):
        rows = [
            (
                toned(t, CHECK, control.after or "", control.exception)
                if control.after
                else Cell(t("not measured"), "info"),
                Cell(control.host),
                title_cell(t, control.title, control.id, note=_control_note(control)),
                english(t, control.expected),
                english(t, control.found, control.reason),
                toned(t, CHECK, control.before) if control.before else Cell("–"),
            )
            for control in areas[letters]
        ]
        counts: Counter[str] = Counter(control.after or "" for control in areas[letters])
        caption = t("Other controls: {area}", area=area(t, letters))
        details.append(
            Details(caption, table(caption, _control_columns(t, remedy=False), rows), check_counts(t, counts))
        )
    return tuple(details)


_TOOLS = {"openscap": "OpenSCAP", "lynis": "Lynis"}


def _opinions(t: Translator, opinions: tuple[SecondOpinion, ...]) -> Blocks:
    """What other scanners say: the disagreements first and always, the rest folded."""
    if not opinions:
        return ()
    compared = [opinion for opinion in opinions if opinion.agrees is not None]
    apart = [opinion for opinion in compared if not opinion.agrees]
    text = t(
        "Second opinion of {tools}: {agreed} of {compared} comparable results agree; rules without a control: {rest}.",
        tools=", ".join(dict.fromkeys(_TOOLS[opinion.tool] for opinion in opinions)),
        agreed=t.number(len(compared) - len(apart)),
        compared=t.number(len(compared)),
        rest=t.number(sum(not opinion.controls for opinion in opinions)),
    )
    columns = (
        Column(t("Scanner"), 2),
        Column(t("Machine"), 2),
        Column(t("Rule"), 4),
        Column(t("Result of the scanner"), 2),
        Column(t("Our controls"), 2),
        Column(t("Our result"), 2),
        Column(t("Agreement"), 3),
    )
    folded = [opinion for opinion in opinions if opinion.agrees is not False]
    caption = t("Other second opinions")
    return (
        Paragraph(text, "warn" if apart else "good" if compared else "info"),
        *table(t("Second opinions that differ"), columns, [_opinion(t, opinion) for opinion in apart]),
        *((Details(caption, table(caption, columns, [_opinion(t, opinion) for opinion in folded])),) if folded else ()),
    )


def _opinion(t: Translator, opinion: SecondOpinion) -> tuple[Cell, ...]:
    agreement = {True: Cell(t("agree"), "good"), False: Cell(t("differ"), "bad"), None: Cell("–")}
    return (
        Cell(_TOOLS[opinion.tool]),
        Cell(opinion.host),
        Cell(opinion.rule, code=True, note=titled(t, opinion.title), note_language=in_language(t, opinion.title)),
        toned(t, CHECK, opinion.status, opinion.raw),
        Cell(", ".join(opinion.controls) or "–"),
        toned(t, CHECK, opinion.ours) if opinion.ours else Cell("–"),
        agreement[opinion.agrees],
    )


def approved_by(t: Translator, record: Record, grant: ExceptionGrant) -> str:
    """Who approved an exception, and who says so when it was not the approver in the record itself."""
    if has_confirmed(record, grant):
        return t("approved by {approver}", approver=grant.approver)
    if not grant.stated_by:
        return t("approved by {approver}, as stated in exceptions.yml", approver=grant.approver or t("nobody"))
    return t("approved by {approver}, as stated by {person}", approver=grant.approver, person=grant.stated_by)


def _approver(t: Translator, record: Record, grant: ExceptionGrant) -> Cell:
    """The same under the heading of a column."""
    if not grant.approver:
        return Cell(t("nobody"), "bad")
    if has_confirmed(record, grant):
        return Cell(grant.approver)
    stated = t("as stated by {person}", person=grant.stated_by) if grant.stated_by else t("as stated in exceptions.yml")
    return Cell(grant.approver, note=stated)


def exception_problem(t: Translator, grant: ExceptionGrant) -> str:
    """Why an exception does not count."""
    if not grant.problem:
        return ""
    if not grant.approver:
        return t("nobody approved it")
    return t("expired on {day}", day=t.day(grant.expires)) if grant.expires else grant.problem


def _exceptions(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(e.control, note=", ".join(view.in_order(e.hosts))),
            Cell(", ".join(e.values) or t("anything that the control finds")),
            Cell(e.reason, note=e.compensating),
            Cell(e.owner),
            _approver(t, view.record, e),
            Cell(t.day(e.expires)) if e.expires else Cell(t("no date"), "bad"),
            Cell(t("valid"), "good") if e.valid else Cell(t("does not count"), "bad", note=exception_problem(t, e)),
        )
        for e in view.record.baseline.exceptions
    ]
    columns = (
        Column(t("Control"), 2),
        Column(t("Approved value"), 3),
        Column(t("Reason and compensating measure"), 4),
        Column(t("Risk owner"), 2),
        Column(t("Approved by"), 3),
        Column(t("Until"), 2),
        Column(t("State"), 2),
    )
    return table(t("Exceptions"), columns, rows)
