"""Where a change stays unseen because it looks like what passes, is usual, or is somebody else's."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    accounts,
    files,
    kernel,
    machine_settings,
    network,
    processes,
    programs,
    storage,
    sudo,
    units,
    walk,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources import capability, socket

from .small_machine import MOUNTS, Scripted, as_root, machine, put, words_of

__all__ = ["as_root", "machine"]


def told(source: Any, machine: Scripted, kind: str, **places: Any) -> set[str]:
    return {key for name, key in words_of(source, machine, **places) if name == kind}


class TestUnits:
    def test_a_unit_without_a_file_has_any_name(self, machine: Scripted) -> None:
        names = ("systemd-udevd-kernel-x.service", "modprobe@x.service", "dbus-:1.2-org.x@0.service")
        block = "Id=%s\nLoadState=loaded\nActiveState=active\nTransient=%s"
        shown = [block % (name, "yes") for name in names] + [block % ("modprobe@dm.service", "no")]
        machine.answers = {"systemctl show-environment": "", "systemctl show": "\n\n".join(shown), "systemctl": ""}
        assert told(units, machine, "unit") == set(names[:2])

    def test_processes_in_a_scope_of_no_session(self, machine: Scripted) -> None:
        names = ("x.scope", "session-x.scope", "session-7.scope", "session-c1.scope", "init.scope", "docker-1f.scope")
        shown = "\n\n".join(f"Id={name}\nLoadState=loaded\nActiveState=active\nTransient=yes" for name in names)
        machine.answers = {"systemctl show-environment": "", "systemctl show": shown, "systemctl": ""}
        assert told(units, machine, "unit") == set(names[:2])

    @pytest.mark.parametrize(
        ("line", "is_told"),
        [
            ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", False),
            ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/snap/bin", False),
            ("PATH=/opt/x:/usr/bin", True),
            ("PATH=/usr/bin:.", True),
            ("LANG=C.UTF-8", False),
            ("LC_ALL=C", False),
            ("container_uuid=1", False),
            ("HOMEBREW=/opt/x", True),
            ("PATHEXT=x", True),
        ],
    )
    def test_variables_of_all_services(self, machine: Scripted, line: str, is_told: bool) -> None:
        machine.answers = {"systemctl show-environment": line + "\n", "systemctl": ""}
        assert told(units, machine, "manager") == ({line.partition("=")[0]} if is_told else set())

    def test_a_service_whose_processes_are_held(self) -> None:
        unit = {"Id": "x.service", "LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
        words = "its processes are held (systemctl freeze)"
        assert units.state({**unit, "FreezerState": "frozen"}) == f"running, enabled, {words}"
        assert units.state({**unit, "FreezerState": "running"}) == "running, enabled"
        assert units.state({**unit, "Transient": "yes", "FreezerState": "frozen"}).endswith(words)


class TestMounts:
    @pytest.mark.parametrize(
        ("line", "target", "is_told"),
        [
            ("24 22 8:1 /x /run/sshd rw,relatime - ext4 /dev/sda1 rw", "/run/sshd", True),
            ("24 22 8:1 /x /run/systemd/system rw - ext4 /dev/sda1 rw", "/run/systemd/system", True),
            ("24 22 0:9 / /run/user/1000 rw - tmpfs tmpfs rw", "/run/user/1000", False),
            ("24 22 0:9 / /run/credentials/x.service ro - tmpfs tmpfs rw", "/run/credentials/x.service", False),
            ("24 22 0:9 / /run/lock rw - tmpfs tmpfs rw", "/run/lock", False),
            ("24 22 8:1 /x /proc/modules rw - ext4 /dev/sda1 rw", "/proc/modules", True),
            ("24 22 0:9 / /proc/kcore ro - tmpfs tmpfs rw", "/proc/kcore", False),
            ("24 22 0:5 / /proc/fs ro,nosuid - proc proc rw", "/proc/fs", False),
            ("24 22 0:8 / /dev/pts rw - devpts devpts rw", "/dev/pts", False),
        ],
    )
    def test_over_what_the_kernel_and_the_boot_mount(
        self, machine: Scripted, line: str, target: str, is_told: bool
    ) -> None:
        put(machine, "/proc/self/mountinfo", MOUNTS + line)
        assert told(storage, machine, "mount") - {"/", "/proc"} == ({target} if is_told else set())

    def test_options_of_what_the_kernel_shows(self, machine: Scripted) -> None:
        options = "rw,nosuid,nodev,noexec"
        for more in ("", ",hidepid=invisible"):
            rows = MOUNTS.replace("/proc rw -", f"/proc {options} -").replace("proc proc rw", "proc proc rw" + more)
            put(machine, "/proc/self/mountinfo", rows)
            words = "options=rw nosuid nodev noexec" + more.replace(",", " ")
            assert words_of(storage, machine)["mount", "/proc"] == "source=proc, fstype=proc, " + words


class TestNetwork:
    def test_routes_say_where_they_lead_and_interfaces_what_they_are_part_of(self, machine: Scripted) -> None:
        hops = [{"gateway": "192.0.2.1", "dev": "eth0"}, {"gateway": "192.0.2.9", "dev": "eth1"}]
        machine.answers = {
            "ip -json address": json.dumps(
                [
                    {
                        "ifname": "eth0",
                        "flags": ["UP", "NOARP"],
                        "link_type": "ether",
                        "master": "br0",
                        "xdp": {"mode": 1},
                    }
                ]
            ),
            "ip -json -4 route show table": "[]",
            "ip -json -4 route": json.dumps(
                [
                    {"dst": "203.0.113.0/24", "nexthops": hops},
                    {"dst": "198.51.100.0/24", "dev": "lo", "prefsrc": "127.0.0.1", "protocol": "boot"},
                    {"dst": "default", "gateway": "192.0.2.1", "prefsrc": "192.0.2.7", "protocol": "dhcp"},
                ]
            ),
            "ip": "[]",
            "tc": "[]",
        }
        actual = {key: words for (_, key), words in words_of(network, machine).items()}
        assert actual["inet 203.0.113.0/24"] == "via 192.0.2.1, eth0, via 192.0.2.9, eth1"
        assert actual["inet 198.51.100.0/24"] == "lo, from 127.0.0.1"
        assert actual["inet default"] == "via 192.0.2.1"
        words = "no address, answers no ARP, part of br0, a program handles its packets (xdp)"
        assert actual["eth0"] == words

    def test_udp_by_another_name(self, machine: Scripted) -> None:
        row = "   1: 00000000:117D 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12 2 0 0\n"
        put(machine, "/proc/net/udplite", "head\n" + row)
        found = [(entry.protocol, entry.port) for entry in socket.listening(Scripted(Path(machine.root)))]
        assert found == [("udplite", 4477)]


def test_what_passes_in_the_kernel_and_a_file_sets(machine: Scripted) -> None:
    put(machine, "/proc/sys/net/ipv4/tcp_rmem", "4096\t8192\t16384\n")
    put(machine, "/proc/sys/kernel/pid_max", "4194304\n")
    put(machine, "/proc/sys/vm/max_map_count", "65530\n")
    put(machine, "/etc/sysctl.d/x.conf", "net.ipv4.tcp_rmem = 4096 131072 6291456\nkernel.pid_max = 4194304\n")
    expected = {
        ("sysctl", "net.ipv4.tcp_rmem"): "4096 8192 16384 (/etc/sysctl.d/x.conf sets 4096 131072 6291456)",
        ("sysctl", "kernel.pid_max"): "4194304",
    }
    assert words_of(kernel, machine) == expected


def test_a_hardware_clock_that_keeps_local_time(machine: Scripted) -> None:
    key = ("host", "hardware_clock")
    machine.answers = {"": ""}
    put(machine, "/etc/adjtime", "0.0 0 0.0\n0\nUTC\n")
    assert key not in words_of(machine_settings, machine)
    put(machine, "/etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n")
    assert words_of(machine_settings, machine)[key] == "keeps local time"


class TestProcesses:
    def test_a_name_of_a_thread_of_the_kernel(self, machine: Scripted) -> None:
        for name, words in (("kworker/0:9", "calls itself kworker/0:9"), ("irqbalance", ""), ("kwork", "")):
            process = SimpleNamespace(name=name, title="/usr/bin/python3", program="/usr/bin/python3")
            assert processes._disguise(machine, process, {}) == words, name

    def test_a_program_under_something_that_was_mounted(self, machine: Scripted) -> None:
        put(machine, "/usr/bin/sleep", "x")
        running = put(machine, "/srv/x", "y").parent
        (running / "exe").symlink_to("x")
        assert processes._is_another_file(machine, str(running), "/usr/bin/sleep")
        assert not processes._is_another_file(machine, str(running), "/srv/x")
        assert not processes._is_another_file(machine, str(running), "/srv/x (deleted)")


class TestHomesAndSettings:
    @pytest.mark.parametrize("name", [".k5login", ".k5users", ".vnc/xstartup", ".wp-cli/config.yml"])
    def test_what_lets_somebody_in_or_runs(self, machine: Scripted, name: str) -> None:
        put(machine, "/home/jan/" + name, "x\n")
        assert "/home/jan/" + name in told(files, machine, "file")

    @pytest.mark.parametrize(
        ("setting", "line"),
        [
            ("/etc/pam.d/x", "auth required pam_listfile.so item=user file=/var/lib/x/list"),
            ("/etc/ssl/openssl.cnf", ".include /var/lib/x/list"),
            ("/etc/nginx/site", "  auth_basic_user_file /var/lib/x/list;"),
            ("/etc/nginx/nginx.conf", "load_module /var/lib/x/list;"),
            ("/etc/php/x.ini", "extension=/var/lib/x/list"),
            ("/etc/mysql/x.cnf", "init-file = /var/lib/x/list"),
            ("/root/.gitconfig", "\tpath = /var/lib/x/list"),
            ("/etc/cron.d/x", '* * * * * root sh -c ". /var/lib/x/list; true"'),
        ],
    )
    def test_what_a_setting_reads_elsewhere(self, machine: Scripted, setting: str, line: str) -> None:
        put(machine, "/var/lib/x/list", "x\n")
        put(machine, setting, line + "\n")
        assert "/var/lib/x/list" in told(files, machine, "file")
        put(machine, setting, "# " + line + "\n")
        assert "/var/lib/x/list" not in told(files, machine, "file")

    def test_a_path_of_samba_is_no_setting(self, machine: Scripted) -> None:
        put(machine, "/srv/share/of/users", "x\n")
        put(machine, "/etc/samba/smb.conf", "path = /srv/share\n")
        assert "/srv/share/of/users" not in told(files, machine, "file")

    def test_a_library_that_a_setting_names(self, machine: Scripted) -> None:
        put(machine, "/srv/x/mod.so.1", "x")
        put(machine, "/etc/x.conf", "preload /srv/x/mod.so.1\n")
        assert "/srv/x/mod.so.1" in told(files, machine, "file")

    def test_code_that_a_program_of_the_administrator_reads(self, machine: Scripted) -> None:
        put(machine, "/usr/local/sbin/x", "#!/bin/sh\n. /var/lib/x/a\n. /var/lib/x/a.sh\n# . /var/lib/x/b.sh\n", 0o755)
        for name in ("a", "a.sh", "b.sh", "state.conf"):
            put(machine, f"/var/lib/x/{name}", "x\n")
        assert {key for key in told(files, machine, "file") if key.startswith("/var/lib/x/")} == {"/var/lib/x/a.sh"}

    @pytest.mark.parametrize(("mode", "is_told"), [(0o640, False), (0o600, False), (0o644, True)])
    def test_a_copy_with_hashes_that_everybody_can_read(self, machine: Scripted, mode: int, is_told: bool) -> None:
        status = put(machine, "/etc/shadow-", "root:$6$x\n", mode).stat()
        if status.st_uid:
            pytest.fail("this test needs a file of root")
        actual = words_of(files, machine).get(("file", "/etc/shadow-"))
        assert actual == ("file 0644 root root" if is_told else None)

    def test_a_certificate_that_is_called_java(self, machine: Scripted) -> None:
        put(machine, "/etc/ssl/certs/java-x.pem", "x")
        put(machine, "/etc/ssl/certs/java/cacerts", "x")
        assert {key for key in told(files, machine, "file") if "java" in key} == {"/etc/ssl/certs/java-x.pem"}

    def test_code_among_what_users_bring(self, machine: Scripted) -> None:
        for name in ("a.php", "a.PHTML", ".htaccess", "a.jpg", "a.txt"):
            put(machine, f"/var/lib/app/uploads/2026/{name}", "x")
        put(machine, "/var/lib/other/a.php", "x")
        actual = told(files, machine, "file", exclude=["/var/lib/app/uploads/*"])
        named = {key.rsplit("/", 1)[1] for key in actual if key.startswith("/var/lib/")}
        assert named == {"a.php", "a.PHTML", ".htaccess"}


def test_a_name_of_an_account_that_cannot_be_seen(machine: Scripted) -> None:
    with (Path(machine.root) / "etc/passwd").open("a", encoding="utf-8") as stream:
        stream.write(":x:0:0::/:/bin/sh\nx :x:0:0::/:/bin/sh\n")
    assert {"''", "'x '", "jan"} <= told(accounts, machine, "account")


class TestPrograms:
    def test_among_what_is_made_again(self, machine: Scripted) -> None:
        for path in ("/usr/lib/modules/6.1/modules.x/a.ko", "/usr/share/emacs/site-lisp/x/a.el"):
            put(machine, path, "x")
            assert path in told(programs, machine, "outside")
        put(machine, "/usr/lib/modules/6.1/modules.dep", "x")
        assert "/usr/lib/modules/6.1/modules.dep" not in told(programs, machine, "outside")

    @pytest.mark.parametrize(
        ("path", "is_told"),
        [
            ("/run/ansible-tmp-x/evil", True),
            ("/run/ansible-tmp-1795799305.21-163-8908/evil", True),
            ("/run/ansible-tmp-1795799305.21-163-8908/AnsiballZ_snapshot.py", False),
        ],
    )
    def test_a_place_like_that_of_the_module_itself(self, machine: Scripted, path: str, is_told: bool) -> None:
        put(machine, path, "x", 0o755)
        assert (path in told(programs, machine, "runnable")) == is_told

    def test_the_place_of_a_container_engine_that_is_not_there(self, machine: Scripted) -> None:
        path = "/var/lib/docker/x"
        put(machine, path, "x", 0o4755).chmod(0o4755)
        assert path in told(programs, machine, "rights")
        put(machine, "/usr/bin/dockerd", "x", 0o755)
        assert path not in told(programs, machine, "rights")

    def test_a_file_among_devices(self, machine: Scripted) -> None:
        put(machine, "/dev/x", "data")
        put(machine, walk.SHARED_MEMORY + "x", "data")
        put(machine, "/dev/program", "#!/bin/sh\n", 0o755)
        assert {key for key in told(programs, machine, "outside") if key.startswith("/dev/")} == {"/dev/x"}
        assert {key for key in told(programs, machine, "runnable") if key.startswith("/dev/")} == {"/dev/program"}

    @pytest.mark.parametrize(
        ("path", "mode", "device", "is_odd"),
        [
            ("/dev/null", stat.S_IFCHR | 0o666, (1, 3), False),
            ("/dev/x", stat.S_IFCHR | 0o666, (1, 3), True),
            ("/dev/mem", stat.S_IFCHR | 0o640, (1, 1), False),
            ("/dev/kmsg", stat.S_IFCHR | 0o644, (1, 11), False),
            ("/dev/mem", stat.S_IFCHR | 0o666, (1, 1), True),
            ("/dev/sda", stat.S_IFBLK | 0o660, (8, 0), False),
            ("/dev/sda", stat.S_IFBLK | 0o664, (8, 0), True),
            ("/dev/tty", stat.S_IFCHR | 0o666, (5, 0), False),
            ("/srv/sda", stat.S_IFBLK | 0o660, (8, 0), True),
        ],
    )
    def test_devices(self, path: str, mode: int, device: tuple[int, int], is_odd: bool) -> None:
        status = SimpleNamespace(st_mode=mode, st_rdev=os.makedev(*device), st_uid=0, st_gid=6)
        entry = walk.Entry(path, status, None)
        assert walk._is_odd(entry, is_program=False, passing=path.startswith("/dev/"), is_bin=False) == is_odd

    def test_a_module_of_python_with_the_old_size_and_time(self, machine: Scripted) -> None:
        place = "/opt/venv/site-packages"
        put(machine, place + "/a-1.0.dist-info/METADATA", "x")
        module = put(machine, place + "/a/m.py", "x = 1\n")
        os.utime(module, (1e9, 1e9))
        key = ("outside", place + "/*/")
        before = words_of(programs, machine)[key]
        put(machine, place + "/a/m.py", "x = 2\n")
        os.utime(module, (1e9, 1e9))
        changed = words_of(programs, machine)[key]
        assert changed != before
        put(machine, place + "/a/__pycache__/m.cpython-311.pyc", "x")
        assert words_of(programs, machine)[key] == changed  # made by the first who uses it


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        ("00002000", "cap_net_raw"),
        ("00000082", "cap_dac_override cap_setuid"),
        ("000001ffffffffff", "all capabilities"),
        ("00000000 inherits 00000080", "inherits cap_setuid"),
        ("0000020000000000", "cap_41"),
    ],
)
def test_capabilities_have_names(bits: str, words: str) -> None:
    assert capability.in_words(bits) == words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("NOPASSWD: ALL", "may run everything as root, without a password"),
        ("(jan) /bin/ls, /bin/cat", "may run /bin/ls, /bin/cat as jan, with a password"),
        (
            "(root) NOPASSWD: /bin/ls, PASSWD: /bin/cat",
            "may run /bin/ls as root, without a password; may run /bin/cat as root, with a password",
        ),
        (
            "/bin/id, NOPASSWD: /bin/ls",
            "may run /bin/id as root, with a password; may run /bin/ls as root, without a password",
        ),
    ],
)
def test_which_commands_need_a_password(rule: str, words: str) -> None:
    assert sudo.meaning(rule) == words
