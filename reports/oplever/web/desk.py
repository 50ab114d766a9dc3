"""The desk as an application: its settings, how fresh its index is, and its addresses."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from oplever import store
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store.index import Index, open_index

_FRESH_SECONDS = 2.0


class Desk:
    """`origin` is what stands before the path of its pages, as a browser sends it; over https it has TLS before it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        parts = urlsplit(origin)
        self.is_secure = parts.scheme == "https"
        self.hosts = frozenset({parts.netloc, *(_loopback_names(parts.port) if not self.is_secure else ())})
        self._refreshed = float("-inf")
        self._refreshing = threading.Lock()

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(f"{'https' if self.is_secure else 'http'}://{host}" for host in self.hosts)

    @property
    def cookie(self) -> str:
        """The name of the cookie with the session. With the prefix a browser takes it over TLS alone, from this host
        alone; over http, which only this computer can use, there is no such prefix."""
        return "__Host-oplever" if self.is_secure else "oplever_desk"

    @property
    def form_cookie(self) -> str:
        """The name of the cookie with the token of forms for who is not logged in."""
        return f"{self.cookie}-form"

    def index(self) -> Index:
        """The index, looked over at most every two seconds, and at once after something was added here. One request
        looks it over; others do not wait for it."""
        is_old = time.monotonic() - self._refreshed > _FRESH_SECONDS
        if is_old and self._refreshing.acquire(blocking=self._refreshed == float("-inf")):
            try:
                index = open_index()
                self._refreshed = time.monotonic()
                return index
            finally:
                self._refreshing.release()
        return open_index(is_refreshed=False)

    def changed(self) -> None:
        """Something was added: the next page sees it."""
        self._refreshed = float("-inf")

    @staticmethod
    def record(name: str) -> Path:
        """The directory of a record by its name alone: no path leads out of the records. Raises OpleverError
        (`record-unknown`)."""
        base = store.records_directory()
        if name and not name.startswith(".") and "/" not in name and "\0" not in name and name != "latest":
            directory = base / name
            is_record = (directory / store.JOURNAL).is_file() or (directory / store.ENTRIES).is_file()
            if is_record and not directory.is_symlink():
                return directory.resolve()
        raise OpleverError(
            "record-unknown", M_("there is no record {name}", name=name[:100]), M_("look it up in the list of records")
        )


def _loopback_names(port: int | None) -> tuple[str, ...]:
    names = ("127.0.0.1", "localhost", "[::1]")
    return tuple(f"{name}:{port}" if port else name for name in names)
