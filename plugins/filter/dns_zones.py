"""oplever.lab.dns_zones: the zones of a name server, for the templates of the role dns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.oplever.lab.plugins.plugin_utils import zones

DOCUMENTATION = r"""
name: dns_zones
short_description: The zones of a name server with their records
version_added: "0.1.0"
description:
  - Makes the zone of the machines, the zones of the admin, and the reverse zones of networks and machines.
positional: _input
options:
  _input:
    description: The variables of the role C(dns) without the name of the role; others are not looked at.
    type: dict
    required: true
"""

EXAMPLES = r"""
zones: "{{ {'domain': 'school.example', 'hosts': dns_hosts, 'servers': ['192.0.2.11']} | oplever.lab.dns_zones }}"
"""

RETURN = r"""
_value:
  description:
    - Each with C(name) and C(records). A record has C(name), C(type) and C(value) as the file of a zone has them,
      C(full) with the C(answer) that a server gives to that name, and C(test), a name of its own.
  type: list
  elements: dict
"""


def dns_zones(variables: Mapping[str, Any]) -> list[zones.Zone]:
    """Raises AnsibleFilterError with what is wrong with a record."""
    try:
        return zones.zones(
            str(variables["domain"]),
            variables.get("hosts") or [],
            variables.get("zones") or [],
            variables.get("networks") or [],
            variables.get("servers") or [],
        )
    except ValueError as problem:
        raise AnsibleFilterError(f"dns_zones: {problem}") from None


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"dns_zones": dns_zones}
