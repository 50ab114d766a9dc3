"""The one way in: every request passes here before a page is made.

In this order: the session, the language, the permission, where the request came from with the token of its form. What
goes wrong becomes a page with the message and the advice that the command line has, in the words of the desk.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from oplever.app.desk import once, sessions
from oplever.app.desk.permissions import Action, may
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.page.blocks import Paragraph
from oplever.page.parts import pairs
from oplever.page.translator import LANGUAGES, Translator
from oplever.store import desk as desk_store
from oplever.text import clean_text
from oplever.web import drawing
from oplever.web.advice import in_browser
from oplever.web.desk import Desk
from oplever.web.parts import Link, Screen, Section, Ways
from oplever.web.visit import Upload, Visit, frame_labels, other_language
from oplever.words import Language

Handler = Callable[[Visit], Response]
_MOST_FIELDS = 2000
_WAIT_SECONDS = 10.0
"""For what came of the same form that is still being answered."""
_STATUS = {
    "record-unknown": 404,
    "page-unknown": 404,
    "host-unknown": 404,
    "finding-unknown": 404,
    "week-invalid": 422,
    "link-unusable": 410,
    "not-permitted": 403,
    "form-refused": 403,
    "decision-by-executor": 403,
    "login-refused": 401,
    "login-throttled": 429,
    "provider-refused": 401,
    "provider-account": 403,
    "provider-none": 404,
    "provider-no-logout": 404,
    "record-changed": 409,
    "record-approved": 409,
    "record-altered": 409,
    "incident-state": 409,
    "incident-order": 409,
    "incident-open-ends": 409,
    "form-sent": 409,
    "annex-size": 413,
    "annex-type": 415,
    "entry-invalid": 422,
    "account-invalid": 422,
}
"""Status of HTTP by the code of an error; 503 for any other, since it is about the surroundings."""
LANGUAGE = "language"


class Way(NamedTuple):
    """A page or an action of the desk: where it is, what it takes, and who makes the answer. What a
    form sends twice is done once, unless it `may_repeat`. `page` is where the form stands, when that is elsewhere. What
    `is_of_server` another server sends, which has no page and proves itself."""

    path: str
    method: str
    action: Action
    handler: Handler
    takes_file: bool = False
    may_repeat: bool = False
    page: str = ""
    is_of_server: bool = False

    @property
    def is_form(self) -> bool:
        """Whether a browser sends it, by a form of a page of the desk."""
        return self.method == "POST" and not self.is_of_server


def endpoint(way: Way, desk: Desk) -> Callable[[Request], object]:
    """What the framework calls for a way."""

    async def answer(request: Request) -> Response:
        try:
            sent = await _form(request, way) if way.method == "POST" else _Sent({}, {})
        except (HTTPException, ValueError) as problem:
            return Response(f"the form cannot be read: {problem}", 400, media_type="text/plain")
        return await run_in_threadpool(_answer, way, desk, request, sent)

    return answer


class _Sent(NamedTuple):
    """What a form has: its fields, and files where the way takes one."""

    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[Upload]]


async def _form(request: Request, way: Way) -> _Sent:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return _Sent({}, {})
    most_files = 1 if way.takes_file else 0
    data: FormData = await request.form(max_files=most_files, max_fields=_MOST_FIELDS, max_part_size=1 << 17)
    fields: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(Upload(value.filename or "", await value.read()))
        else:
            fields.setdefault(name, []).append(value)
    await data.close()
    return _Sent(fields, files)


def _answer(way: Way, desk: Desk, request: Request, sent: _Sent) -> Response:
    t = Translator(_language(request))
    try:
        with desk_store.opened() as database:
            session = sessions.load(database, request.cookies.get(desk.cookie, ""))
            form_token = session.form_token if session else request.cookies.get(desk.form_cookie, "")
            visit = Visit(
                request, desk, database, session, sent.fields, form_token, t, sent.files, _page_of(way, request)
            )
            if not visit.form_token:
                visit.form_token = visit.cookies[desk.form_cookie] = secrets.token_urlsafe(32)
            return _with_cookies(visit, _guard(way, visit))
    except OpleverError as problem:  # the database itself
        return _plain(problem, t)


def _page_of(way: Way, request: Request) -> str:
    """The path of the page that is asked for, or has the form that was sent."""
    parts = {name: quote(str(value), safe="") for name, value in request.path_params.items()}
    return way.page.format(**parts) or request.url.path


def _guard(way: Way, visit: Visit) -> Response:
    try:
        if way.is_form:
            _check_origin(visit)
            visit.is_own_form = True
        if visit.session is None and way.action != "public":
            return _to_login(way, visit)
        if not may(visit.roles, way.action):
            raise OpleverError(
                "not-permitted",
                M_("your account may not do this"),
                M_("ask the administrator for the role: oplever web account change"),
            )
        if way.is_form:
            _check_token(visit)
        return way.handler(visit) if way.method == "GET" or way.may_repeat else _once(way, visit)
    except OpleverError as problem:
        return refusal(visit, problem)


def _to_login(way: Way, visit: Visit) -> Response:
    if way.method == "POST":
        raise OpleverError(
            "login-ended", M_("you are not logged in, or not any more; nothing was added"), M_("log in: /login")
        )
    path, query = visit.request.url.path, visit.request.url.query
    after = f"{path}?{query}" if query else path
    return RedirectResponse("/login" if after == "/" else f"/login?next={quote(after, safe='/')}", 303)


def _check_origin(visit: Visit) -> None:
    """A form is sent by a page of the desk itself; a browser says where it comes from."""
    site, origin = (visit.request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    is_ours = origin in visit.desk.origins if origin is not None else site == "same-origin"
    if not is_ours or site not in (None, "same-origin"):
        raise _refusal()


def _check_token(visit: Visit) -> None:
    if not visit.form_token or not hmac.compare_digest(visit.value("form_token").encode(), visit.form_token.encode()):
        raise _refusal()


def _once(way: Way, visit: Visit) -> Response:
    """The answer to a form, whose work is done once however often it is sent. Raises OpleverError: `form-refused` for
    a form without key, `form-sent` when it is not known what came of it the first time."""
    if not 16 <= len(visit.value("once")) <= 64:
        raise _refusal()
    contents = [file.content for files in visit.files.values() for file in files]
    form = once.form_digest(visit.request.url.path, visit.form, contents)
    end = time.monotonic() + _WAIT_SECONDS
    while (outcome := once.claim(visit.database, form)) is not None:
        if outcome:
            return visit.go(outcome)
        if time.monotonic() > end:
            raise OpleverError(
                "form-sent",
                M_("this form was sent before, and it is not known what came of it"),
                M_("look whether it was added; if not, open the page again and fill it in"),
            )
        time.sleep(0.1)
    try:
        response = way.handler(visit)
    except OpleverError:
        once.release(visit.database, form)
        raise
    if response.status_code >= 400:
        once.release(visit.database, form)
    else:
        once.settle(visit.database, form, visit.outcome or response.headers.get("location", "/"))
    return response


def _refusal() -> OpleverError:
    return OpleverError(
        "form-refused",
        M_("this form was not sent by a page of the desk, or is too old; nothing was added"),
        M_("open the page again and fill it in"),
    )


def refusal(visit: Visit, problem: OpleverError) -> Response:
    """A page that says what was wrong and what to do, with what was typed for nothing."""
    t = visit.t
    shown = problem.in_language(t)
    lines = [in_browser(t, line, {}) for line in (shown.message, *shown.details)]
    advice = Paragraph(f"→ {in_browser(t, shown.advice, {})} [{shown.slug}]")
    section = Section("", (*(Paragraph(line, "bad") for line in lines), advice, *_ways_on(visit, shown.slug)))
    return visit.show(visit.screen(t("This was not done"), [section, *_typed(visit)]), status(problem))


def _ways_on(visit: Visit, slug: str) -> tuple[Ways, ...]:
    """The way back to the form that was refused, over the login where that is needed."""
    if slug == "login-ended":
        return (Ways((Link(visit.t("Log in"), f"/login?next={quote(visit.page)}"),)),)
    if visit.is_own_form and slug not in ("not-permitted", "link-unusable"):
        return (Ways((Link(visit.t("Open the page again"), visit.page),)),)
    return ()


_NOT_TYPED = frozenset({"form_token", "once", "head", "next", "drawn", "password", "new"})
"""Fields that a page fills in, or that are shown to nobody."""


def _typed(visit: Visit) -> tuple[Section, ...]:
    """Texts of a form of ours that was refused, to copy; single words are typed again sooner. What another site sent is
    not shown: nobody here typed it."""
    if not visit.is_own_form:
        return ()
    texts = [text for name, values in visit.form.items() if name not in _NOT_TYPED for text in values]
    kept = pairs(*((visit.t("Text"), clean_text(text)) for text in texts if len(text.split()) > 1))
    advice = Paragraph(visit.t("Copy it if you want to use it again."))
    return (Section(visit.t("What you typed"), (advice, *kept)),) if kept else ()


def unknown(request: Request, code: int) -> Response:
    """The page for a path that is none of the desk: not even the name of the account is looked up."""
    t = Translator(_language(request))
    way = Ways((Link(t("To the first page"), "/"),))
    screen = Screen(
        language=t.language,
        title=t("This was not done"),
        kind=t("Desk"),
        sections=(Section("", (Paragraph(t("there is no such page"), "bad"), way)),),
        menu=(),
        labels=frame_labels(t),
        other=other_language(t, request.url.path, request),
    )
    return Response(drawing.draw(screen), code, media_type="text/html; charset=utf-8")


def status(problem: OpleverError) -> int:
    return _STATUS.get(problem.slug, 401 if problem.slug == "login-ended" else 503)


def _plain(problem: OpleverError, t: Translator) -> Response:
    shown = problem.in_language(t)
    return Response(f"{shown.message}\n-> {shown.advice}\n[{shown.slug}]\n", status(problem), media_type="text/plain")


def _language(request: Request) -> Language:
    """What was chosen, else what was chosen before, else the first one of the browser that there is."""
    accepted = (part.partition(";")[0].strip()[:2] for part in request.headers.get("accept-language", "").split(","))
    names = (request.query_params.get(LANGUAGE), request.cookies.get(LANGUAGE), *accepted)
    return "nl" if next((name for name in names if name in LANGUAGES), "en") == "nl" else "en"


def _with_cookies(visit: Visit, response: Response) -> Response:
    secure = visit.desk.is_secure
    chosen = visit.parameter(LANGUAGE)
    if chosen in ("nl", "en"):
        response.set_cookie(LANGUAGE, chosen, max_age=31_536_000, secure=secure, httponly=True, samesite="lax")
    for name, value in visit.cookies.items():
        if value is None:
            response.delete_cookie(name, secure=secure, httponly=True, samesite="lax")
        else:
            response.set_cookie(name, value, secure=secure, httponly=True, samesite="lax")
    return response
