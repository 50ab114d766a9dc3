"""Two snapshots of a machine to what differs between them, and one snapshot to its description."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import structs

from oplever.record import facts, first_format
from oplever.record.fold import Call
from oplever.record.model import Component, Interface, Setting, Volume
from oplever.record.values import at, at_key, items, mapping, rows, whole_number

Snapshot = Mapping[str, Any]
State = dict[str, dict[str, str]]
"""What can be compared of a machine: `package` or a kind of setting -> name -> one line, equal when it is equal."""
FIRST_FORMAT = 1
MOST_LINES = 20
"""Lines of a difference that are shown; what is beyond is counted."""
LONGEST_LINE = 240
_UNREMARKABLE = ("as /etc/skel gives it", "as the default for interfaces")
"""Ends of words of what is as it is without anybody's doing, as plugins/module_utils/snapshot/facts.py has them."""
_KEYED = re.compile(r"\bkeyed [0-9a-f]{16}\b")


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
    old, new = mapping(before.get("packages")), mapping(after.get("packages"))
    found = []
    for name in sorted(old.keys() | new.keys()):
        was, now = at(old.get(name), 0), at(new.get(name), 0)
        origin = at(new.get(name), 1)
        if name not in old:
            found.append(Component(host, "package", name, "installed", after=now, origin=origin))
        elif name not in new:
            found.append(Component(host, "package", name, "removed", before=was, origin=at(old[name], 1)))
        elif was != now:
            change: Literal["upgraded", "downgraded"] = "upgraded" if _newer(now, was) else "downgraded"
            found.append(Component(host, "package", name, change, was, now, origin))
    return found


def state(snapshot: Snapshot) -> State:
    packages = {str(name): at(value, 0) for name, value in mapping(snapshot.get("packages")).items()}
    return {"package": packages} | facts_of(snapshot)


def written_in(snapshot: Snapshot) -> int:
    """The format of a snapshot; one that does not say is of the first."""
    return whole_number(snapshot.get("format")) or FIRST_FORMAT


def facts_of(snapshot: Snapshot) -> State:
    """Kind -> key -> words."""
    if written_in(snapshot) == FIRST_FORMAT:
        return first_format.facts(snapshot)
    return {
        str(kind): {str(key): str(words) for key, words in mapping(keys).items()}
        for kind, keys in mapping(snapshot.get("state")).items()
    }


def unseen(snapshot: Snapshot) -> dict[str, str]:
    """Kind -> why it was not seen, or not in full."""
    return {str(kind): "; ".join(map(str, items(reasons))) for kind, reasons in mapping(snapshot.get("unseen")).items()}


def same_key(before: Snapshot, after: Snapshot) -> bool:
    """Whether the digests of files that not everybody may read were made with one key, so that they can be compared."""
    return before.get("digest_key") == after.get("digest_key")


def settings(host: str, before: Snapshot, after: Snapshot) -> list[Setting]:
    """What differs, of the kinds that both have. Of a kind that was not seen in full on one side only what both have:
    what is on one side may have been there all along."""
    old, new = facts_of(before), facts_of(after)
    partly = unseen(before).keys() | unseen(after).keys()
    differing: list[Setting] = []
    for kind, was in old.items():
        for setting in _differences(host, kind, was, new.get(kind), keyed=same_key(before, after)):
            in_full = kind not in partly or setting.change == "changed"
            if in_full:
                differing.append(_with_lines(setting, before, after))
    return differing


def is_told(kind: str, was: str | None, now: str | None) -> bool:
    """Whether a difference in one key says something; None stands for a key that is not there."""
    change: facts.Change = "added" if was is None else "removed" if now is None else "changed"
    usual = (was if now is None else now) or ""
    return facts.kind(kind).tells(change) and not usual.endswith(_UNREMARKABLE)


def _differences(
    host: str, kind: str, old: dict[str, str], new: dict[str, str] | None, *, keyed: bool
) -> Iterator[Setting]:
    if new is None:
        return
    for name in sorted(old.keys() | new.keys()):
        if not is_told(kind, old.get(name), new.get(name)):
            continue
        if name not in old:
            yield Setting(host, kind, name, "added", after=new[name])
        elif name not in new:
            yield Setting(host, kind, name, "removed", before=old[name])
        elif old[name] != new[name] and (keyed or _KEYED.sub("", old[name]) != _KEYED.sub("", new[name])):
            yield Setting(host, kind, name, "changed", old[name], new[name])


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
                name=at_key(each, "name"),
                mac=at_key(each, "mac"),
                addresses=tuple(map(str, items(each.get("addresses")))),
                mtu=whole_number(each.get("mtu")),
                state=at_key(each, "state"),
            )
            for each in rows(network.get("interfaces"))
        ),
        "volumes": tuple(
            Volume(
                target=target,
                source=at_key(each, "source"),
                fstype=at_key(each, "fstype"),
                size_mb=whole_number(each.get("size_mb")),
                free_mb=whole_number(each.get("free_mb")),
            )
            for target, each in mapping(snapshot.get("mounts")).items()
            if isinstance(each, dict)
        ),
        "package_count": len(packages) if isinstance(packages, dict) else None,
        "upgradable_count": whole_number(snapshot.get("upgradable")),
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
