"""The desk on a socket."""

from __future__ import annotations

import contextlib
import errno
import socket
from ipaddress import ip_address
from types import FrameType

from oplever import config, extras, store
from oplever.app.desk import accounts, key, provider, retention
from oplever.errors import OpleverError
from oplever.files import why
from oplever.messages import M_
from oplever.store import desk as desk_store
from oplever.store import signatures
from oplever.web.application import application
from oplever.web.desk import Desk

_MOST_CONNECTIONS = 2000


def prepare(host: str, port: int) -> tuple[Desk, socket.socket]:
    """Everything that can be wrong is found before the first request: the desk, and the socket on which it listens.

    Raises OpleverError: `desk-no-account`, `desk-exposed`, `desk-port`, `desk-unusable`, `config-invalid`,
    `extra-missing`, `file-unwritable`, `signing-failed`.
    """
    if not any(account.closed is None for account in accounts.every()):
        raise OpleverError(
            "desk-no-account",
            M_("nobody has an account at the desk yet"),
            M_("make one: oplever web account add 'M. de Wit' --role supervisor"),
        )
    with desk_store.opened() as database:
        desk_store.try_out(database)
        retention.forget(database)
    if provider.settings():
        for module in ("httpx2", "joserfc"):
            extras.load(module, "oidc")
    next(iter(store.every()), None)  # a directory that cannot be read says so now
    signatures.try_key(key.key())
    url = config.load().desk.url
    if url is None and not _is_loopback(host):
        raise OpleverError(
            "desk-exposed",
            M_("on {host} passwords would cross the network unencrypted", host=host),
            M_("put a proxy with TLS before it and set desk.url in oplever.yml, or leave --host out"),
        )
    bound = _bound(host, port)
    name = f"[{host}]" if ":" in host else host
    return Desk(url or f"http://{name}:{bound.getsockname()[1]}"), bound


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    bound = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(256)
    except OSError as problem:
        if bound is not None:
            bound.close()
        is_of_another = isinstance(problem, socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL
        port_advice = M_("take another port: oplever web serve --port 8766")
        raise OpleverError(
            "desk-port",
            M_("{host} port {port}: {reason}", host=host, port=port, reason=why(problem)),
            M_("give an address of this machine, or leave --host out") if is_of_another else port_advice,
        ) from None
    return bound


def serve(desk: Desk, bound: socket.socket) -> None:
    """Until somebody stops it: then pages that follow a run end first, and a browser asks again later."""
    uvicorn = extras.load("uvicorn", "web")
    settings = uvicorn.Config(
        application(desk),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=desk.is_secure,
        forwarded_allow_ips="127.0.0.1,::1",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=32 * 1024,
        lifespan="off",
        http="h11",
        ws="none",
    )
    server = uvicorn.Server(settings)
    stop = server.handle_exit

    def stop_with_streams(number: int, frame: FrameType | None) -> None:
        desk.is_stopping = True
        stop(number, frame)

    server.handle_exit = stop_with_streams
    with contextlib.suppress(KeyboardInterrupt):  # it is raised again after everything was closed
        server.run(sockets=[bound])
