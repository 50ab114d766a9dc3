"""Incidents: the queue, taking a report in, and the page of a case with what happens with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import structs
from starlette.responses import Response

from oplever import clock, store
from oplever.app import incident_rules, incidents
from oplever.app.add import changed_since
from oplever.app.desk import links
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.incident.states import COMMANDS, OPEN, possible
from oplever.page.blocks import Block, Cell, Column, Paragraph
from oplever.page.parts import Blocks, pairs, table, titled
from oplever.page.translator import Translator
from oplever.page.vocabulary import DOCUMENT_STATUS, toned
from oplever.record.entries import AnnexEntry, EntryKind
from oplever.record.model import Record
from oplever.record.model.incident_rules import Category
from oplever.store.cases import Case, cases
from oplever.text import clean
from oplever.web import forms, gate
from oplever.web.advice import in_browser
from oplever.web.collected import case_path
from oplever.web.parts import Field, Form, Link, Section, Ways
from oplever.web.views.accept import square
from oplever.web.views.gallery import photos
from oplever.web.views.lists import rest
from oplever.web.views.records import Shown, decided, front, history, papers, shown
from oplever.web.visit import Visit, unknown_page
from oplever.web.words import EVENTS

_MOST = 200
_ANSWER = "answer."
"""Before the name of a question of a category."""


def queue(visit: Visit) -> Response:
    """The open cases and closed ones with mail that nobody has read, the first to handle first; on request all."""
    t, is_all = visit.t, visit.parameter("all") == "yes"
    states = () if is_all else OPEN
    listed = visit.desk.read(("queue", is_all), lambda index: cases(index, states, with_unread=not is_all))
    visit.note_read("cases")
    rows = [_row(visit, case) for case in listed[:_MOST]]
    caption = t.plural("{count} report", "{count} reports", len(listed))
    heads = (
        Column(t("Priority"), 1),
        Column(t("Report"), 5),
        Column(t("Status"), 2),
        Column(t("Due"), 2),
        Column(t("Where"), 2),
        Column(t("Handled by"), 2),
    )
    shown_rows: Blocks = table(caption, heads, rows) + rest(t, listed, _MOST) or (Paragraph(t("Nothing."), "info"),)
    other = Link(t("Open reports alone"), "/cases") if is_all else Link(t("All reports"), "/cases?all=yes")
    ways = Ways((Link(t("Take a report in"), "/report"), other))
    return visit.show(visit.screen(t("Reports"), [Section("", (ways,)), Section(t("Queue"), shown_rows)]))


def _row(visit: Visit, case: Case) -> tuple[Cell, ...]:
    t, case = visit.t, clean(case)
    return (
        Cell(str(case.priority)) if case.priority else Cell(t("not classified"), "warn"),
        Cell(case.title or case.name, note=case.name, link=case_path(case.name)),
        _state(t, case),
        _due(t, case),
        Cell(case.place or ""),
        Cell(case.assignee or ""),
    )


def _state(t: Translator, case: Case) -> Cell:
    new = t.plural("{count} new mail", "{count} new mails", case.unread) if case.unread else ""
    return structs.replace(toned(t, DOCUMENT_STATUS, case.state), note=new)


def _due(t: Translator, case: Case) -> Cell:
    if not case.due:
        return Cell("")
    return Cell(t.moment(case.due), "bad", note=t("late")) if case.due < clock.now() else Cell(t.moment(case.due))


def show_report(visit: Visit) -> Response:
    """First what it is about; then what there is to ask about that."""
    return _report(visit)


def _report(visit: Visit, problem: OpleverError | None = None) -> Response:
    t, rules = visit.t, incident_rules.load().rules
    chosen = visit.value("category") or visit.parameter("category")
    category = rules.categories.get(chosen)
    title = t("Take a report in") if visit.may("handle_cases") else t("Report something")
    if category is None:
        ways = Ways(
            tuple(
                Link(titled(t, rule.title), f"/report?category={quote(name, safe='')}")
                for name, rule in rules.categories.items()
            )
        )
        return visit.show(visit.screen(title, [Section(t("What is it about?"), (ways,))]))
    refused = problem.in_language(t) if problem else None
    drawn = _report_fields(visit, category)
    labels = {field.name.removeprefix(forms.PREFIX): field.label for field in drawn}
    form = Form(
        "/report",
        (Field("category", "", "hidden", chosen), *drawn),
        (("", t("Send")),),
        problem=in_browser(t, refused.message, labels) if refused else "",
        advice=in_browser(t, refused.advice, labels) if refused else "",
    )
    blocks: list[Block] = []
    if category.first_help:
        blocks.append(Paragraph(t("Try this first: {text}", text=titled(t, category.first_help)), "good"))
    screen = visit.screen(title, [Section(titled(t, category.title), (*blocks, form))])
    return visit.show(screen, gate.status(problem) if problem else 200)


def _report_fields(visit: Visit, category: Category) -> list[Field]:
    """What is always asked, and the questions of the category; who takes reports in also says whose."""
    t = visit.t
    others = visit.may("handle_cases")
    wrong = t("What is wrong, in the words of the reporter") if others else t("What is wrong, in your own words")
    drawn = [Field("text", wrong, "long", visit.value("text"), required=True)]
    drawn.append(Field("place", t("Where it is: the room"), value=visit.value("place")))
    drawn.append(Field("machine", t("The machine it is about"), value=visit.value("machine")))
    for question in category.questions:
        name = _ANSWER + question.id
        label, value = titled(t, question.ask), visit.value(name)
        if question.type == "yes_no":
            choices = (("yes", t("yes")), ("no", t("no")))
            drawn.append(Field(name, label, "options", value, choices=choices, required=question.required))
        elif question.choices:
            choices_ = tuple((choice, choice) for choice in question.choices)
            drawn.append(Field(name, label, "options", value, choices=choices_, required=question.required))
        else:
            drawn.append(Field(name, label, value=value, required=question.required))
    if not others:
        return drawn
    preset = {"channel": "counter"}
    declared = {f.name: f for f in forms.drawn(t, registry.entry_kind("reported"), None, visit.form, preset)}
    named = [declared[forms.PREFIX + name] for name in ("reporter", "channel", "since")]
    levels = {f.name: f for f in forms.drawn(t, registry.entry_kind("classified"), None, visit.form)}
    classified = [
        structs.replace(field, required=False, choices=(("", t("not known yet")), *filter(_is_choice, field.choices)))
        for field in (levels[forms.PREFIX + name] for name in ("impact", "urgency"))
    ]
    reporter = structs.replace(named[0], label=t("Who reports it"), required=True)  # no machine comes to a counter
    return [reporter, *drawn, *named[1:], *classified, levels[f"{forms.PREFIX}lesson"]]


def _is_choice(choice: tuple[str, str]) -> bool:
    """Whether it is more than the line of a list by which nothing is chosen."""
    return bool(choice[0])


def report(visit: Visit) -> Response:
    """A new case. Who reports for himself gets a link by which the report can be followed without account."""
    rules = incident_rules.load().rules
    category = rules.categories.get(visit.value("category"))
    data: dict[str, Any] = {
        "channel": "other",
        "reporter": visit.account.name,
        "category": visit.value("category") or None,
        **{name: " ".join(visit.value(name).split()) or None for name in ("place", "machine")},
        "text": visit.value("text").replace("\r\n", "\n").strip(),
    }
    questions = category.questions if category else ()
    answers = [
        f"{q.id}={' '.join(visit.value(_ANSWER + q.id).split())}" for q in questions if visit.value(_ANSWER + q.id)
    ]
    data["answer"] = answers or None
    if visit.may("handle_cases"):
        data |= forms.values(registry.entry_kind("reported"), visit.form)
        data |= forms.values(registry.entry_kind("classified"), visit.form)
    try:
        directory, record = incidents.new(
            store.records_directory(), visit.account.name, {name: value for name, value in data.items() if value}
        )
    except OpleverError as problem:
        return _report(visit, problem)
    visit.desk.changed()
    path = case_path(directory.name) if visit.may("read_cases") else f"/reported/{directory.name}"
    visit.outcome = path
    return _taken_in(visit, directory.name, record)


def _taken_in(visit: Visit, name: str, record: Record) -> Response:
    t = visit.t
    token = links.make(visit.database, "follow", name, record.case.reporter, visit.account.name)
    address = f"{visit.desk.origin}/follow/{token}"
    number = name.rpartition("-")[2]
    days = t("The link works for {days} days.", days=links.VALID["follow"].days)
    blocks = (
        Paragraph(t("The report was taken in. Its number is {number}.", number=number), "good"),
        Paragraph(t("With this link {name} can follow it without account.", name=record.case.reporter) + f" {days}"),
        *(square(address) if visit.may("handle_cases") else ()),
        *pairs((t("Link"), Cell(address, link=address))),
    )
    links_ = [Link(t("Add a photo or file"), f"{visit.outcome}{'/annex' if visit.may('handle_cases') else ''}")]
    links_ += [Link(t("Open the case"), case_path(name))] if visit.may("read_cases") else []
    ways = Ways(tuple(links_))
    return visit.show(visit.screen(t("Report"), [Section("", (*blocks, ways))]))


def show(visit: Visit) -> Response:
    """The case file, with what can happen with it now. Who handles cases at the counter reads it here: documents are
    for others."""
    of = _case(visit)
    visit.note_read(of.record.id)
    t = visit.t
    files = papers(visit, of) if visit.may("read_documents") else ()
    sections = [
        Section(t("What you can do"), (Ways(_events(visit, of)), *files)),
        *_chapters(t, of),
        *photos(t, case_path(of.directory.name), of.record),
        history(t, of),
    ]
    return visit.show(structs.replace(front(visit, of, sections), note=decided(visit, of)))


def _chapters(t: Translator, of: Shown) -> Iterator[Section]:
    """The sections of the case file that are not empty; files and history have a place of their own on the page."""
    empty = Cell(t("empty"), "info")
    for section in of.page.sections:
        if section.key not in ("document", "annexes") and section.badge != empty:
            yield Section(section.title, section.blocks)


def _case(visit: Visit) -> Shown:
    of = shown(visit, visit.part("name"))
    if of.record.incident is None:
        raise unknown_page()
    return of


def _events(visit: Visit, of: Shown) -> tuple[Link, ...]:
    if not visit.may("handle_cases"):
        return ()
    t, path = visit.t, case_path(of.directory.name)
    case = of.record.case
    senseless = {*(() if case.leak else ("leak-told",)), *(() if case.unread else ("mail-read",))}
    names = [name for name in possible(of.record.status) if name in COMMANDS and name not in senseless]
    names += ["hours", "escalation"]
    takes = registry.of(of.record).takes
    ways = [
        Link(t(EVENTS.get(name, name)), f"{path}/{name}")
        for name in dict.fromkeys(names)
        if takes(of.record.status, _any(registry.entry_kind(name)))
    ]
    ways += [Link(t("Add a photo or file"), f"{path}/annex")] if takes(of.record.status, _any(AnnexEntry)) else []
    decide = [Link(t("Approve or reject"), f"/records/{of.directory.name}/decide")] if visit.may("decide") else []
    return (*ways, *decide)


def _any(kind: type[EntryKind]) -> Any:
    """Whether a record takes a kind of entry does not depend on what is in it."""
    return kind


def _kind(visit: Visit) -> type[EntryKind]:
    name = visit.part("kind")
    if name not in COMMANDS:
        raise unknown_page()
    return registry.entry_kind(name)


def show_event(visit: Visit) -> Response:
    kind, of = _kind(visit), _case(visit)
    visit.note_read(of.record.id)
    return _event(visit, of, kind)


def _event(visit: Visit, of: Shown, kind: type[EntryKind], problem: OpleverError | None = None) -> Response:
    t, name = visit.t, kind.tag()
    left_out = {f"{forms.PREFIX}passed_over", f"{forms.PREFIX}digest"}
    drawn = [field for field in forms.drawn(t, kind, of.record, visit.form) if field.name not in left_out]
    drawn = [_of_categories(t, field) for field in drawn]
    form = forms.form(t, f"{case_path(of.directory.name)}/{name}", drawn, t("Add"), head=of.head, problem=problem)
    about = Paragraph(t(forms.about(kind)))
    as_whom = Paragraph(t("It is added as {name}.", name=visit.account.name), "info")
    screen = visit.screen(of.page.title, [Section(t(EVENTS.get(name, name)), (about, as_whom, form))])
    return visit.show(screen, gate.status(problem) if problem else 200)


def _of_categories(t: Translator, field: Field) -> Field:
    """A category is chosen from those of the rules, and not typed."""
    if field.name != f"{forms.PREFIX}category":
        return field
    categories = incident_rules.load().rules.categories
    choices = (("", "–"), *((name, titled(t, category.title)) for name, category in categories.items()))
    return structs.replace(field, control="choice", choices=choices)


def add_event(visit: Visit) -> Response:
    """The event. What does not fit is told beside the form."""
    kind, of = _kind(visit), _case(visit)
    data = forms.values(kind, visit.form)
    data.pop("passed_over", None)
    try:
        _add(visit, of, kind.tag(), data)
    except OpleverError as problem:
        return _event(visit, of, kind, problem)
    visit.desk.changed()
    return visit.go(case_path(of.directory.name))


def _add(visit: Visit, of: Shown, kind: str, data: Mapping[str, Any]) -> None:
    """By the functions of the commands: some look at more than what was filled in."""
    by, directory, reason = visit.account.name, of.directory, str(data.get("reason", ""))
    if visit.value("head") != of.head:
        raise changed_since()
    if kind == "taken":
        incidents.take(directory, by, reason, after=of.head)
    elif kind == "merged":
        incidents.merge(directory, _other_case(visit, str(data.get("into", ""))), by, reason, after=of.head)
    elif kind == "retested" and data.get("record"):
        tested = visit.desk.record(str(data["record"]))
        incidents.retest(directory, by, tested, data.get("tests", ()), reason, after=of.head)
    else:
        incidents.add(directory, kind, by, data, after=of.head)


def _other_case(visit: Visit, name: str) -> Path:
    """A case by its name, or by the last six characters of it. Raises OpleverError (`record-unknown`)."""
    return store.with_ending(name.strip(), f"*-{incidents.KIND}") or visit.desk.record(name.strip())
