"""The packet filter as a whole: who manages it, what it does with IPv6 and answers, and how it fits what listens."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import nftables, socket

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = (
    "exists",
    "front_ends",
    "ipv6_input",
    "stateful",
    "open_ports",
    "ports_without_rule",
    "rules_without_port",
)
FRONT_ENDS = {
    "nftables.service": "nftables",
    "ufw.service": "ufw",
    "firewalld.service": "firewalld",
    "netfilter-persistent.service": "iptables-persistent",
    "shorewall.service": "shorewall",
}
CLOSED = ("drop", "reject")


def describe(select):
    return "nft list ruleset with the listening sockets, and the units of packet filters"


def look_up(machine, select):
    """The programs in front of the filter are known from their units, also where its rules cannot be read."""
    try:
        facts = _rules(machine)
    except UnreadableError as problem:
        facts = dict.fromkeys(ATTRIBUTES, problem)
    return dict(facts, front_ends=machine.once(front_ends))


def _rules(machine):
    chains, rules = machine.once(nftables.ruleset)
    opened = nftables.look_up(machine, {"hook": "input"})
    listening = {s.port for s in machine.once(socket.listening) if not s.local}
    facts = {
        "exists": opened["exists"],
        "ipv6_input": _ipv6(chains, rules),
        "stateful": any(_accepts_answers(chains, rules, key) for key in rules),
    }
    if not opened["exists"] or opened["terminal"] not in CLOSED:
        return dict(facts, open_ports=[], ports_without_rule=sorted(listening), rules_without_port=[])
    accepted, ruled = set(opened["accepted_ports"]), set(opened["ruled_ports"])
    return dict(
        facts,
        open_ports=sorted(accepted & listening),
        ports_without_rule=sorted(listening - ruled),
        rules_without_port=sorted(ruled - listening),
    )


def front_ends(machine):
    """Names of the packet filters that are enabled; asked for by name, since a list of all units takes far longer."""
    states = machine.output(["systemctl", "show", "--property=Id,UnitFileState", "--", *FRONT_ENDS])
    blocks = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in states.split("\n\n"))
    return sorted(FRONT_ENDS[b["Id"]] for b in blocks if b.get("UnitFileState") == "enabled" and b["Id"] in FRONT_ENDS)


def _ipv6(chains, rules):
    """What happens to an IPv6 packet that nothing allows: the strictest end of the input chains that see it."""
    ends = [
        nftables.end(chain, rules.get(key, []))
        for key, chain in chains.items()
        if key[0] in ("ip6", "inet") and chain.get("hook") == "input" and chain.get("type") == "filter"
    ]
    return next((end for end in ends if end in CLOSED), ends[0] if ends else None)


def _accepts_answers(chains, rules, key):
    """Whether a rule lets in packets that belong to a connection that exists."""
    for expression in rules[key]:
        states = [
            e["match"]["right"] for e in expression if "match" in e and e["match"]["left"] == {"ct": {"key": "state"}}
        ]
        if states and any("accept" in e for e in expression) and _has(states[0], "established"):
            return True
        maps = [e["vmap"] for e in expression if "vmap" in e and e["vmap"].get("key") == {"ct": {"key": "state"}}]
        if any("established" in str(vmap.get("data")) and "accept" in str(vmap.get("data")) for vmap in maps):
            return True
    return False


def _has(right, state):
    members = right.get("set", right) if isinstance(right, dict) else right
    return state in (members if isinstance(members, list) else [members])
