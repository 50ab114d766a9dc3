"""The week of a desk as a document."""

from __future__ import annotations

from datetime import timedelta

from oplever import clock
from oplever.kinds.incident.chapters.terms import CHANNELS, SATISFACTION, phrase
from oplever.kinds.incident.week import DeskCase, DeskWeek, Figures, state_at
from oplever.page.blocks import Block, Cell, Column, Organisation, Page, Paragraph
from oplever.page.document import labels
from oplever.page.parts import pairs, table, titled
from oplever.page.translator import Translator
from oplever.page.vocabulary import DOCUMENT_STATUS, toned
from oplever.text import clean


def desk_sheet(t: Translator, week: DeskWeek, organisation: Organisation | None = None) -> Page:
    """The page, without names of people."""
    week = clean(week)
    monday, sunday = week_days(t, week)
    first = clock.moment(week.first).astimezone(t.timezone)
    year, number, _ = first.isocalendar()
    name = clock.week_name(first)
    return Page(
        language=t.language,
        title=t("The desk in week {week} of {year}", week=number, year=year),
        kind=t("Week overview"),
        id=name,
        created=week.first,
        facts=(),
        status=Cell(f"{t.day(monday)} – {t.day(sunday)}"),
        verdict=None,
        summary=(
            *_not_over(t, week),
            *_figures(t, week),
            *_categories(t, week),
            *_channels(t, week),
            *_satisfaction(t, week),
            *_overdue(t, week),
            *_repeated_causes(t, week),
        ),
        sections=(),
        notes=(
            t("Times are in time zone {zone}.", zone=t.zone),
            t("Time limits are worked out with the priority that a report has now."),
        ),
        labels=labels(t, name),
        organisation=organisation,
    )


def week_days(t: Translator, week: DeskWeek) -> tuple[str, str]:
    """The first and the last day, as ISO 8601."""
    first, end = (clock.moment(moment).astimezone(t.timezone) for moment in (week.first, week.end))
    return first.date().isoformat(), (end - timedelta(days=1)).date().isoformat()


def _is_over(week: DeskWeek) -> bool:
    return week.until == week.end


def _not_over(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    if _is_over(week):
        return ()
    return (Paragraph(t("This week is not over yet: counted up to {moment}.", moment=t.moment(week.until)), "info"),)


def _figures(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    figures = week.figures
    return pairs(
        (t("Open at the beginning"), t.number(figures.open_before, 0)),
        (t("Came in"), t.number(figures.came_in, 0)),
        (t("Reopened"), t.number(figures.reopened, 0)),
        (t("Closed"), t.number(figures.closed, 0)),
        (t("Joined with another report"), t.number(figures.merged, 0)),
        (t("Open at the end") if _is_over(week) else t("Open now"), t.number(figures.open_after, 0)),
        (t("Of these too late"), Cell(t.number(figures.overdue, 0), "bad" if figures.overdue else "plain")),
        (t("Time limits not met"), Cell(t.number(figures.missed, 0), "warn" if figures.missed else "plain")),
    )


def _categories(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    rows = [
        (
            Cell(titled(t, category.title) or t("no category")),
            *(_number(t, value) for value in _columns(category.figures)),
            Cell(t.number(category.working_hours, 1) if category.working_hours is not None else "–"),
        )
        for category in week.categories
    ]
    columns = (
        Column(t("Category"), 4),
        Column(t("Came in"), 2, True),
        Column(t("Closed"), 2, True),
        Column(t("Open"), 2, True),
        Column(t("Too late"), 2, True),
        Column(t("Median working hours to a solution"), 3, True),
    )
    return table(t("By category"), columns, rows)


def _columns(figures: Figures) -> tuple[int, ...]:
    return figures.came_in, figures.closed, figures.open_after, figures.overdue


def _number(t: Translator, value: int) -> Cell:
    return Cell(t.number(value, 0))


def _channels(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    rows = [(Cell(phrase(t, CHANNELS, channel)), _number(t, count)) for channel, count in week.channels.items()]
    return table(t("How reports came in"), (Column(t("How"), 4), Column(t("Reports"), 2, True)), rows)


def _satisfaction(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    if not week.satisfied:
        return (Paragraph(t("No user was asked this week whether the solution is good."), "info"),)
    rows = [
        (toned(t, SATISFACTION, code), _number(t, week.satisfied[code]))
        for code in SATISFACTION
        if code in week.satisfied
    ]
    return table(t("Whether users are satisfied"), (Column(t("Satisfied"), 4), Column(t("Answers"), 2, True)), rows)


def _overdue(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    rows = [
        (
            Cell(row.title, note=row.name),
            Cell(t("priority {level}", level=row.case.priority) if row.case.priority else t("not determined yet")),
            toned(t, DOCUMENT_STATUS, state_at(row.case, week.until)),
            Cell(t.moment(min(target.due for target in row.case.targets if target.due and target.due < week.until))),
        )
        for row in sorted(week.overdue, key=_by_due)
    ]
    columns = (Column(t("Report"), 5), Column(t("Priority"), 2), Column(t("State"), 2), Column(t("Due"), 3))
    return table(t("Open and too late at the end") if _is_over(week) else t("Open and too late now"), columns, rows)


def _by_due(row: DeskCase) -> str:
    return min((target.due for target in row.case.targets if target.due), default="")


def _repeated_causes(t: Translator, week: DeskWeek) -> tuple[Block, ...]:
    rows = [
        (Cell(cause.cause), _number(t, len(cause.cases)), Cell(", ".join(name[-6:] for name in cause.cases)))
        for cause in week.repeated
    ]
    columns = (Column(t("Cause"), 5), Column(t("Reports"), 2, True), Column(t("Which"), 4))
    repeated = table(t("Causes of more than one report in four weeks"), columns, rows)
    return repeated or (Paragraph(t("No cause came back in the last four weeks."), "info"),)
