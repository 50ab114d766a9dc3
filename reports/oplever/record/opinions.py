"""Second opinions: what another scanner found, set beside our controls by the references they share. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from oplever.record.model import Baseline, CheckStatus, Control, SecondOpinion

LYNIS: dict[str, tuple[str, ...]] = {
    "ACCT-9628": ("AUD-002",),
    "AUTH-9204": ("ACC-009",),
    "AUTH-9208": ("ACC-015",),
    "AUTH-9262": ("PAM-002",),
    "AUTH-9283": ("ACC-012",),
    "BOOT-5122": ("BOOT-001",),
    "FIRE-4590": ("FW-001",),
    "HOME-9304": ("ACC-027",),
    "HOME-9306": ("ACC-027",),
    "INSE-8100": ("SVC-020",),
    "INSE-8316": ("SVC-010",),
    "INSE-8320": ("SVC-017",),
    "INSE-8322": ("SVC-016",),
    "KRNL-6000:fs.protected_fifos": ("KRN-019",),
    "KRNL-6000:fs.protected_hardlinks": ("KRN-018",),
    "KRNL-6000:fs.protected_regular": ("KRN-020",),
    "KRNL-6000:fs.protected_symlinks": ("KRN-017",),
    "KRNL-6000:fs.suid_dumpable": ("KRN-016",),
    "KRNL-6000:kernel.dmesg_restrict": ("KRN-003",),
    "KRNL-6000:kernel.randomize_va_space": ("KRN-001",),
    "KRNL-6000:kernel.yama.ptrace_scope": ("KRN-004",),
    "KRNL-6000:net.core.bpf_jit_harden": ("KRN-014",),
    "KRNL-6000:net.ipv4.conf.all.accept_redirects": ("NET-004",),
    "KRNL-6000:net.ipv4.conf.all.accept_source_route": ("NET-006",),
    "KRNL-6000:net.ipv4.conf.all.forwarding": ("NET-002",),
    "KRNL-6000:net.ipv4.conf.all.send_redirects": ("NET-003",),
    "KRNL-6000:net.ipv4.conf.default.accept_redirects": ("NET-015",),
    "KRNL-6000:net.ipv4.conf.default.accept_source_route": ("NET-017",),
    "KRNL-6000:net.ipv4.icmp_echo_ignore_broadcasts": ("NET-024",),
    "KRNL-6000:net.ipv4.icmp_ignore_bogus_error_responses": ("NET-025",),
    "KRNL-6000:net.ipv4.tcp_syncookies": ("NET-026",),
    "KRNL-6000:net.ipv6.conf.all.accept_redirects": ("NET-010",),
    "KRNL-6000:net.ipv6.conf.all.accept_source_route": ("NET-011",),
    "KRNL-6000:net.ipv6.conf.default.accept_redirects": ("NET-021",),
    "KRNL-6000:net.ipv6.conf.default.accept_source_route": ("NET-022",),
    "LOGG-2154": ("LOG-007",),
    "MACF-6208": ("MAC-003",),
    "NETW-3200": ("KMOD-013", "KMOD-014", "KMOD-015", "KMOD-016"),
    "PKGS-7388": ("APT-005",),
    "PKGS-7392": ("APT-011",),
    "PKGS-7420": ("APT-013",),
    "SSH-7408:ClientAliveInterval": ("SSH-016",),
    "SSH-7408:IgnoreRhosts": ("SSH-005",),
    "SSH-7408:PermitRootLogin": ("SSH-001",),
    "SSH-7408:PermitUserEnvironment": ("SSH-003",),
    "SSH-7408:X11Forwarding": ("SSH-015",),
    "TIME-3104": ("TIME-001",),
    "TIME-3185": ("TIME-005",),
    "USB-1000": ("KMOD-010",),
}
"""Lynis has no public references: its tests (3.0.8) that ask what controls of ours ask, or a part of it.

A test that asks more is not here, since it fails for what is none of the control's business: a longest and a shortest
age of passwords (AUTH-9286), rounds of a hash (AUTH-9229), modes of files that we do not judge (FILE-7524). Nor is one
that only collects, whose silence means nothing (LOGG-2136, SSH-7440).
"""

_JUDGED = {"pass": "pass", "fail": "fail", "waived": "fail"}


def compared(baseline: Baseline) -> Baseline:
    """The baseline with every opinion set beside our controls as they are now."""
    if not baseline.opinions:
        return baseline
    reports: dict[tuple[str, str], list[SecondOpinion]] = defaultdict(list)
    for opinion in baseline.opinions:
        reports[opinion.tool, opinion.host].append(opinion)
    ours = _by_rule(baseline.controls)
    opinions = tuple(opinion for report in reports.values() for opinion in _compare(report, ours))
    return structs.replace(baseline, opinions=opinions)


def _by_rule(controls: Iterable[Control]) -> dict[tuple[str, str, str], list[Control]]:
    """Our controls by tool, host and the name that the tool gives to the same question."""
    lynis: dict[str, list[str]] = defaultdict(list)
    for rule, ids in LYNIS.items():
        for name in ids:
            lynis[name].append(rule)
    controls_by_rule: dict[tuple[str, str, str], list[Control]] = defaultdict(list)
    for control in controls:
        for rule in control.refs.get("ssg", ()):
            controls_by_rule["openscap", control.host, rule].append(control)
        for rule in lynis.get(control.id, ()):
            controls_by_rule["lynis", control.host, rule].append(control)
    return controls_by_rule


def _compare(
    report: Sequence[SecondOpinion], ours: dict[tuple[str, str, str], list[Control]]
) -> Iterator[SecondOpinion]:
    """The opinions of one scanner about one machine."""
    joined_to = {rule.rule: ours.get((rule.tool, rule.host, rule.rule), []) for rule in report}
    failed = {control.id for rule in report if rule.status == "fail" for control in joined_to[rule.rule]}
    for rule in report:
        same = joined_to[rule.rule]
        status = _together([_status(control) for control in same])
        # A rule that asks a part of a control says nothing against it where another part is what fails.
        elsewhere = {control.id for control in same if _JUDGED.get(_status(control) or "") == "fail"} & failed
        theirs = None if rule.status == "pass" and elsewhere else _JUDGED.get(rule.status)
        yield structs.replace(
            rule,
            controls=tuple(control.id for control in same),
            ours=status,
            agrees=theirs == _JUDGED[status] if theirs and status in _JUDGED else None,
        )


def _status(control: Control) -> CheckStatus | None:
    return control.after or control.before


def _together(statuses: Sequence[CheckStatus | None]) -> CheckStatus | None:
    """What our controls of one question say together: one that fails, fails them all; unknown when one is."""
    for status in ("fail", "waived", "error", "not_applicable", "pass"):
        if status in statuses:
            return status
    return None
