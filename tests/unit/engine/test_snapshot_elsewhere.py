"""Places that are easily taken for somebody else's: names beside what programs write, files that settings name, links,
data, and what is there in two ways that differ."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    accounts,
    files,
    network,
    packages,
    packet_filter,
    path_search,
    programs,
    registry,
    units,
)

from .small_machine import Scripted, as_root, machine, put, words_of

__all__ = ["as_root", "machine"]


def link(machine: Scripted, path: str, target: str) -> None:
    file = Path(machine.root + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to(target)


def paths(machine: Scripted) -> set[str]:
    return {key for kind, key in words_of(files, machine) if kind == "file"}


class TestNamesBesideWhatProgramsWrite:
    @pytest.mark.parametrize(
        "path",
        [
            "/etc/dhcp/dhclient-exit-hooks.d/release", "/etc/apparmor.d/cache-rules", "/etc/.git/hooks/post-commit",
            "/etc/.git/config", "/etc/network/runme", "/etc/lvm/archive.conf", "/root/.ssh/.keys",
            "/root/.ssh/agent.sh", "/run/systemd/system/session-x.service", "/run/systemd/system/user-x.service",
            "/run/systemd/system/netplan-x.service", "/etc/ssl/certs/0123abcd.0",
            "/run/systemd/system.attached/cron.service.d/x.conf", "/run/systemd/transient/ssh.service.d/x.conf",
        ],
    )  # fmt: skip
    def test_are_looked_at(self, machine: Scripted, path: str) -> None:
        put(machine, path, "x\n")
        assert path in paths(machine)

    @pytest.mark.parametrize(
        "path",
        [
            "/etc/dhcp/dhclient.leases", "/etc/apparmor.d/cache/x", "/etc/apparmor.d/cache.d/a/x", "/etc/.git/index",
            "/etc/.git/objects/aa/bb", "/etc/lvm/archive/x", "/root/.ssh/known_hosts", "/root/.ssh/known_hosts.old",
            "/root/.ssh/agent/s.x", "/etc/samba/secrets.tdb", "/etc/xml/catalog.old",
            "/run/systemd/system/session-3.scope.d/50-x.conf", "/run/systemd/transient/session-3.scope",
        ],
    )  # fmt: skip
    def test_what_they_write_is_not(self, machine: Scripted, path: str) -> None:
        put(machine, path, "x\n")
        assert path not in paths(machine)

    def test_a_link_by_the_hash_of_a_certificate_beside_it(self, machine: Scripted) -> None:
        link(machine, "/etc/ssl/certs/0123abcd.0", "Authority.pem")
        link(machine, "/etc/ssl/certs/0123abcd.1", "/tmp/x.pem")  # noqa: S108
        assert {path for path in paths(machine) if "abcd" in path} == {"/etc/ssl/certs/0123abcd.1"}

    def test_services_named_as_sessions_and_instances(self, machine: Scripted) -> None:
        passing = ("user@1000.service", "sshd@3-10.0.0.1:22-10.0.0.2:50000.service", "x@1-7-1000.service")
        named = ("session-77.service", "planted@1-x.service")
        shown = "\n\n".join(f"Id={name}\nLoadState=loaded\nActiveState=active" for name in (*passing, *named))
        machine.answers = {"systemctl show-environment": "", "systemctl show": shown, "systemctl list-unit-files": ""}
        assert {key for kind, key in words_of(units, machine) if kind == "unit"} == set(named)


class TestWhatSettingsName:
    @pytest.mark.parametrize(
        ("path", "line", "named"),
        [
            ("/etc/pam.d/su", "session optional pam_exec.so /bin/sh /srv/h.sh", "/srv/h.sh"),
            ("/etc/profile.d/x.sh", ". /var/lib/env", "/var/lib/env"),
            ("/etc/bash.bashrc", "[ -r /srv/e ] && source /srv/e", "/srv/e"),
            ("/etc/logrotate.d/x", "  sh /srv/r.sh", "/srv/r.sh"),
            ("/etc/apt/apt.conf.d/9", 'DPkg::Post-Invoke {"sh /var/local/h.sh";};', "/var/local/h.sh"),
            ("/etc/systemd/system/x.service", "EnvironmentFile=-/var/lib/x/settings", "/var/lib/x/settings"),
            ("/etc/php/php.ini", 'auto_prepend_file = "/srv/p"', "/srv/p"),
            ("/etc/aliases", "staff: :include:/srv/list", "/srv/list"),
            ("/etc/modprobe.d/x.conf", "install x /bin/sh /mnt/m.sh", "/mnt/m.sh"),
            ("/etc/ssh/sshd_config", "TrustedUserCAKeys /srv/authority", "/srv/authority"),
        ],
    )
    def test_is_looked_at(self, machine: Scripted, path: str, line: str, named: str) -> None:
        put(machine, path, line + "\n")
        put(machine, named, "x\n")
        assert named in paths(machine)

    def test_in_comments_and_in_data_is_not(self, machine: Scripted) -> None:
        put(
            machine, "/etc/a.conf", "# /srv/a.sh\n; /srv/b.sh\n  // /srv/c.sh\nstate /var/lib/a/state.db\n. /lib/init\n"
        )
        for path in ("/srv/a.sh", "/srv/b.sh", "/srv/c.sh", "/var/lib/a/state.db", "/lib/init"):
            put(machine, path, "x\n")
        assert not {path for path in paths(machine) if path.startswith(("/srv", "/var", "/lib"))}

    def test_where_links_lead_to(self, machine: Scripted) -> None:
        put(machine, "/srv/jobs/j", "x\n")
        put(machine, "/srv/sites/a", "x\n")
        put(machine, "/usr/share/x", "x\n")
        link(machine, "/etc/cron.d/j", "../../srv/jobs/j")
        link(machine, "/etc/sites", "../srv/sites")
        link(machine, "/etc/x", "../usr/share/x")
        actual = paths(machine)
        assert {"/srv/jobs/j", "/srv/sites/a"} <= actual
        assert "/usr/share/x" not in actual

    def test_of_many_files_behind_a_link_only_the_directory(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(path_search, "MOST_ELSEWHERE", 2)
        for name in "abc":
            put(machine, f"/srv/sites/{name}", "x\n")
        link(machine, "/etc/sites", "../srv/sites")
        actual = words_of(files, machine)
        assert {key for _, key in actual if key.startswith("/srv")} == {"/srv/sites"}
        assert ("file", "?") not in actual


class TestCodeAmongWhatIsMadeAgain:
    @pytest.mark.parametrize(
        ("path", "mode", "is_told"),
        [
            ("/usr/lib/python3/dist-packages/sitecustomize.pyc", 0o644, True),
            ("/usr/lib/python3/dist-packages/__pycache__/x.cpython-311.pyc", 0o644, False),
            ("/usr/lib/locale/planted", 0o755, True),
            ("/usr/lib/locale/locale-archive", 0o644, False),
            ("/usr/lib/dkms/x.so", 0o644, True),
            ("/usr/share/mime/mime.cache", 0o644, False),
            ("/usr/lib/mime/packages/planted", 0o644, True),
            ("/usr/share/emacs/site-lisp/site-start.el", 0o644, True),
            ("/usr/share/emacs/site-lisp/elpa/x.elc", 0o644, False),
            ("/boot/efi/EFI/debian/shimx64.efi", 0o755, False),
            ("/swap-agent", 0o755, True),
        ],
    )
    def test_is_told(self, machine: Scripted, path: str, mode: int, is_told: bool) -> None:
        put(machine, path, "x", mode)
        assert (("outside", path) in words_of(programs, machine)) is is_told

    def test_a_fifo(self, machine: Scripted) -> None:
        put(machine, "/usr/lib/locale/a")
        os.mkfifo(Path(machine.root) / "usr/lib/locale/planted", 0o644)
        assert words_of(programs, machine)["outside", "/usr/lib/locale/planted"].startswith("fifo")


def test_rights_of_directories_with_data(machine: Scripted) -> None:
    put(machine, "/var/lib/app/own/deep/x")
    put(machine, "/srv/school/x")
    before = words_of(programs, machine)
    for path in ("/var/lib/app", "/srv/school"):
        (Path(machine.root + path)).chmod(0o700)
    actual = words_of(programs, machine)
    assert (before["directory", "/var/lib/app"], actual["directory", "/var/lib/app"]) == (
        "directory 0755 root root",
        "directory 0700 root root",
    )
    assert actual["directory", "/srv/school"] == "directory 0700 root root"
    assert ("directory", "/var/lib/app/own") not in actual
    assert registry.KINDS["directory"].only == "changed"


def test_what_a_package_asks_is_told_for_the_same_version_only(machine: Scripted) -> None:
    assert ("package_list", "coreutils 9.1, what it asks") not in words_of(programs, machine)
    put(machine, "/var/lib/dpkg/info/coreutils.config", "#!/bin/sh\n")
    before = words_of(programs, machine)
    put(machine, "/var/lib/dpkg/info/coreutils.config", "#!/bin/sh\nid\n")
    after = words_of(programs, machine)
    changed = {key for kind, key in after if kind == "package_list" and before[kind, key] != after[kind, key]}
    assert changed == {"coreutils 9.1, what it asks"}


def test_lines_that_are_no_account_and_no_group(machine: Scripted) -> None:
    put(machine, "/etc/subuid", "jan:100000:65536\n1000:0:65536\n")
    put(machine, "/etc/shadow", "root:*:20000:0:99999:7:::\nghost:$y$secret:20000:0:99999:7:::\n")
    put(machine, "/etc/group", "root:x:0:\n+:::\n")
    actual = words_of(accounts, machine)
    assert actual["account", "1000 (in /etc/subuid)"] == "subuid=0+65536"
    assert actual["account", "ghost (in /etc/shadow alone)"] == "no account has this line"
    assert actual["group", "(lines that are no group)"] == "+:::"
    assert ("account", "jan (in /etc/subuid)") not in actual


class TestAlternatives:
    ADMIN = (
        "auto\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\nnawk\n/usr/bin/nawk\n\n"
        "/usr/bin/gawk\n10\n/usr/share/man/man1/gawk.1.gz\n/usr/bin/gawk\n"
        "/usr/bin/mawk\n5\n/usr/share/man/man1/mawk.1.gz\n/usr/bin/mawk\n\n"
    )

    @pytest.fixture
    def awk(self, machine: Scripted) -> Scripted:
        put(machine, "/var/lib/dpkg/alternatives/awk", self.ADMIN)
        put(machine, "/usr/bin/mawk", "x", 0o755)
        link(machine, "/etc/alternatives/awk", "/usr/bin/mawk")
        return machine

    def test_what_follows_as_it_was_set_is_not_told(self, awk: Scripted) -> None:
        """Debian's machines without pages of the manual have no link to one."""
        link(awk, "/etc/alternatives/nawk", "/usr/bin/mawk")
        put(awk, "/etc/alternatives/README")
        actual = {key: words for (kind, key), words in words_of(packages, awk).items() if kind == "alternative"}
        assert actual == {"awk": "/usr/bin/mawk, auto"}

    def test_what_follows_and_was_led_elsewhere(self, awk: Scripted) -> None:
        link(awk, "/etc/alternatives/nawk", "/opt/x")
        link(awk, "/etc/alternatives/planted", "/opt/y")
        actual = words_of(packages, awk)
        assert actual["alternative", "nawk"] == "/opt/x, not /usr/bin/mawk as with awk"
        assert actual["alternative", "planted"] == "/opt/y, made by hand"

    def test_a_choice_that_dpkg_does_not_know_tells_nothing_of_what_follows(self, awk: Scripted) -> None:
        (Path(awk.root) / "etc/alternatives/awk").unlink()
        link(awk, "/etc/alternatives/awk", "/bin/true")
        link(awk, "/etc/alternatives/nawk", "/usr/bin/mawk")
        actual = {key: words for (kind, key), words in words_of(packages, awk).items() if kind == "alternative"}
        assert actual == {"awk": "/bin/true, auto"}


def test_routes_that_somebody_passes_off_as_the_kernel_s(machine: Scripted) -> None:
    machine.answers = {
        "ip -json address": "[]",
        "ip -json -4 route show table local": json.dumps([
            {"type": "local", "dst": "10.0.0.9", "dev": "eth0", "protocol": "kernel"},
            {"type": "local", "dst": "198.51.100.0/24", "dev": "lo", "protocol": "boot"}]),
        "ip -json -4 route": json.dumps([
            {"dst": "10.0.0.0/24", "dev": "eth0", "protocol": "kernel"},
            {"dst": "203.0.113.0/24", "dev": "eth0", "protocol": "kernel", "gateway": "10.0.0.1"}]),
        "ip xfrm": "", "ip": "[]", "tc": "[]",
    }  # fmt: skip
    actual = {key: words for (kind, key), words in words_of(network, machine).items() if kind == "route"}
    assert actual == {
        "inet 203.0.113.0/24": "via 10.0.0.1, eth0",
        "inet 198.51.100.0/24, table local": "lo, local",
    }


def test_a_table_of_the_packet_filter_that_does_not_work(machine: Scripted) -> None:
    machine.answers = {
        "nft": "table inet a {\n\tflags dormant\n\n\tchain b {\n\t\taccept\n\t}\n}\ntable ip c {\n\tchain d {\n\t}\n}\n"
    }
    actual = words_of(packet_filter, machine)
    assert actual["filter", "table inet a"] == "flags dormant, its rules do not work"
    assert ("filter", "table ip c") not in actual
    assert ("filter", "inet a chain b") in actual


def test_a_unit_that_runs_with_settings_of_which_the_files_are_gone() -> None:
    unit = {"Id": "x.service", "LoadState": "loaded", "ActiveState": "active", "NeedDaemonReload": "yes"}
    assert units.state(unit) == "running, no state, its files changed since systemd read them"
    assert units.state({**unit, "NeedDaemonReload": "no"}) == "running, no state"
