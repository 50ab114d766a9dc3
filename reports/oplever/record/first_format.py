"""Snapshots of format 1, as journals before format 2 hold them: the same facts, in the words of that time."""

from __future__ import annotations

from typing import Any

from oplever._shared.values import at, at_key, items, mapping, pairs, rows, words


def facts(snapshot: Any) -> dict[str, dict[str, str]]:
    """Per kind: name -> one line that is equal when the setting is equal."""
    network = mapping(snapshot.get("network"))
    interfaces = {
        f"{at_key(row, 'name')}": words(row.get("addresses"))
        for row in rows(network.get("interfaces"))
        if row.get("name") != "lo"
    }
    sockets: dict[str, set[str]] = {}
    for row in rows(snapshot.get("sockets")):
        name = f"{at_key(row, 'protocol')} {at_key(row, 'address')} {at_key(row, 'port')}"
        sockets.setdefault(name, set()).add(at_key(row, "process"))
    host = mapping(snapshot.get("host"))
    named = ("hostname", "fqdn", "os", "timezone", "locale", "keyboard")
    return {
        "file": {path: words(value) for path, value in mapping(snapshot.get("files")).items()},
        "unit": {name: _unit(value) for name, value in mapping(snapshot.get("units")).items()},
        "socket": {name: ", ".join(sorted(processes)) for name, processes in sockets.items()},
        "account": {name: pairs(value) for name, value in mapping(snapshot.get("accounts")).items()},
        "group": {name: str(value) for name, value in mapping(snapshot.get("groups")).items()},
        "mount": {
            name: pairs({key: mapping(value).get(key) for key in ("source", "fstype", "options")})
            for name, value in mapping(snapshot.get("mounts")).items()
        },
        "sysctl": {name: str(value) for name, value in mapping(snapshot.get("sysctl")).items()},
        "module": {str(name): "loaded" for name in items(snapshot.get("modules"))},
        "network": interfaces
        | {key: words(network[key]) for key in ("gateway", "dns_servers", "search") if network.get(key)},
        "host": {key: str(host[key]) for key in named if host.get(key)},
    }


def _unit(value: object) -> str:
    """Whether it runs and whether it starts at boot; passing states (activating, reloading) say nothing lasting."""
    load, active, enabled = at(value, 0), at(value, 1), at(value, 3)
    running = (
        "running" if active in ("active", "activating", "reloading") else "failed" if active == "failed" else "stopped"
    )
    return ", ".join(part for part in (running, enabled, load if load != "loaded" else "") if part)
