"""One `ansible-playbook` command from its first playbook to its last recap: the state between events."""

from __future__ import annotations

import atexit
import os
import platform
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from ansible import constants as C  # noqa: N812 - the name everyone knows it by
from ansible import context
from ansible.release import __version__ as ansible_version
from ansible_collections.oplever.lab.plugins.plugin_utils import directory, documents, events, origin
from ansible_collections.oplever.lab.plugins.plugin_utils.command_line import extra_variables, redact_command
from ansible_collections.oplever.lab.plugins.plugin_utils.redact import Redactor, secret_values
from ansible_collections.oplever.lab.plugins.plugin_utils.text import one_line, plain
from ansible_collections.oplever.lab.plugins.plugin_utils.writer import Writer

FORMAT = "oplever-journal"
VERSION = 1


class Run:
    """Writes the journal of one command and, when it is over, has the documents built."""

    def __init__(self, place: directory.RecordDirectory, options: Mapping[str, Any], display: Any) -> None:
        self.place = place
        self.redactor = Redactor(secret_values(dict(os.environ)) | secret_values(extra_variables(sys.argv)))
        self._options = options
        self._display = display
        self._writer = Writer(place.descriptor)
        self._pid = os.getpid()
        self._expected = _playbooks_given()
        self._begun = 0
        self._in_playbook = False
        self._troubled = False
        self._play = ""
        self._actions: dict[str, str] = {}
        self._announced: set[str] = set()
        self._started: dict[tuple[str, str], float] = {}
        self._warned = False

    @classmethod
    def begin(cls, playbook: Any, options: Mapping[str, Any], display: Any) -> Run | None:
        """Open the record; None (and one warning) when that cannot be done. The play goes on either way."""
        try:
            base = directory.base()
            name = _playbook_name(playbook)
            place = directory.create(directory.records(str(options["records"])), name, datetime.now(UTC))
            run = cls(place, options, display)
            run._write_start(playbook, base)
            atexit.register(run._at_exit)
        except (directory.RecordError, OSError) as problem:
            display.warning(f"Oplever keeps no record of this run: {problem}")
            return None
        return run

    @property
    def is_recording(self) -> bool:
        # Workers are forked from this process and hold the same descriptor: they never write.
        return self._writer.is_open and os.getpid() == self._pid

    def know(self, *secrets: object) -> None:
        self.redactor.know(str(secret) for secret in secrets if isinstance(secret, str))

    def name(self, text: str) -> str:
        return one_line(self.redactor.text(text), 300)

    def action(self, task: Any) -> str:
        uuid = str(task._uuid)
        if uuid not in self._actions:
            self._actions[uuid] = events.task_action(task)
        return self._actions[uuid]

    def write(self, kind: str, fields: Mapping[str, Any]) -> None:
        if not self._writer.write(kind, fields):
            self._warn()

    def lose(self, problem: Exception) -> None:
        """An event that could not be put in words: counted in the last line, told once."""
        self._writer.lose(problem)
        self._warn()

    def playbook_start(self, playbook: Any) -> None:
        self._begun += 1
        self._in_playbook = True
        self.write("playbook_start", {"playbook": _playbook_name(playbook)})

    def play_start(self, play: Any) -> None:
        self._play = str(play._uuid)
        self._announced.clear()
        self.redactor.know(events.play_secrets(play))
        self.write("play_start", events.play_fields(play, self.redactor))

    def task_start(self, task: Any, *, handler: bool) -> None:
        """The free strategy announces a task once for each host; the journal has it once."""
        uuid = str(task._uuid)
        if handler or uuid not in self._announced:
            self._announced.add(uuid)
            self._actions[uuid] = events.task_action(task)
            self.write("task_start", events.task_fields(task, self._play, self.redactor, handler=handler))

    def host_start(self, host: str, task: str) -> None:
        self._started[task, host] = time.monotonic()
        self.write("host_start", {"task": task, "host": host})

    def result(self, result: Any, status: str) -> None:
        task = events.task_of(result)
        begun = self._started.pop((str(task._uuid), events.host_of(result)), None)
        duration = round(time.monotonic() - begun, 6) if begun is not None else None
        self.write("result", events.result_fields(result, status, self.action(task), duration, self.redactor))

    def item(self, result: Any, status: str) -> None:
        fields = events.item_fields(result, status, self.action(events.task_of(result)), self.redactor)
        if fields is not None:
            self.write("item", fields)

    def stats(self, stats: Any) -> None:
        recap = events.recap(stats)
        self._in_playbook = False
        self._troubled = any(row["failed"] or row["unreachable"] for row in recap.values())
        self.write("stats", {"recap": recap})
        if self._begun >= self._expected:
            self._finish("finished")

    def _write_start(self, playbook: Any, base: str) -> None:
        arguments = context.CLIARGS
        sources = [str(source) for source in arguments.get("inventory") or C.DEFAULT_HOST_LIST or []]
        facts = origin.run_facts(self._options["operator"], _playbook_directory(playbook))
        root = Path(__file__).resolve().parents[2]
        self.write(
            "run_start",
            {
                "format": FORMAT,
                "version": VERSION,
                "id": self.place.id,
                **facts,
                "command": [plain(word) for word in redact_command(sys.argv, self.redactor)],
                "check_mode": bool(arguments.get("check")),
                "diff_mode": bool(arguments.get("diff")),
                "limit": arguments.get("subset"),
                "tags": list(arguments.get("tags") or []),
                "skip_tags": list(arguments.get("skip_tags") or []),
                "start_at": arguments.get("start_at_task"),
                "inventories": [self.redactor.text(source) for source in sources],
                "versions": {
                    "ansible": ansible_version,
                    "python": platform.python_version(),
                    "collection": origin.collection_version(root),
                },
                "work_process": str(self._options["work_process"]),
                "assignment": self._assignment(base, sources),
            },
        )

    def _assignment(self, base: str, sources: list[str]) -> dict[str, Any] | None:
        path = origin.assignment_path(self._options["assignment"], base, sources)
        if path is None:
            return None
        try:
            with open(path, encoding="utf-8") as file:
                loaded = yaml.safe_load(file)
            if loaded is not None and not isinstance(loaded, dict):
                raise ValueError("it has to be a list of names with values, as `title: ...`")
        except (OSError, ValueError, yaml.YAMLError) as problem:
            reason = one_line(str(problem), 300)
            self._display.warning(f"Oplever cannot read the assignment {path}, the record goes without: {reason}")
            return None
        assignment: dict[str, Any] | None = self.redactor.value(plain(_dates_as_text(loaded))) if loaded else None
        return assignment

    def _finish(self, reason: str) -> None:
        self._writer.close(reason)
        if self._writer.failure is not None:
            self._warn()
        self._report()

    def _report(self) -> None:
        if not self._options["documents"]:
            self._say(f"Oplever: journal in {self.place.journal}; documents: oplever report {self.place.path}")
        elif not documents.package_is_there():
            self._say(
                f"Oplever: journal in {self.place.journal}; for documents install the package (make setup) and run: "
                f"oplever report {self.place.path}"
            )
        else:
            lines, problem = documents.build(self.place.path)
            for line in lines:
                self._say(line)
            if problem:
                self._display.warning(
                    f"Oplever could not make the documents ({problem}). The journal is safe; "
                    f"try again with: oplever report {self.place.path}"
                )

    def _say(self, line: str) -> None:
        # Other output formats (json, say) are read by programs: nothing of ours between.
        people = C.DEFAULT_STDOUT_CALLBACK in ("default", "ansible.builtin.default")
        self._display.display(line, stderr=not people)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            self._display.warning(
                f"Oplever could not write everything to {self.place.journal} ({self._writer.failure}); "
                "the play goes on, the record will say that something is missing"
            )

    def _at_exit(self) -> None:
        """Reached without the last recap: an error, Ctrl-C, or a failure that kept the next playbook from starting."""
        if self.is_recording:
            if self._in_playbook:
                self._finish("stopped before the recap: interrupted, or an error that Ansible reported")
            elif self._troubled:
                self._finish("finished")  # Ansible starts no further playbook after one with failed hosts
            else:
                self._finish(f"stopped after {self._begun} of {self._expected} playbooks")


def _playbooks_given() -> int:
    """How many playbooks the command line names. Ad hoc commands have a host pattern there: one."""
    given = context.CLIARGS.get("args")
    return max(1, len(given)) if isinstance(given, list | tuple) else 1


def _playbook_name(playbook: Any) -> str:
    name = str(playbook._file_name)
    return "adhoc" if name == "__adhoc_playbook__" else name


def _playbook_directory(playbook: Any) -> str:
    return os.path.dirname(os.path.abspath(str(playbook._file_name)))


def _dates_as_text(value: Any) -> Any:
    """YAML reads `2026-11-23` as a date; the record wants what was written."""
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
