"""The packet filter as a whole: who manages it, what it does with IPv6 and answers, and how it fits what listens."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import nftables, nftables_wide, socket
from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import about, ruleset

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
    current = machine.once(ruleset)
    incoming = nftables.look_up(machine, {"hook": "input"})
    listening = {listener.port for listener in machine.once(socket.listening) if not listener.local}
    facts = {
        "exists": incoming["exists"],
        "ipv6_input": _ipv6(current),
        "stateful": any(
            _accepts_answers(rule)
            for key in current.reached(current.of_hook("input"))
            for rule in current.rules_of(key)
        ),
    }
    if not incoming["exists"] or incoming["terminal"] not in CLOSED:
        return dict(facts, open_ports=[], ports_without_rule=sorted(listening), rules_without_port=[])
    accepted, ruled = set(incoming["accepted_ports"]), set(incoming["ruled_ports"])
    return dict(
        facts,
        open_ports=sorted(accepted & listening),
        ports_without_rule=sorted(listening - ruled),
        rules_without_port=sorted(ruled - listening),
    )


def front_ends(machine):
    """Names of the packet filters that are enabled; asked for by name, since a list of all units takes far longer."""
    states = machine.output(["systemctl", "show", "--property=Id,UnitFileState", "--", *FRONT_ENDS])
    units = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in states.split("\n\n"))
    return sorted(
        FRONT_ENDS[unit["Id"]] for unit in units if unit.get("UnitFileState") == "enabled" and unit["Id"] in FRONT_ENDS
    )


def _ipv6(current):
    """What happens to an IPv6 packet that nothing allows: the strictest end of the input chains that see it."""
    ends = [current.end_of(key) for key in current.of_hook("input", ("ip6", "inet"))]
    return next((end for end in ends if end in CLOSED), ends[0] if ends else None)


def _accepts_answers(rule):
    """Whether a rule lets in packets that belong to a connection that exists."""
    return rule.verdict == "accept" and any(
        about(match["left"]) == "ct state"
        and match.get("op", "==") in nftables_wide.EQUAL
        and "established" in nftables_wide.values_of(match["right"])
        for match in rule.matches
    )
