"""What holds for every answer and every request, whatever page it is: headers, hosts, sizes and time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oplever.app.annex_content import LARGEST
from oplever.app.desk import sessions
from oplever.errors import OpleverError
from oplever.store import desk as desk_store
from oplever.web.desk import Desk

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
LARGEST_FORM = 1 << 20
"""Bytes of a request."""
LARGEST_UPLOAD = LARGEST + (1 << 16)
"""Bytes of a request with a file, for whoever is logged in."""
_MOST_UPLOADS = 8
"""At the same time: each is in memory as a whole."""
BODY_SECONDS = 20.0
"""In which a request has to be there as a whole."""
_UPLOAD_SECONDS = 180.0
"""The same for a file, over a telephone with a bad connection."""


class Shield:
    """Around the application: refuses what is too large, too slow or for another host, and puts headers on answers."""

    def __init__(self, app: ASGIApp, desk: Desk, uploads: Sequence[Route] = (), seconds: float = BODY_SECONDS) -> None:
        self._app, self._desk, self._uploads, self._seconds = app, desk, uploads, seconds
        self._uploading = asyncio.Semaphore(_MOST_UPLOADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = self._with_headers(send)
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        if host not in self._desk.hosts:
            await _refuse(guarded, 400, "this desk has another address")
            return
        if scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, guarded)
            return
        if await self._is_upload(scope):
            async with self._uploading:
                await self._pass_on(scope, receive, guarded, LARGEST_UPLOAD, _UPLOAD_SECONDS)
        else:
            await self._pass_on(scope, receive, guarded, LARGEST_FORM, self._seconds)

    async def _is_upload(self, scope: Scope) -> bool:
        """Whether it may be as large as a file: somebody who is logged in sends it to where files are taken."""
        if not any(route.matches(scope)[0] is Match.FULL for route in self._uploads):
            return False
        token = Request(scope).cookies.get(self._desk.cookie, "")
        return await run_in_threadpool(_is_open, token)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, largest: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                body = await self._body(receive, largest)
        except TimeoutError:
            await _refuse(send, 408, "the request took too long")
            return
        if body is None:
            await _refuse(send, 413, "the request is too large")
            return
        await self._app(scope, _replay(body, receive), send)

    async def _body(self, receive: Receive, largest: int) -> bytes | None:
        """All of it; None when it is too large."""
        chunks, size = [], 0
        while True:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > largest:
                return None
            chunks.append(chunk)
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return b"".join(chunks)

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                more = [
                    (name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in present
                ]
                if self._desk.is_secure:
                    more.append((b"strict-transport-security", b"max-age=31536000"))
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        return with_headers


def _is_open(token: str) -> bool:
    try:
        with desk_store.opened() as database:
            return sessions.is_open(database, sessions.digest(token))
    except OpleverError:  # the page says what is wrong
        return False


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
