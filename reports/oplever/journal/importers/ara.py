"""ARA 1.x: the SQLite database of its server, opened read-only. One record for each playbook in it.

ARA keeps no count of what was rescued or ignored, no role and no single items; they follow from what it does keep.
"""

from __future__ import annotations

import heapq
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from oplever._shared import outcome
from oplever._shared.command_line import extra_variables
from oplever._shared.redact import Redactor, secret_values
from oplever._shared.text import clean, one_line
from oplever.journal.importers.imported_run import Line, Source, broken, digest, foreign, moment
from oplever.messages import M_

_FORMAT = M_("a database of ARA (~/.ara/server/ansible.sqlite)")
_LARGEST_BYTES = 64 * 1024 * 1024
"""Of one content when decompressed."""
_ROLE = re.compile(r"/roles/([^/]+)/(?:tasks|handlers)/")

_PLAYBOOKS = "SELECT * FROM playbooks ORDER BY id"
_HOSTS = "SELECT * FROM hosts WHERE playbook_id = ? ORDER BY name"
_PLAYS = "SELECT * FROM plays WHERE playbook_id = ? ORDER BY started, id"
_TARGETS = """SELECT DISTINCT hosts.name FROM results JOIN hosts ON hosts.id = results.host_id
  WHERE results.play_id = ? ORDER BY results.id"""
_TASKS = """SELECT tasks.*, files.path AS file, plays.uuid AS play FROM tasks JOIN files ON files.id = tasks.file_id
  JOIN plays ON plays.id = tasks.play_id WHERE tasks.playbook_id = ? ORDER BY tasks.started, tasks.id"""
_RESULTS = """SELECT results.*, COALESCE(results.ended, results.started) AS stopped, hosts.name AS host,
    tasks.uuid AS uuid, tasks.action AS action,
    (SELECT MIN(other.name) FROM results_delegated_to AS link JOIN hosts AS other ON other.id = link.host_id
     WHERE link.result_id = results.id) AS delegated_to
  FROM results JOIN hosts ON hosts.id = results.host_id JOIN tasks ON tasks.id = results.task_id
  WHERE results.playbook_id = ? ORDER BY """


def sources(path: Path) -> list[Source]:
    """Every playbook in the database, oldest first."""
    database = _open_database(path)
    try:
        playbooks = [_source(database, path, row) for row in database.execute(_PLAYBOOKS)]
    except sqlite3.DatabaseError as problem:
        raise _unreadable(path, problem) from None
    if not playbooks:
        raise broken(str(path), M_("there is no playbook in this database"))
    return playbooks


def _open_database(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise foreign(path, _FORMAT)
    try:
        database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        database.text_factory = lambda content: content.decode("utf-8", "replace")
        database.execute("PRAGMA trusted_schema = OFF")  # the file may come from anywhere
        names = {row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as problem:
        raise foreign(path, _FORMAT) from problem
    if not {"playbooks", "plays", "tasks", "hosts", "results", "files"} <= names:
        raise foreign(path, _FORMAT)
    return database


def _unreadable(path: Path, problem: sqlite3.Error) -> Exception:
    if "no such column" in str(problem):
        return broken(str(path), M_("its tables are not those of ARA 1.x ({problem})", problem=problem))
    return broken(str(path), M_("SQLite cannot read it: {problem}", problem=problem))


def extra_variables_of(value: Any) -> dict[str, Any]:
    """Only to know which of them are secret: as one mapping, or as the words that were given with -e."""
    if isinstance(value, list):
        return extra_variables([word for argument in value if isinstance(argument, str) for word in ("-e", argument)])
    return value if isinstance(value, dict) else {}


def _source(database: sqlite3.Connection, path: Path, playbook: sqlite3.Row) -> Source:
    place = f"{path}, playbook {playbook['id']}"
    arguments = _mapping(_content(playbook["arguments"], place))
    redactor = Redactor(secret_values(extra_variables_of(arguments.get("extra_vars"))))
    texts = {key: [str(v) for v in value] for key, value in arguments.items() if isinstance(value, list)}
    return Source(
        tool="ara",
        version=_text(playbook, "server_version") or None,
        digest=digest([path]),
        playbook=_text(playbook, "path"),
        start={
            "t": moment(playbook["started"], place),
            "controller": one_line(_text(playbook, "controller"), 300),
            "account": one_line(_text(playbook, "user"), 300),
            "check_mode": trial if isinstance(trial := arguments.get("check"), bool) else None,
            "diff_mode": arguments.get("diff") is True,
            "limit": redactor.text(subset) if isinstance(subset := arguments.get("subset"), str) else None,
            "tags": texts.get("tags", []),
            "skip_tags": texts.get("skip_tags", []),
            "inventories": [redactor.text(word) for word in texts.get("inventory", [])],
            "start_at": redactor.text(step) if isinstance(step := arguments.get("start_at_task"), str) else None,
            "versions": {name: _text(playbook, f"{name}_version") or None for name in ("ansible", "python")},
        },
        lines=_Playbook(database, path, playbook, redactor, is_trial=arguments.get("check") is True).lines(),
        outcome=_text(playbook, "status"),
        run=str(next(database.execute(_PLAYS, (playbook["id"],)), {"uuid": ""})["uuid"]),
    )


class _Playbook:
    """Rows of one playbook to lines of a journal, in order of time. Of a trial run all steps count as tried."""

    def __init__(
        self, database: sqlite3.Connection, path: Path, playbook: sqlite3.Row, redactor: Redactor, *, is_trial: bool
    ) -> None:
        self._is_trial = is_trial
        self._database = database
        self._path = path
        self._playbook = playbook
        self._redactor = redactor
        self._tallies: dict[str, Counter[str]] = {}
        self._hosts = {row["name"]: row for row in self._rows(_HOSTS)}
        count = "SELECT host_id, COUNT(*) FROM results WHERE playbook_id = ? AND status = 'unreachable' GROUP BY 1"
        unreachable = {row[0]: row[1] for row in self._rows(count)}
        self._ignored = {
            name: unreachable.get(row["id"], 0) - _number(row, "unreachable", path) for name, row in self._hosts.items()
        }
        """Unreachable results that the play said to ignore: those before the one that counts."""

    def lines(self) -> Iterator[Line]:
        try:
            path = self._short(_text(self._playbook, "path"))
            yield self._line("started", self._playbook, "playbook_start", playbook=path, sha256=None, collections={})
            # At the same moment a play comes before its tasks, a task before its hosts, a start before an end.
            yield from heapq.merge(
                self._plays(), self._tasks(), self._host_starts(), self._results(), key=lambda line: line.t
            )
            if self._playbook["ended"] and self._playbook["status"] in ("completed", "failed"):
                yield self._line("ended", self._playbook, "stats", recap=self._recap())
        except sqlite3.DatabaseError as problem:
            raise _unreadable(self._path, problem) from None

    def _rows(self, query: str) -> sqlite3.Cursor:
        return self._database.execute(query, (self._playbook["id"],))

    def _plays(self) -> Iterator[Line]:
        for row in self._rows(_PLAYS):
            yield self._line(
                "started",
                row,
                "play_start",
                play=row["uuid"],
                name=self._short(_text(row, "name")),
                hosts="",
                targets=[host["name"] for host in self._database.execute(_TARGETS, (row["id"],))],
                groups={},
                strategy="",
                serial=[],
                files={},
            )

    def _tasks(self) -> Iterator[Line]:
        for row in self._rows(_TASKS):
            action = _text(row, "action")
            role, name = _role_and_name(_text(row, "file"), _text(row, "name") or action)
            tags = _content(row["tags"], f"{self._path}, task {row['id']}")
            yield self._line(
                "started",
                row,
                "task_start",
                task=_task(row["uuid"], row["id"]),
                play=row["play"],
                name=self._short(name),
                action=outcome.full_name(action),
                role=role,
                path=clean(f"{row['file']}:{row['lineno']}", 1000),
                handler=bool(row["handler"]),
                tags=[str(tag) for tag in tags] if isinstance(tags, list) else [],
                check_mode=self._is_trial,
                no_log=False,
            )

    def _host_starts(self) -> Iterator[Line]:
        for row in self._rows(_RESULTS + "results.started, results.id"):
            yield self._line("started", row, "host_start", task=_task(row["uuid"], row["task_id"]), host=row["host"])

    def _results(self) -> Iterator[Line]:
        for row in self._rows(_RESULTS + "stopped, results.id"):
            host = row["host"]
            data = _mapping(_content(row["content"], f"{self._path}, result {row['id']}"))
            status = self._status(row, data)
            self._tallies.setdefault(host, Counter())[status] += 1
            hidden = outcome.is_hidden(None, data)
            attempts, other = data.get("attempts"), row["delegated_to"]
            action = outcome.full_name(_text(row, "action"))
            duration = None if row["duration"] is None else max(0, _number(row, "duration", self._path)) / 1_000_000
            details = {} if hidden else outcome.fields(action, status, data, None, self._redactor)
            yield self._line(
                "stopped",
                row,
                "result",
                task=_task(row["uuid"], row["task_id"]),
                host=host,
                status=status,
                duration=duration,
                changed=bool(row["changed"]),
                attempts=attempts if isinstance(attempts, int) else None,
                delegated_to=other if other != host else None,
                censored=hidden,
                **details,
            )

    def _status(self, row: sqlite3.Row, data: Mapping[str, Any]) -> str:
        status: str = row["status"]
        if status == "unreachable" and self._ignored.get(row["host"], 0) > 0:
            self._ignored[row["host"]] -= 1
            return "ignored"
        if status == "failed" and row["ignore_errors"]:
            return "ignored"
        if status == "ok" and (row["changed"] or data.get("changed") is True):
            return "changed"
        if status not in ("ok", "failed", "skipped", "unreachable", "changed"):
            raise broken(
                M_("{path}, result {row}", path=self._path, row=row["id"]),
                M_("a result cannot have the status {status}", status=repr(status)),
            )
        return status

    def _recap(self) -> dict[str, dict[str, int]]:
        """ARA keeps five of the seven counts. Ansible takes a failure that was rescued out of `failed`."""
        return {
            name: {
                **{key: _number(row, key, self._path) for key in ("ok", "changed", "unreachable", "failed", "skipped")},
                "rescued": max(0, self._tallies[name]["failed"] - _number(row, "failed", self._path)),
                "ignored": self._tallies[name]["ignored"],
            }
            for name, row in self._hosts.items()
            if name in self._tallies  # the others were only delegated to
        }

    def _line(self, when: str, row: sqlite3.Row, kind: str, **fields: Any) -> Line:
        return Line(moment(row[when], f"{self._path}, {kind} {row['id']}"), kind, fields)

    def _short(self, text: str) -> str:
        return one_line(text, 300, self._redactor.text)


def _text(row: sqlite3.Row, column: str) -> str:
    """A text of a row; empty where there is none, as in columns that an earlier ARA 1.x does not have."""
    value = row[column] if column in row.keys() else None  # noqa: SIM118 - of a row, `in` looks among the values
    return value if isinstance(value, str) else ""


def _number(row: sqlite3.Row, column: str, path: Path) -> int:
    """SQLite keeps any value in any column. Raises OpleverError (`import-broken`) for what is no number: it may have
    been one of failures."""
    value = row[column]
    if not isinstance(value, int):
        raise broken(str(path), M_("its tables are not those of ARA 1.x ({problem})", problem=f"{column}: {value!r}"))
    return value


def _role_and_name(file: str, shown: str) -> tuple[str | None, str]:
    """ARA keeps the name that Ansible shows, `role : name`; the path says whether that is what it is."""
    match = _ROLE.search(file)
    if match is None:
        return None, shown
    role, colon, name = shown.partition(" : ")
    return (role, name) if colon and role.endswith(match[1]) else (match[1], shown)


def _task(uuid: str | None, number: int) -> str:
    return uuid or f"task-{number}"


def _content(blob: object, place: str) -> object:
    """The JSON that ARA keeps compressed in a column."""
    if not isinstance(blob, bytes):
        raise broken(place, M_("its content is no compressed JSON"))
    try:
        opener = zlib.decompressobj()
        content = opener.decompress(blob, _LARGEST_BYTES)
        if opener.unconsumed_tail or not opener.eof:
            raise broken(place, M_("its content is cut short or larger than {value} MB", value=_LARGEST_BYTES // 2**20))
        return msgspec.json.decode(content)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise broken(place, M_("its content is no compressed JSON")) from None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
