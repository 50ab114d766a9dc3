#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.reference: documentation; the work is done by the action plugin of the same name, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: reference
short_description: The state of a machine at its last delivery
version_added: "0.1.0"
description:
  - Looks in the records on the controller for the newest one in which this machine was delivered, and takes its
    snapshot after the work as the snapshot before of this run. What differs at the end of this run is then told by
    tests in the record, whoever changed it.
  - A machine was delivered by a run that worked on it between two snapshots, tested it and found it in order. A run
    that only compared, hardened or audited it is no delivery. C(reference = approved) in section C([oplever]) of
    C(ansible.cfg), or C(OPLEVER_REFERENCE) in the environment, says from which stage a delivery counts - C(tested)
    (default), C(accepted), C(approved) or C(signed).
  - What people accepted since then of what differs (C(oplever add accept-drift)) comes with it, read from the records
    after that delivery.
  - Does not touch the machine. A machine that was never delivered has nothing to be compared with; the result says so.
options:
  origins:
    description:
      - Where updates may come from, beside where the packages of the delivery came from. Each is a site with a suite,
        as C(apt-cache policy) shows it.
    type: list
    elements: str
    default: []
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: State at the last delivery
  oplever.lab.reference:
    origins: ["security.debian.org bookworm-security"]
"""

RETURN = r"""
reference:
  description: Name of the record; empty when this machine was never delivered.
  returned: always
  type: str
snapshot:
  description: The snapshot of that record.
  returned: when there is one
  type: dict
accepted:
  description:
    - Of each thing of which a difference was accepted what was said last - C(kind), C(name), C(value) (the state that
      was accepted), C(by), C(at), C(reason), C(until), C(record) and whether it is C(expired).
  returned: always
  type: list
  elements: dict
origins:
  description: As the option.
  returned: always
  type: list
  elements: str
ansible_facts:
  description:
    - The name as C(oplever_reference), for O(oplever.lab.snapshot#module:reference) at the end of the work, and
      C(accepted) with C(origins) as C(oplever_reference_rules), for O(oplever.lab.snapshot#module:rules).
  returned: always
  type: dict
"""
