"""What changed on a machine since its last delivery, as tests: expected is the state then, found the state now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from oplever.record import facts, snapshots
from oplever.record.fold import Call
from oplever.record.model import CheckStatus, Component, Setting, Test, Text

KINDS = frozenset(name for name, kind in facts.KINDS.items() if kind.drift)
"""Kinds of settings that stay as they are when nobody touches them."""
_OF_PACKAGE = re.compile(r"\b(?:as|of) package (\S+)(?: brought it)?$")
_FIRST_FORMAT_KINDS = frozenset({"file", "unit", "socket", "account", "group"})
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
    components = snapshots.components(host, old, new)
    settings = [setting for setting in _settings(host, old, new) if not _follows(setting, components)]
    changes: list[Setting | Component] = [*settings, *components]
    uncompared = list(_uncompared(base, old, new))
    if not changes and not any(test.status == "error" for test in uncompared):
        yield base
    for change in changes:
        yield _changed(base, change)
    yield from uncompared


def _settings(host: str, old: Any, new: Any) -> Iterator[Setting]:
    formats = {snapshots.written_in(old), snapshots.written_in(new)}
    if len(formats) > 1:
        return  # the words of two formats differ where the machine does not
    kinds = _FIRST_FORMAT_KINDS if formats == {snapshots.FIRST_FORMAT} else None
    for setting in snapshots.settings(host, old, new):
        if setting.kind in kinds if kinds else facts.kind(setting.kind).drift:
            yield setting


def _follows(setting: Setting, components: list[Component]) -> bool:
    """Whether a file, with its rights, came or went with a package: then the package says it."""
    match = _OF_PACKAGE.search(setting.after or setting.before)
    cause = {"added": "installed", "removed": "removed"}.get(setting.change)
    return match is not None and any(c.name == match[1] and c.change == cause for c in components)


def _changed(base: Test, change: Setting | Component) -> Test:
    name = Text("pakket", "package") if isinstance(change, Component) else facts.kind(change.kind).name
    lines = change.lines if isinstance(change, Setting) else ()
    nl, en = _CHANGES[change.change]
    return structs.replace(
        base,
        id=f"drift.{change.kind}.{change.name}",
        status="fail",
        expected="\n".join([change.before or "absent", *(line for line in lines if line[0] in "-…")]),
        found="\n".join([change.after or "absent", *(line for line in lines if line[0] in "+…")]),
        title=Text(
            f"{name.nl} {change.name} {nl} sinds de oplevering", f"{name.en} {change.name} {en} since the delivery"
        ),
    )


def _uncompared(base: Test, old: Any, new: Any) -> Iterator[Test]:
    """What the delivery could see and this look could not is an error; what neither saw does not apply."""
    if snapshots.written_in(old) != snapshots.written_in(new):
        yield _not_compared(
            base, "format", "error", Text("de opname van de oplevering", "the snapshot of the delivery"),
            "another version of the toolkit made it; only packages were compared: deliver again",
        )  # fmt: skip
        return
    if snapshots.written_in(new) != snapshots.FIRST_FORMAT and not snapshots.same_key(old, new):
        yield _not_compared(
            base, "digest_key", "error", Text("bestanden die niet iedereen mag lezen", "files that not all may read"),
            "the SSH host key or the machine id was replaced, so their digests cannot be compared",
        )  # fmt: skip
    for kind in sorted(snapshots.facts_of(new).keys() - snapshots.facts_of(old).keys()):
        yield _not_compared(base, kind, "not_applicable", facts.kind(kind).name, "not looked at when it was delivered")
    then, now = snapshots.unseen(old), snapshots.unseen(new)
    for kind in sorted(then.keys() | now.keys()):
        if facts.kind(kind).drift:
            status: CheckStatus = "error" if kind in now and now[kind] != then.get(kind) else "not_applicable"
            reason = f"not seen: {now[kind]}" if kind in now else f"not seen at the delivery: {then[kind]}"
            yield _not_compared(base, kind, status, facts.kind(kind).name, reason)


def _not_compared(base: Test, name: str, status: CheckStatus, what: Text, reason: str) -> Test:
    title = Text(f"{what.nl}: vergelijking met de oplevering", f"{what.en}: comparison with the delivery")
    return structs.replace(base, id=f"drift.{name}", status=status, found=reason, reason=reason, title=title)
