"""The desk without a network: accounts, a browser's cookies, and forms filled in as a page gives them."""

from __future__ import annotations

import asyncio
import html
import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import argon2
import httpx2
import pytest
from oplever import store
from oplever.app import incident_rules
from oplever.app.desk import accounts, sessions
from oplever.app.desk.permissions import Role
from oplever.store import desk as desk_store
from oplever.web.application import application
from oplever.web.desk import Desk
from oplever.web.gate import Way
from PIL import Image
from starlette.types import ASGIApp, Message, Scope

ORIGIN = "http://127.0.0.1:8765"
PASSWORD = "vier woorden zijn genoeg"  # noqa: S105 - of accounts that live as long as a test
WRONG = "vijf woorden zijn niet goed"
ADDRESS = "192.0.2.7"
SAME_SITE = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that are hashed in no time; what is kept has the same form."""
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: hasher)
    accounts._nobody.cache_clear()


def empty_desk(patch: pytest.MonkeyPatch, directory: Path) -> Path:
    """A directory for records in this one, and a desk without accounts; nothing of the surroundings counts."""
    for name in ("OPLEVER_STORE", "OPLEVER_DESK_STORE", "OPLEVER_PERSON", "OPLEVER_CONFIG", "ANSIBLE_CONFIG"):
        patch.delenv(name, raising=False)
    patch.chdir(directory)
    base = directory / "records"
    base.mkdir()
    patch.setenv("OPLEVER_RECORDS", str(base))
    quick_hash(patch)
    return base


class Transport(httpx2.BaseTransport):
    """To an application in this process, as its server calls it. The client of Starlette starts a thread for each
    request and passes every message between threads: that took longer than most pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        received: list[Message] = [{"type": "http.request", "body": request.read(), "more_body": False}]
        sent: list[Message] = []

        async def receive() -> Message:
            return received.pop() if received else await asyncio.Future()

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(_scope(request), receive, send)
        start, *parts = sent
        return httpx2.Response(start["status"], headers=start["headers"], content=b"".join(p["body"] for p in parts))


def _scope(request: httpx2.Request) -> Scope:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote_to_bytes(raw_path).decode(errors="replace"),
        "raw_path": raw_path,
        "root_path": "",
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": (ADDRESS, 40000),
        "server": (request.url.host, request.url.port),
    }


class Browser:
    """One browser at the desk."""

    def __init__(self, language: str = "en", desk: Desk | None = None) -> None:
        self.desk = desk or Desk(ORIGIN)
        transport = Transport(application(self.desk))
        headers = {"accept-language": language}
        self.client = httpx2.Client(transport=transport, base_url=self.desk.origin, headers=headers)

    def log_in(self, name: str, *roles: Role) -> Browser:
        """With a session as the form of the login gives it, which has tests of its own; with roles the account is
        made."""
        if roles:
            accounts.add(name, roles, PASSWORD)
        with desk_store.opened() as database:
            token = sessions.begin(database, name, PASSWORD, ADDRESS)
        self.client.cookies.set(self.desk.cookie, token, domain=urlsplit(self.desk.origin).hostname or "")
        return self

    def log_in_by_form(self, name: str) -> Browser:
        done = self.send("/login", name=name, password=PASSWORD)
        assert done.status_code == 303, done.text
        return self

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return str(answer.text)

    def fields(self, path: str, at: str = "") -> dict[str, str]:
        """The hidden fields of the form that is sent to this path, as its page (`at`) has them."""
        return hidden(self.page(at or path), path)

    def send(self, path: str, at: str = "", /, headers: dict[str, str] | None = None, **values: Any) -> Any:
        """Fill in the form of the page `at` that is sent to `path`, and send it."""
        data = {**hidden(self.page(at or path), path), **values}
        return self.client.post(path, data=data, headers=SAME_SITE if headers is None else headers)


def hidden(page: str, path: str) -> dict[str, str]:
    form = re.search(rf'<form[^>]* action="{re.escape(html.escape(path))}".*?</form>', page, re.DOTALL)
    assert form, f"no form for {path}"
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
    return {name: html.unescape(value) for name, value in pairs}


def text(page: str) -> str:
    """What a reader sees, on one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def files(base: Path) -> dict[str, bytes]:
    """Everything below a directory, but the databases and the documents."""
    left_out = (".sqlite", "-journal", ".html", ".pdf", ".md")
    return {
        str(path.relative_to(base)): path.read_bytes()
        for path in sorted(base.rglob("*"))
        if path.is_file()
        and not path.name.endswith(left_out)
        and not path.name.startswith("desk_key")
        and ".documents" not in path.parts
    }


def path_of(way: Way, name: str) -> str:
    """A path of this way, about a record that is there."""
    values = {
        "name": name,
        "host": "web1",
        "file": "report.en.html",
        "kind": "hours",
        "token": "x" * 43,
        "digest": "0" * 64,
        "page": "exceptions",
        "finding": "slow-00000000",
    }
    return re.sub(r"{(\w+)(?::\w+)?}", lambda match: values[match[1]], way.path)


REPORT: dict[str, Any] = {"text": "De printer in 0.14 doet niets", "place": "0.14"}


def category() -> str:
    """One that asks nothing that has to be answered."""
    rules = incident_rules.load().rules
    return next(name for name, one in rules.categories.items() if not any(q.required for q in one.questions))


def taken_in(browser: Browser, **more: Any) -> str:
    """The name of a new case."""
    before = {path.name for path in store.every()}
    page = f"/report?category={category()}"
    answer = browser.send("/report", page, **{**REPORT, **more})
    assert (answer.status_code, "The report was taken in" in answer.text) == (200, True), text(answer.text)
    [name] = {path.name for path in store.every()} - before
    return name


def picture(form: str = "PNG", size: tuple[int, int] = (400, 300)) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, "steelblue").save(out, form)
    return out.getvalue()
