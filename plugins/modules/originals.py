#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.originals: files as they were before a role or a run changed them, and how they come back."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: originals
short_description: Keep files before a role changes them, and put them back
version_added: "0.1.0"
description:
  - C(state=kept) comes before the changes of a role, C(state=sealed) after them, in every run. What an earlier run kept
    stays the original. C(state=restored) puts everything back, in one step for each file.
  - A file that somebody else changed, after the role or between two runs of it, is not overwritten. It is named in
    C(left) with the reason, and so is one that cannot be written.
  - The originals and their digests are on the machine, below C(/var/lib/oplever/originals), for root alone. What is put
    back is forgotten.
  - M(oplever.lab.configure) and M(oplever.lab.nginx_sites) keep in the same way what a recorded run changes, below
    C(/var/lib/oplever/runs), for the last five runs that changed files. O(run) puts one of these back.
options:
  name:
    description: Name of the role. Lower case letters, digits and underscores.
    type: str
  run:
    description: Instead of O(name), with O(state=restored), the name of a record, or C(latest).
    type: str
  state:
    description: C(kept) before the changes, C(sealed) after them, C(restored) to take them back.
    type: str
    choices: [kept, sealed, restored]
    required: true
  contents:
    description:
      - For C(kept), files that come back as a whole, with owner and mode; one that does not exist yet is removed again.
        A star stands for any name. Files below C(/proc/sys) are settings of the kernel.
    type: list
    elements: path
    default: []
  rights:
    description: For C(kept), paths of which only owner and mode come back. A star stands for any name.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Tells what would be put back, and keeps nothing.
    support: full
  diff_mode:
    description: Shows the texts before and after of what is put back.
    support: full
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Keep the settings as they are
  oplever.lab.originals:
    name: harden
    state: kept
    contents: [/etc/security/faillock.conf, "/proc/sys/net/ipv4/conf/*/send_redirects"]
    rights: [/etc/crontab]

- name: Put the settings back
  oplever.lab.originals:
    name: harden
    state: restored

- name: Put back what the last run changed
  oplever.lab.originals:
    run: latest
    state: restored
"""

RETURN = r"""
restored:
  description: Paths that were put back, or would be in check mode.
  returned: when state is restored
  type: list
  elements: str
left:
  description: What was not put back, each with C(path) and C(reason).
  returned: when state is restored
  type: list
  elements: dict
units:
  description: Units of systemd that use what was put back. This module does not restart them.
  returned: when state is restored
  type: list
  elements: str
run:
  description: Name of the run that was put back; empty when nothing is kept of any.
  returned: with O(run)
  type: str
runs:
  description: Names of all runs of which files are kept, the latest first.
  returned: with O(run)
  type: list
  elements: str
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import originals, rights


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "run": {"type": "str"},
            "state": {"type": "str", "required": True, "choices": ["kept", "sealed", "restored"]},
            "contents": {"type": "list", "elements": "path", "default": []},
            "rights": {"type": "list", "elements": "path", "default": []},
        },
        required_one_of=[("name", "run")],
        mutually_exclusive=[("name", "run")],
        supports_check_mode=True,
    )
    name, run = module.params["name"], module.params["run"]
    if name is not None and not re.match(r"[a-z0-9_]+\Z", name):
        module.fail_json(msg="name: lower case letters, digits and underscores")
    if run is not None and module.params["state"] != "restored":
        module.fail_json(msg="run: what a run changes is kept by the modules that change it; it can only be restored")
    try:
        answer = _run_restored(run, module.check_mode) if run is not None else _of_role(name, module)
    except (OSError, ValueError) as error:
        module.fail_json(msg="the originals cannot be kept or read: %s%s" % (error, rights.advice()))
    module.exit_json(**answer)


def _run_restored(name, check):
    runs = originals.runs()
    name = next(iter(runs), "") if name == "latest" else name
    if name and name not in runs:
        raise ValueError("of run %s nothing is kept here; of these it is: %s" % (name, ", ".join(runs) or "none"))
    done = _restored(originals.of_run(name), check) if name else _answer([], [], [])
    return {**done, "run": name, "runs": runs}


def _of_role(name, module):
    files, state, check = originals.Originals(name), module.params["state"], module.check_mode
    if state == "restored":
        return _restored(files, check)
    if not check and state == "kept":
        files.keep(module.params["contents"], module.params["rights"])
    elif not check:
        files.seal()
    return {"changed": False}


def _restored(files, check):
    units = files.units()
    restored, left = files.restore(check)
    return _answer(restored, left, sorted({unit for path, _, _ in restored for unit in units[path]}))


def _answer(restored, left, units):
    return {
        "changed": bool(restored),
        "restored": [path for path, _, _ in restored],
        "left": [{"path": path, "reason": reason} for path, reason in left],
        "units": units,
        "diff": [
            {"before": before, "after": after, "before_header": path, "after_header": path}
            for path, before, after in restored
        ],
    }


if __name__ == "__main__":
    main()
