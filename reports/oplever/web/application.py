"""The desk as an ASGI application, made of the table of its ways."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from oplever.web.desk import Desk
from oplever.web.gate import endpoint, unknown
from oplever.web.routes import WAYS
from oplever.web.shield import Shield


def application(desk: Desk) -> ASGIApp:
    routes = [Route(way.path, endpoint(way, desk), methods=[way.method]) for way in WAYS]
    app = Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})
    return Shield(app, desk, [route for way, route in zip(WAYS, routes, strict=True) if way.takes_file])


async def _unknown(request: Request, problem: Exception) -> Response:
    return unknown(request, getattr(problem, "status_code", 404))
