"""oplever.lab.in_networks: whether a router can be reached from an interface, for the role network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.networks import in_networks

DOCUMENTATION = r"""
name: in_networks
short_description: Whether an address lies in the network of an interface
version_added: "0.1.0"
description:
  - Whether an address lies in one of the networks of a list of addresses with their length.
positional: _input, interfaces
options:
  _input:
    description: The address.
    type: str
    required: true
  interfaces:
    description: Addresses with their length, as C(192.0.2.11/24).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
reachable: "{{ '192.0.2.1' | oplever.lab.in_networks(['192.0.2.11/24']) }}"
"""

RETURN = r"""
_value:
  description: Whether it does. What is no address lies nowhere.
  type: bool
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"in_networks": in_networks}
