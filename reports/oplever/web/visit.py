"""One request: who asks for what, in which language, and how it is answered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from oplever.app.desk import reads
from oplever.app.desk.accounts import Account
from oplever.app.desk.permissions import Action, Role, may
from oplever.app.desk.sessions import Session
from oplever.app.organisation import organisation
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.page.document import labels
from oplever.page.translator import Translator
from oplever.page.vocabulary import word
from oplever.store.database import Database
from oplever.web import drawing
from oplever.web.parts import Link, Screen, Section
from oplever.web.words import ACCOUNT_PAGE, MENU

if TYPE_CHECKING:
    from oplever.web.desk import Desk


class Upload(Struct, frozen=True):
    """A file that was sent: `name` is what the browser calls it, and nothing to rely on."""

    name: str
    content: bytes


@dataclass
class Visit:
    """`form` are the values of the fields that were sent, `files` the files, by the name of their field; `form_token`
    is what a form of this browser has to hold. `page` is the path of the page that is asked for or that has the form;
    once it is certain that no other site sent it, the form `is_own_form`. `cookies` are put into the answer: name ->
    value, None takes one away. Who sends the same form again is led to `outcome`, when the answer itself leads
    nowhere."""

    request: Request
    desk: Desk
    database: Database
    session: Session | None
    form: Mapping[str, Sequence[str]]
    form_token: str
    t: Translator
    files: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    page: str = "/"
    is_own_form: bool = False
    cookies: dict[str, str | None] = field(default_factory=dict)
    outcome: str = ""

    @property
    def account(self) -> Account:
        """Whoever is logged in; only where the table of permissions asks for it."""
        assert self.session is not None  # the gate lets nobody else in  # noqa: S101
        return self.session.account

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.session.account.roles if self.session else ()

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else ""

    def may(self, action: Action) -> bool:
        return may(self.roles, action)

    def value(self, name: str) -> str:
        """The first value of a field; empty when it was not sent."""
        values = self.form.get(name) or ("",)
        return values[0]

    def parameter(self, name: str) -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, "")

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def note_read(self, subject: str, action: str = "") -> None:
        """Keep that this page, which names people, was looked at; `action` for a page whose path is a secret."""
        login = self.session.account.login if self.session else ""
        reads.note(self.database, login, action or self.request.url.path, subject, self.address)

    def screen(self, title: str, sections: Sequence[Section] = (), *, kind: str = "") -> Screen:
        """A page in the frame of the desk."""
        t, address = self.t, self.page
        menu = tuple(
            Link(t(name), path, is_here=path == address or (path != "/" and address.startswith(f"{path}/")))
            for path, name, action in MENU
            if self.session and self.may(action)
        )
        account = self.session.account if self.session else None
        return Screen(
            language=t.language,
            title=title,
            kind=kind or t("Desk"),
            sections=tuple(sections),
            menu=menu,
            labels=frame_labels(t) | ({"roles": ", ".join(word(t, role) for role in account.roles)} if account else {}),
            other=other_language(t, self.page, self.request),
            account=account.name if account else "",
            form_token=self.form_token,
            once=secrets.token_urlsafe(16),
            organisation=organisation(),
        )

    def show(self, screen: Screen, status: int = 200) -> Response:
        return Response(drawing.draw(screen), status, media_type="text/html; charset=utf-8")

    def go(self, path: str) -> Response:
        """To another page of the desk, after something was done."""
        return RedirectResponse(path, 303)


def frame_labels(t: Translator) -> dict[str, str]:
    """Words of the frame of a page."""
    return labels(t, "") | {
        "menu": t("Pages"),
        "log_out": t("Log out"),
        "account": t(ACCOUNT_PAGE),
        "required": t("has to be filled in"),
        "roles": "",
        "not_taken": t("Not taken"),
    }


def other_language(t: Translator, page: str, request: Request) -> Link:
    """This page in the other language, with all that was searched for and chosen on it."""
    language = "en" if t.language == "nl" else "nl"
    terms = {name: value for name, value in request.query_params.items() if name != "language"}
    path = f"{page}?{urlencode({**terms, 'language': language})}"
    return Link("English" if language == "en" else "Nederlands", path, language=language)


def inside(path: str) -> str:
    """A path of this desk; the first page in place of anything else."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_path else "/"


def unknown_page() -> OpleverError:
    return OpleverError("page-unknown", M_("there is no such page"), M_("go to the first page: /"))
