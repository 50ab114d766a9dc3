"""The hours of a week: everybody's own, and those of all for who accounts for them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from oplever.app import forms
from oplever.clock import week_name
from oplever.overview.pages import people as months
from oplever.page.blocks import Cell, Column, Paragraph, Signatures
from oplever.page.parts import table
from oplever.page.translator import Translator
from oplever.page.week import WorkedHours, week_sheet
from oplever.record.persons import same_person
from oplever.web.parts import Field, Form, Link, Part, Section, Ways
from oplever.web.views.overview import sections_of
from oplever.web.visit import Visit, unknown_page


def show(visit: Visit) -> Response:
    """A week: the sheet of one person, or the sums of all; and the months."""
    t, monday, person = visit.t, _monday(visit), _person(visit)
    name = week_name(monday)
    visit.note_read(f"hours {name} {person}".strip())
    collection = visit.desk.collection()
    first, last = monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    lines = [line for line in collection.hours if first <= line.day <= last]
    week = _sheet(t, person, monday, lines) if person else _sums(t, monday, lines)
    sections = [
        Section("", (_choice(visit, monday, person), _neighbours(t, monday, person))),
        Section(t("Week {week}, {first} to {last}", week=name, first=t.day(first), last=t.day(last)), week),
    ]
    if not person:
        sections += sections_of(t, collection, months.hours(collection, t))
    return visit.show(visit.screen(t("Hours by week"), sections))


def _person(visit: Visit) -> str:
    """Whose hours are shown: who may not see those of others sees the own ones."""
    return visit.parameter("person").strip()[:100] if visit.may("read_all_hours") else visit.account.name


def _monday(visit: Visit) -> date:
    """Of the week in the address, else of this week. Raises OpleverError (`week-invalid`)."""
    if week := visit.parameter("week").strip()[:20]:
        return forms.monday_of(week)
    today = datetime.now(visit.t.timezone).date()
    return today - timedelta(days=today.weekday())


def _address(monday: date, person: str, path: str = "/hours") -> str:
    week = week_name(monday)
    return f"{path}?{urlencode({'week': week, 'person': person} if person else {'week': week})}"


def _choice(visit: Visit, monday: date, person: str) -> Form:
    t = visit.t
    fields = [Field("week", t("Week"), value=week_name(monday), hint=t("As 2026-W48."))]
    if visit.may("read_all_hours"):
        fields.append(Field("person", t("Person"), value=person, hint=t("Leave it empty for everybody.")))
    return Form("/hours", tuple(fields), (("", t("Show")),), method="get", is_inline=True)


def _neighbours(t: Translator, monday: date, person: str) -> Ways:
    before, after = monday - timedelta(weeks=1), monday + timedelta(weeks=1)
    links = [Link(t("Week before"), _address(before, person)), Link(t("Week after"), _address(after, person))]
    if person:
        links.append(Link(t("Week sheet to sign (PDF)"), _address(monday, person, "/hours/sheet")))
    return Ways(tuple(links))


def _sheet(t: Translator, person: str, monday: date, lines: list[WorkedHours]) -> tuple[Part, ...]:
    """What is on the week sheet, without the lines to sign on paper."""
    mine = [line for line in lines if same_person(line.person, person)]
    if not mine:
        return (Paragraph(t("{person} gave no hours for this week.", person=person), "info"),)
    return tuple(block for block in week_sheet(t, person, monday, mine).summary if not isinstance(block, Signatures))


def _sums(t: Translator, monday: date, lines: list[WorkedHours]) -> tuple[Part, ...]:
    rows = []
    for person in forms.people_of(lines):
        worked = sum(line.hours for line in lines if same_person(line.person, person))
        rows.append((Cell(person, link=_address(monday, person)), Cell(t.number(worked, 2))))
    columns = (Column(t("Person"), 5), Column(t("Hours spent"), 2, True))
    return table(t("Hours by person"), columns, rows) or (Paragraph(t("Nobody gave hours."), "info"),)


def sheet(visit: Visit) -> Response:
    """The week sheet as a document to sign."""
    monday, person = _monday(visit), _person(visit)
    if not person:
        raise unknown_page()
    visit.note_read(f"hours {week_name(monday)} {person}")
    content = forms.hours(forms.week(monday), person, monday, visit.t.language, "pdf")
    headers = {"content-disposition": f'inline; filename="{week_name(monday)}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
