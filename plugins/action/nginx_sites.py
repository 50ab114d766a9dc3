# Copyright: The Oplever team; MIT licence
"""oplever.lab.nginx_sites on the controller: names the run, so that the machine keeps what the run changes."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import recording


class ActionModule(ActionBase):
    """The work is done by the module."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = {**self._task.args, "run": recording.name()}
        result.update(
            self._execute_module(module_name="oplever.lab.nginx_sites", module_args=arguments, task_vars=task_vars)
        )
        return result
