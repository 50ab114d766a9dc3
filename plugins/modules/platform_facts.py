#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.platform_facts: documentation; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: platform_facts
short_description: Gather the facts that a role needs and check that the release is supported
version_added: "0.1.0"
description:
  - For the first task of a role. The role then works with C(gather_facts=false). On a system that it does not support
    it fails with one sentence, which names the systems that it supports and the system of the machine.
  - Facts that were gathered before are used as they are; the machine is asked only for those that are missing.
  - The supported releases are the C(platforms) in C(meta/main.yml) of the role.
options:
  facts:
    description: Names of the facts that the role needs, as C(default_ipv4). Those of the distribution are always there.
    type: list
    elements: str
    default: []
  login:
    description:
      - Whether to ask the machine, each time, as whom and by which way Ansible is logged in, because the inventory does
        not always know; the account may stand in C(ssh_config), and behind a forwarded port the machine has another
        port than the inventory. With C(oplever_login) among O(facts) it is asked only when nobody asked before.
      - The question is asked as the login account, whatever C(become) says.
    type: bool
    default: false
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Check the release and gather facts
  oplever.lab.platform_facts:
    facts: [default_ipv4]
"""

RETURN = r"""
ansible_facts:
  description: The facts that were missing; empty when all of them were there.
  returned: always
  type: dict
  contains:
    oplever_login:
      description:
        - C(account), C(groups) and C(home) of the login account, and C(remote), whether it came in by SSH. If so,
          C(client) is the address from which it came as the machine sees it, and C(address) and C(port) are those of
          the machine. Otherwise these are empty and 0.
      returned: when asked
      type: dict
"""
