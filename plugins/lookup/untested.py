# Copyright: The Oplever team; MIT licence
"""oplever.lab.untested: whether a role changed this machine since its tests last ran."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: untested
short_description: Whether a role changed this machine since its tests last ran
version_added: "0.1.0"
description:
  - Is true for a role of which a task changed something on this machine, or failed, in this run, and whose tests during
    the work did not run after that; also for a role that another one included.
  - The callback C(oplever.lab.journal) keeps account of it. Without that callback it is always true.
options:
  _terms:
    description: Names of roles, with their collection.
    type: list
    elements: str
    required: true
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Test what changed
  ansible.builtin.include_role:
    name: oplever.lab.nginx
    tasks_from: verify
  when: lookup('oplever.lab.untested', 'oplever.lab.nginx')
"""

RETURN = r"""
_raw:
  description: For each role, whether it has to be tested.
  type: list
  elements: bool
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.oplever.lab.plugins.plugin_utils import changes


class LookupModule(LookupBase):
    """Answers on the controller."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[bool]:
        host = str((variables or {})["inventory_hostname"])
        return [changes.is_untested(host, term) for term in terms]
