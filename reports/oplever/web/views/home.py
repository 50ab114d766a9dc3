"""What waits for whoever is logged in."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from oplever.page.blocks import Paragraph
from oplever.page.parts import Blocks, table
from oplever.page.vocabulary import DOCUMENT_STATUS
from oplever.record.persons import same_person
from oplever.record.start import RUN
from oplever.store import query
from oplever.store.index import Index
from oplever.text import clean_text
from oplever.web.collected import path_of
from oplever.web.parts import Link, Part, Section, Ways
from oplever.web.views.lists import columns, readable, rest, rows
from oplever.web.visit import Visit
from oplever.words import Who

_MOST = 50


def show(visit: Visit) -> Response:
    """For a supervisor what is to be decided, for a technician the own work, for a reporter the own reports."""
    t, sections = visit.t, []
    with visit.desk.index() as index:
        if visit.may("decide"):
            sections.append(Section(t("Waits for your decision"), _waiting(visit, index, "supervisor")))
        if "technician" in visit.roles:
            sections.append(Section(t("Waits for you as technician"), _waiting(visit, index, "executor")))
        if visit.may("invite"):
            sections.append(Section(t("Waits for a user"), _waiting(visit, index, "user")))
        if visit.may("report"):
            report = Ways((Link(t("Report something"), "/report"),))
            sections.append(Section(t("What I reported"), (report, *_reports(visit, index))))
    if not sections:
        sections.append(Section("", (Paragraph(t("Nothing waits for you: you read what others do."), "info"),)))
    return visit.show(visit.screen(t("My work"), sections))


def _waiting(visit: Visit, index: Index, who: Who) -> tuple[Part, ...]:
    """What names me first, then what names nobody; what names others alone is theirs."""
    desk = visit.desk
    names = desk.read_in(index, ("waiting names", who), lambda index: query.waiting_names(index, who))
    me = [name for name in names if same_person(name, visit.account.name)]
    waiting = [
        desk.read_in(index, ("waiting", who, *people), partial(query.waiting, who=who, names=people))
        for people in (me, [""])
    ]
    names = [name for of in waiting for name in of]
    return _table(visit, index, names) if visit.may("read_records") else _invitations(visit, index, names)


def _invitations(visit: Visit, index: Index, names: list[str]) -> tuple[Part, ...]:
    """For who may let a user accept a record and not read it."""
    links = tuple(
        Link(clean_text(of.record.assignment.title or kept.name), f"{path_of(kept.name)}/invite")
        for kept in query.extracts_of(index, names[:_MOST])
        if (of := readable(kept)) is not None and of.record.kind == RUN
    )
    return (Ways(links), *rest(visit.t, names, _MOST)) if links else (Paragraph(visit.t("Nothing."), "info"),)


def _reports(visit: Visit, index: Index) -> tuple[Part, ...]:
    reported = visit.desk.read_in(index, ("reported by",), query.reported_by)
    names = [case for name in reported if same_person(name, visit.account.name) for case in reported[name]]
    if visit.may("read_cases"):
        return _table(visit, index, names)
    t = visit.t
    links = tuple(
        Link(f"{of.record.assignment.title} · {t(DOCUMENT_STATUS[of.record.status][1])}", f"/reported/{kept.name}")
        for kept in query.extracts_of(index, names[:_MOST])
        if (of := readable(kept)) is not None
    )
    return (Ways(links), *rest(t, names, _MOST)) if links else (Paragraph(t("Nothing."), "info"),)


def _table(visit: Visit, index: Index, names: list[str]) -> Blocks:
    t = visit.t
    shown = rows(visit, index, names[:_MOST])
    if not shown:
        return (Paragraph(t("Nothing."), "info"),)
    caption = t.plural("{count} record", "{count} records", len(names))
    return table(caption, columns(t), shown) + rest(t, names, _MOST)
