# Copyright: The Oplever team; MIT licence
"""oplever.lab.applying: which entries of the list of roles apply to a machine."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: applying
short_description: The entries of the list of roles that apply to this machine
version_added: "0.1.0"
description:
  - Gives those of the entries that are about this machine, by their keys C(groups), C(except) and C(needs) and the
    variable C(oplever_without), in their order. C(playbooks/vars/roles.yml) tells what the keys are.
options:
  _terms:
    description: Entries of the list.
    type: list
    elements: dict
    required: true
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Names of the roles of this machine
  ansible.builtin.debug:
    msg: "{{ query('oplever.lab.applying', *oplever_all_roles) | map(attribute='role') }}"
"""

RETURN = r"""
_raw:
  description: The entries that apply.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """Answers on the controller."""

    def run(self, terms: list[dict[str, Any]], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        host_variables = variables or {}
        groups = {"all", *host_variables.get("group_names", [])}
        without = self._value(host_variables, "oplever_without") or []
        return [
            entry
            for entry in terms
            if groups.intersection(entry["groups"])
            and not groups.intersection(entry.get("except") or [])
            and entry["role"] not in without
            and ("needs" not in entry or self._value(host_variables, entry["needs"]))
        ]

    def _value(self, variables: Mapping[str, Any], name: str) -> Any:
        return self._templar.template(variables[name]) if name in variables else None
