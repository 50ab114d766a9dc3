# Copyright: The Oplever team; MIT licence
"""oplever.lab.changed: whether anything changed on this machine in this run."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: changed
short_description: Whether anything changed on this machine in this run
version_added: "0.1.0"
description:
  - Is true when a task of this run changed something on this machine, or failed there. Until then, what was measured
    earlier in the run still holds.
  - The callback C(oplever.lab.journal) keeps account of it. Without that callback it is always true.
options: {}
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Audit again
  ansible.builtin.include_role:
    name: oplever.lab.harden
    tasks_from: verify
  when: lookup('oplever.lab.changed')
"""

RETURN = r"""
_raw:
  description: One value.
  type: list
  elements: bool
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.oplever.lab.plugins.plugin_utils import changes


class LookupModule(LookupBase):
    """Answers on the controller."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[bool]:
        return [changes.has_changed(str((variables or {})["inventory_hostname"]))]
