"""What holds for every answer and every request, whatever page it is: headers, hosts, sizes and time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
BODY_SECONDS = 20.0
"""In which a request has to be there as a whole."""


class Shield:
    """Around the application: refuses what is too large, too slow or for another host, and puts headers on answers."""

    def __init__(self, app: ASGIApp, desk: Desk, largest: int = LARGEST_FORM, seconds: float = BODY_SECONDS) -> None:
        self._app, self._desk, self._largest, self._seconds = app, desk, largest, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = self._with_headers(send)
        headers = {name: value for name, value in scope["headers"] if name in (b"host", b"content-length")}
        if headers.get(b"host", b"").decode("latin-1").lower() not in self._desk.hosts:
            await _refuse(guarded, 400, "this desk has another address")
            return
        if scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, guarded)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._body(receive)
        except TimeoutError:
            await _refuse(guarded, 408, "the request took too long")
            return
        if body is None:
            await _refuse(guarded, 413, "the request is too large")
            return
        await self._app(scope, _replay(body, receive), guarded)

    async def _body(self, receive: Receive) -> bytes | None:
        """All of it; None when it is too large."""
        chunks, size = [], 0
        while True:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._largest:
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


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
