"""Network interfaces with their addresses, as `ip -json address` tells them."""

from __future__ import annotations

import json

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "name"
SELECTORS = ("name", "all")
NEEDS = ("name", "all")
ATTRIBUTES = ("exists", "up", "state", "mac", "mtu", "addresses", "promiscuous", "names")
RUNNING = True


def describe(select):
    return "ip address show %s" % (select.get("name") or "(all interfaces)")


def look_up(machine, select):
    by_name = {link["ifname"]: link for link in machine.once(links)}
    if select.get("all"):
        addresses = [address for link in by_name.values() for address in _addresses(link)]
        return {"exists": bool(by_name), "names": sorted(by_name), "addresses": sorted(addresses)}
    link = by_name.get(str(select["name"]))
    if link is None:
        return {"exists": False}
    flags = link.get("flags", [])
    return {
        "exists": True,
        "up": "UP" in flags,
        "state": link.get("operstate", "").lower(),
        "mac": link.get("address"),
        "mtu": link.get("mtu"),
        "addresses": _addresses(link),
        "promiscuous": "PROMISC" in flags,
    }


def links(machine):
    """The interfaces as ip describes them; without those that are known by number only."""
    return [link for link in ask(machine, ["ip", "-json", "address", "show"]) if link.get("ifname")]


def ask(machine, command):
    """What a command of iproute2 gives as JSON: a list; nothing at all when there is nothing to tell."""
    try:
        rows = json.loads(machine.output(command) or "[]")
    except ValueError:
        raise UnreadableError("%s did not return JSON" % " ".join(command)) from None
    return [row for row in rows if isinstance(row, dict)]


def _addresses(link):
    rows = [row for row in link.get("addr_info", []) if "local" in row]
    return sorted("%s/%s" % (row["local"], row["prefixlen"]) for row in rows)
