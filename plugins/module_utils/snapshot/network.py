"""Interfaces, default gateway and name servers."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import interface, route


def network(machine):
    links = machine.once(interface.links)
    routes = [row for row in machine.once(route.routes)["inet"] if row.get("dst") == "default"]
    resolver = machine.read("/etc/resolv.conf") or ""
    searches = re.findall(r"^(?:search|domain)\s+(.+)$", resolver, re.MULTILINE)
    return {
        "interfaces": [_interface(link) for link in links if link.get("ifname") != "lo"],
        "gateway": next((route["gateway"] for route in routes if route.get("gateway")), ""),
        "dns_servers": re.findall(r"^nameserver\s+(\S+)", resolver, re.MULTILINE),
        "search": searches[-1].split() if searches else [],
    }


def _interface(link):
    """Addresses that change by themselves (privacy addresses of IPv6) are left out."""
    addresses = [
        "%s/%s" % (each["local"], each["prefixlen"])
        for each in link.get("addr_info", [])
        if "local" in each and not each.get("temporary")
    ]
    return {
        "name": link.get("ifname", ""),
        "mac": link.get("address", ""),
        "mtu": link.get("mtu"),
        "state": link.get("operstate", "").lower(),
        "addresses": sorted(addresses),
    }
