"""What Ansible tells every callback about results, written down in the plainest way: the counterpart of the journal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: oracle
type: notification
short_description: One line for each result
description: For tests of the recorder only.
"""

import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "oracle"
    CALLBACK_NEEDS_ENABLED = True

    def _note(self, status, result):
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        with open(os.environ["ORACLE"], "a", encoding="utf-8") as file:
            file.write(json.dumps([host.get_name(), task.name or task.action, status]) + "\n")

    def v2_runner_on_ok(self, result):
        self._note("changed" if result.is_changed() else "ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._note("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result):
        self._note("skipped", result)

    def v2_runner_on_unreachable(self, result):
        task = getattr(result, "task", None) or result._task
        self._note("ignored" if task.ignore_unreachable else "unreachable", result)
