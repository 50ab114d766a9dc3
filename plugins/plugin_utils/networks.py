"""Whether an address lies in one of the networks that addresses with a length are in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def in_networks(address: str, interfaces: Iterable[str]) -> bool:
    """`interfaces` are written as 192.0.2.11/24. What is no address lies nowhere."""
    try:
        target = ipaddress.ip_address(address)
        return any(target in ipaddress.ip_interface(text).network for text in interfaces)
    except ValueError:
        return False
