"""The keys of a site file, written as an argument specification: they are checked with it and documented from it."""

from __future__ import annotations

from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site import options

_Spec = dict[str, dict[str, Any]]

_CONNECTION: _Spec = {
    "user": {"type": "str", "description": "Account that Ansible logs in with."},
    "port": {"type": "int", "description": "Port of the SSH server, when it is not 22."},
    "key": {"type": "path", "description": "Private key, C(~) is your home directory; without it those of ssh itself."},
    "known_hosts": {
        "type": "path",
        "description": "File with the host keys, beside the site file; each machine stands in it by its name.",
    },
    "become": {"type": "bool", "default": True, "description": "Whether Ansible uses sudo."},
    "become_password": {"type": "str", "no_log": True, "description": "Password for sudo, from the vault."},
}
_LEVEL: _Spec = {
    "roles": {
        "type": "dict",
        "by_name": True,
        "description": "Roles by name, each with its options without the name of the role before them.",
    },
    "users": {"type": "dict", "by_name": True, "description": "Accounts on these machines: options of C(base.users)."},
    "groups": {"type": "dict", "by_name": True, "description": "Their groups: options of C(base.groups)."},
    "connection": {"type": "dict", "options": _CONNECTION, "description": "How Ansible reaches these machines."},
    "vars": {"type": "dict", "description": "Other variables of Ansible, as in group_vars."},
}
_MACHINE: _Spec = {
    "address": {"type": "str", "description": "Its address: for Ansible, the name server and the packet filter."},
    "mac": {"type": "str", "description": "Its MAC address."},
    "aliases": {"type": "list", "elements": "str", "description": "Other names of it in the name server."},
    **_LEVEL,
}
_NETWORK: _Spec = {
    "cidr": {"type": "str", "required": True, "description": "The network, as 192.0.2.0/24."},
    "gateway": {"type": "str", "description": "Router of the network; an address of it."},
    "dns": {
        "type": "list",
        "elements": "str",
        "description": "Name servers of its machines; default those with the role C(dns).",
    },
}
_ROOM: _Spec = {
    "machines": {
        "type": "dict",
        "by_name": True,
        "options": _MACHINE,
        "description": "Machines: a name, a range as C(pc[01-20]), a list of these, or a dictionary with what differs.",
    },
    "network": {"type": "str", "description": "Network of the room; default the one that has the address."},
    "address": {"type": "str", "description": "Address of the first machine; the others count on from it."},
    "csv": {"type": "path", "description": "Table with the columns name, mac and address, beside the site file."},
    **_LEVEL,
}
SITE: _Spec = {
    "plugin": {"type": "str", "required": True, "description": "Always C(oplever.lab.site)."},
    "organisation": {"type": "str", "description": "Name of the organisation."},
    "domain": {"type": "str", "description": "Domain of the machines, one zone for the name server."},
    "networks": {"type": "dict", "by_name": True, "options": _NETWORK, "description": "Networks by name."},
    **_LEVEL,
    "workstations": {"type": "dict", "options": _LEVEL, "description": "What holds for the machines of all rooms."},
    "rooms": {"type": "dict", "by_name": True, "options": _ROOM, "description": "Rooms by name."},
    "servers": {"type": "dict", "by_name": True, "options": _MACHINE, "description": "Servers by name."},
}
OPTIONS = options.from_spec(SITE, literal=True)
TABLES = {
    "The file": SITE,
    "A network": _NETWORK,
    "Every level": _LEVEL,
    "A room": {name: entry for name, entry in _ROOM.items() if name not in _LEVEL},
    "A machine": {name: entry for name, entry in _MACHINE.items() if name not in _LEVEL},
    "The connection": _CONNECTION,
}
"""Tables of docs/reference/site.md: heading to keys."""
COLUMNS = ("name", "mac", "address")
"""Of the table with the machines of a room."""
