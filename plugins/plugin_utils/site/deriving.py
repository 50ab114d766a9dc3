"""What follows from the site: addresses for the name server, name servers for its clients, ports in the packet filter.

Roles declare it in meta/oplever.yml: `site` and `server` name the source of an option, `ports` what they serve.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site import conditions
from ansible_collections.oplever.lab.plugins.plugin_utils.site.levels import OPEN_TO
from ansible_collections.oplever.lab.plugins.plugin_utils.site.merging import Merged
from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Level, Machine, Network, Site
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Role, Roles
from ansible_collections.oplever.lab.plugins.plugin_utils.site.watching import Watching

NAMES, TIME, AUTHORITY, FILES = "dns", "timesync", "ca", "files"
"""Roles whose servers the machines of other roles need to know."""
Servers = Mapping[str, Sequence[Machine]]
"""Machines that serve a role to the others, by the name of the role."""


@dataclass(frozen=True)
class Facts:
    """What sources take their values from."""

    site: Site
    servers: Servers
    network: Network | None = None
    role: str = ""
    machine: Machine | None = None
    watching: Watching = field(default_factory=Watching)


def _machines(facts: Facts) -> dict[str, Any]:
    return {
        machine.name: {"address": machine.address, **({"aliases": list(machine.aliases)} if machine.aliases else {})}
        for machine in facts.site.machines()
    }


def _servers(facts: Facts) -> list[str]:
    return [machine.address for machine in facts.servers.get(facts.role, ())]


def _server_host(facts: Facts) -> str:
    return next((machine.name for machine in facts.servers.get(facts.role, ())), "")


def _name_servers(facts: Facts) -> list[str]:
    return list(facts.network.dns) if facts.network and facts.network.dns else _servers(facts)


def _network_options(facts: Facts) -> dict[str, Any]:
    """For DHCP, which has another protocol for IPv6."""
    options: dict[str, Any] = {}
    for network in facts.site.networks.values():
        servers = list(network.dns) or [machine.address for machine in facts.servers.get(NAMES, ())]
        if ":" not in network.cidr:
            options[network.name] = {
                "network": network.cidr,
                **({"gateway": network.gateway} if network.gateway else {}),
                **({"name_servers": servers} if servers else {}),
            }
    return options


def _reservations(facts: Facts) -> dict[str, Any]:
    return {
        machine.name: {"mac": machine.mac, "address": machine.address}
        for machine in facts.site.machines()
        if machine.mac and ":" not in machine.address
    }


def _reserved_address(facts: Facts) -> str:
    machine = facts.machine
    is_reserved = machine is not None and machine.name in _reservations(facts)
    return machine.address if machine is not None and is_reserved and facts.servers.get(facts.role) else ""


def _server_names(facts: Facts) -> list[str]:
    suffix = f".{facts.site.domain}" if facts.site.domain else ""
    return [f"{name}{suffix}" for machine in facts.site.servers for name in (machine.name, *machine.aliases)]


def _networks(facts: Facts) -> list[str]:
    return [network.cidr for network in facts.site.networks.values()]


SOURCES: dict[str, Callable[[Facts], Any]] = {
    "certificate": lambda facts: {"ca": True} if facts.servers.get(AUTHORITY) else {},
    "certificates": lambda facts: bool(facts.servers.get(AUTHORITY)),
    "domain": lambda facts: facts.site.domain,
    "domains": lambda facts: [facts.site.domain] if facts.site.domain else [],
    "file_servers": lambda facts: bool(facts.servers.get(FILES)),
    "machines": _machines,
    "name_servers": _name_servers,
    "network_options": _network_options,
    "networks": _networks,
    "server_host": _server_host,
    "reservations": _reservations,
    "reserved_address": _reserved_address,
    "server_names": _server_names,
    "servers": _servers,
    "teachers": lambda facts: facts.watching.teachers_of(facts.machine),
    "time_servers": lambda facts: [machine.address for machine in facts.servers.get(TIME, ())],
    "watched_rooms": lambda facts: facts.watching.rooms_of(facts.machine),
}
"""Source (declaration.SOURCES) -> its value."""


def site_level(site: Site, servers: Servers, roles: Roles) -> Level:
    """Options of every machine."""
    return Level(derived=True, roles=_options("site", roles.all(), Facts(site, servers)))


def network_level(site: Site, servers: Servers, roles: Roles, name: str | None) -> Level:
    """What differs in a network with name servers of its own."""
    network = site.networks.get(name or "")
    if network is None or not network.dns:
        return Level(derived=True)
    return Level(derived=True, roles=_options("site", roles.all(), Facts(site, servers, network), {"name_servers"}))


def server_level(site: Site, servers: Servers, serving: Sequence[Role]) -> Level:
    """Options of a machine that serves these roles to the others. It does not ask itself."""
    options: dict[str, dict[str, Any]] = {
        role.name: {option: [] for option, source in role.declaration.get("site", {}).items() if source == "servers"}
        for role in serving
    }
    for name, derived in _options("server", serving, Facts(site, servers)).items():
        options[name] |= derived
    return Level(derived=True, roles=options)


def own_level(facts: Facts, roles: Roles) -> Level:
    """Options that follow from the machine itself."""
    return Level(derived=True, roles=_options("machine", roles.all(), facts))


def machine_level(
    merged: Merged, present: Sequence[Role], served: Sequence[Role], machine: Machine, facts: Facts
) -> Level:
    """Rules of the packet filter for what the machine serves, and for what servers ask of its roles `present`; and its
    purposes for the security baseline. A role whose C(state) is absent serves nothing."""
    rules: dict[str, Any] = {}
    for role in (role for role in present if merged.options.get(role.name, {}).get("state") != "absent"):
        values = merged.options.get(role.name, {})
        if role in served:
            rules |= _rules(role, values, "users", _reach(values.get(OPEN_TO, "site"), facts.site, machine))
        askers = [server.address for server in facts.servers.get(role.name, ()) if server.name != machine.name]
        rules |= _rules(role, values, "servers", askers or None)
    served = [role for role in served if merged.options.get(role.name, {}).get("state") != "absent"]
    purposes = list(dict.fromkeys(role.declaration["purpose"] for role in served if "purpose" in role.declaration))
    options: dict[str, dict[str, Any]] = {}
    if rules:
        options["firewall"] = {"services": rules}
    if purposes:
        options["harden"] = {"purposes": purposes}
    return Level(derived=True, roles=options)


def _options(
    key: str, of_roles: Iterable[Role], facts: Facts, only: Container[str] = SOURCES
) -> dict[str, dict[str, Any]]:
    """Options that the roles say follow from the site; a source that has nothing gives no option."""
    options: dict[str, dict[str, Any]] = {}
    for role in of_roles:
        for option, source in role.declaration.get(key, {}).items():
            if source in only and (value := SOURCES[source](replace(facts, role=role.name))):
                options.setdefault(role.name, {})[option] = value
    return options


def _rules(role: Role, values: Mapping[str, Any], to: str, sources: list[Any] | None) -> dict[str, Any]:
    """Name -> rule for each port that the role has open to these (None: to nobody), its users or its servers. A port
    whose addresses are in an option is open to those alone, unless a level says in so many words who may come in."""
    rules: dict[str, Any] = {}
    for declared in role.declaration.get("ports", ()):
        if declared.get("to", "users") != to or not conditions.holds(declared, values):
            continue
        senders = sources
        if "from" in declared and OPEN_TO not in values:
            senders = list(dict.fromkeys(conditions.at(values, declared["from"]))) or None
        if senders is not None:
            port, protocol = str(declared["port"]), declared.get("protocol", "tcp")
            name = f"{declared.get('comment', role.name)} {port}/{protocol}"
            rules[name] = {"port": port, "protocol": protocol, **({"from": senders} if senders else {})}
    return rules


def _reach(value: Any, site: Site, machine: Machine) -> list[Any] | None:
    """Networks that may come in; empty for everyone, None for nobody."""
    if isinstance(value, list):
        return [site.networks[str(item)].cidr if str(item) in site.networks else item for item in value]
    if value == "everyone":
        return []
    if value == "nobody":
        return None
    if value == "network" and machine.network:
        return [site.networks[machine.network].cidr]
    return [network.cidr for network in site.networks.values()]
