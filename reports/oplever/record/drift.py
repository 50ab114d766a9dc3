"""What changed on a machine since its last delivery, as tests: expected is the state then, found the state now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import structs

from oplever._shared import differences, drift
from oplever._shared.differences import PACKAGE, Difference, Look, Snapshot, Uncompared
from oplever._shared.drift import Acceptance
from oplever._shared.updates import Update
from oplever._shared.values import items
from oplever.record import facts, snapshots
from oplever.record.calls import Call
from oplever.record.model import Component, DriftAcceptance, Record, Setting, Test, Text
from oplever.record.snapshots import Pair

SUITE = differences.SUITE
UPDATES = "drift.updates"
"""The test that tells of all updates of a machine together."""

_PARTS = {
    "format": Text("de opname van de oplevering", "the snapshot of the delivery"),
    "digest_key": Text("bestanden die niet iedereen mag lezen", "files that not all may read"),
}
"""What is not compared beside kinds."""
_NOTHING_ELSE = Text("er is verder niets veranderd sinds de oplevering", "nothing else changed since the delivery")
_CHANGES = {
    "added": ("is er bijgekomen", "was added"),
    "removed": ("is verdwenen", "has gone"),
    "changed": ("is veranderd", "was changed"),
    "installed": ("is geïnstalleerd", "was installed"),
    "upgraded": ("is bijgewerkt", "was upgraded"),
    "downgraded": ("is teruggezet", "was downgraded"),
}


def tests(pairs: Mapping[str, Pair]) -> Iterator[Test]:
    """Per host with a reference: a failing test for each difference, or one that passes when there is none. A
    difference that a person accepted is waived, updates are one test that passes. What could not be compared is a test
    of its own and never green."""
    for host, (before, after) in pairs.items():
        if before and after and before.data.get("reference"):
            yield from _host(host, before, after)


def _host(host: str, before: Call, after: Call) -> Iterator[Test]:
    old, new, looks = before.snapshot, after.snapshot, (before.look, after.look)
    base = Test(
        id=SUITE,
        host=host,
        stage="after",
        status="pass",
        expected="",
        found="",
        title=Text("er is niets veranderd sinds de oplevering", "nothing changed since the delivery"),
        suite=SUITE,
        source="snapshot",
        evidence=f"record {before.data['reference']}",
        at=after.t,
        path=after.path,
    )
    acceptances = drift.read(before.data.get("accepted"))
    origins = tuple(map(str, items(before.data.get("origins"))))
    divided, uncompared = drift.divided(*looks, acceptances, origins), differences.uncompared(*looks)
    if not divided.open and not any(item.is_error for item in uncompared):
        yield base if not (divided.accepted or divided.updates) else structs.replace(base, title=_NOTHING_ELSE)
    for change in divided.open:
        yield structs.replace(
            _change_test(base, change, old, new, looks), status="fail", reason=_lapse(acceptances.get(change.id))
        )
    for change, acceptance in divided.accepted:
        yield waived(_change_test(base, change, old, new, looks), _grant(acceptance))
    if divided.updates:
        yield _update_test(base, divided.updates)
    for item in uncompared:
        yield _not_compared(base, item)


def values(record: Record) -> dict[tuple[str, str], str]:
    """By machine and name of the test: the state that was seen of what differs; empty of what is not there."""
    settings = ((setting.host, setting.kind, setting.name, setting.after) for setting in record.settings)
    packages = ((row.host, row.kind, row.name, row.after) for row in record.components if _is_measured(row))
    return {(host, differences.test_id(kind, name)): after for host, kind, name, after in (*settings, *packages)}


def _is_measured(row: Component) -> bool:
    """Whether it is a package that the snapshots show; what a person wrote down is no state that was seen."""
    return row.kind == PACKAGE and row.by == "machine"


def waived(test: Test, acceptance: DriftAcceptance) -> Test:
    """The test of a difference that a person accepted."""
    until = f" until {acceptance.until}" if acceptance.until else ""
    reason = f"accepted by {acceptance.by}{until}: {acceptance.reason}"
    return structs.replace(test, status="waived", reason=reason, acceptance=acceptance)


def _grant(acceptance: Acceptance) -> DriftAcceptance:
    fields = {name: getattr(acceptance, name) for name in DriftAcceptance.__struct_fields__}
    return DriftAcceptance(**fields)


def _lapse(acceptance: Acceptance | None) -> str:
    """Why an acceptance of this thing does not count; empty when there is none."""
    if acceptance is None:
        return ""
    who = f"{acceptance.by} accepted it in {acceptance.record}"
    if acceptance.expired:
        return f"{who} until {acceptance.until}; that day is over"
    return f"{who} as another state: {acceptance.value or 'absent'}"


def _update_test(base: Test, updates: Sequence[Update]) -> Test:
    """What updates changed, a line for each."""
    count = len({update.difference.name for update in updates if not update.by})
    nl, en = ("pakket", "package") if count == 1 else ("pakketten", "packages")
    return structs.replace(
        base,
        id=UPDATES,
        found="\n".join(map(_update_line, updates)),
        title=Text(
            f"{count} {nl} sinds de oplevering bijgewerkt vanuit goedgekeurde bronnen",
            f"{count} {en} updated since the delivery from approved origins",
        ),
    )


def _update_line(update: Update) -> str:
    difference = update.difference
    name = difference.name if difference.kind == PACKAGE else f"{facts.name(difference.kind).en} {difference.name}"
    by = f" with {update.by}" if update.by else ""
    origin = f", from {update.origin}" if update.origin else ""
    return f"{name}: {difference.before or 'absent'} -> {difference.after or 'absent'}{by}{origin}"


def _change_test(base: Test, difference: Difference, old: Snapshot, new: Snapshot, looks: tuple[Look, Look]) -> Test:
    change: Setting | Component
    if difference.kind == PACKAGE:
        change, name = snapshots.component(base.host, difference, *looks), Text("pakket", "package")
    else:
        change, name = snapshots.setting(base.host, difference, old, new), facts.name(difference.kind)
    lines = change.lines if isinstance(change, Setting) else ()
    before = change.before or ("absent" if difference.change == "added" else "present")
    after = change.after or ("absent" if difference.change == "removed" else "present")
    nl, en = _CHANGES[change.change]
    return structs.replace(
        base,
        id=difference.id,
        expected="\n".join([before, *(line for line in lines if line[0] in "-…")]),
        found="\n".join([after, *(line for line in lines if line[0] in "+…")]),
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
