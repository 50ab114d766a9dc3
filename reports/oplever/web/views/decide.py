"""A supervisor approves or rejects: with the password, about exactly what is on the page."""

from __future__ import annotations

from starlette.responses import Response

from oplever.app.desk import arrivals, sessions
from oplever.app.desk import provider as providers
from oplever.app.desk.deciding import decide
from oplever.errors import OpleverError
from oplever.page.blocks import Block, Cell, Paragraph
from oplever.page.parts import pairs
from oplever.page.reasons import missing_text
from oplever.page.vocabulary import MEANINGS, word
from oplever.record import own_work
from oplever.record.persons import among, supervisors
from oplever.web import gate
from oplever.web.collected import case_path, path_of
from oplever.web.parts import Field, Form, Link, Section, Ways
from oplever.web.views import provider
from oplever.web.views.records import Shown, front, shown
from oplever.web.visit import Visit


def show(visit: Visit) -> Response:
    """The first page, what a decision means, and the form; or why this person cannot decide."""
    of = shown(visit, visit.part("name"))
    visit.note_read(of.record.id)
    return _page(visit, of)


def _page(visit: Visit, of: Shown, problem: OpleverError | None = None) -> Response:
    t = visit.t
    try:
        own_work.check_role(of.record, visit.account.name, "supervisor")
    except OpleverError as refused:
        return gate.refusal(visit, refused)
    sections = [Section(t("Your decision"), (*_meaning(visit, of), *_parts(visit, of, problem)))]
    screen = front(visit, of, sections)
    return visit.show(screen, gate.status(problem) if problem else 200)


def _meaning(visit: Visit, of: Shown) -> tuple[Block, ...]:
    """What an approval says, what it covers, and what it proves."""
    t, record = visit.t, of.record
    blocks: list[Block] = [
        Paragraph(t("Approving means: {meaning}", meaning=t(MEANINGS["supervisor"]))),
        Paragraph(_proof(visit), "info"),
    ]
    assigned = supervisors(record)
    if assigned and among(visit.account.name, assigned) is None:
        text = t("The assignment names another supervisor: {names}.", names=", ".join(assigned))
        blocks.append(Paragraph(text, "warn"))
    if record.accountability.decision:
        text = t(
            "There is a decision already: {decision} by {name}. Yours comes in its place.",
            decision=word(t, record.accountability.decision),
            name=record.accountability.decided_by,
        )
        blocks.append(Paragraph(text, "warn"))
    missing = [
        missing_text(t, item.code, item.params)
        for item in record.completeness.missing
        if item.code != "decision_missing"
    ]
    if missing:
        text = t(
            "An approved record takes corrections only, and this is still missing: {texts}", texts="; ".join(missing)
        )
        blocks.append(Paragraph(text, "warn"))
    covers = (
        (t("You decide about"), Cell(record.id, code=True, note=t("revision {n}", n=record.document.revision))),
        (t("Digest of what is shown"), Cell(of.head.rpartition(":")[2], code=True)),
        (t("Code on paper"), Cell(of.code, code=True)),
    )
    return (*blocks, *pairs(*covers))


def _proof(visit: Visit) -> str:
    """What is behind a decision at the desk, for this account."""
    t, oidc = visit.t, providers.settings()
    if oidc and visit.account.identity and not visit.account.has_password:
        return t(
            "The desk signs your decision with its own key and names you. It proves that somebody decided here who had "
            "just logged in as you at {provider}; it is weaker than a signature with a key that only you have.",
            provider=providers.name_of(oidc),
        )
    return t(
        "The desk signs your decision with its own key and names you. It proves that somebody decided here who knew "
        "your password; it is weaker than a signature with a key that only you have."
    )


def _has_shown(visit: Visit, of: Shown) -> bool:
    """Whether this supervisor just logged in anew at the provider, for what is on this page."""
    session = visit.session.token if visit.session else ""
    return arrivals.has_proof(visit.database, session, provider.decision(of.directory.name, of.head))


def _parts(visit: Visit, of: Shown, problem: OpleverError | None) -> tuple[Paragraph | Ways | Form, ...]:
    """The form; before it the way to the provider, for an account that has no other way to show who it is."""
    t, oidc = visit.t, providers.settings()
    if visit.account.has_password or oidc is None:
        return (_form(visit, of, problem),)
    name = providers.name_of(oidc)
    if _has_shown(visit, of):
        text = t("You showed {provider} who you are. Decide within ten minutes.", provider=name)
        return Paragraph(text, "good"), _form(visit, of, problem)
    first = t("First show at {provider} who you are; then decide here.", provider=name)
    refused = problem.in_language(t) if problem else None
    words = (Paragraph(first), *((Paragraph(f"{refused.message}: {refused.advice}", "bad"),) if refused else ()))
    return *words, Ways((Link(t("Log in again at {provider}", provider=name), f"{path_of(of.directory.name)}/prove"),))


def _form(visit: Visit, of: Shown, problem: OpleverError | None) -> Form:
    t = visit.t
    refused = problem.in_language(t) if problem else None
    password = Field("password", t("Your password"), "password", required=True, completion="current-password")
    return Form(
        f"{path_of(of.directory.name)}/decide",
        (
            Field("head", "", "hidden", of.head),
            Field(
                "remarks", t("Remarks"), "long", visit.value("remarks"), t("With a rejection: what has to be mended.")
            ),
            *((password,) if visit.account.has_password else ()),
        ),
        (("approved", t("Approve")), ("rejected", t("Reject"))),
        problem=refused.message if refused else "",
        advice=refused.advice if refused else "",
    )


def send(visit: Visit) -> Response:
    """The decision. What is wrong with the form is shown beside it; what changed meanwhile on a page of its own."""
    of = shown(visit, visit.part("name"))
    try:
        _prove(visit, of)
        decide(
            of.directory, visit.account.name, visit.value("choice"), visit.value("remarks"), visit.value("head") or "-"
        )
    except OpleverError as problem:
        if problem.slug in ("login-refused", "login-throttled", "entry-invalid"):
            return _page(visit, of, problem)
        raise
    visit.desk.changed()
    path = case_path(of.directory.name) if of.record.incident else path_of(of.directory.name)
    return visit.go(f"{path}?done=decision")


def _prove(visit: Visit, of: Shown) -> None:
    """Raises OpleverError: `login-refused`, `login-throttled`."""
    if visit.account.has_password:
        sessions.prove(visit.database, visit.account.name, visit.value("password"), visit.address)
    else:
        session = visit.session.token if visit.session else ""
        arrivals.check_proof(visit.database, session, provider.decision(of.directory.name, visit.value("head")))
