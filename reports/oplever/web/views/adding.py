"""Add to a record: everything that `oplever add` takes, in forms made of the same declarations."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from starlette.responses import Response

from oplever.app.add import add
from oplever.app.complete import Lacking, Question, lacking
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.base import about
from oplever.page.blocks import Bullets, Cell, Paragraph
from oplever.page.vocabulary import history_text, word
from oplever.record.entries import KINDS, EntryKind
from oplever.record.entries.fields import typed_fields
from oplever.web import forms, gate
from oplever.web.collected import case_path, path_of
from oplever.web.parts import Link, Part, Section, Ways
from oplever.web.views.records import Shown, shown
from oplever.web.visit import Visit, unknown_page

ADDED = {name: kind for name, kind in KINDS.items() if name != "decision"}
"""A decision has a page of its own, with the password."""


def choose(visit: Visit) -> Response:
    """What is still needed comes first, then everything that can be added. What is added to a case, its page says."""
    t, of = visit.t, shown(visit, visit.part("name"))
    if of.record.incident is not None:
        return visit.go(case_path(of.directory.name))
    visit.note_read(of.record.id)
    path = f"{path_of(of.directory.name)}/add"
    takes = registry.of(of.record).takes
    status = of.record.status  # whether a record takes a kind does not depend on what is in the entry
    anything = [
        Link(history_text(t, name), f"{path}/{name}")
        for name, kind in ADDED.items()
        if takes(status, cast(EntryKind, kind))
    ]
    sections = [
        Section(t("Still needed"), _needed(visit, of, path) or (Paragraph(t("Nothing."), "info"),)),
        Section(t("Anything else"), (Ways(tuple(anything)),) if anything else (Paragraph(t("Nothing."), "info"),)),
    ]
    return visit.show(visit.screen(of.page.title, sections, kind=t("Add something")))


def _needed(visit: Visit, of: Shown, path: str) -> tuple[Part, ...]:
    """The forms for what a record lacks, and where else the rest of it comes from; nothing when it lacks nothing."""
    t, missing = visit.t, lacking(of.record)
    links = tuple(link for question in missing.questions for link in _ways(visit, path, question))
    others = [question for question in missing.questions if question.kind == "decision" and not visit.may("decide")]
    return (
        *((Ways(links),) if links else ()),
        *(Paragraph(f"{word(t, question.who).capitalize()}: {t(question.text)}") for question in others),
        *(Paragraph(t("A run that looks and tests supplies this: {text}", text=t(text))) for text in missing.sentences),
        *_typed(visit, of.directory.name, missing),
    )


def _typed(visit: Visit, name: str, missing: Lacking) -> tuple[Part, ...]:
    """What has no form here, with the command that adds it."""
    t = visit.t
    lines = tuple(
        Cell(t(question.text), note=about(registry.entry_kind(question.kind).declaration.command, name))
        for question in missing.questions
        if question.kind not in KINDS
    )
    return (Paragraph(t("This is added on the command line:")), Bullets(lines)) if lines else ()


def _ways(visit: Visit, path: str, question: Question) -> list[Link]:
    """The form that supplies it, and the statement that there is none where somebody may make that."""
    t = visit.t
    if question.kind == "decision":
        return [Link(t(question.text), f"{path.removesuffix('add')}decide")] if visit.may("decide") else []
    if question.kind not in ADDED:
        return []
    preset = f"?{urlencode(question.preset)}" if question.preset else ""
    links = [Link(t(question.text), f"{path}/{question.kind}{preset}")]
    if question.none_of:
        links.append(Link(t("{what}: there are none", what=t(question.text)), f"{path}/none?what={question.none_of}"))
    return links


def _kind(visit: Visit) -> type[EntryKind]:
    try:
        return ADDED[visit.part("kind")]
    except KeyError:
        raise unknown_page() from None


def show(visit: Visit) -> Response:
    kind, of = _kind(visit), shown(visit, visit.part("name"))
    visit.note_read(of.record.id)
    return _page(visit, of, kind)


def _page(visit: Visit, of: Shown, kind: type[EntryKind], problem: OpleverError | None = None) -> Response:
    t, name = visit.t, kind.tag()
    preset = {field.name: visit.parameter(field.name) for field in typed_fields(kind) if visit.parameter(field.name)}
    drawn = forms.drawn(t, kind, of.record, visit.form, preset)
    form = forms.form(t, f"{path_of(of.directory.name)}/add/{name}", drawn, t("Add"), head=of.head, problem=problem)
    about = Paragraph(t(forms.about(kind)))
    as_whom = Paragraph(t("It is added as {name}.", name=visit.account.name), "info")
    screen = visit.screen(of.page.title, [Section(history_text(t, name).capitalize(), (about, as_whom, form))])
    return visit.show(screen, gate.status(problem) if problem else 200)


def send(visit: Visit) -> Response:
    """Add the entry. What is wrong is told beside the form, which keeps what was filled in; a form that is sent twice
    adds once."""
    kind, directory = _kind(visit), visit.desk.record(visit.part("name"))
    try:
        add(directory, kind.tag(), visit.account.name, forms.values(kind, visit.form), after=visit.value("head") or "-")
    except OpleverError as problem:
        return _page(visit, shown(visit, directory.name), kind, problem)
    visit.desk.changed()
    return visit.go(path_of(directory.name))
