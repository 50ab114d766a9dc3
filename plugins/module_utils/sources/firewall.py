"""The packet filter as a whole: who manages it, what it does with IPv6 and answers, and how it fits what listens."""

from __future__ import annotations

import posixpath
import shlex

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    nftables,
    nftables_wide,
    socket,
    sysctl,
    unit_file,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import about, ruleset, ruleset_of

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = (
    "exists",
    "front_ends",
    "ipv6_input",
    "ipv6_forward",
    "boot_gaps",
    "stateful",
    "open_ports",
    "ports_without_rule",
    "rules_without_port",
)
# A client of DHCP listens there only while it asks; the answer of a DHCPv6 server is none to the packet filter.
DHCP_CLIENT = {68, 546}
FRONT_ENDS = {
    "nftables.service": "nftables",
    "ufw.service": "ufw",
    "firewalld.service": "firewalld",
    "netfilter-persistent.service": "iptables-persistent",
    "shorewall.service": "shorewall",
}
CLOSED = ("drop", "reject")
UNIT = "nftables.service"


def describe(select):
    return "nft list ruleset with the listening sockets, and the units of packet filters"


def look_up(machine, select):
    """The programs in front of the filter are known from their units, also where its rules cannot be read."""
    try:
        facts = _rules(machine)
    except UnreadableError as problem:
        facts = dict.fromkeys(ATTRIBUTES, problem)
    return dict(facts, front_ends=machine.once(front_ends), boot_gaps=lambda: _boot_gaps(machine))


def _rules(machine):
    current = machine.once(ruleset)
    incoming = nftables.look_up(machine, {"hook": "input"})
    listening = {listener.port for listener in machine.once(socket.listening) if not listener.local}
    facts = {
        "exists": incoming["exists"],
        "ipv6_input": _ipv6(current, "input"),
        "ipv6_forward": _ipv6(current, "forward"),
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
        rules_without_port=sorted(ruled - listening - DHCP_CLIENT),
    )


def front_ends(machine):
    """Names of the packet filters that are enabled; asked for by name, since a list of all units takes far longer. The
    unit of ufw is enabled where it is installed, and does nothing until ufw is."""
    names = _enabled_on_disk(machine) if machine.offline else _enabled(machine)
    return sorted(name for name in names if name != "ufw" or sysctl.is_ufw_on(machine) is not False)


def _enabled_on_disk(machine):
    units = {unit: unit_file.find(machine, unit) for unit in FRONT_ENDS}
    return [FRONT_ENDS[unit] for unit, facts in units.items() if facts and facts["enabled"] == "enabled"]


def _enabled(machine):
    states = machine.output(["systemctl", "show", "--property=Id,UnitFileState", "--", *FRONT_ENDS])
    units = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in states.split("\n\n"))
    return [
        FRONT_ENDS[unit["Id"]] for unit in units if unit.get("UnitFileState") == "enabled" and unit["Id"] in FRONT_ENDS
    ]


def _boot_gaps(machine):
    """Why the machine would be open after its next boot, in words: no packet filter starts, or its rules let everything
    in. What other programs than nft load cannot be known before."""
    names = machine.once(front_ends)
    if names != ["nftables"]:
        return [] if names else ["none of %s starts" % ", ".join(FRONT_ENDS)]
    commands = unit_file.values(machine, UNIT, "Service", "ExecStart")
    paths = [path for path in map(_loaded_by, commands) if path]
    if not paths:
        return ["%s loads no file: %s" % (UNIT, "; ".join(commands) or "it starts nothing")]
    outside = machine.once(nftables.interfaces_of_routes)
    incoming = nftables.of_hook(machine.once(ruleset_of, paths[-1]), "input", outside)
    if not incoming["exists"] or incoming["terminal"] not in CLOSED:
        return ["%s lets in what no rule is about" % paths[-1]]
    return ["%s %s" % (paths[-1], text) for text in incoming["wide"]]


def _loaded_by(command):
    """The file that a command of a unit gives to nft; empty when it gives none."""
    try:
        words = shlex.split(command.lstrip(unit_file.PREFIXES))
    except ValueError:
        return ""
    if not words or posixpath.basename(words[0]) != "nft":
        return ""
    at = next((at for at, word in enumerate(words[:-1]) if word in ("-f", "--file")), None)
    return "" if at is None else words[at + 1]


def _ipv6(current, hook):
    """What happens to an IPv6 packet that nothing allows: the strictest end of the chains of a hook that see it."""
    ends = [current.end_of(key) for key in current.of_hook(hook, ("ip6", "inet"))]
    return next((end for end in ends if end in CLOSED), ends[0] if ends else None)


def _accepts_answers(rule):
    """Whether a rule lets in packets that belong to a connection that exists."""
    return rule.verdict == "accept" and any(
        about(match["left"]) == "ct state"
        and match.get("op", "==") in nftables_wide.EQUAL
        and "established" in nftables_wide.values_of(match["right"])
        for match in rule.matches
    )
