"""Two snapshots of a machine to what differs between them, and one snapshot to its description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from oplever.record.fold import Call
from oplever.record.model import Component, Interface, Setting, Volume

Kind = Literal["file", "unit", "socket", "account", "group", "mount", "sysctl", "module", "network", "host"]
Snapshot = Mapping[str, Any]
State = dict[str, dict[str, str]]
"""What can be compared of a machine: `package` or a kind of setting -> name -> one line, equal when it is equal."""


def first_and_last(calls: Iterable[Call]) -> dict[str, tuple[Call | None, Call | None]]:
    """Per host the first snapshot from before the work and the last from after it."""
    found: dict[str, tuple[Call | None, Call | None]] = {}
    for call in calls:
        before, after = found.get(call.host, (None, None))
        if call.data.get("stage") == "before":
            found[call.host] = (before or call, after)
        else:
            found[call.host] = (before, call)
    return found


def components(host: str, before: Snapshot, after: Snapshot) -> list[Component]:
    old, new = _mapping(before.get("packages")), _mapping(after.get("packages"))
    found = []
    for name in sorted(old.keys() | new.keys()):
        was, now = _at(old.get(name), 0), _at(new.get(name), 0)
        origin = _at(new.get(name), 1)
        if name not in old:
            found.append(Component(host, "package", name, "installed", after=now, origin=origin))
        elif name not in new:
            found.append(Component(host, "package", name, "removed", before=was, origin=_at(old[name], 1)))
        elif was != now:
            change: Literal["upgraded", "downgraded"] = "upgraded" if _newer(now, was) else "downgraded"
            found.append(Component(host, "package", name, change, was, now, origin))
    return found


def state(snapshot: Snapshot) -> State:
    packages = {str(name): _at(value, 0) for name, value in _mapping(snapshot.get("packages")).items()}
    return {"package": packages} | {str(kind): names for kind, names in _flat(snapshot).items()}


def settings(host: str, before: Snapshot, after: Snapshot) -> list[Setting]:
    old, new = _flat(before), _flat(after)
    found = []
    for kind, was in old.items():
        now = new[kind]
        for name in sorted(was.keys() | now.keys()):
            if name not in was:
                found.append(Setting(host, kind, name, "added", after=now[name]))
            elif name not in now:
                found.append(Setting(host, kind, name, "removed", before=was[name]))
            elif was[name] != now[name]:
                found.append(Setting(host, kind, name, "changed", was[name], now[name]))
    return found


def _flat(snapshot: Snapshot) -> dict[Kind, dict[str, str]]:
    """Per kind: name -> one line that is equal when the setting is equal."""
    network = _mapping(snapshot.get("network"))
    interfaces = {
        f"{_at_key(each, 'name')}": _words(each.get("addresses"))
        for each in _rows(network.get("interfaces"))
        if each.get("name") != "lo"
    }
    sockets: dict[str, set[str]] = {}
    for each in _rows(snapshot.get("sockets")):
        name = f"{_at_key(each, 'protocol')} {_at_key(each, 'address')} {_at_key(each, 'port')}"
        sockets.setdefault(name, set()).add(_at_key(each, "process"))
    host = _mapping(snapshot.get("host"))
    named = ("hostname", "fqdn", "os", "timezone", "locale", "keyboard")
    return {
        "file": {path: _words(value) for path, value in _mapping(snapshot.get("files")).items()},
        "unit": {name: _unit(value) for name, value in _mapping(snapshot.get("units")).items()},
        "socket": {name: ", ".join(sorted(processes)) for name, processes in sockets.items()},
        "account": {name: _pairs(value) for name, value in _mapping(snapshot.get("accounts")).items()},
        "group": {name: str(value) for name, value in _mapping(snapshot.get("groups")).items()},
        "mount": {
            name: _pairs({key: _mapping(value).get(key) for key in ("source", "fstype", "options")})
            for name, value in _mapping(snapshot.get("mounts")).items()
        },
        "sysctl": {name: str(value) for name, value in _mapping(snapshot.get("sysctl")).items()},
        "module": {str(name): "loaded" for name in _list(snapshot.get("modules"))},
        "network": interfaces
        | {key: _words(network[key]) for key in ("gateway", "dns_servers", "search") if network.get(key)},
        "host": {key: str(host[key]) for key in named if host.get(key)},
    }


def _unit(value: object) -> str:
    """Whether it runs and whether it starts at boot; passing states (activating, reloading) say nothing lasting."""
    load, active, enabled = _at(value, 0), _at(value, 1), _at(value, 3)
    running = (
        "running" if active in ("active", "activating", "reloading") else "failed" if active == "failed" else "stopped"
    )
    return ", ".join(part for part in (running, enabled, load if load != "loaded" else "") if part)


def describe(snapshot: Snapshot) -> dict[str, Any]:
    """Fields of `System` that a snapshot fills."""
    host, hardware = _mapping(snapshot.get("host")), _mapping(snapshot.get("hardware"))
    network = _mapping(snapshot.get("network"))
    packages = snapshot.get("packages")
    return {
        **{key: str(host.get(key) or "") for key in ("os", "os_id", "kernel", "architecture", "virtualization")},
        **{key: str(hardware.get(key) or "") for key in ("vendor", "model", "serial", "uuid", "firmware", "cpu")},
        "cpu_count": _whole(hardware.get("cpu_count")),
        "memory_mb": _whole(hardware.get("memory_mb")),
        "default_gateway": str(network.get("gateway") or ""),
        "dns_servers": tuple(map(str, _list(network.get("dns_servers")))),
        "interfaces": tuple(
            Interface(
                name=_at_key(each, "name"),
                mac=_at_key(each, "mac"),
                addresses=tuple(map(str, _list(each.get("addresses")))),
                mtu=_whole(each.get("mtu")),
                state=_at_key(each, "state"),
            )
            for each in _rows(network.get("interfaces"))
        ),
        "volumes": tuple(
            Volume(
                target=target,
                source=_at_key(each, "source"),
                fstype=_at_key(each, "fstype"),
                size_mb=_whole(each.get("size_mb")),
                free_mb=_whole(each.get("free_mb")),
            )
            for target, each in _mapping(snapshot.get("mounts")).items()
            if isinstance(each, dict)
        ),
        "package_count": len(packages) if isinstance(packages, dict) else None,
        "upgradable_count": _whole(snapshot.get("upgradable")),
    }


def _newer(one: str, other: str) -> bool:
    """Whether Debian version `one` is later than `other`."""
    return _version(one) > _version(other)


def _version(text: str) -> tuple[int, list[tuple[list[int], int]], list[tuple[list[int], int]]]:
    epoch, _, rest = text.rpartition(":") if ":" in text else ("0", "", text)
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch) if epoch.isdecimal() else 0, _parts(upstream), _parts(revision)


def _parts(text: str) -> list[tuple[list[int], int]]:
    """Pairs of what is not a digit and a number, as dpkg compares: `~` before the end, letters before other signs."""
    found: list[tuple[list[int], int]] = []
    rest = text
    while rest:
        sign = next((place for place, char in enumerate(rest) if char in "0123456789"), len(rest))
        digits = next((p for p in range(sign, len(rest)) if rest[p] not in "0123456789"), len(rest))
        found.append(([_order(char) for char in rest[:sign]] + [0], int(rest[sign:digits] or 0)))
        rest = rest[digits:]
    return [*found, ([0], 0)]


def _order(char: str) -> int:
    return -1 if char == "~" else ord(char) if char.isalpha() else ord(char) + 256


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _rows(value: object) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _at(value: object, index: int) -> str:
    found = _list(value)
    return str(found[index] or "") if index < len(found) else ""


def _at_key(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return "" if found is None else str(found)


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _pairs(value: object) -> str:
    return ", ".join(f"{key}={_words(item)}" for key, item in _mapping(value).items() if item not in (None, ""))


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
