"""Job events to lines of the journal: what ansible-runner writes and AWX stores have the same shape.

Of an event its data is read. `stdout` is not kept, since Ansible prints there what `no_log` hides; only the names of
hosts that it puts before a result are looked for in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from oplever._shared import outcome
from oplever._shared.redact import Redactor
from oplever._shared.text import clean, one_line
from oplever.journal.importers.imported_run import Line, broken, moment
from oplever.messages import M_

_ENDS = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_skipped": "skipped",
    "runner_on_unreachable": "unreachable",
}
_ITEM_ENDS = {"runner_item_on_ok": "ok", "runner_item_on_failed": "failed"}
_LABEL = re.compile(r"^[a-z]+: \[\S+ -> ([^\]\s(]+)", re.M)
_LABEL_LIMIT = 4000
_LONGEST = 1e9
"""Seconds; no task took longer."""
_DRY_RUN = re.compile(r"^DRY RUN \*", re.M)
_RECAP = {
    "ok": "ok",
    "changed": "changed",
    "dark": "unreachable",
    "failures": "failed",
    "skipped": "skipped",
    "rescued": "rescued",
    "ignored": "ignored",
}


class JobEvent(Struct, frozen=True):
    """`place` says where it was read, for messages; `event_data` is {} when ansible-runner was told to omit it.
    `outcome` is the status of the job when AWX gave out the event. `is_trial`: Ansible printed that it runs in check
    mode, which it does where it is told to (`check_mode_markers`)."""

    event: str
    created: str
    event_data: dict[str, Any]
    place: str
    counter: int = 0
    job: int = 0
    delegated_to: str | None = None
    outcome: str = ""
    is_trial: bool = False

    def text(self, key: str) -> str:
        """A value that the event must have."""
        value = self.event_data.get(key)
        if not isinstance(value, str):
            raise broken(
                self.place,
                M_("event {event} has no {key} (was it recorded with RUNNER_OMIT_EVENTS?)", event=self.event, key=key),
            )
        return value


class Overview(Struct):
    """What is needed before the first line is written: hosts of each play, results to ignore, the first play."""

    playbook: str = ""
    play: str = ""
    targets: dict[str, list[str]] = msgspec.field(default_factory=dict)
    unreachable: Counter[str] = msgspec.field(default_factory=Counter)
    dark: Counter[str] = msgspec.field(default_factory=Counter)
    finished: bool = False
    first: str = ""
    last: str = ""
    missing: int = 0
    is_trial: bool = False


def job_event(value: object, place: str) -> JobEvent:
    """One decoded event. Raises OpleverError (`import-broken`)."""
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        raise broken(place, M_("this is no job event"))
    data, counter, job = value.get("event_data"), value.get("counter"), value.get("job")
    return JobEvent(
        value["event"],
        moment(value.get("created"), place),
        data if isinstance(data, dict) else {},
        place,
        counter if isinstance(counter, int) else 0,
        job if isinstance(job, int) else 0,
        _delegate(value.get("stdout")),
        _outcome(value.get("summary_fields")),
        _is_trial(value["event"], value.get("stdout")),
    )


def _is_trial(event: str, stdout: object) -> bool:
    if event != "playbook_on_start" or not isinstance(stdout, str):
        return False
    return bool(_DRY_RUN.search(clean(stdout, _LABEL_LIMIT)))


def _outcome(summary: object) -> str:
    job = summary.get("job") if isinstance(summary, dict) else None
    status = job.get("status") if isinstance(job, dict) else None
    return status if isinstance(status, str) else ""


def _delegate(stdout: object) -> str | None:
    """`other` in `ok: [web1 -> other(192.0.2.7)]`: since ansible-core 2.19 the data hold only its address."""
    match = _LABEL.search(clean(stdout, _LABEL_LIMIT)) if isinstance(stdout, str) and " -> " in stdout else None
    return match[1] if match else None


def survey(events: Iterable[JobEvent]) -> Overview:
    """One pass over all events, in order of their counters."""
    overview = Overview()
    counter = 0
    for event in events:
        data = event.event_data
        overview.first = overview.first or event.created
        overview.last = event.created
        if event.counter:
            overview.missing += max(0, event.counter - counter - 1)
            counter = event.counter
        if event.event == "playbook_on_start":
            overview.playbook = overview.playbook or event.text("playbook")
            overview.is_trial |= event.is_trial
        elif event.event == "playbook_on_play_start":
            overview.play = overview.play or event.text("play_uuid")
        elif event.event.startswith("runner_on_"):
            hosts = overview.targets.setdefault(str(data.get("play_uuid")), [])
            if (host := event.text("host")) not in hosts:
                hosts.append(host)
            if event.event == "runner_on_unreachable":
                overview.unreachable[host] += 1
        elif event.event == "playbook_on_stats":
            overview.finished = True
            overview.dark = Counter(_counts(data.get("dark")))
    return overview


class Translator:
    """Job events to journal lines, in one pass; `overview` comes from a pass before. Of a trial run nothing says which
    steps were carried out all the same (`check_mode: false`), so all of them count as tried."""

    def __init__(self, overview: Overview, redactor: Redactor, *, is_trial: bool) -> None:
        self._is_trial = is_trial
        self._targets = overview.targets
        self._ignored = overview.unreachable - overview.dark
        """Unreachable results that the recap does not count as such: the play said to ignore them, the first ones."""
        self._redactor = redactor
        self._announced: set[str] = set()
        self._kinds: dict[str, Callable[[JobEvent], Line | None]] = {
            "playbook_on_start": self._playbook,
            "playbook_on_play_start": self._play,
            "playbook_on_task_start": self._task,
            "runner_on_start": lambda event: Line(event.created, "host_start", self._where(event)),
            "runner_retry": self._retry,
            "playbook_on_notify": self._notify,
            "playbook_on_include": self._include,
            "playbook_on_no_hosts_matched": _no_hosts,
            "playbook_on_no_hosts_remaining": _no_hosts,
            "playbook_on_stats": self._stats,
            **dict.fromkeys(_ENDS, self._result),
            **dict.fromkeys(_ITEM_ENDS, self._item),
        }

    def lines(self, events: Iterable[JobEvent]) -> Iterator[Line]:
        for event in events:
            translate = self._kinds.get(event.event)
            if translate and (line := translate(event)):
                yield line

    def _playbook(self, event: JobEvent) -> Line:
        fields: dict[str, Any] = {"playbook": self._short(event.text("playbook")), "sha256": None, "collections": {}}
        return Line(event.created, "playbook_start", fields)

    def _play(self, event: JobEvent) -> Line:
        self._announced.clear()
        play = event.text("play_uuid")
        fields = {
            "play": play,
            "name": self._short(event.text("name")),
            "hosts": self._short(event.text("pattern")),
            "targets": self._targets.get(play, []),
            "groups": {},
            "strategy": "",
            "serial": [],
            "files": {},
        }
        return Line(event.created, "play_start", fields)

    def _task(self, event: JobEvent) -> Line | None:
        data, task = event.event_data, event.text("task_uuid")
        handler = data.get("is_conditional") is True
        if task in self._announced and not handler:
            return None  # the free strategy announces a task for each host; the journal has it once
        self._announced.add(task)
        role = data.get("resolved_role") or data.get("role")
        fields: dict[str, Any] = {
            "task": task,
            "play": str(data.get("play_uuid") or ""),
            "name": self._short(event.text("task")),
            "action": _action(event),
            "role": self._short(str(role)) if role else None,
            "path": clean(str(data.get("task_path") or ""), 1000) or None,
            "handler": handler,
            "tags": [],
            "check_mode": self._is_trial,
            "no_log": False,
        }
        return Line(event.created, "task_start", fields)

    def _result(self, event: JobEvent) -> Line:
        data, status = _res(event), self._status(event)
        duration, attempts = event.event_data.get("duration"), data.get("attempts")
        hidden = outcome.is_hidden(None, data)
        fields = {
            **self._where(event),
            "status": status,
            "duration": duration if isinstance(duration, (int, float)) and 0 <= duration < _LONGEST else None,
            "changed": bool(data.get("changed")),
            "attempts": attempts if isinstance(attempts, int) else None,
            "delegated_to": self._delegated_to(event, data),
            "censored": hidden,
            **({} if hidden else outcome.fields(_action(event), status, data, None, self._redactor)),
        }
        return Line(event.created, "result", fields)

    def _status(self, event: JobEvent) -> str:
        """The status of a result. One unreachable result is ignored for each that the recap does not count."""
        status, host = _ENDS[event.event], event.text("host")
        if status == "ok" and _res(event).get("changed"):
            return "changed"
        if status == "failed" and event.event_data.get("ignore_errors"):
            return "ignored"
        if status == "unreachable" and self._ignored[host] > 0:
            self._ignored[host] -= 1
            return "ignored"
        return status

    def _delegated_to(self, event: JobEvent, data: Mapping[str, Any]) -> str | None:
        """The machine that did the work in place of the one that the result is of."""
        variables = data.get("_ansible_delegated_vars")
        name = variables.get("ansible_delegated_host") if isinstance(variables, Mapping) else None
        other = name or event.delegated_to
        return self._short(other) if isinstance(other, str) and other != event.text("host") else None

    def _item(self, event: JobEvent) -> Line | None:
        data, action = _res(event), _action(event)
        status = "changed" if _ITEM_ENDS[event.event] == "ok" and data.get("changed") else _ITEM_ENDS[event.event]
        if outcome.is_hidden(None, data) or (status == "ok" and action not in outcome.OWN_MODULES):
            return None
        failed = status == "failed"
        fields = {
            **self._where(event),
            "status": status,
            "item": outcome.item_label(data, self._redactor),
            "message": outcome.message(data, None, self._redactor, failed=failed),
            "data": outcome.kept_data(action, data, self._redactor, failed=failed),
        }
        present = {key: value for key, value in fields.items() if value is not None}
        return Line(event.created, "item", present)

    def _retry(self, event: JobEvent) -> Line:
        data = _res(event)
        attempt = data.get("attempts")
        fields = {**self._where(event), "attempt": attempt if isinstance(attempt, int) else None}
        if not outcome.is_hidden(None, data):
            fields["message"] = outcome.message(data, None, self._redactor, failed=True)
        return Line(event.created, "retry", fields)

    def _notify(self, event: JobEvent) -> Line:
        fields = {"handler": self._short(event.text("handler")), "host": event.text("host")}
        return Line(event.created, "notify", fields)

    def _include(self, event: JobEvent) -> Line:
        name = self._short(str(event.event_data.get("included_file") or ""))
        fields = {"task": str(event.event_data.get("task_uuid") or ""), "name": name, "hosts": []}
        return Line(event.created, "include", fields)

    def _stats(self, event: JobEvent) -> Line:
        tables = {ours: _counts(event.event_data.get(theirs)) for theirs, ours in _RECAP.items()}
        hosts = sorted(_counts(event.event_data.get("processed")))
        recap = {host: {key: table.get(host, 0) for key, table in tables.items()} for host in hosts}
        return Line(event.created, "stats", {"recap": recap})

    def _where(self, event: JobEvent) -> dict[str, Any]:
        return {"task": event.text("task_uuid"), "host": event.text("host")}

    def _short(self, text: str) -> str:
        return one_line(text, 300, self._redactor.text)


def _no_hosts(event: JobEvent) -> Line:
    return Line(event.created, "no_hosts", {"why": event.event.removeprefix("playbook_on_")})


def _action(event: JobEvent) -> str:
    return outcome.full_name(str(event.event_data.get("resolved_action") or event.event_data.get("task_action") or "?"))


def _res(event: JobEvent) -> Mapping[str, Any]:
    result = event.event_data.get("res")
    return result if isinstance(result, Mapping) else {}


def _counts(value: object) -> dict[str, int]:
    return {str(k): v for k, v in value.items() if isinstance(v, int)} if isinstance(value, Mapping) else {}
