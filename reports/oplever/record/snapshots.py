"""Two snapshots of a machine to what differs between them, and one snapshot to its description."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import structs

from oplever._shared import differences
from oplever._shared.differences import Difference, Look
from oplever._shared.values import at_key, items, mapping, rows, whole_number
from oplever._shared.versions import is_newer
from oplever.record.calls import Call, Snapshot
from oplever.record.model import Component, Interface, Setting, Volume

MOST_LINES = 20
"""Lines of a difference that are shown; what is beyond is counted."""
LONGEST_LINE = 240


class Pair(NamedTuple):
    """The snapshots of a machine from before and after the work; None where there is none."""

    before: Call | None = None
    after: Call | None = None


class Changes(NamedTuple):
    """What differs between snapshots: packages, and everything else."""

    components: list[Component]
    settings: list[Setting]


def first_and_last(calls: Iterable[Call]) -> dict[str, Pair]:
    """Per host the first snapshot from before the work and the last from after it."""
    pairs: dict[str, Pair] = {}
    for call in calls:
        pair = pairs.get(call.host, Pair())
        if call.data.get("stage") != "before":
            pairs[call.host] = pair._replace(after=call)
        elif pair.before is None:
            pairs[call.host] = pair._replace(before=call)
    return pairs


def changes(before: Call, after: Call) -> Changes:
    """What differs on a machine, settings with the lines behind them."""
    host, looks = after.host, (before.look, after.look)
    return Changes(
        [component(host, package, *looks) for package in differences.packages(*looks)],
        [setting(host, difference, before.snapshot, after.snapshot) for difference in differences.settings(*looks)],
    )


def changes_of_all(pairs: Mapping[str, Pair]) -> Changes:
    """What differs on all machines of which there is a snapshot from before and one from after the work."""
    by_host = [changes(pair.before, pair.after) for pair in pairs.values() if pair.before and pair.after]
    return Changes(
        [row for host in by_host for row in host.components], [row for host in by_host for row in host.settings]
    )


def component(host: str, package: Difference, before: Look, after: Look) -> Component:
    """A package that came, went or has another version, with the origin of what is there, or was."""
    change: Literal["installed", "removed", "upgraded", "downgraded"]
    if package.change == "added":
        change = "installed"
    elif package.change == "removed":
        change = "removed"
    else:
        change = "upgraded" if is_newer(package.after, package.before) else "downgraded"
    holder = before if package.change == "removed" else after
    origin = holder.origins.get(package.name, "")
    asked = None if holder.manual is None else package.name in holder.manual
    return Component(host, package.kind, package.name, change, package.before, package.after, origin, asked=asked)


def setting(host: str, difference: Difference, before: Snapshot, after: Snapshot) -> Setting:
    return _with_lines(Setting(host, *difference), before, after)


def _with_lines(setting: Setting, before: Snapshot, after: Snapshot) -> Setting:
    old, new = (_text(snapshot, setting) for snapshot in (before, after))
    # Of a whole file that came or went with its package nobody wants the lines.
    alone = setting.change != "changed"
    if (alone and " brought it" in setting.before + setting.after) or old == new:
        return setting
    if not alone and (old is None or new is None):
        return setting
    lines = list(changed_lines(old or "", new or ""))
    return structs.replace(setting, lines=tuple(lines))


def _text(snapshot: Snapshot, setting: Setting) -> str | None:
    text = mapping(mapping(snapshot.get("texts")).get(setting.kind)).get(setting.name)
    return text if isinstance(text, str) else None


def changed_lines(old: str, new: str) -> Iterator[str]:
    """`-line` and `+line` in the order of the text. Of more than MOST_LINES the first and the last, between them how
    many there are."""
    headed = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))
    changed = [line for line in headed[2:] if not line.startswith("@@")]
    shown = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…" for line in changed]
    if len(shown) > MOST_LINES:
        half = MOST_LINES // 2
        shown = [*shown[:half], f"… {len(shown) - MOST_LINES}", *shown[-half:]]
    yield from shown


def describe(snapshot: Snapshot) -> dict[str, Any]:
    """Fields of `System` that a snapshot fills."""
    host, hardware = mapping(snapshot.get("host")), mapping(snapshot.get("hardware"))
    network = mapping(snapshot.get("network"))
    packages = snapshot.get("packages")
    return {
        **{key: str(host.get(key) or "") for key in ("os", "os_id", "kernel", "architecture", "virtualization")},
        **{key: str(hardware.get(key) or "") for key in ("vendor", "model", "serial", "uuid", "firmware", "cpu")},
        "cpu_count": whole_number(hardware.get("cpu_count")),
        "memory_mb": whole_number(hardware.get("memory_mb")),
        "default_gateway": str(network.get("gateway") or ""),
        "dns_servers": tuple(map(str, items(network.get("dns_servers")))),
        "interfaces": tuple(
            Interface(
                name=at_key(interface, "name"),
                mac=at_key(interface, "mac"),
                addresses=tuple(map(str, items(interface.get("addresses")))),
                mtu=whole_number(interface.get("mtu")),
                state=at_key(interface, "state"),
            )
            for interface in rows(network.get("interfaces"))
        ),
        "volumes": tuple(
            Volume(
                target=target,
                source=at_key(mount, "source"),
                fstype=at_key(mount, "fstype"),
                size_mb=whole_number(mount.get("size_mb")),
                free_mb=whole_number(mount.get("free_mb")),
            )
            for target, mount in mapping(snapshot.get("mounts")).items()
            if isinstance(mount, dict)
        ),
        "package_count": len(packages) if isinstance(packages, dict) else None,
        "upgradable_count": whole_number(snapshot.get("upgradable")),
    }
