"""The desk as an application: its settings, how fresh its index is, and its addresses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlsplit

from oplever import store
from oplever.app.desk import retention
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.overview.collection import Collection
from oplever.store import desk as desk_store
from oplever.store.index import Index, open_index
from oplever.web.collected import collected

_FRESH_SECONDS = 2.0
_STALE_SECONDS = 10.0
"""After which an answer waits until the directories were looked at."""
_FORGET_SECONDS = 24 * 3600.0
"""After which it is looked again for what is kept longer than it may be: a desk runs for months."""
_MOST_ANSWERS = 500
_LONGEST_NAME = 255
"""Bytes of a name of a file."""
_T = TypeVar("_T")


class Desk:
    """`origin` is what stands before the path of its pages, as a browser sends it; over https it has TLS before it.
    While it `is_stopping` streams end, so that nobody waits for them."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        parts = urlsplit(origin)
        self.is_secure = parts.scheme == "https"
        self.hosts = frozenset({parts.netloc, *(_loopback_names(parts.port) if not self.is_secure else ())})
        self.is_stopping = False
        self._looked = float("-inf")
        self._looking = threading.Lock()
        self._forgot = time.monotonic()
        self._state = 0
        self._answers: dict[tuple[Hashable, ...], tuple[int, object]] = {}

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

    @property
    def state_cookie(self) -> str:
        """The name of the cookie by which somebody who comes back from a provider is the one who left."""
        return f"{self.cookie}-state"

    def index(self) -> Index:
        """The index. The directories are looked at every two seconds, besides the answer and not for it; before it
        when something was added here, or nobody asked anything for a while. Raises OpleverError."""
        age = time.monotonic() - self._looked
        if age > _STALE_SECONDS:
            with self._looking:
                if time.monotonic() - self._looked > _STALE_SECONDS:  # nobody did it meanwhile
                    return self._look()
        elif age > _FRESH_SECONDS and self._looking.acquire(blocking=False):
            threading.Thread(target=self._look_besides, daemon=True).start()
        return open_index(is_refreshed=False)

    def _look(self) -> Index:
        self._looked, before = time.monotonic(), self._looked
        try:
            index = open_index()
        except BaseException:
            self._looked = before
            raise
        self._state = index.state
        return index

    def _look_besides(self) -> None:
        """In a thread of its own; what goes wrong is told to the next one who has to wait for it."""
        try:
            self._look().database.close()
            self._forget()
        except OpleverError:
            self._looked = float("-inf")
        finally:
            self._looking.release()

    def _forget(self) -> None:
        """Once a day: when the desk began, what was over was taken away already."""
        if time.monotonic() - self._forgot > _FORGET_SECONDS:
            self._forgot = time.monotonic()
            with desk_store.opened() as database:
                retention.forget(database)

    def changed(self) -> None:
        """Something was added: the next page sees it."""
        self._looked = float("-inf")

    def read(self, key: tuple[Hashable, ...], question: Callable[[Index], _T]) -> _T:
        """What the index answers to a question, asked once until a record changes. `key` says what was asked."""
        with self.index() as index:
            return self.read_in(index, key, question)

    def read_in(self, index: Index, key: tuple[Hashable, ...], question: Callable[[Index], _T]) -> _T:
        """The same, of an index that is open."""
        state = self._state
        kept = self._answers.get(key)
        if kept and kept[0] == state:
            return cast(_T, kept[1])
        answer = question(index)
        if len(self._answers) >= _MOST_ANSWERS:
            self._answers.clear()
        self._answers[key] = (state, answer)
        return answer

    def collection(self) -> Collection:
        """All records together, with links to pages of the desk. Raises OpleverError."""
        day = datetime.now(UTC).strftime("%Y-%m-%d")  # what is over or overdue changes with the day
        return self.read(("collection", day), lambda index: collected(index, datetime.now(UTC)))

    @staticmethod
    def record(name: str) -> Path:
        """The directory of a record by its name alone: no path leads out of the records. Raises OpleverError
        (`record-unknown`)."""
        base = store.records_directory()
        if _is_name(name):
            directory = base / name
            is_record = (directory / store.JOURNAL).is_file() or (directory / store.ENTRIES).is_file()
            if is_record and not directory.is_symlink():
                return directory.resolve()
        raise OpleverError(
            "record-unknown", M_("there is no record {name}", name=name[:100]), M_("look it up in the list of records")
        )


def _is_name(name: str) -> bool:
    """Whether a record can be called so."""
    is_file_name = 0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME and "/" not in name and "\0" not in name
    return is_file_name and not name.startswith(".") and name != "latest"


def _loopback_names(port: int | None) -> tuple[str, ...]:
    names = ("127.0.0.1", "localhost", "[::1]")
    return tuple(f"{name}:{port}" if port else name for name in names)
