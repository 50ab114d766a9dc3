# Copyright: the Oplever team. MIT License (see LICENSE).
"""Ansible's own screen output, without what its default callback shows of hidden tasks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: console
type: stdout
short_description: The default screen output, with no_log fully respected
description:
  - The same as C(ansible.builtin.default), except that errors, warnings and deprecations of a task with C(no_log) are
    not shown.
  - ansible-core 2.19 and later hide the result of such a task and then print its error, with the value that
    C(no_log) was to hide.
version_added: 0.1.0
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - set as C(stdout_callback)
"""

from typing import Any

from ansible.plugins.callback.default import CallbackModule as Default
from ansible_collections.oplever.lab.plugins.plugin_utils import events
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import outcome


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "oplever.lab.console"

    def _handle_warnings_and_exception(self, result: Any) -> None:
        data = events.data_of(result)
        if outcome.is_hidden(events.task_of(result).no_log, data):
            for key in ("exception", "warnings", "deprecations"):
                data.pop(key, None)
        super()._handle_warnings_and_exception(result)
