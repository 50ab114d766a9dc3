"""One's own report: how far it is, what was promised, and whether it is good; by account or by a link."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.responses import Response

from oplever import store
from oplever.app import incidents
from oplever.app.add import changed_since
from oplever.app.desk import links
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.incident.chapters.terms import SATISFACTION
from oplever.page.blocks import Cell, Paragraph
from oplever.page.parts import pairs
from oplever.page.translator import Translator
from oplever.page.vocabulary import DOCUMENT_STATUS, toned
from oplever.record.entries import AnnexEntry
from oplever.record.model import Incident, Record
from oplever.record.persons import same_person
from oplever.store import chain
from oplever.text import clean, clean_text
from oplever.web import gate
from oplever.web.parts import Field, Form, Section
from oplever.web.views import annexes
from oplever.web.views.gallery import gallery
from oplever.web.visit import Visit, unknown_page

_ANSWERS = ("yes", "no")
_MOST_MERGES = 10
_SOLVED = ("solved", "closed")
"""States in which the last solution is one."""


def show(visit: Visit) -> Response:
    """One's own report: another one is no page."""
    _, record = _own_case(visit)
    visit.note_read(record.id)
    return _case_page(visit)


def _case_page(visit: Visit, problem: OpleverError | None = None, *, of_answer: bool = False) -> Response:
    """`problem` is of a file that was not taken, or of an answer."""
    t, name = visit.t, visit.part("name")
    directory, record = _own_case(visit)
    path = f"/reported/{name}"
    parts = gallery(t, path, record, (visit.account.name,))
    if registry.of(record).takes(record.status, _any_annex()):
        parts = (*parts, annexes.form(visit, path, "", None if of_answer else problem))
    sections = [Section(t("Your photos and files"), parts)] if parts else []
    answer = _answer_form(visit, directory, record, f"{path}/answer", problem if of_answer else None)
    return _page(visit, record, [*answer, *sections], gate.status(problem) if problem else 200)


def _any_annex() -> Any:
    """Whether a record takes a file does not depend on what is in it."""
    return AnnexEntry


def _own_case(visit: Visit) -> tuple[Path, Record]:
    directory = visit.desk.record(visit.part("name"))
    record = store.load(directory)
    if record.incident is None or not same_person(record.incident.reporter, visit.account.name):
        raise unknown_page()
    return directory, record


def attach(visit: Visit) -> Response:
    """A file with one's own report."""
    directory, _ = _own_case(visit)
    try:
        annexes.attach(visit, directory)
    except OpleverError as problem:
        return _case_page(visit, problem)
    return visit.go(f"/reported/{directory.name}")


def answer(visit: Visit) -> Response:
    """Whether one's own report is solved well."""
    directory, _ = _own_case(visit)
    try:
        _confirm(visit, directory, visit.account.name)
    except OpleverError as problem:
        return _case_page(visit, problem, of_answer=True)
    return visit.go(f"/reported/{directory.name}")


def follow(visit: Visit) -> Response:
    """The same by a link, without account."""
    link = links.find(visit.database, "follow", visit.part("token"))
    visit.note_read(link.record, "/follow")
    return _followed_page(visit, visit.desk.record(link.record))


def answer_by_link(visit: Visit) -> Response:
    """The answer of the person whom the link is for."""
    link = links.find(visit.database, "follow", visit.part("token"))
    directory = visit.desk.record(link.record)
    try:
        _confirm(visit, directory, link.person)
    except OpleverError as problem:
        return _followed_page(visit, directory, problem)
    return visit.go(f"/follow/{visit.part('token')}")


def _followed_page(visit: Visit, directory: Path, problem: OpleverError | None = None) -> Response:
    record = store.load(directory)
    sections = _answer_form(visit, directory, record, f"/follow/{visit.part('token')}", problem)
    return _page(visit, record, sections, gate.status(problem) if problem else 200)


def _confirm(visit: Visit, directory: Path, person: str) -> None:
    """Added as said by the user himself. Raises OpleverError, as `incidents.add`, and when the case went on since."""
    satisfied = visit.value("satisfied")
    data = {"satisfied": satisfied if satisfied in _ANSWERS else "", "user": person}
    remark = visit.value("remark").replace("\r\n", "\n").strip()
    head = visit.value("head")
    if head != chain.head(directory):
        raise changed_since()
    incidents.add(directory, "confirmed", person, data | ({"remark": remark} if remark else {}), after=head)
    visit.desk.changed()


def _answer_form(
    visit: Visit, directory: Path, record: Record, path: str, problem: OpleverError | None
) -> list[Section]:
    """The question whether it is good, once there is a solution."""
    if record.status != "solved":
        return []
    t = visit.t
    refused = problem.in_language(t) if problem else None
    choices = (("yes", t("Yes, it works again")), ("no", t("No, it is not solved")))
    form = Form(
        path,
        (
            Field("head", "", "hidden", chain.head(directory)),
            Field("satisfied", t("Is it good?"), "options", visit.value("satisfied"), choices=choices, required=True),
            Field("remark", t("Remarks"), "long", visit.value("remark")),
        ),
        (("", t("Send")),),
        problem=refused.message if refused else "",
        advice=refused.advice if refused else "",
    )
    about = Paragraph(t("Your answer is added to the report. When it is not solved, somebody goes on with it."))
    return [Section(t("Your answer"), (about, form))]


def _page(visit: Visit, record: Record, more: Sequence[Section] = (), status: int = 200) -> Response:
    """What the reporter may know: how far it is, what he was told, and the solution; nothing about others."""
    t = visit.t
    shown_record = clean(record)
    case = shown_record.case
    facts = pairs(
        (t("Number"), clean_text(record.id.rpartition("-")[2])),
        (t("Status"), toned(t, DOCUMENT_STATUS, record.status)),
        (t("The report that goes on"), _goes_on(visit, record) if record.status == "merged" else None),
        (t("Reported on"), t.moment(case.reported_at) if case.reported_at else None),
        (t("What you reported"), case.text),
        (t("What you were told"), "\n".join(_promises(t, case))),
        (t("Solution"), case.solutions[-1].solution if case.solutions and record.status in _SOLVED else None),
        (t("What you said of it"), "\n".join(_own_answers(t, case))),
    )
    screen = visit.screen(shown_record.assignment.title, [Section("", facts), *more], kind=t("Your report"))
    return visit.show(screen, status)


def _goes_on(visit: Visit, record: Record) -> Cell | None:
    """How the case stands that this one was joined with; nothing else of it, for somebody else may have reported it."""
    for _ in range(_MOST_MERGES):
        if record.status != "merged":
            break
        try:
            record = store.load(visit.desk.record(record.case.merged_into))
        except OpleverError:
            return None
    else:
        return None
    return toned(visit.t, DOCUMENT_STATUS, record.status)


def _promises(t: Translator, case: Incident) -> list[str]:
    """What was promised to the reporter, and for when; what somebody else was told is not for him."""
    return [
        f"{t.moment(row.at)}: {row.how} ({t('when')}: {t.day(row.day)})"
        for row in case.contacts
        if not row.returned and same_person(row.user, case.reporter)
    ]


def _own_answers(t: Translator, case: Incident) -> list[str]:
    own = [row for row in case.confirmations if same_person(row.user, case.reporter)]
    words = [(row, t(SATISFACTION[row.satisfied][1])) for row in own]
    return [f"{t.moment(row.at)}: {word}{f'. {row.remark}' if row.remark else ''}" for row, word in words]
