"""What oplever.lab.apt_upgrade would upgrade, from answers of apt; and why a machine must restart."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.oplever.lab.plugins.module_utils.sources import package
from ansible_collections.oplever.lab.plugins.modules import apt_upgrade

DEBIAN, OWN = "deb.debian.org bookworm", "repo.example stable"
PLACES = {
    "bash": ([DEBIAN], [DEBIAN]),
    "less": ([DEBIAN], [OWN]),
    "tool": ([], []),
    "mariadb-server": ([DEBIAN], [DEBIAN]),
    "linux-image-amd64": ([DEBIAN], [DEBIAN]),
}
INST = """\
Inst bash [5.1] (5.2 Debian:12.1/stable [amd64])
Inst less [1] (2 Own:stable [amd64])
Inst tool [1] (2 localhost [amd64])
Inst mariadb-server [10.1] (10.2 Debian:12.1/stable [amd64])
Inst linux-image-amd64 [6.1] (6.2 Debian:12.1/stable [amd64]) []
Inst linux-image-6.2 (6.2 Debian:12.1/stable [amd64])
Conf bash (5.2 Debian:12.1/stable [amd64])
"""
KERNEL = """\
linux-image-6.2:
  Installed: (none)
  Candidate: 6.2
  Version table:
     6.2 500
        500 http://{site}/debian {suite}/main amd64 Packages
"""


class Apt:
    """Answers as apt gives them; the kernel comes from `place`."""

    def __init__(self, place: str) -> None:
        self.place = place

    def run(self, *words: str) -> str:
        if words[:2] == ("apt-cache", "policy"):
            site, suite = self.place.split()
            return KERNEL.format(site=site, suite=suite)
        names = {word.partition("=")[0] for word in words if "=" in word}
        if "upgrade" in words:
            return INST
        names |= {"linux-image-6.2"} if "linux-image-amd64" in names else set()
        return "".join(line + "\n" for line in INST.splitlines() if line.split()[1] in names)


def test_what_comes_from_approved_places_is_upgraded_with_what_it_needs() -> None:
    steps, held = apt_upgrade.plan(Apt(DEBIAN).run, PLACES, set(), ["mariadb-"])
    assert [name for name, _, _ in steps] == ["bash", "linux-image-amd64", "linux-image-6.2"]
    assert held == {
        "less": "it comes from repo.example stable, which is not approved",
        "tool": "it comes from no server, which is not approved",
        "mariadb-server": "it is blocked",
    }
    steps, held = apt_upgrade.plan(Apt(DEBIAN).run, PLACES, {OWN}, [])
    assert "less" in {name for name, _, _ in steps}
    assert set(held) == {"tool"}


def test_what_needs_a_package_from_elsewhere_waits_alone() -> None:
    steps, held = apt_upgrade.plan(Apt("other.example stable").run, PLACES, set(), [])
    assert [name for name, _, _ in steps] == ["bash", "mariadb-server"]
    assert held["linux-image-amd64"] == "it needs linux-image-6.2"


def test_the_places_of_both_versions_are_told_apart() -> None:
    text = """\
less:
  Installed: 1
  Candidate: 2
  Version table:
     2 500
        500 http://repo.example/own stable/main amd64 Packages
 *** 1 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
"""
    assert package.parse_places(text) == {"less": ([DEBIAN], [OWN])}


def test_a_machine_restarts_for_what_is_not_in_use_yet(tmp_path: Path) -> None:
    maps = tmp_path / "proc/7/maps"
    maps.parent.mkdir(parents=True)
    (tmp_path / "proc/1").mkdir()
    (tmp_path / "boot").mkdir()
    (tmp_path / "run").mkdir()
    maps.write_text("7f00 r-xp 0 08:01 12 /usr/lib/libssl.so.3\n7f01 rw-p 0 0 1 /memfd:x (deleted)\n", encoding="utf-8")
    (maps.parent / "comm").write_text("sshd\n", encoding="utf-8")
    assert apt_upgrade.reasons_to_restart(str(tmp_path)) == []
    maps.write_text("7f00 r-xp 0 08:01 12                  /usr/lib/libssl.so.3 (deleted)\n", encoding="utf-8")
    (tmp_path / "run/reboot-required").touch()
    (tmp_path / "boot/vmlinuz-6.2").touch()
    assert os.stat(tmp_path / "boot/vmlinuz-6.2").st_ctime >= os.stat(tmp_path / "proc/1").st_ctime
    assert apt_upgrade.reasons_to_restart(str(tmp_path)) == [
        "a package asks for it", "vmlinuz-6.2 came since the start", "still in use, though replaced, by: sshd",
    ]  # fmt: skip
