#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.login_facts: documentation; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: login_facts
short_description: As whom and by which way Ansible is logged in
version_added: "0.1.0"
description:
  - Asks the machine, because the inventory does not always know; the account may stand in C(ssh_config), and behind a
    forwarded port the machine has another port than the inventory.
  - The question is asked as the login account, whatever C(become) says.
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Ask as whom Ansible is logged in
  oplever.lab.login_facts:
"""

RETURN = r"""
ansible_facts:
  description: One fact, C(oplever_login).
  returned: success
  type: dict
  contains:
    oplever_login:
      description:
        - C(account), C(groups) and C(home) of the login account, and C(remote), whether it came in by SSH. If so,
          C(client) is the address from which it came as the machine sees it, and C(address) and C(port) are those of
          the machine. Otherwise these are empty and 0.
      type: dict
"""
