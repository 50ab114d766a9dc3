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
"""
