"""oplever.lab.kea: the configuration of the DHCP server Kea, for the role dhcp."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.oplever.lab.plugins.plugin_utils import kea as plugin_utils_kea

DOCUMENTATION = r"""
name: kea
short_description: The configuration of the DHCP server Kea
version_added: "0.1.0"
description:
  - Makes what C(kea-dhcp4.conf) holds, with a subnet for each network and the machines in it as reservations.
positional: _input
options:
  _input:
    description: The variables of the role C(dhcp) without the name of the role; others are not looked at.
    type: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ {'interfaces': ['eth0'], 'networks': [], 'lease_seconds': 3600} | oplever.lab.kea | to_nice_json }}"
"""

RETURN = r"""
_value:
  description: The configuration.
  type: dict
"""


def kea(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Raises AnsibleFilterError with what is wrong with a value."""
    try:
        return plugin_utils_kea.configuration(variables)
    except ValueError as problem:
        raise AnsibleFilterError(f"kea: {problem}") from None


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"kea": kea}
