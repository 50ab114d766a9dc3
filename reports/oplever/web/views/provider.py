"""Logging in where the organisation logs in, and showing there anew who somebody is before he decides."""

from __future__ import annotations

import hmac
from urllib.parse import quote

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oplever.app.desk import arrivals, provider, sessions
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.page.blocks import Paragraph
from oplever.record import own_work
from oplever.text import clean_text
from oplever.web import gate
from oplever.web.collected import path_of
from oplever.web.parts import Link, Ways
from oplever.web.views.records import shown
from oplever.web.visit import Visit, inside

BACK = "/login/provider/back"
NOTICE = "/logout/provider/notice"
"""Where a provider says that somebody logged out there."""
LEFT = "left"
"""A parameter of the page where one logs in: somebody just logged out who has an identity at the provider."""


def ways(visit: Visit, path: str) -> tuple[Ways, ...]:
    """The way to the provider, on the page where somebody logs in; nothing where none is configured."""
    oidc = provider.settings()
    if oidc is None:
        return ()
    title = visit.t("Log in at {provider}", provider=provider.name_of(oidc))
    return (Ways((Link(title, f"/login/provider?next={quote(path)}"),)),)


def left(visit: Visit) -> tuple[Paragraph | Ways, ...]:
    """For who just logged out here, and would be let in at the provider without a password; a link, for a page whose
    forms lead nowhere else cannot send a browser there."""
    oidc = provider.settings()
    if oidc is None or LEFT not in visit.request.query_params:
        return ()
    name = provider.name_of(oidc)
    text = visit.t("You are logged out of the desk. At {provider} you may still be logged in.", provider=name)
    return Paragraph(text, "warn"), Ways((Link(visit.t("Log out at {provider}", provider=name), "/logout/provider"),))


def log_out(visit: Visit) -> Response:
    """To the provider, to log out there; it leads back to where one logs in."""
    where = provider.find(provider.configured())
    return RedirectResponse(provider.end_address(where, f"{visit.desk.origin}/login"), 303)


def leave(visit: Visit) -> Response:
    """To the provider, to log in."""
    return _away(visit, inside(visit.parameter("next")))


def prove(visit: Visit) -> Response:
    """To the provider, to show anew who it is that decides about this record as it is now."""
    of = shown(visit, visit.part("name"))
    own_work.check_role(of.record, visit.account.name, "supervisor")
    session = visit.session.token if visit.session else ""
    subject = decision(of.directory.name, of.head)
    return _away(visit, f"{path_of(of.directory.name)}/decide", session=session, subject=subject)


def decision(name: str, head: str) -> str:
    """What a proof is about: a decision about a record as it was shown."""
    return f"decide {name} {head}"


def _away(visit: Visit, path: str, *, session: str = "", subject: str = "") -> Response:
    where = provider.find(provider.configured())
    address, state = arrivals.send_away(visit.database, where, _callback(visit), path, session=session, subject=subject)
    visit.cookies[visit.desk.state_cookie] = state
    return RedirectResponse(address, 303)


def _callback(visit: Visit) -> str:
    return visit.desk.origin + BACK


def come_back(visit: Visit) -> Response:
    """From the provider: a new session, or a proof for the one that there is. Raises OpleverError."""
    oidc = provider.configured()
    state = visit.parameter("state")
    begun = visit.request.cookies.get(visit.desk.state_cookie, "")
    visit.cookies[visit.desk.state_cookie] = None
    if not state or not hmac.compare_digest(begun.encode(), state.encode()):
        raise provider.refused(oidc, M_("it was not begun in this browser"))
    if error := visit.parameter("error"):
        raise provider.refused(oidc, M_("it says {error}", error=clean_text(error)[:100]))
    if visit.parameter("iss") not in ("", oidc.issuer):
        raise provider.refused(oidc, M_("the answer is of another provider"))
    where = provider.find(oidc)
    arrival = arrivals.take_in(visit.database, where, state, visit.parameter("code"), _callback(visit))
    account = arrivals.account_of(visit.database, oidc, arrival.person)
    if arrival.subject:
        if visit.session is None or (visit.session.token, visit.account.login) != (arrival.session, account.login):
            raise provider.refused(oidc, M_("somebody else logged in there"))
        arrivals.keep_proof(visit.database, arrival.session, arrival.subject)
        return visit.go(arrival.path)
    if visit.session:
        sessions.end(visit.database, visit.session)
    token = sessions.begin_for(visit.database, account)
    arrivals.keep_origin(visit.database, token, arrival.person.origin)
    visit.cookies[visit.desk.cookie] = token
    visit.cookies[visit.desk.form_cookie] = None
    return visit.go(arrival.path)


def end_sessions(visit: Visit) -> Response:
    """The provider itself says that somebody logged out there; it is no browser, and what it sends is signed."""
    try:
        where = provider.find(provider.configured())
        arrivals.end_sessions(visit.database, provider.logged_out(where, visit.value("logout_token")))
    except OpleverError as problem:
        code = 400 if problem.slug == "provider-refused" else gate.status(problem)
        return PlainTextResponse(f"{problem.message}\n", code)
    return PlainTextResponse("")
