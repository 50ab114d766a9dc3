# Copyright: The Oplever team; MIT licence
"""oplever.lab.login_facts: as whom and by which way Ansible is logged in, asked of the machine."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import login


class ActionModule(ActionBase):
    """Asks without become: with it, the machine would only tell about root."""

    _VALID_ARGS = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        answer = self._low_level_execute_command(login.QUESTION, sudoable=False)
        try:
            facts = login.parse(answer["stdout"], remote=login.is_remote(self._connection))
        except ValueError as error:
            return {**result, "failed": True, "msg": f"{error} {answer['stderr'].strip()[-200:]}"}
        return {**result, "changed": False, "ansible_facts": {"oplever_login": facts}}
