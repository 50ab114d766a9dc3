"""What changed on a machine since its last delivery, as tests: expected is the state then, found the state now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from oplever.record import snapshots
from oplever.record.fold import Call
from oplever.record.model import Component, Setting, Test, Text

KINDS = frozenset({"file", "unit", "socket", "account", "group"})
"""Kinds of settings that stay as they are when nobody touches them. Kernel, mounts and network change by themselves."""

_NAMES = {
    "file": ("bestand", "file"),
    "unit": ("eenheid van systemd", "systemd unit"),
    "socket": ("luisterende poort", "listening socket"),
    "account": ("account", "account"),
    "group": ("groep", "group"),
    "package": ("pakket", "package"),
}
_CHANGES = {
    "added": ("is er bijgekomen", "was added"),
    "removed": ("is verdwenen", "has gone"),
    "changed": ("is veranderd", "was changed"),
    "installed": ("is geïnstalleerd", "was installed"),
    "upgraded": ("is bijgewerkt", "was upgraded"),
    "downgraded": ("is teruggezet", "was downgraded"),
}


def tests(pairs: Mapping[str, tuple[Call | None, Call | None]]) -> Iterator[Test]:
    """Per host with a reference: a failing test for each difference, or one that passes when there is none."""
    for host, (before, after) in pairs.items():
        if before and after and before.data.get("reference"):
            yield from _host(host, before, after)


def _host(host: str, before: Call, after: Call) -> Iterator[Test]:
    old, new = before.data["snapshot"], after.data["snapshot"]
    known = Test(
        id="drift",
        host=host,
        stage="after",
        status="pass",
        expected="",
        found="",
        title=Text("er is niets veranderd sinds de oplevering", "nothing changed since the delivery"),
        suite="drift",
        source="snapshot",
        evidence=f"record {before.data['reference']}",
        at=after.t,
        path=after.path,
    )
    changes: list[Setting | Component] = [each for each in snapshots.settings(host, old, new) if each.kind in KINDS]
    changes += snapshots.components(host, old, new)
    if not changes:
        yield known
    for each in changes:
        (nl, en), (changed, was) = _NAMES[each.kind], _CHANGES[each.change]
        yield structs.replace(
            known,
            id=f"drift.{each.kind}.{each.name}",
            status="fail",
            expected=each.before or "absent",
            found=each.after or "absent",
            title=Text(f"{nl} {each.name} {changed} sinds de oplevering", f"{en} {each.name} {was} since the delivery"),
        )
