#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.snapshot: what is on a machine, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot
short_description: Read the state of a machine
version_added: "0.1.0"
description:
  - Packages with version and origin, units, listening sockets, accounts, mounts, kernel settings, network, hardware and
    digests of the files in C(/etc), never their content. Changes nothing, also without check mode.
  - Two snapshots of one run give the components and settings of its record; see
    C(docs/reference/snapshot.md).
options:
  stage:
    description: Whether this is before or after the work.
    type: str
    choices: [before, after]
    default: after
  label:
    description: A label of your own for this snapshot.
    type: str
    default: ""
  files:
    description: Paths or globs whose digests are taken beside those of C(/etc).
    type: list
    elements: str
    default: []
  exclude:
    description: Globs of paths to leave out.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that one command may take.
    type: int
    default: 30
attributes:
  action_group:
    description: Takes the defaults that C(module_defaults) sets for the group C(oplever.lab.evidence).
    support: full
    membership: [oplever.lab.evidence]
  check_mode:
    description: Behaves the same in check mode.
    support: full
  diff_mode:
    description: Returns no diff.
    support: none
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Snapshot before the work
  oplever.lab.snapshot:
    stage: before
    files: [/var/www]
"""

RETURN = r"""
snapshot:
  description: The snapshot; what could not be read is named in its C(problems).
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.collect import snapshot

OPTIONS = {
    "stage": {"type": "str", "choices": ["before", "after"], "default": "after"},
    "label": {"type": "str", "default": ""},
    "files": {"type": "list", "elements": "str", "default": []},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 30},
}


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options = module.params
    found = snapshot(Machine(timeout=options["timeout"]), options["files"], options["exclude"])
    module.exit_json(changed=False, stage=options["stage"], label=options["label"], snapshot=found)


if __name__ == "__main__":
    main()
