"""The packet filter in force: `nft -j list ruleset`, asked once."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import nftables_wide
from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import (
    DEEPEST,
    about,
    ruleset,
    target,
)

MAIN = "chain"
SELECTORS = ("chain", "hook")
NEEDS = ("chain", "hook")
ATTRIBUTES = ("exists", "policy", "rules", "terminal", "strictest", "accepted_ports", "ruled_ports", "wide")
RUNNING = True
# Matches on these say nothing about who sent the packet.
ABOUT_ANYBODY = ("ct state", "protocol", "l4proto", "nfproto")
VERSIONS = (("ip", "inet"), ("ip6", "inet"))
"""Of IPv4 and IPv6, the families of the chains that see its packets."""
ROUTES = "/proc/net/route", "/proc/net/ipv6_route"


class _Filter(NamedTuple):
    """What the chains do together that a packet of one version of IP must get through."""

    chain: tuple[str, str, str] | None
    terminal: str | None
    accepted: set[int]
    ruled: set[int]
    wide: list[str]


def describe(select):
    return "nft list ruleset, %s" % (select.get("chain") or "hook %s" % select.get("hook"))


def look_up(machine, select):
    """`terminal`: what becomes of a packet that no rule decided on. `accepted_ports`: those open to everybody,
    `ruled_ports`: those that some rule opens to somebody, `wide`: rules that let in nearly everything. Of IPv4 and IPv6
    that which lets more in: where no chain sees the packets of IPv4, all of them. `strictest`: as `terminal`, of the
    version that lets less in."""
    current, outside = machine.once(ruleset), machine.once(interfaces_of_routes)
    if select.get("chain"):
        keys = [key for key in current.chains if key == tuple(str(select["chain"]).split("/"))]
        return _facts(current, [keys], outside)
    return of_hook(current, select["hook"], outside)


def of_hook(current, hook, outside):
    """The same of all chains of a hook together, in a Ruleset."""
    keys = current.of_hook(hook)
    ipv4, ipv6 = ([key for key in keys if key[0] in families] for families in VERSIONS)
    return _facts(current, [ipv4, ipv6] if ipv6 else [ipv4], outside)


def _facts(current, by_version, outside):
    keys = list(dict.fromkeys(key for keys_of_version in by_version for key in keys_of_version))
    if not keys:
        return {"exists": False}
    filters = [_filter(current, some, outside) for some in by_version]
    weakest = next((version for version in filters if version.terminal == "accept"), filters[0])
    return {
        "exists": True,
        "policy": current.policy_of(weakest.chain) if weakest.chain else "accept",
        "rules": sum(current.numbers.get(key, 0) for key in keys),
        "terminal": weakest.terminal,
        "strictest": next((version.terminal for version in filters if version.terminal != "accept"), "accept"),
        "accepted_ports": sorted(set.union(*(version.accepted for version in filters))),
        "ruled_ports": sorted(set.union(*(version.ruled for version in filters))),
        "wide": list(dict.fromkeys(text for version in filters for text in version.wide)),
    }


def _filter(current, keys, outside):
    """A packet must get through every chain of a hook: the strictest decides, and what one closes is closed."""
    if not keys:
        return _Filter(None, "accept", set(), set(), [])
    terminals = {key: current.end_of(key) for key in keys}
    strict = [key for key in keys if terminals[key] != "accept"] or keys
    verdicts = {key: _verdicts(current, key) for key in keys}
    closed = {place for by_place in verdicts.values() for place, verdict in by_place.items() if verdict != "accept"}
    opened = [
        {place[1] for place, verdict in verdicts[key].items() if verdict == "accept" and place not in closed}
        for key in strict
    ]
    wide = [nftables_wide.rules(current, key, outside) for key in strict]
    return _Filter(
        strict[0],
        terminals[strict[0]],
        set.intersection(*opened),
        set.intersection(*(set(_ruled(current, key)) for key in strict)),
        wide[0] if all(wide) else [],
    )


def interfaces_of_routes(machine):
    """Names of the interfaces of the default routes: by these everybody comes in."""
    try:
        four, six = (machine.read(path, limit=16 << 20) or "" for path in ROUTES)
    except UnreadableError:
        return []
    names = [row[0] for row in map(str.split, four.splitlines()[1:]) if len(row) > 7 and row[1] == row[7] == "00000000"]
    names += [row[-1] for row in map(str.split, six.splitlines()) if len(row) > 9 and set(row[0] + row[1]) == {"0"}]
    return sorted(set(names) - {"lo"})


def _verdicts(current, key, depth=0):
    """(protocol, port) -> what becomes of a packet to it whoever sends it: that of the first rule which says so. A rule
    that names a source, a network or the like says nothing here, nor does one that drops only what is too much."""
    verdicts = {}
    for rule in current.rules_of(key):
        if not all(map(_is_about_anybody, rule.matches)):
            continue
        if rule.verdict == "accept" or (rule.verdict and rule.is_plain):
            for place in _ports(rule):
                verdicts.setdefault(place, rule.verdict)
        if rule.jump and depth < DEEPEST and not rule.matches:
            verdicts = {**_verdicts(current, target(key, rule), depth + 1), **verdicts}
    return verdicts


def _is_about_anybody(match):
    subject = about(match["left"])
    return subject in ABOUT_ANYBODY or subject.endswith(" dport")


def _ruled(current, key, depth=0):
    """Ports that some rule accepts, from whomever."""
    ports = []
    for rule in current.rules_of(key):
        if rule.verdict == "accept":
            ports += [port for _, port in _ports(rule)]
        if rule.jump and depth < DEEPEST:
            ports += _ruled(current, target(key, rule), depth + 1)
    return ports


def _ports(rule):
    """(protocol, port) of each port that a rule names as that of the receiver."""
    for match in rule.matches:
        subject = about(match["left"])
        if subject.endswith(" dport"):
            for span in nftables_wide.spans(match):
                for port in span:
                    yield subject.split()[0], port
