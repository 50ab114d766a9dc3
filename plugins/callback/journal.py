"""Callback: Ansible's events to the journal; thin, never fails the play."""

from __future__ import annotations

DOCUMENTATION = r"""
name: journal
type: notification
short_description: Write what happens to a journal that a record is made from
version_added: "0.1.0"
author: The Oplever team
description:
  - Appends one JSON object per event to C(records/<id>/journal.jsonl) while Ansible runs.
  - Keeps nothing of tasks with C(no_log), no task arguments and no output beyond one message line per result.
requirements:
  - enable in configuration
options:
  journal:
    description: Write a journal at all.
    type: bool
    default: true
    ini: [{section: oplever, key: journal}]
    env: [{name: OPLEVER_JOURNAL}]
  records:
    description: Where records go; a relative path starts at the directory of ansible.cfg.
    type: str
    default: records
    ini: [{section: oplever, key: records}]
    env: [{name: OPLEVER_RECORDS}]
  operator:
    description: The person behind a service account.
    type: str
    default: ""
    ini: [{section: oplever, key: operator}]
    env: [{name: OPLEVER_OPERATOR}]
  work_process:
    description: The work process that the record is about.
    type: str
    default: "1.3"
    ini: [{section: oplever, key: work_process}]
    env: [{name: OPLEVER_WORK_PROCESS}]
"""

import atexit
import getpass
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as ansible_version
from ansible_collections.oplever.lab.plugins.plugin_utils import redact
from ansible_collections.oplever.lab.plugins.plugin_utils.writer import JournalWriter, record_id, utc_now

VERSION = 1
COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
# Ansible's own name of a count in `summarize`, where it differs from the recap's.
SUMMARY_KEY = {"failed": "failures"}
ITEMS_LIMIT = 100


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "oplever.lab.journal"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._pid = os.getpid()
        self._writer: JournalWriter | None = None
        self._started: dict[tuple[str, str], float] = {}
        self._playbooks = 0

    # --- opening and closing ---

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbooks += 1
        if self._writer is None:
            self._open(str(playbook._file_name))
        self._write("playbook_start", playbook=str(playbook._file_name))

    def _open(self, playbook: str) -> None:
        if not self.get_option("journal"):
            self.disabled = True
            return
        base = Path(constants.CONFIG_FILE).parent if constants.CONFIG_FILE else Path.cwd()
        identifier = record_id(utc_now(), playbook)
        try:
            self._writer = JournalWriter(base / self.get_option("records"), identifier)
            self._writer.point_latest()
        except OSError as error:
            self.disabled = True
            self._display.warning(
                f"no record of this run: {error.filename}: {error.strerror}. Choose another place with OPLEVER_RECORDS."
            )
            return
        atexit.register(self._close, "stopped before its end")
        self._write("run_start", **self._circumstances(identifier))

    def _circumstances(self, identifier: str) -> dict[str, Any]:
        arguments = context.CLIARGS
        return {
            "format": "oplever-journal",
            "version": VERSION,
            "id": identifier,
            "pid": self._pid,
            "boot_id": _read("/proc/sys/kernel/random/boot_id"),
            "controller": socket.gethostname(),
            "account": getpass.getuser(),
            "person": self.get_option("operator") or os.environ.get("SUDO_USER", ""),
            "cwd": str(Path.cwd()),
            "command": redact.command_line(sys.argv),
            "check_mode": bool(arguments.get("check")),
            "diff_mode": bool(arguments.get("diff")),
            "limit": arguments.get("subset") or "",
            "tags": list(arguments.get("tags") or ()),
            "skip_tags": list(arguments.get("skip_tags") or ()),
            "start_at": arguments.get("start_at_task") or "",
            "inventories": [redact.safe_text(source, 500) for source in arguments.get("inventory") or ()],
            "versions": {"ansible": ansible_version, "python": sys.version.split()[0]},
            "work_process": self.get_option("work_process"),
        }

    def v2_playbook_on_stats(self, stats: Any) -> None:
        summaries = {str(host): stats.summarize(host) for host in stats.processed}
        recap = {
            host: {name: summary[SUMMARY_KEY.get(name, name)] for name in COUNTS} for host, summary in summaries.items()
        }
        self._write("stats", recap=recap)
        if self._playbooks >= len(context.CLIARGS.get("args") or ()):
            self._close("finished")

    def _close(self, reason: str) -> None:
        # Workers are forked from this process and inherit the exit handler: only the process that opened closes.
        if self._writer is None or os.getpid() != self._pid:
            return
        writer, self._writer = self._writer, None
        writer.close(reason)
        if writer.lost:
            self._display.warning(f"the journal misses {writer.lost} lines: {writer.problem} ({writer.directory})")

    def _write(self, kind: str, **values: Any) -> None:
        if self._writer is not None and os.getpid() == self._pid:
            self._writer.write(kind, **values)

    # --- plays and tasks ---

    def v2_playbook_on_play_start(self, play: Any) -> None:
        hosts = play.get_variable_manager()._inventory.get_hosts(play.hosts)
        self._write(
            "play_start",
            play=str(play._uuid),
            name=redact.one_line(str(play.get_name())),
            hosts=str(play.hosts),
            targets=[str(host.name) for host in hosts],
            groups={str(host.name): sorted(str(group.name) for group in host.get_groups()) for host in hosts},
            strategy=str(play.strategy),
        )

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._task(task, handler=False)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._task(task, handler=True)

    def _task(self, task: Any, handler: bool) -> None:
        self._write(
            "task_start",
            task=str(task._uuid),
            name=redact.one_line(str(task.get_name())),
            action=str(getattr(task, "resolved_action", None) or task.action),
            role=str(task._role.get_name()) if task._role else "",
            path=str(task.get_path() or ""),
            handler=handler,
            tags=[str(tag) for tag in task.tags],
            check_mode=bool(task.check_mode),
            no_log=task.no_log is True,
        )

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._started[str(task._uuid), str(host.name)] = time.monotonic()
        self._write("host_start", task=str(task._uuid), host=str(host.name))

    # --- results ---

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._result(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._result(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        task = getattr(result, "task", None) or result._task
        self._result(result, "ignored" if task.ignore_unreachable is True else "unreachable")

    def v2_runner_retry(self, result: Any) -> None:
        host, task, data = _parts(result)
        hidden = redact.is_hidden(task.no_log, data)
        self._write(
            "retry",
            task=str(task._uuid),
            host=str(host.name),
            attempt=int(data.get("attempts") or 0),
            message="" if hidden else redact.message_of(data, getattr(result, "exception", None)),
        )

    def _result(self, result: Any, status: str) -> None:
        host, task, data = _parts(result)
        key = (str(task._uuid), str(host.name))
        began = self._started.pop(key, None)
        line: dict[str, Any] = {
            "task": key[0],
            "host": key[1],
            "status": status,
            "duration": 0.0 if began is None else round(time.monotonic() - began, 6),
            "changed": bool(result.is_changed()),
            "attempts": int(data.get("attempts") or 1),
            "censored": redact.is_hidden(task.no_log, data),
        }
        if not line["censored"]:
            delegated = data.get("_ansible_delegated_vars") or {}
            line["delegated_to"] = redact.safe_text(delegated.get("ansible_delegated_host") or "", 300)
            wanted = status not in ("ok", "changed")
            line["message"] = redact.message_of(data, getattr(result, "exception", None)) if wanted else ""
            line["items"], line["items_total"] = _items(data.get("results"))
        self._write("result", **line)

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        self._write("notify", handler=redact.one_line(str(handler.get_name())), host=str(host.name))

    def v2_playbook_on_include(self, included_file: Any) -> None:
        hosts = [str(host.name) for host in included_file._hosts]
        self._write("include", name=redact.safe_text(str(included_file._filename), 500), hosts=hosts)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._write("no_hosts", why="no_hosts_matched")

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._write("no_hosts", why="no_hosts_remaining")


def _parts(result: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Host, task and data under the names of ansible-core 2.17 to 2.21; the data is asked for once, that is costly."""
    host = getattr(result, "host", None) or result._host
    task = getattr(result, "task", None) or result._task
    data = result.result if hasattr(result, "result") else result._result
    return host, task, data


def _items(results: object) -> tuple[list[dict[str, str]], int]:
    """The loop items that changed or failed, at most 100, and how many there were in all."""
    if not isinstance(results, list):
        return [], 0
    told = []
    for item in results:
        if isinstance(item, dict) and (item.get("changed") or item.get("failed") or item.get("unreachable")):
            status = "failed" if item.get("failed") else "unreachable" if item.get("unreachable") else "changed"
            label = item.get("_ansible_item_label", item.get("item"))
            message = redact.message_of(item, None) if status != "changed" else ""
            told.append({"item": redact.safe_text(label, 200), "status": status, "message": message})
    return told[:ITEMS_LIMIT], len(results)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
