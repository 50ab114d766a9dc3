"""Interfaces with their addresses, routes and name servers, as the kernel and resolv.conf have them."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, Unseen, joined
from ansible_collections.oplever.lab.plugins.module_utils.sources import interface, route

KINDS = {
    "network": Kind(
        "netwerkinstelling",
        "network setting",
        "addresses of interfaces (without temporary ones and those of containers), hardware addresses that were set, "
        "name servers, search domains, options of the resolver",
    ),
    "route": Kind(
        "route", "route", "routes and routing rules in force, without what the kernel derives from an address"
    ),
    "neighbour": Kind(
        "vast ARP-adres",
        "fixed neighbour",
        "neighbours that somebody set by hand (ip neigh, permanent), and addresses of others that are answered for",
    ),
}
RULES = {"inet": ["ip", "-json", "-4", "rule", "show"], "inet6": ["ip", "-json", "-6", "rule", "show"]}
QUEUES = ["tc", "-json", "qdisc", "show"]
USUAL_QUEUES = ("noqueue", "mq", "pfifo_fast", "fq_codel", "fq", "mqprio", "noop")
IN_WORDS = ("limit", "delay", "loss-random", "rate", "corrupt", "default")
POLICIES = ["ip", "xfrm", "policy", "show"]
NEIGHBOURS = ["ip", "-json", "neigh", "show", "nud", "permanent"]
PEERS = ["wg", "show", "all", "allowed-ips"]
PROXIES = ["ip", "-json", "neigh", "show", "proxy"]
LABELS = ["ip", "-json", "addrlabel", "show"]
# What the kernel begins with (RFC 6724).
USUAL_LABELS = {
    "::1/128": 0, "::/0": 1, "2002::/16": 2, "::/96": 3, "::ffff:0.0.0.0/96": 4, "fc00::/7": 5, "2001::/32": 6,
    "2001:10::/28": 7, "fec0::/10": 11, "3ffe::/16": 12,
}  # fmt: skip
# What the kernel adds to it for each address is left out, and what somebody adds takes in the packets of others.
LOCAL = tuple(["ip", "-json", flag, "route", "show", "table", "local"] for flag in route.FAMILIES.values())
SET_BY_HAND = "3"
"""NET_ADDR_SET of linux/netdevice.h."""
COMMANDS = (
    ["ip", "-json", "address", "show"],
    ["ip", "-json", "-4", "route", "show"],
    ["ip", "-json", "-6", "route", "show"],
    *RULES.values(),
    NEIGHBOURS,
    PROXIES,
    LABELS,
    *LOCAL,
    QUEUES,
    POLICIES,
)
USUAL_RULES = {("0", "local"), ("32766", "main"), ("32767", "default")}
PARTS_OF_USUAL_RULES = {"priority", "src", "table", "flags", "protocol"}
USUAL_TABLES = ("local", "main", "default", "None")
NO_TABLE = "FIB table does not exist"
# Made and taken away with each container or virtual machine: those have no address of their own but one of the link,
# and a route to one address at most. Whoever makes an interface gives it any name.
PASSING = re.compile(r"veth|vnet|tap\d|cali|lxc|docker\w{7}")
LINK_ADDRESSES = ("fe80:", "169.254.")
NAMESPACES = "/run/netns"
# Of engines of containers, which make one for each.
OF_ENGINES = re.compile(r"(?:(?:netns|cni|rootless-netns)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def collect(machine, places):
    yield from _interfaces(machine)
    for name in machine.names(NAMESPACES):
        if not OF_ENGINES.match(name):
            yield Fact("network", "namespace " + name, "a network of its own")
    yield from _tunnels(machine)
    yield from _resolver(machine)
    yield from _routes(machine)
    yield from _labels(machine)
    yield from _neighbours(machine)


def _interfaces(machine):
    """Each interface with its addresses, and what differs from how the kernel makes one."""
    queues = _queues(machine)
    for link in machine.once(interface.links):
        beyond = joined(_state(link), _hardware_address(machine, link), *queues.get(link["ifname"], ()))
        addresses = _addresses(link)
        is_of_container = PASSING.match(link["ifname"]) and all(a.startswith(LINK_ADDRESSES) for a in addresses)
        if not is_of_container:
            yield Fact("network", link["ifname"], joined(" ".join(addresses) or "no address", beyond))


def _state(link):
    """What differs from how the kernel makes an interface."""
    flags = link.get("flags", ())
    usual_sizes = (None, 65536) if link["ifname"] == "lo" else (None, 1500, 65536)
    return joined(
        "promiscuous" if "PROMISC" in flags else "",
        "" if "UP" in flags else "switched off",
        "answers no ARP" if "NOARP" in flags and link.get("link_type") == "ether" else "",
        "part of %s" % link["master"] if link.get("master") else "",
        "a program handles its packets (xdp)" if link.get("xdp") else "",
        "mtu %s" % link["mtu"] if link.get("mtu") not in usual_sizes else "",
    )


def _resolver(machine):
    """Name servers, search domains and options of resolv.conf, and the name servers of systemd-resolved."""
    resolver = machine.read("/etc/resolv.conf") or ""
    yield Fact("network", "dns_servers", " ".join(_name_servers(resolver)) or "none")
    upstream = machine.read("/run/systemd/resolve/resolv.conf")
    if upstream:
        yield Fact("network", "dns_servers of systemd-resolved", " ".join(_name_servers(upstream)) or "none")
    searches = re.findall(r"^(?:search|domain)\s+(.+)$", resolver, re.MULTILINE)
    if searches:
        yield Fact("network", "search", " ".join(searches[-1].split()))
    options = " ".join(
        word for words in re.findall(r"^(?:options|sortlist)\s+(.+)$", resolver, re.M) for word in words.split()
    )
    if options:
        yield Fact("network", "options of the resolver", options)


def _neighbours(machine):
    for row in interface.ask(machine, PROXIES):
        yield Fact("neighbour", "proxy %s on %s" % (row.get("dst"), row.get("dev")), "answers for it")
    for row in interface.ask(machine, NEIGHBOURS):
        if row.get("lladdr"):
            yield Fact("neighbour", "%s on %s" % (row.get("dst"), row.get("dev")), row["lladdr"])


def _hardware_address(machine, link):
    """The address that somebody gave an interface; radios change theirs by themselves, and bridges and tunnels get one
    when they are made."""
    place = "/sys/class/net/%s/" % link["ifname"]
    passing = any(machine.status(place + name) is not None for name in ("wireless", "bridge", "tun_flags", "bonding"))
    if passing or (machine.read(place + "addr_assign_type") or "").strip() != SET_BY_HAND:
        return ""
    return "hardware address %s" % link.get("address", "")


def _tunnels(machine):
    """Peers of WireGuard, with the addresses whose traffic each gets."""
    if machine.status("/usr/bin/wg") is None:
        return
    try:
        rows = [line.split("\t") for line in machine.output(PEERS).splitlines()]
    except UnreadableError as problem:
        yield Unseen("network", str(problem))
        return
    for name, peer, addresses in (row for row in rows if len(row) == 3):
        yield Fact("network", "%s, peer %s" % (name, peer), "gets " + " ".join(sorted(addresses.split())))


def _labels(machine):
    """Labels of IPv6 prefixes, which decide what address this machine calls from."""
    try:
        rows = interface.ask(machine, LABELS)
    except UnreadableError:
        return  # a kernel without IPv6 has none
    for row in rows:
        prefix = "%s/%s" % (row.get("address"), row.get("prefixlen"))
        if USUAL_LABELS.get(prefix) != row.get("label"):
            yield Fact("route", "address label %s" % prefix, str(row.get("label")))


def _queues(machine):
    """Interface -> the queues that somebody gave it: they slow traffic down, drop it, copy it, or hand it to a
    program. Those that the kernel gives by itself are left out."""
    queues = {}
    try:
        rows = interface.ask(machine, QUEUES)
    except UnreadableError:
        return queues  # without tc, of the package that brings ip, nobody gave them one
    for row in rows:
        if row.get("kind") not in USUAL_QUEUES:
            words = ["%s %s" % (key, value) for key, value in sorted(row.get("options", {}).items()) if key in IN_WORDS]
            queues.setdefault(row.get("dev"), []).append(" ".join(["queue", str(row.get("kind")), *words]))
    return queues


def _policies(machine):
    """Rules of IPsec, which send traffic elsewhere without a route."""
    try:
        text = machine.output(POLICIES)
    except UnreadableError as problem:
        if "not supported" not in str(problem):
            yield Unseen("route", str(problem))
        return
    for block in re.split(r"\n(?=\S)", text.strip()):
        about, _, words = block.partition("\n")
        match = re.match(r"src (\S+) dst (\S+)", about)
        direction = re.search(r"\bdir (\w+)", words)
        if match and direction and direction.group(1) in ("in", "out", "fwd"):
            yield Fact("route", "ipsec %s %s to %s" % (direction.group(1), *match.groups()), " ".join(words.split()))


def _routes(machine):
    for family, rows in machine.once(route.routes).items():
        yield from _of_table(family, rows, "")
    yield from _policies(machine)
    tables = {(family, flag, "local"): None for family, flag in route.FAMILIES.items()}
    for family, command in RULES.items():
        for row in interface.ask(machine, command):
            about = (str(row.get("priority")), str(row.get("table")))
            if about not in USUAL_RULES or row.get("src", "all") != "all" or row.keys() - PARTS_OF_USUAL_RULES:
                words = ["%s %s" % (key, row[key]) for key in sorted(row) if key not in ("priority", "flags")]
                yield Fact("route", "%s rule %s" % (family, about[0]), ", ".join(words))
                if about[1] not in USUAL_TABLES:
                    tables[family, command[2], about[1]] = None
    for family, flag, table in tables:
        command = ["ip", "-json", flag, "route", "show", "table", table]
        try:
            if NO_TABLE in machine.run(command).stderr:
                continue  # a rule may name a table that has no route yet
            yield from _of_table(family, interface.ask(machine, command), ", table %s" % table)
        except UnreadableError as problem:
            yield Unseen("route", str(problem))


def _of_table(family, rows, table):
    for row in rows:
        # Whoever adds a route may say that the kernel did; those of the kernel have no gateway.
        is_of_kernel = row.get("protocol") == "kernel" and not row.get("gateway")
        to_one = "/" not in str(row.get("dst")) and row.get("dst") != "default"
        if is_of_kernel or (PASSING.match(row.get("dev", "")) and to_one):
            continue
        value = joined(_way(row), row.get("type", ""), *(_way(hop) for hop in row.get("nexthops", ())))
        # What DHCP and the router give changes with the address.
        if row.get("prefsrc") and row.get("protocol") not in ("dhcp", "ra", "kernel"):
            value = joined(value, "from %s" % row["prefsrc"])
        metric = ", metric %s" % row["metric"] if row.get("metric") else ""
        yield Fact("route", "%s %s%s%s" % (family, row.get("dst"), table, metric), value)


def _way(hop):
    return joined("via %s" % hop["gateway"] if hop.get("gateway") else "", hop.get("dev", ""))


def network(machine):
    """What a record describes a machine with: `interfaces`, `gateway`, `dns_servers`, `search`."""
    links = machine.once(interface.links)
    routes = [row for row in machine.once(route.routes)["inet"] if row.get("dst") == "default"]
    resolver = machine.read("/etc/resolv.conf") or ""
    searches = re.findall(r"^(?:search|domain)\s+(.+)$", resolver, re.MULTILINE)
    return {
        "interfaces": [_interface(link) for link in links if link.get("ifname") != "lo"],
        "gateway": next((row["gateway"] for row in routes if row.get("gateway")), ""),
        "dns_servers": _name_servers(resolver),
        "search": searches[-1].split() if searches else [],
    }


def _name_servers(text):
    return re.findall(r"^nameserver\s+(\S+)", text, re.MULTILINE)


def _interface(link):
    return {
        "name": link.get("ifname", ""),
        "mac": link.get("address", ""),
        "mtu": link.get("mtu"),
        "state": link.get("operstate", "").lower(),
        "addresses": _addresses(link),
    }


def _addresses(link):
    """Addresses that change by themselves (privacy addresses of IPv6) are left out."""
    return sorted(
        "%s/%s" % (address["local"], address["prefixlen"])
        for address in link.get("addr_info", [])
        if "local" in address and not address.get("temporary")
    )
