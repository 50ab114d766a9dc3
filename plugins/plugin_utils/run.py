"""One `ansible-playbook` command from its first playbook to its last recap: the state between events."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible import constants as C  # noqa: N812 - the name everyone knows it by
from ansible import context
from ansible_collections.oplever.lab.plugins.plugin_utils import (
    blocks,
    changes,
    directory,
    documents,
    events,
    handout,
    no_log,
    origin,
    recording,
    start,
    variable_files,
)
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import project
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.command_line import extra_variables
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor, secret_values
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line
from ansible_collections.oplever.lab.plugins.plugin_utils.writer import Writer


class Run:
    """Writes the journal of one command and, when it is over, has the documents built."""

    def __init__(
        self,
        place: directory.RecordDirectory,
        current_project: project.Project,
        options: Mapping[str, Any],
        display: Any,
    ) -> None:
        self.place = place
        self._project = current_project
        secrets = secret_values(dict(os.environ)) | secret_values(extra_variables(sys.argv))
        self.redactor = Redactor(secrets, key=os.urandom(32))
        recording.begin(self.redactor, place.id)
        changes.begin()
        self._options = options
        self._loader: Any = None
        self._directory = ""
        self._searched: set[str] = set()
        self._roles: set[str] = set()
        self._display = display
        self._writer = Writer(place.descriptor, place.reserve, lambda: directory.reopen(place))
        self._pid = os.getpid()
        self._expected = playbooks_given()
        self._begun = 0
        self._in_playbook = False
        self._troubled = False
        self._play = ""
        self._actions: dict[str, str] = {}
        self._announced: set[str] = set()
        self._started: dict[tuple[str, str], float] = {}
        self._retries: dict[tuple[str, str], int] = {}
        self._warned = False
        self._unmade = False
        self._manager: Any = None
        self._hidden: list[tuple[str, tuple[str, ...]]] = []
        """Hosts and variables of hidden tasks. What is in them is known when the next task begins."""

    @classmethod
    def begin(cls, playbook: Any, options: Mapping[str, Any], display: Any) -> Run | None:
        """Open the record; None (and one warning) when that cannot be done. The play goes on either way."""
        try:
            current_project = project.current()
            if current_project.ignored:
                display.warning(project.why_ignored(current_project))
            name = start.name_of_work(playbook)
            place = directory.create(project.records(current_project), name, datetime.now(UTC))
            run = cls(place, current_project, options, display)
            run.write(
                "run_start",
                start.fields(place, options, playbook, current_project, redactor=run.redactor, display=display),
            )
            atexit.register(run._at_exit)
        except Exception as problem:  # whatever it is, the play goes on
            display.warning(f"Oplever keeps no record of this run: {problem}")
            return None
        return run

    @property
    def is_recording(self) -> bool:
        # Workers are forked from this process and hold the same descriptor: they never write.
        return self._writer.is_open and os.getpid() == self._pid

    @property
    def is_incomplete(self) -> bool:
        """Whether the run went well and its record lacks something: Ansible would end with 0."""
        return self._begun >= self._expected and not self._troubled and (self._warned or self._unmade)

    def know(self, *secrets: object) -> None:
        self.redactor.know(str(secret) for secret in secrets if isinstance(secret, str))

    def name(self, text: str) -> str:
        return one_line(text, 300, self.redactor.text)

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
        self._loader, self._directory = playbook._loader, os.path.dirname(os.path.abspath(str(playbook._file_name)))
        name = start.playbook_name(playbook)
        self.write(
            "playbook_start",
            {
                "playbook": name,
                "sha256": variable_files.digest(variable_files.read(name)),
                "collections": origin.collections_in_use(),
                "plays": events.planned(playbook, self.redactor),
            },
        )

    def play_start(self, play: Any) -> None:
        self._learn_hidden()
        self._manager = play.get_variable_manager()
        is_first_batch, self._play = self._play != str(play._uuid), str(play._uuid)
        self._announced.clear()
        listed = variable_files.listed_files(play.vars_files or [], self._directory)
        self._search(
            [*listed, *(f for role in play.roles or [] for f in variable_files.role_files(str(role._role_path)))]
        )
        self.redactor.know(events.play_secrets(play))
        files = variable_files.digests([listed], {path: variable_files.read(path) for path in listed})
        fields = events.play_fields(play, self.redactor) | {"files": files}
        if is_first_batch and play.serial:
            fields["planned"] = [str(host.get_name()) for host in events.play_hosts(play, all_batches=True)]
        self.write("play_start", fields)

    def task_start(self, task: Any, *, handler: bool) -> None:
        """The free strategy announces a task once for each host; the journal has it once."""
        uuid = str(task._uuid)
        if handler or uuid not in self._announced:
            self._announced.add(uuid)
            self._actions[uuid] = events.task_action(task)
            self._know_of_task(task)
            self._role(task)
            self.write("task_start", events.task_fields(task, self._play, self.redactor, handler=handler))

    def _role(self, task: Any) -> None:
        """What the role of a task gives people, before its first task."""
        if (role := getattr(task, "_role", None)) is not None:
            self._give_out(str(role.get_name()), str(role._role_path))

    def _give_out(self, role: str, path: str) -> None:
        if role in self._roles:
            return
        self._roles.add(role)
        if parts := handout.read(path):
            self.write("role", {"role": role, "handout": [], **parts})

    def _role_tested(self, data: Mapping[str, Any]) -> None:
        """A role of which only the tests are run, in a task of a playbook: as if a task of its own had begun."""
        if not isinstance(data.get("role"), str) or not isinstance(data.get("path"), str):
            return
        path = os.path.dirname(os.path.dirname(data["path"]))
        if path not in self._searched:
            self._searched.add(path)
            self._search(variable_files.role_files(path))
        self._give_out(str(data["role"]), path)

    def _know_of_task(self, task: Any) -> None:
        """Secrets that come with the task: in its variables and those of its blocks, in its environment, and in the
        files of its role."""
        self._learn_hidden()
        if variables := task.get_vars():
            self.redactor.know(secret_values(variables))
        for environment in task.environment or ():
            if isinstance(environment, Mapping):
                self.redactor.know(secret_values(environment))
        if (role := getattr(task, "_role", None)) is not None and str(role._role_path) not in self._searched:
            self._searched.add(str(role._role_path))
            self._search(variable_files.role_files(str(role._role_path)))

    def _search(self, paths: list[str]) -> None:
        """Learn the secrets in these files, each file once."""
        for path in paths:
            if path not in self._searched:
                self._searched.add(path)
                self.redactor.know(variable_files.secrets(path, variable_files.read(path), self._loader))

    def _learn_hidden(self) -> None:
        waiting, self._hidden = self._hidden, []
        for host, names in waiting:
            self.redactor.know(no_log.values(self._manager, host, names))

    def host_start(self, host: str, task: str) -> None:
        self._learn_hidden()
        self._started[task, host] = time.monotonic()
        self.write("host_start", {"task": task, "host": host})

    def result(self, result: Any, status: str) -> None:
        task = events.task_of(result)
        uuid = str(task._uuid)
        key = uuid, events.host_of(result)
        begun = self._started.pop(key, None)
        self._retries.pop(key, None)
        duration = round(time.monotonic() - begun, 6) if begun is not None else None
        # A second result of the same task is a file that could not be included: Ansible counts that as failed always.
        rescue = blocks.rescued_by(task) if status == "failed" and begun is not None else None
        action = self.action(task)
        changes.learn(key[1], task, status)
        if action == "oplever.lab.checks" and events.data_of(result).get("stage") == "during":
            changes.tested(key[1], task)
        self.redactor.know(events.learnt(result, action) | events.secret_items(result))
        if action == "ansible.builtin.include_vars":
            self._search(events.included_variables(task, self._directory))
        fields = events.result_fields(
            result,
            status,
            action=action,
            duration=duration,
            rescued_by=rescue,
            redactor=self.redactor,
        )
        self.write("result", fields)
        if fields["censored"] and (names := no_log.variables(task, action)):
            self._hidden.append((events.host_of(result), names))

    def retry(self, result: Any) -> None:
        """Counted here: the count in the data can be that of a later attempt by the time Ansible passes it on."""
        key = str(events.task_of(result)._uuid), events.host_of(result)
        self._retries[key] = self._retries.get(key, 0) + 1
        self.redactor.know(events.secret_items(result))
        self.write("retry", events.retry_fields(result, self._retries[key], self.redactor))

    def item(self, result: Any, status: str) -> None:
        action = self.action(events.task_of(result))
        if action == "oplever.lab.checks":
            self._role_tested(events.data_of(result))
        self.redactor.know(events.secret_items(result))
        fields = events.item_fields(result, status, action, self.redactor)
        if fields is not None:
            self.write("item", fields)

    def stats(self, stats: Any) -> None:
        recap = events.recap(stats)
        self._in_playbook = False
        self._troubled = events.is_troubled(recap)
        self.write("stats", {"recap": recap})
        if self._begun >= self._expected:
            self._finish("finished")

    def _finish(self, reason: str, stopped: Mapping[str, Any] | None = None) -> None:
        """`reason` is in words; `stopped` has the code of a run that did not come to its last recap."""
        stop = {"stopped": stopped} if stopped else {}
        self._writer.close(reason, {**stop, "collections": origin.collections_in_use()})
        if self._writer.failure is not None:
            self._warn()
        if self._writer.is_put_back:
            self._display.warning(
                f"The record was removed while the run went on; Oplever put its journal back: {self.place.journal}"
            )
        self._report()

    def _report(self) -> None:
        again = f"oplever report {self.place.path}"
        if not self._options["documents"]:
            self._say(f"Oplever: journal in {self.place.journal}; documents: {again}")
            return
        try:
            command = documents.command(self._options["command"], self._project.directory)
        except documents.NoCommandError as refusal:
            self._not_made(str(refusal), again)
            return
        if command is None:
            self._say(f"Oplever: journal in {self.place.journal}; for documents: pip install oplever, then: {again}")
            return
        lines, problem = documents.build(command, self.place.path)
        for line in lines:
            self._say(line)
        if problem:
            self._unmade = True
            self._not_made(problem, again)

    def _not_made(self, problem: str, again: str) -> None:
        # A full disk keeps both the journal and the documents from being whole: that is one warning.
        (self._say if self._warned else self._display.warning)(
            f"Oplever could not make the documents ({problem}). "
            f"The journal is {'not ' if self._warned else ''}complete; try again with: {again}"
        )

    def _say(self, line: str) -> None:
        # Other output formats (json, say) are read by programs: nothing of ours between.
        people = C.DEFAULT_STDOUT_CALLBACK in ("default", "ansible.builtin.default", "oplever.lab.console")
        self._display.display(line, stderr=not people)

    def _warn(self) -> None:
        changes.end()  # what may not have been seen is tested
        if not self._warned:
            self._warned = True
            self._display.warning(
                f"Oplever could not write everything to {self.place.journal} ({self._writer.failure}); "
                "the play continues, and the record will say what is missing"
            )

    def _at_exit(self) -> None:
        """Reached without the last recap: an error, Ctrl-C, or a failure that kept the next playbook from starting."""
        if self.is_recording:
            if self._in_playbook:
                words = "stopped before the recap: interrupted, or an error that Ansible reported"
                self._finish(words, {"code": "before_recap"})
            elif self._troubled:
                self._finish("finished")  # Ansible starts no further playbook after one with failed hosts
            else:
                words = f"stopped after {self._begun} of {self._expected} playbooks"
                stopped = {"code": "between_playbooks", "begun": self._begun, "playbooks": self._expected}
                self._finish(words, stopped)


def playbooks_given() -> int:
    """How many playbooks the command line names. Ad hoc commands have a host pattern there: one."""
    playbooks = context.CLIARGS.get("args")
    return max(1, len(playbooks)) if isinstance(playbooks, list | tuple) else 1
