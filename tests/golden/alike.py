"""Records of sixty machines on which nearly the same differs: it is told once, and what deviates in full."""

from __future__ import annotations

from golden.case import Case, Data
from golden.journal import Journal, check

MACHINES = {f"pc{number:02}": ["workstations"] for number in range(60)}
OS = {"os": "Debian GNU/Linux 13 (trixie)"}
DELIVERY = "20261101T100000Z-site-aaaaaa"
OUTPUTS = ("report.nl.md", "report.en.md", "report.nl.html.txt", "report.nl.pdf.txt")


def drifted() -> Case:
    """An audit of a room. On all but three somebody changed sshd_config in the same way and put telnet on it; on pc07
    the file has other contents, on pc08 other rights too, and pc09 is as it was delivered. pc20 has a group of its
    own."""
    journal = Journal("20261123T100000Z-site-d00021", tick=0.25)
    journal.play("Look at the workstations", MACHINES)
    rules = {"accepted": [], "origins": ["deb.debian.org trixie"], "reference": DELIVERY}
    journal.snapshots("before", {name: _delivered() for name in MACHINES}, **rules)
    journal.task("Write the banner", "ansible.builtin.copy", "oplever.lab.base")
    for name in MACHINES:
        journal.result(name, "changed" if name == "pc07" else "ok", files=["/etc/motd"] if name == "pc07" else [])
    for name in MACHINES:
        journal.checks(name, "after", "base", [check("base.timezone", "fail" if name in ("pc01", "pc02") else "pass")])
    journal.snapshots("after", {name: _present(name) for name in MACHINES})
    journal.finish()
    return Case(journal.lines, outputs=OUTPUTS)


def _delivered() -> Data:
    files = {"/etc/ssh/sshd_config": ["644", "root", "root", 24, "aa"], "/etc/motd": ["644", "root", "root", 8, "mm"]}
    return {"host": OS, "packages": {"bash": ["5.2", "Debian"]}, "files": files, "groups": {"sudo": "beheer"}}


def _present(name: str) -> Data:
    snapshot = _delivered()
    if name == "pc09":
        return snapshot
    digest, rights = ("cc" if name == "pc07" else "bb"), ("600" if name == "pc08" else "644")
    snapshot["files"]["/etc/ssh/sshd_config"] = [rights, "root", "root", 24, digest]
    snapshot["packages"]["telnet"] = ["0.17", "Debian"]
    if name == "pc07":
        snapshot["files"]["/etc/motd"] = ["644", "root", "root", 9, "nn"]
    if name == "pc20":
        snapshot["groups"]["docker"] = "leerling"
    return snapshot


def trial() -> Case:
    """Check mode. The same lines would change on all, but on pc07 as many other lines, and on pc08 nothing; of the
    installation the module says no more than that it would change something. One file is of a journal without marks."""
    journal = Journal("20261123T100000Z-site-d00022", tick=0.25, check_mode=True, diff_mode=True)
    journal.play("Set up the workstations", MACHINES)
    journal.task("Install the desktop", "ansible.builtin.apt", "oplever.lab.desktop")
    for name in MACHINES:
        journal.result(name, "ok" if name == "pc08" else "changed")
    journal.task("Write the settings of SSH", "ansible.builtin.template", "oplever.lab.ssh")
    for name in MACHINES:
        if name == "pc08":
            journal.result(name)
            continue
        mark = "0" * 16 if name == "pc07" else "1" * 16
        diff = [{"name": "/etc/ssh/sshd_config", "added": 4, "removed": 1, "mark": mark}]
        journal.result(name, "changed", diff=diff, files=["/etc/ssh/sshd_config"])
    journal.task("Write the banner", "ansible.builtin.copy", "oplever.lab.base")
    for name in MACHINES:
        changed = name in ("pc10", "pc11")
        diff = [{"name": "/etc/motd", "added": 2, "removed": 0}] if changed else []
        journal.result(name, "changed" if changed else "ok", diff=diff)
    journal.finish()
    return Case(journal.lines, outputs=OUTPUTS)


ALIKE = {case.__name__: case for case in (drifted, trial)}
