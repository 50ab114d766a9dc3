#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.rollback: the part on the machine; the action plugin of the same name makes the new connection."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rollback
short_description: Take back a change after which Ansible can no longer log in
version_added: "0.1.0"
description:
  - For changes that can lock out who makes them. C(state=armed) comes before the change, and keeps what it replaces.
    C(state=confirmed) comes after it, takes it into use and comes in over a new connection, as the same account, with
    the same key and the same become method. Only when that works is the former state given up.
  - Until then a timer of systemd on the machine itself puts the former state back, also when the controller is gone.
    The task then fails and tells why the new connection failed.
  - With a connection that does not log in over SSH, as C(local), no new connection is made.
options:
  name:
    description: Name of the change, as the role. Lower case letters, digits and underscores.
    type: str
    required: true
  state:
    description: C(armed) before the change, C(confirmed) after it. C(applied) is a step of C(confirmed) itself.
    type: str
    choices: [armed, applied, confirmed]
    required: true
  files:
    description: For C(armed), the files that the change may replace; of a directory only owner and rights.
    type: list
    elements: path
    default: []
  outputs:
    description:
      - For C(armed), shell commands whose output is kept, by the name of a file that C(restore) reads. Of a command
        that fails there is no file.
    type: dict
    default: {}
  restore:
    description: For C(armed), a shell command that takes the restored files into use. It runs where the outputs are.
    type: str
    default: ""
  apply:
    description: For C(confirmed), a shell command that takes the change into use. When it fails, all is put back.
    type: str
    default: ""
  force:
    description: For C(confirmed), whether to apply also when no file differs from what was kept.
    type: bool
    default: false
  armed_seconds:
    description:
      - Seconds from C(armed) until the former state comes back when C(confirmed) is never reached. C(armed) once more
        starts the time again. Give C(confirmed) the same number where the change can take away the way to root.
    type: int
    default: 900
  seconds:
    description:
      - Seconds from the moment of applying within which the new connection must be there. Where C(ansible_timeout) is
        more than 20 seconds, all of these take as many times longer.
    type: int
    default: 45
attributes:
  check_mode:
    description: Does nothing in check mode.
    support: full
  diff_mode:
    description: Returns no diff.
    support: none
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Keep the present settings for the way back
  oplever.lab.rollback:
    name: sshd
    state: armed
    files: [/etc/ssh/sshd_config.d/00-oplever.conf]
    restore: systemctl restart ssh.service

- name: Use the new settings if Ansible can still log in
  oplever.lab.rollback:
    name: sshd
    state: confirmed
    apply: systemctl restart ssh.service
"""

RETURN = r"""
new_connection:
  description: Whether the change was confirmed over a new connection.
  returned: when state is confirmed
  type: bool
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import rights
from ansible_collections.oplever.lab.plugins.module_utils.rollback import Rollback, RollbackError


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            # The steps of `confirmed`: the action plugin sends them one by one.
            "state": {"type": "str", "required": True, "choices": ["armed", "applied", "confirmed"]},
            "files": {"type": "list", "elements": "path", "default": []},
            "outputs": {"type": "dict", "default": {}},
            "restore": {"type": "str", "default": ""},
            "apply": {"type": "str", "default": ""},
            "force": {"type": "bool", "default": False},
            "armed_seconds": {"type": "int", "default": 900},
            "seconds": {"type": "int", "default": 45},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=False)
    if os.geteuid() != 0:
        module.fail_json(msg=rights.MISSING)
    if not re.match(r"[a-z0-9_]+\Z", module.params["name"]):
        module.fail_json(msg="name: lower case letters, digits and underscores")
    try:
        answer = STEPS[module.params["state"]](Rollback(module.params["name"]), module.params)
    except (RollbackError, OSError) as error:
        module.fail_json(msg=str(error), step=module.params["state"])
    module.exit_json(step=module.params["state"], **answer)


def _arm(rollback, params):
    rollback.arm(params["files"], params["outputs"], params["restore"], params["armed_seconds"])
    return {"changed": False}


def _apply(rollback, params):
    """Take the change into use and leave the timer running; without a change, there is nothing to wait for."""
    if not rollback.armed:
        raise RollbackError(
            "the former state is gone: the change took longer than armed_seconds, or the machine restarted meanwhile"
        )
    if rollback.restored:
        rollback.forget()
        raise RollbackError("the machine went back to the former state, because Ansible did not come back in time")
    if not params["force"] and not rollback.differs():
        rollback.confirm()
        return {"changed": False}
    rollback.apply(params["apply"], params["seconds"])
    return {"changed": True}


def _confirm(rollback, params):
    return {"changed": False, "confirmed": rollback.confirm()}


STEPS = {"armed": _arm, "applied": _apply, "confirmed": _confirm}


if __name__ == "__main__":
    main()
