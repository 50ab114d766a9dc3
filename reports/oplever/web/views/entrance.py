"""Logging in and out, and one's own account."""

from __future__ import annotations

import os

from msgspec import structs
from starlette.responses import PlainTextResponse, Response

from oplever import store
from oplever.app.desk import accounts, sessions
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.page.blocks import Paragraph
from oplever.page.parts import pairs
from oplever.page.vocabulary import word
from oplever.web import drawing, gate
from oplever.web.parts import Field, Form, Section
from oplever.web.views import provider
from oplever.web.visit import Visit, inside, unknown_page
from oplever.web.words import ACCOUNT_PAGE, ROLES


def health(visit: Visit) -> Response:
    """200 when pages can be served: the database answered (the gate opened it), the directory of records can be read
    and the index opens; else 503 with the reason."""
    base = store.records_directory()
    try:
        with visit.desk.index(), os.scandir(base) as entries:
            next(entries, None)
    except OpleverError as problem:
        return PlainTextResponse(f"{problem.message}\n", 503)
    except OSError as problem:
        return PlainTextResponse(f"{unreadable(base, problem).message}\n", 503)
    return PlainTextResponse("ok\n")


def static(visit: Visit) -> Response:
    """A style sheet or a script; its name changes with it."""
    try:
        _, kind, content = drawing.static()[visit.request.url.path]
    except KeyError:
        raise unknown_page() from None
    return Response(content, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable"})


def show_login(visit: Visit) -> Response:
    return _login(visit)


def _login(visit: Visit, problem: OpleverError | None = None) -> Response:
    t = visit.t
    path = inside(visit.parameter("next") or visit.value("next"))
    shown = problem.in_language(t) if problem else None
    form = Form(
        "/login",
        (
            Field("name", t("Name"), value=visit.value("name"), required=True, completion="username"),
            Field("password", t("Password"), "password", required=True, completion="current-password"),
            Field("next", "", "hidden", path),
        ),
        (("", t("Log in")),),
        problem=shown.message if shown else "",
        advice=shown.advice if shown else "",
    )
    hint = Paragraph(t("Log in with your name as records have it, such as S. Yilmaz."))
    screen = visit.screen(t("Log in"), [Section("", (*provider.left(visit), *provider.ways(visit, path), hint, form))])
    return visit.show(screen, gate.status(problem) if problem else 200)


def log_in(visit: Visit) -> Response:
    """A new session, with a token that nobody had before."""
    try:
        token = sessions.begin(visit.database, visit.value("name"), visit.value("password"), visit.address)
    except OpleverError as problem:
        return _login(visit, problem)
    if visit.session:
        sessions.end(visit.database, visit.session)
    visit.cookies[visit.desk.cookie] = token
    visit.cookies[visit.desk.form_cookie] = None
    return visit.go(inside(visit.value("next")))


def log_out(visit: Visit) -> Response:
    if visit.session:
        sessions.end(visit.database, visit.session)
    visit.cookies[visit.desk.cookie] = None
    return visit.go(f"/login?{provider.LEFT}" if visit.account.identity else "/login")


def account(visit: Visit, problem: OpleverError | None = None, note: str = "") -> Response:
    t = visit.t
    roles = ", ".join(f"{word(t, role)} ({t(ROLES[role])})" for role in visit.roles)
    shown = problem.in_language(t) if problem else None
    form = Form(
        "/account",
        (
            Field("password", t("Present password"), "password", required=True, completion="current-password"),
            Field(
                "new",
                t("New password"),
                "password",
                hint=t("At least {least} characters: a sentence of four words or more.", least=accounts.SHORTEST),
                required=True,
                completion="new-password",
            ),
        ),
        (("", t("Change the password")),),
        title=t("Change the password"),
        problem=shown.message if shown else "",
        advice=shown.advice if shown else "",
    )
    identity = visit.account.identity or None
    facts = pairs((t("Name"), visit.account.name), (t("Roles"), roles), (t("Name where you log in"), identity))
    leave = Form("/logout", (), (("", t("Log out")),))
    password = (Section(t("Password"), (form,)),) if visit.account.has_password else ()
    screen = visit.screen(t(ACCOUNT_PAGE), [Section("", (*facts, leave)), *password])
    return visit.show(structs.replace(screen, note=note), gate.status(problem) if problem else 200)


def change_password(visit: Visit) -> Response:
    """Whoever was logged in with the account is logged out, this browser too."""
    try:
        sessions.prove(visit.database, visit.account.name, visit.value("password"), visit.address)
        accounts.change(visit.account.name, password=visit.value("new"))
    except OpleverError as problem:
        return account(visit, problem)
    return visit.go("/login")
