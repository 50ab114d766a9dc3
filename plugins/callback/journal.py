# Copyright: the Oplever team. MIT License (see LICENSE).
"""Ansible's events to the journal. Thin: decides nothing, never fails the play, does no work that can wait."""

from __future__ import annotations

DOCUMENTATION = r"""
name: journal
type: notification
short_description: Writes a journal of every run and makes its installation record
description:
  - Appends one JSON line per event to C(journal.jsonl) in a directory of its own for each C(ansible-playbook) command.
  - When the run is over, builds the record and its documents with C(oplever report) in a separate process.
  - When a run went well and its record could not be written completely, C(ansible-playbook) ends with 74. A run that
    failed keeps the exit code of Ansible.
  - Records of tasks with C(no_log) only whether they changed something, never keeps arguments of tasks, and
    removes what looks like a secret from messages and from the command line.
version_added: 0.1.0
requirements:
  - enabled in C(callbacks_enabled)
options:
  journal:
    description: Whether to write a journal.
    type: bool
    default: true
    ini: [{section: oplever, key: journal}]
    env: [{name: OPLEVER_JOURNAL}]
  records:
    description:
      - Directory of the records. Relative to the directory of the project, which is that of its C(ansible.cfg), or the
        current one when there is none.
      - A project's C(ansible.cfg) is the one in C(ANSIBLE_CONFIG) or in the current directory. In C(~/.ansible.cfg) and
        C(/etc/ansible/ansible.cfg) this option does not count.
    type: str
    default: records
    ini: [{section: oplever, key: records}]
    env: [{name: OPLEVER_RECORDS}]
  documents:
    description: Whether to build the record and its documents when the run is over.
    type: bool
    default: true
    ini: [{section: oplever, key: documents}]
    env: [{name: OPLEVER_DOCUMENTS}]
  command:
    description:
      - The command C(oplever) that builds them, as a path; a relative one starts at the directory of the project.
        Without it, the package in Ansible's own Python, else C(oplever) on C(PATH).
    type: str
    ini: [{section: oplever, key: command}]
    env: [{name: OPLEVER_COMMAND}]
  operator:
    description: The person who runs Ansible when the account is shared. Without it, who called sudo.
    type: str
    ini: [{section: oplever, key: operator}]
    env: [{name: OPLEVER_OPERATOR}]
  assignment:
    description:
      - File with the assignment (YAML), relative to the directory of the project. Without it, C(assignment.yml) in or
        beside the first inventory, else the variable C(oplever_assignment) in its C(group_vars/all), else
        C(assignment.yml) in the directory of the project.
    type: str
    ini: [{section: oplever, key: assignment}]
    env: [{name: OPLEVER_ASSIGNMENT}]
  work_process:
    description:
      - The work process that the run belongs to, as C(1.3). C(work_process) in the assignment goes before it. Without
        either the record claims none.
    type: str
    ini: [{section: oplever, key: work_process}]
    env: [{name: OPLEVER_WORK_PROCESS}]
"""

import functools
from collections.abc import Callable
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.oplever.lab.plugins.plugin_utils import events, memory
from ansible_collections.oplever.lab.plugins.plugin_utils.run import Run, playbooks_given
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import outcome

INCOMPLETE = 74
"""Exit code of a run that went well and whose record could not be written completely (EX_IOERR of sysexits.h)."""


def recorded(hook: Callable[..., None]) -> Callable[..., None]:
    """Let no error out of a hook: Ansible would swallow it with what comes after; here it is counted and told once."""

    @functools.wraps(hook)
    def guarded(self: CallbackModule, *args: Any, **kwargs: Any) -> None:
        run = self.run
        if run is None or not run.is_recording:
            return
        try:
            hook(self, run, *args, **kwargs)
        except Exception as problem:
            run.lose(problem)

    return guarded


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "oplever.lab.journal"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run: Run | None = None
        self._recaps = 0

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self.disabled = not self.get_option("journal")

    def set_play_context(self, play_context: Any) -> None:
        if self.run is not None:
            self.run.know(play_context.password, play_context.become_pass)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        if self.run is None:
            # Not `records`: the project says where those are, for the command `oplever` too.
            names = ("documents", "command", "operator", "assignment", "work_process")
            self.run = Run.begin(playbook, {name: self.get_option(name) for name in names}, self._display)
        self._playbook_start(playbook)

    @recorded
    def _playbook_start(self, run: Run, playbook: Any) -> None:
        run.playbook_start(playbook)

    @recorded
    def v2_playbook_on_play_start(self, run: Run, play: Any) -> None:
        memory.settle()
        run.play_start(play)

    @recorded
    def v2_playbook_on_task_start(self, run: Run, task: Any, is_conditional: bool = False) -> None:
        run.task_start(task, handler=False)

    @recorded
    def v2_playbook_on_handler_task_start(self, run: Run, task: Any) -> None:
        run.task_start(task, handler=True)

    @recorded
    def v2_runner_on_start(self, run: Run, host: Any, task: Any) -> None:
        run.host_start(str(host.get_name()), str(task._uuid))

    @recorded
    def v2_runner_on_ok(self, run: Run, result: Any) -> None:
        run.result(result, "changed" if result.is_changed() else "ok")

    @recorded
    def v2_runner_on_failed(self, run: Run, result: Any, ignore_errors: bool = False) -> None:
        run.result(result, "ignored" if ignore_errors else "failed")

    @recorded
    def v2_runner_on_skipped(self, run: Run, result: Any) -> None:
        run.result(result, "skipped")

    @recorded
    def v2_runner_on_unreachable(self, run: Run, result: Any) -> None:
        run.result(result, "ignored" if events.task_of(result).ignore_unreachable is True else "unreachable")

    @recorded
    def v2_runner_item_on_ok(self, run: Run, result: Any) -> None:
        changed = result.is_changed()
        if changed or run.action(events.task_of(result)) in outcome.OWN_MODULES:
            run.item(result, "changed" if changed else "ok")

    @recorded
    def v2_runner_item_on_failed(self, run: Run, result: Any) -> None:
        run.item(result, "unreachable" if result.is_unreachable() else "failed")

    @recorded
    def v2_runner_retry(self, run: Run, result: Any) -> None:
        run.retry(result)

    @recorded
    def v2_playbook_on_notify(self, run: Run, handler: Any, host: Any) -> None:
        run.write("notify", {"handler": run.name(handler.get_name()), "host": str(host.get_name())})

    @recorded
    def v2_playbook_on_include(self, run: Run, included_file: Any) -> None:
        run.write("include", events.include_fields(included_file, run.redactor))

    @recorded
    def v2_playbook_on_no_hosts_matched(self, run: Run) -> None:
        run.write("no_hosts", {"why": "no_hosts_matched"})

    @recorded
    def v2_playbook_on_no_hosts_remaining(self, run: Run) -> None:
        run.write("no_hosts", {"why": "no_hosts_remaining"})

    @recorded
    def _stats(self, run: Run, stats: Any) -> None:
        run.stats(stats)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._stats(stats)
        self._recaps += 1
        is_refused = (
            self.run is None and self._recaps >= playbooks_given() and not events.is_troubled(events.recap(stats))
        )
        if is_refused or (self.run is not None and self.run.is_incomplete):
            # The work is over and went well; an exception of another class Ansible would swallow (decision 0065).
            raise SystemExit(INCOMPLETE)
