"""What changed on a machine since its last delivery, as tests: expected is the state then, found the state now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from oplever._shared import differences
from oplever._shared.differences import PACKAGE, Difference, Snapshot, Uncompared
from oplever.record import facts, snapshots
from oplever.record.fold import Call
from oplever.record.model import Component, Setting, Test, Text

_PARTS = {
    "format": Text("de opname van de oplevering", "the snapshot of the delivery"),
    "digest_key": Text("bestanden die niet iedereen mag lezen", "files that not all may read"),
}
"""What is not compared beside kinds."""
_CHANGES = {
    "added": ("is er bijgekomen", "was added"),
    "removed": ("is verdwenen", "has gone"),
    "changed": ("is veranderd", "was changed"),
    "installed": ("is geïnstalleerd", "was installed"),
    "upgraded": ("is bijgewerkt", "was upgraded"),
    "downgraded": ("is teruggezet", "was downgraded"),
}


def tests(pairs: Mapping[str, tuple[Call | None, Call | None]]) -> Iterator[Test]:
    """Per host with a reference: a failing test for each difference, or one that passes when there is none. What could
    not be compared is a test of its own and never green."""
    for host, (before, after) in pairs.items():
        if before and after and before.data.get("reference"):
            yield from _host(host, before, after)


def _host(host: str, before: Call, after: Call) -> Iterator[Test]:
    old, new = before.data["snapshot"], after.data["snapshot"]
    base = Test(
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
    looks = snapshots.look(old), snapshots.look(new)
    changes, uncompared = differences.drift(*looks), differences.uncompared(*looks)
    if not changes and not any(item.is_error for item in uncompared):
        yield base
    for change in changes:
        yield _changed(base, change, old, new)
    for item in uncompared:
        yield _not_compared(base, item)


def _changed(base: Test, difference: Difference, old: Snapshot, new: Snapshot) -> Test:
    change: Setting | Component
    if difference.kind == PACKAGE:
        change, name = snapshots.component(base.host, difference, old, new), Text("pakket", "package")
    else:
        change, name = snapshots.setting(base.host, difference, old, new), facts.name(difference.kind)
    lines = change.lines if isinstance(change, Setting) else ()
    nl, en = _CHANGES[change.change]
    return structs.replace(
        base,
        id=difference.id,
        status="fail",
        expected="\n".join([change.before or "absent", *(line for line in lines if line[0] in "-…")]),
        found="\n".join([change.after or "absent", *(line for line in lines if line[0] in "+…")]),
        title=Text(
            f"{name.nl} {change.name} {nl} sinds de oplevering", f"{name.en} {change.name} {en} since the delivery"
        ),
    )


def _not_compared(base: Test, item: Uncompared) -> Test:
    name = _PARTS.get(item.name) or facts.name(item.name)
    return structs.replace(
        base,
        id=item.id,
        status="error" if item.is_error else "not_applicable",
        found=item.reason,
        reason=item.reason,
        title=Text(f"{name.nl}: vergelijking met de oplevering", f"{name.en}: comparison with the delivery"),
    )
