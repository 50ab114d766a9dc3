"""A user goes through the work and accepts it: on a tablet or a phone, by a link that works once, without account."""

from __future__ import annotations

import hashlib
import io
from base64 import b64encode

from starlette.responses import Response

from oplever import extras
from oplever.app.add import add
from oplever.app.desk import links
from oplever.app.desk.links import Link
from oplever.errors import OpleverError
from oplever.kinds.installation.chapters.acceptance import FormItem
from oplever.kinds.installation.chapters.acceptance import form as checklist
from oplever.messages import M_
from oplever.page.blocks import Block, Cell, Paragraph
from oplever.page.parts import names_of, pairs
from oplever.page.view import View
from oplever.page.vocabulary import ACCEPTANCE
from oplever.record import figures, own_work
from oplever.record.entries.typed import person
from oplever.record.persons import same_person
from oplever.record.start import RUN
from oplever.text import clean
from oplever.web import gate
from oplever.web.advice import in_browser
from oplever.web.collected import path_of
from oplever.web.parts import Field, Form, Picture, Section
from oplever.web.views.records import Shown, shown
from oplever.web.visit import Visit, unknown_page

_ANSWERS = 200
"""Lines of a form that are asked on a screen; no form has as many."""
_QR_PIXELS = 260


def show_invite(visit: Visit) -> Response:
    of = _installation(visit)
    visit.note_read(of.record.id)
    return _invitation(visit, of)


def _invitation(visit: Visit, of: Shown, problem: OpleverError | None = None) -> Response:
    t = visit.t
    refused = problem.in_language(t) if problem else None
    name = visit.value("user") if visit.form else of.record.assignment.requested_by
    field = Field("user", t("Name of the user"), value=name, required=True)
    labels = {field.name: field.label}
    form = Form(
        f"{path_of(of.directory.name)}/invite",
        (field,),
        (("", t("Make a link")),),
        problem=in_browser(t, refused.message, labels) if refused else "",
        advice=in_browser(t, refused.advice, labels) if refused else "",
    )
    about = Paragraph(t("The link opens a page on which this user accepts the work or not. It works once, for a day."))
    screen = visit.screen(of.page.title, [Section(t("Let a user accept it"), (about, form))])
    return visit.show(screen, gate.status(problem) if problem else 200)


def invite(visit: Visit) -> Response:
    """The link, as text and as a square for the camera of a phone. It is shown this once."""
    of, t = _installation(visit), visit.t
    try:
        user = person("user", visit.value("user"))
        own_work.check_role(of.record, user, "user")
    except OpleverError as problem:
        return _invitation(visit, of, problem)
    token = links.make(visit.database, "accept", of.directory.name, user, visit.account.name)
    address = f"{visit.desk.origin}/accept/{token}"
    visit.outcome = f"{path_of(of.directory.name)}/invite"
    advice = Paragraph(t("Give this to {user}, or hold this screen out to the camera of a phone.", user=user))
    once = Paragraph(t("It is not shown again: with it anybody can answer as {user}.", user=user), "warn")
    parts = (advice, *square(address), *pairs((t("Link"), Cell(address, link=address))), once)
    return visit.show(visit.screen(of.page.title, [Section(t("Let a user accept it"), parts)]))


def square(address: str) -> tuple[Picture, ...]:
    """A link as a square for the camera of a phone. Without the library that draws it there is the link alone."""
    try:
        segno = extras.load("segno", "pdf")
    except OpleverError:
        return ()
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", scale=1, border=4, dark="#000", light="#fff")
    return (Picture(_data(out.getvalue()), address, _QR_PIXELS),)


def _data(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


def _installation(visit: Visit) -> Shown:
    of = shown(visit, visit.part("name"))
    if of.record.kind != RUN:
        raise unknown_page()
    return of


def show(visit: Visit) -> Response:
    link = links.find(visit.database, "accept", visit.part("token"))
    visit.note_read(link.record, "/accept")
    return _page(visit, link, shown(visit, link.record))


def _page(visit: Visit, link: Link, of: Shown, problem: OpleverError | None = None) -> Response:
    t = visit.t
    refused = problem.in_language(t) if problem else None
    hello = Paragraph(
        t("You answer as {user}. {person} opened this page for you.", user=link.person, person=link.made_by)
    )
    form = Form(
        f"/accept/{visit.part('token')}",
        (Field("head", "", "hidden", of.head), *_questions(visit, of), *_verdict(visit, link)),
        (("", t("Send")),),
        problem=refused.message if refused else "",
        advice=refused.advice if refused else "",
    )
    screen = visit.screen(
        of.page.title,
        [Section(t("What it is about"), (hello, *_job(visit, of))), Section(t("Your answer"), (form,))],
        kind=t("Check with the user"),
    )
    return visit.show(screen, gate.status(problem) if problem else 200)


def _job(visit: Visit, of: Shown) -> tuple[Block, ...]:
    """What the work was, and what is left to do; nothing about hours, tests or security."""
    t, record = visit.t, clean(of.record)
    points = [point.item for point in figures.open_points(record)]
    return pairs(
        (t("Machines"), names_of(t, [system.name for system in record.systems], 20)),
        (t("Carried out on"), t.day(record.document.started) if record.document.started else None),
        (t("Open points"), "\n".join(points) or t("none stated")),
    )


def _questions(visit: Visit, of: Shown) -> list[Field]:
    t, items = visit.t, checklist(View.of(clean(of.record)), visit.t)[:_ANSWERS]
    choices = (("yes", t("as wanted")), ("no", t("not as wanted")))
    return [
        Field(_field_name(item), item.line.text, "options", visit.value(_field_name(item)), choices=choices)
        for item in items
    ]


def _field_name(item: FormItem) -> str:
    """By what the line says, in every language: an answer stays with its line when lines came before it meanwhile."""
    names = "\0".join(sorted(item.names))
    return f"item-{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def _verdict(visit: Visit, link: Link) -> list[Field]:
    t = visit.t
    verdicts = tuple((code, t(words).capitalize()) for code, (_, words) in ACCEPTANCE.items())
    return [
        Field("remarks", t("Remarks"), "long", visit.value("remarks")),
        Field("verdict", t("What I think of it"), "options", visit.value("verdict"), choices=verdicts, required=True),
        Field("drawn", t("Sign here"), "drawing", hint=t("Begin again")),
        Field(
            "typed",
            t("Or type your name"),
            value=visit.value("typed"),
            hint=t("Your name, as at the top of this page, in place of a drawn signature."),
        ),
    ]


def send(visit: Visit) -> Response:
    """The acceptance, under the name that the link is for. When it is refused the link works again."""
    link = links.find(visit.database, "accept", visit.part("token"))
    of = shown(visit, link.record)
    try:
        data = _answer(visit, link, of)
        links.use(visit.database, link)
        try:
            add(of.directory, "acceptance", link.person, data, after=visit.value("head") or "-")
        except OpleverError:
            links.release(visit.database, link)
            raise
    except OpleverError as problem:
        if problem.slug == "link-unusable":
            raise
        return _page(visit, link, of, problem)
    visit.desk.changed()
    return visit.go(f"/accept/{visit.part('token')}/done")


def done(visit: Visit) -> Response:
    """After the answer: the link itself works no more."""
    links.find(visit.database, "accept", visit.part("token"), is_used=True)
    t = visit.t
    thanks = Paragraph(t("Thank you. Your answer is in the record."), "good")
    return visit.show(visit.screen(t("Check with the user"), [Section("", (thanks,))]))


def _answer(visit: Visit, link: Link, of: Shown) -> dict[str, object]:
    """What was filled in. Raises OpleverError (`entry-invalid`) without a signature, drawn or typed."""
    t = visit.t
    drawn, typed = visit.value("drawn"), visit.value("typed").strip()
    if not drawn and not same_person(typed, link.person):
        raise OpleverError(
            "entry-invalid",
            M_("it is not signed"),
            M_("draw your signature, or type your name: {name}", name=link.person),
        )
    items = checklist(View.of(clean(of.record)), t)[:_ANSWERS]
    answers = {item.line.text: visit.value(_field_name(item)) for item in items}
    *lines, last = answers or {"": ""}
    data: dict[str, object] = {
        "user": link.person,
        "verdict": visit.value("verdict"),
        "as_wanted": [text for text in lines if answers[text] == "yes"],
        "not_as_wanted": [text for text in (*lines, last) if answers.get(text) == "no"],
        "remarks": visit.value("remarks").replace("\r\n", "\n").strip() or None,
        "instructed": "yes" if answers.get(last) == "yes" else "no",
        "drawn": drawn,
        "opened_by": link.made_by,
        "shown": of.head,
    }
    return {name: value for name, value in data.items() if value not in (None, [], "")}
