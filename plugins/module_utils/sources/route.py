"""Routes of the main table, of IPv4 and IPv6."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources import interface

MAIN = "destination"
SELECTORS = ("destination", "family")
NEEDS = ("destination",)
ATTRIBUTES = ("exists", "gateway", "interface", "source", "metric", "count")
RUNNING = True
FAMILIES = {"inet": "-4", "inet6": "-6"}


def describe(select):
    return "ip route show, %s" % select.get("destination")


def look_up(machine, select):
    """Of several routes to one place the one that is used: that with the lowest metric."""
    destination, family = str(select["destination"]), select.get("family")
    rows = [row for name in FAMILIES if family in (None, name) for row in machine.once(routes)[name]]
    hits = sorted((row for row in rows if row.get("dst") == destination), key=lambda row: row.get("metric", 0))
    if not hits:
        return {"exists": False, "count": 0}
    first = hits[0]
    return {
        "exists": True,
        "gateway": first.get("gateway"),
        "interface": first.get("dev"),
        "source": first.get("prefsrc"),
        "metric": first.get("metric", 0),
        "count": len(hits),
    }


def routes(machine):
    """Family -> its routes as ip describes them."""
    return {name: interface.ask(machine, ["ip", "-json", flag, "route", "show"]) for name, flag in FAMILIES.items()}
