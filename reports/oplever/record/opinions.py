"""Second opinions: what another scanner found, set beside our controls by the references they share. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from oplever.record.entries import Entry, ScanEntry
from oplever.record.model import Baseline, CheckStatus, Control, SecondOpinion, Text

LYNIS: dict[str, tuple[str, ...]] = {
    "AUTH-9204": ("ACC-009",),
    "AUTH-9208": ("ACC-015", "ACC-017"),
    "AUTH-9262": ("PAM-002", "PAM-005"),
    "AUTH-9283": ("ACC-012",),
    "AUTH-9286": ("ACC-001",),
    "FIRE-4590": ("FW-002", "FW-009"),
    "MACF-6208": ("MAC-003",),
    "NETW-3200": ("KMOD-013", "KMOD-014", "KMOD-015", "KMOD-016"),
    "PKGS-7392": ("APT-011",),
    "PKGS-7420": ("APT-013",),
    "TIME-3104": ("TIME-001",),
    "USB-1000": ("KMOD-010",),
}
"""Lynis has no public references: its tests that ask what controls of ours ask. A test that asks more is not here."""

_JUDGED = {"pass": "pass", "fail": "fail", "waived": "fail"}


def joined(known: Baseline, entries: Sequence[Entry]) -> Baseline:
    """The baseline with what scanners said; the last report of a scanner about a host counts."""
    last: dict[tuple[str, str], ScanEntry] = {}
    for entry in entries:
        if isinstance(entry.entry, ScanEntry):
            last[entry.entry.tool, entry.entry.host] = entry.entry
    if not last:
        return known
    ours = _by_rule(known.controls)
    return structs.replace(known, opinions=tuple(one for scan in last.values() for one in _opinions(scan, ours)))


def _by_rule(controls: Iterable[Control]) -> dict[tuple[str, str, str], list[Control]]:
    """Our controls by tool, host and the name that the tool gives to the same question."""
    lynis: dict[str, list[str]] = defaultdict(list)
    for rule, ids in LYNIS.items():
        for name in ids:
            lynis[name].append(rule)
    found: dict[tuple[str, str, str], list[Control]] = defaultdict(list)
    for control in controls:
        for rule in control.refs.get("ssg", ()):
            found["openscap", control.host, rule].append(control)
        for rule in lynis.get(control.id, ()):
            found["lynis", control.host, rule].append(control)
    return found


def _opinions(scan: ScanEntry, ours: dict[tuple[str, str, str], list[Control]]) -> Iterator[SecondOpinion]:
    for rule in scan.rules:
        same = ours.get((scan.tool, scan.host, rule.rule), [])
        status = _together([control.after or control.before for control in same])
        theirs = _JUDGED.get(rule.status)
        yield SecondOpinion(
            tool=scan.tool,
            host=scan.host,
            rule=rule.rule,
            status=rule.status,
            raw=rule.raw,
            title=Text(rule.title, rule.title),
            controls=tuple(control.id for control in same),
            ours=status,
            agrees=theirs == _JUDGED[status] if theirs and status in _JUDGED else None,
        )


def _together(statuses: Sequence[CheckStatus | None]) -> CheckStatus | None:
    """What our controls of one question say together: one that fails, fails them all; unknown when one is."""
    for status in ("fail", "waived", "error", "not_applicable", "pass"):
        if status in statuses:
            return status
    return None
