"""The packet filter in force: `nft -j list ruleset`, asked once."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources import nftables_wide
from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import (
    DEEPEST,
    VERDICTS,
    ruleset,
    target,
)

MAIN = "chain"
SELECTORS = ("chain", "hook")
NEEDS = ("chain", "hook")
ATTRIBUTES = ("exists", "policy", "rules", "terminal", "accepted_ports", "ruled_ports", "wide")
RUNNING = True
# A rule with nothing but these holds for all packets that fit; one with a limit only for what is too much.
UNCONDITIONAL = {"match", "counter", "log", "comment", *VERDICTS}
# Matches on these say nothing about who sent the packet.
ABOUT_ANYBODY = ("ct state", "protocol", "l4proto", "nfproto")


def describe(select):
    return "nft list ruleset, %s" % (select.get("chain") or "hook %s" % select.get("hook"))


def look_up(machine, select):
    """`terminal`: what becomes of a packet that no rule decided on. `accepted_ports`: those open to everybody,
    `ruled_ports`: those that some rule opens to somebody, `wide`: rules that let in nearly everything."""
    current = machine.once(ruleset)
    keys = _chains(current, select)
    if not keys:
        return {"exists": False}
    # A packet must get through every chain of a hook: the strictest decides, and what one closes is closed.
    terminals = {key: current.end_of(key) for key in keys}
    strict = [key for key in keys if terminals[key] != "accept"] or keys
    verdicts = {key: _verdicts(current, key) for key in keys}
    closed = {place for by_place in verdicts.values() for place, verdict in by_place.items() if verdict != "accept"}
    opened = [
        {place[1] for place, verdict in verdicts[key].items() if verdict == "accept" and place not in closed}
        for key in strict
    ]
    ruled = [set(_ruled(current, key)) for key in strict]
    wide = [nftables_wide.rules(current, key) for key in strict]
    return {
        "exists": True,
        "policy": current.policy_of(strict[0]),
        "rules": sum(len(current.rules_of(key)) for key in keys),
        "terminal": terminals[strict[0]],
        "accepted_ports": sorted(set.intersection(*opened)),
        "ruled_ports": sorted(set.intersection(*ruled)),
        "wide": wide[0] if all(wide) else [],
    }


def _chains(current, select):
    """The keys of the chain that is named, or of all filter chains of a hook."""
    if select.get("chain"):
        return [key for key in current.chains if key == tuple(str(select["chain"]).split("/"))]
    return [
        key
        for key, chain in current.chains.items()
        if chain.get("hook") == select["hook"] and chain["type"] == "filter"
    ]


def _verdicts(current, key, depth=0):
    """(protocol, port) -> what becomes of a packet to it whoever sends it: that of the first rule which says so. A rule
    that names a source, a network or the like says nothing here, nor does one that drops only what is too much."""
    verdicts = {}
    for rule in current.rules_of(key):
        if not all(map(_is_about_anybody, rule.matches)):
            continue
        if rule.verdict == "accept" or (rule.verdict and _is_unconditional(rule)):
            for place in _ports(rule):
                verdicts.setdefault(place, rule.verdict)
        if rule.jump and depth < DEEPEST and not rule.matches:
            verdicts = {**_verdicts(current, target(key, rule), depth + 1), **verdicts}
    return verdicts


def _is_about_anybody(match):
    about = _about(match["left"])
    return about in ABOUT_ANYBODY or about.endswith(" dport")


def _is_unconditional(rule):
    return all(set(statement) <= UNCONDITIONAL for statement in rule.statements)


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
        about = _about(match["left"])
        if about.endswith(" dport"):
            for port in _numbers(match["right"]):
                yield about.split()[0], port


def _about(left):
    """What the left side of a match looks at: `tcp dport`, `ip saddr`, `ct state`, `iifname`, ..."""
    if not isinstance(left, dict):
        return str(left)
    if "payload" in left:
        return "%s %s" % (left["payload"].get("protocol"), left["payload"].get("field"))
    if "meta" in left:
        return str(left["meta"].get("key"))
    if "ct" in left:
        return "ct %s" % left["ct"].get("key")
    return "something else"


def _numbers(right):
    if isinstance(right, int):
        return [right]
    if isinstance(right, dict) and "set" in right:
        return [number for member in right["set"] for number in _numbers(member)]
    if isinstance(right, dict) and "range" in right:
        first, last = right["range"]
        return list(range(first, last + 1))
    return []
