#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.originals: files as they were before a role changed them, and how they come back."""

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
options:
  name:
    description: Name of the role. Lower case letters, digits and underscores.
    type: str
    required: true
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
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils.originals import Originals


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "required": True, "choices": ["kept", "sealed", "restored"]},
            "contents": {"type": "list", "elements": "path", "default": []},
            "rights": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    if not re.match(r"[a-z0-9_]+\Z", module.params["name"]):
        module.fail_json(msg="name: lower case letters, digits and underscores")
    try:
        module.exit_json(**_answer(Originals(module.params["name"]), module))
    except (OSError, ValueError) as error:
        module.fail_json(msg="the originals cannot be kept or read: %s" % error)


def _answer(originals, module):
    state, check = module.params["state"], module.check_mode
    if state == "restored":
        restored, left = originals.restore(check)
        return {
            "changed": bool(restored),
            "restored": [path for path, _, _ in restored],
            "left": [{"path": path, "reason": reason} for path, reason in left],
            "diff": [
                {"before": before, "after": after, "before_header": path, "after_header": path}
                for path, before, after in restored
            ],
        }
    if not check and state == "kept":
        originals.keep(module.params["contents"], module.params["rights"])
    elif not check:
        originals.seal()
    return {"changed": False}


if __name__ == "__main__":
    main()
