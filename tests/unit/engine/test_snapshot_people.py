"""Whatever accounts, processes and other programs put in the way of a look, the rest of the machine is told."""

from __future__ import annotations

import base64
import errno
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    accounts,
    catalogue,
    collect,
    facts,
    files,
    kernel,
    keys,
    machine_settings,
    network,
    packet_filter,
    path_search,
    processes,
    programs,
    rows,
    storage,
    units,
    walk,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources import socket

from .small_machine import MOUNTS, Scripted, as_root, machine, pem, put, texts, words_of

__all__ = ["as_root", "machine"]

MOTD = ("file", "/etc/motd")


def close(monkeypatch: pytest.MonkeyPatch, beginning: str) -> None:
    """Even root may not look at what has a path with this beginning."""
    status = Scripted.status

    def refused(self: Scripted, path: str, follow: bool = True) -> Any:
        if path.startswith(beginning):
            raise UnreadableError(f"{path}: Permission denied")
        return status(self, path, follow)

    monkeypatch.setattr(Scripted, "status", refused)


def key(seed: int) -> str:
    return "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([seed] * 32)).decode()


class TestNames:
    @pytest.mark.parametrize(
        "line",
        [
            ". /home/" + "x" * 300,
            ". /home/jan/\0/x.sh",
            "include /home/jan/loop/*",
            "include /home/jan/loop/x.conf",
            "include /home/jan/" + "*/" * 200 + "*",
            "sh /home/jan/loop/x.sh",
        ],
    )
    def test_a_name_of_nothing_in_a_setting_of_an_account(self, machine: Scripted, line: str) -> None:
        put(machine, "/home/jan/.profile", line + "\n")
        (Path(machine.root) / "home/jan/loop").symlink_to("loop")
        actual = words_of(files, machine)
        assert MOTD in actual
        assert ("file", "?") not in actual

    @pytest.mark.parametrize("name", [".local", ".config", ".ssh"])
    def test_a_link_that_leads_to_itself_in_a_home(self, machine: Scripted, name: str) -> None:
        home = Path(machine.root) / "home/jan"
        home.mkdir(parents=True)
        (home / name).symlink_to(name)
        actual = words_of(files, machine)
        assert MOTD in actual
        assert ("file", "?") not in actual

    def test_a_home_that_root_may_not_look_into(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        put(machine, "/home/jan/.profile", "x\n")
        close(monkeypatch, "/home/jan/")
        actual = words_of(files, machine)
        assert MOTD in actual
        assert ("file", "?") not in actual
        assert actual["file", "/home/jan (in part)"].startswith("not seen: /home/jan/")

    def test_a_home_that_is_full(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(path_search, "MOST_OF_A_HOME", 5)
        put(machine, "/home/jan/.profile", "x\n")
        for number in range(9):
            put(machine, f"/home/jan/.config/nvim/{number}.lua", "x")
        before = words_of(files, machine)
        folded = {key: words for (_, key), words in before.items() if key.startswith("/home/jan/.config")}
        assert list(folded) == ["/home/jan/.config/nvim/*"]
        assert "10 files" in folded["/home/jan/.config/nvim/*"]
        assert ("file", "/home/jan/.profile") in before
        put(machine, "/home/jan/.config/nvim/3.lua", "y")
        assert words_of(files, machine)["file", "/home/jan/.config/nvim/*"] != folded["/home/jan/.config/nvim/*"]

    def test_what_is_gone_meanwhile_is_no_fact_and_hides_none(self) -> None:
        def gone() -> facts.Fact:
            raise FileNotFoundError("/usr/local/x")

        def broken() -> facts.Fact:
            raise OSError(errno.EIO, "Input/output error")

        assert rows.guarded("outside", "/usr/local/x", gone) == []
        assert rows.guarded("outside", "/usr/local/x", broken) == [
            facts.Unseen("outside", "/usr/local/x: Input/output error")
        ]

    @pytest.mark.parametrize("name", [".ssh/authorized_keys", ".ssh/known_hosts"])
    def test_keys_of_one_account_that_cannot_be_read(self, machine: Scripted, name: str) -> None:
        put(machine, "/root/.ssh/authorized_keys", key(1) + "\n")
        (Path(machine.root) / "home/jan" / name).mkdir(parents=True)
        actual = words_of(keys, machine)
        assert not [kind for kind, what in actual if what == "?"]
        assert [words for words in actual.values() if words.startswith("cannot be read")]
        assert [what for kind, what in actual if kind == "ssh_key" and what.startswith("root, /root/.ssh/auth")]

    def test_too_many_of_one_sort_leave_the_other_sorts_whole(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(15):
            put(machine, f"/tmp/x{number}", "x", 0o755)  # noqa: S108
        put(machine, "/usr/local/bin/x", "x", 0o755)
        monkeypatch.setattr(walk, "MOST", 12)
        actual = words_of(programs, machine)
        assert [kind for kind, what in actual if what == "?"] == ["runnable"]
        assert ("outside", "/usr/local/bin/x") in actual

    def test_a_mount_from_elsewhere_leaves_this_machine_whole(self, machine: Scripted) -> None:
        put(machine, "/proc/self/mountinfo", MOUNTS + "99 22 0:99 / /home/jan/m rw - fuse.sshfs x:/ rw\n")
        assert not [kind for kind, what in words_of(programs, machine) if what == "?"]


class TestHomes:
    @pytest.mark.parametrize(("mode", "is_as_new"), [(0o644, True), (0o600, True), (0o664, False), (0o646, False)])
    def test_a_new_file_that_others_may_change(self, machine: Scripted, mode: int, is_as_new: bool) -> None:
        put(machine, "/etc/skel/.bashrc", "x\n")
        put(machine, "/home/jan/.bashrc", "x\n", mode)
        words = words_of(files, machine)["file", "/home/jan/.bashrc"]
        assert (words == facts.AS_NEW_HOME) is is_as_new
        assert not words.endswith(facts.AS_NEW_HOME) or is_as_new

    def test_a_new_file_with_an_attribute(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        put(machine, "/etc/skel/.bashrc", "x\n")
        put(machine, "/home/jan/.bashrc", "x\n")
        monkeypatch.setattr(rows, "_flags", lambda path: rows.IMMUTABLE if path.endswith("/.bashrc") else 0)
        assert words_of(files, machine)["file", "/home/jan/.bashrc"].endswith("immutable")

    @pytest.mark.parametrize(
        "path",
        [
            "/var/lib/samba/usershares/x",
            "/run/containers/systemd/x.container",
            "/var/lib/flatpak/overrides/global",
            "/run/user/1000/systemd/transient/x.timer",
            "/etc/console-setup/cached_setup_keyboard.sh",
            "/home/jan/.config/go/env",
        ],
    )
    def test_places_that_decide_what_is_run(self, machine: Scripted, path: str) -> None:
        put(machine, path, "x\n")
        assert ("file", path) in words_of(files, machine)

    @pytest.mark.parametrize(
        ("directory", "mode", "is_keyed", "is_shown"),
        [
            ("/etc/x", 0o755, False, True),
            ("/etc/x", 0o750, True, False),
            ("/home/jan/.config/go", 0o700, True, True),
            ("/run/user/1000/systemd/user", 0o700, True, True),
            ("/var/lib/polkit-1/rules.d", 0o700, True, True),
        ],
    )
    def test_a_file_in_a_closed_directory(
        self, machine: Scripted, directory: str, mode: int, is_keyed: bool, is_shown: bool
    ) -> None:
        path = directory + "/env"
        put(machine, path, "the word is tulip\n")
        (Path(machine.root) / directory[1:]).chmod(mode)
        assert ("keyed " in words_of(files, machine)["file", path]) is is_keyed
        assert (path in texts(files, machine)) is is_shown

    def test_the_digest_of_a_closed_file_tells_a_change_and_nobody_can_guess_it(self, machine: Scripted) -> None:
        path = "/etc/x.secret"
        put(machine, path, "tulip-73\n", 0o600)
        first = words_of(files, machine)["file", path]
        assert "keyed " in first
        assert rows.marks.plain(b"tulip-73\n") not in first
        assert path not in texts(files, machine)
        assert words_of(files, machine)["file", path] == first
        put(machine, path, "tulip-74\n", 0o600)
        assert words_of(files, machine)["file", path] != first
        put(machine, path, "tulip-73\n", 0o600)
        put(machine, "/etc/ssh/ssh_host_ed25519_key", "OTHER")  # on another machine
        assert words_of(files, machine)["file", path] != first


class TestKeys:
    def fact(self, machine: Scripted, text: str) -> dict[str, str]:
        put(machine, "/home/jan/.ssh/authorized_keys", text)
        state = collect._State("")
        state.read(keys, Scripted(Path(machine.root)), collect.Places())
        return state.words["ssh_key"]

    def test_a_key_that_stands_twice_is_told_with_both_rights(self, machine: Scripted) -> None:
        words = self.fact(machine, f'{key(1)} x\nfrom="192.0.2.1" {key(1)} x\n')
        assert list(words.values()) == ['ssh-ed25519 256, x; ssh-ed25519 256, x, options from="192.0.2.1"']

    @pytest.mark.parametrize(
        "options",
        [
            'command="echo ssh-rsa no"',
            f'command="x {key(2)}"',
            'command="a \\" ssh-rsa b"',
            'from="192.0.2.1",command="x\x0cy"',
            'environment="A=ssh-dss AAAA"',
        ],
    )
    def test_options_that_look_like_a_key(self, machine: Scripted, options: str) -> None:
        plain = self.fact(machine, key(1) + "\n")
        assert self.fact(machine, f"{options} {key(1)} x\n").keys() == plain.keys()

    def test_a_secret_in_options(self, machine: Scripted) -> None:
        (words,) = self.fact(machine, f'environment="DB_PASSWORD=tulip73x" {key(1)} x\n').values()
        assert "tulip73x" not in words

    def test_places_with_a_wildcard(self, machine: Scripted) -> None:
        put(machine, "/etc/ssh/sshd_config", "AuthorizedKeysFile .ssh/keys.d/*\n")
        put(machine, "/home/jan/.ssh/keys.d/phone", key(3) + "\n")
        assert [what for kind, what in words_of(keys, machine) if "/home/jan/.ssh/keys.d/phone" in what]

    def test_a_certificate_that_is_none_hides_no_other(self, machine: Scripted) -> None:
        broken = pem(b"a").replace("YQ==", "YQ=")
        put(machine, "/etc/ssl/certs/ca-certificates.crt", broken + pem(b"b"))
        assert len([what for kind, what in words_of(keys, machine) if kind == "authority" and what != "?"]) == 2


class TestRunning:
    def process(self, machine: Scripted, program: str, **more: Any) -> None:
        """A process in the tree of the machine: `pid`, `fds`, `maps`, `title`, `name`, `ticks` since the boot."""
        place = f"/proc/{more.get('pid', 4242)}"
        ticks = more.get("ticks", 0)
        put(machine, place + "/stat", "4242 (x) S " + " ".join(["1"] * 18) + f" {ticks} 0\n")
        put(machine, place + "/maps", more.get("maps", ""))
        put(machine, place + "/cmdline", more.get("title", "x") + "\0")
        put(machine, place + "/cgroup", "0::/system.slice/x.service\n")
        put(machine, place + "/comm", more.get("name", "x") + "\n")
        directory = Path(machine.root + place)
        (directory / "fd").mkdir(exist_ok=True)
        (directory / "exe").symlink_to(program)
        for number, link in enumerate(more.get("fds", ())):
            (directory / "fd" / str(number)).symlink_to(link)

    def told(self, machine: Scripted) -> dict[str, str]:
        return {what: words for (kind, what), words in words_of(processes, machine).items() if kind == "process"}

    def test_a_process_with_more_words_and_libraries_than_is_read(self, machine: Scripted) -> None:
        put(machine, "/opt/agent", "x")
        line = "7f00-7f01 r--p 00000000 08:01 1   /opt/data\n"
        self.process(machine, "/opt/agent", title="x" * 2_000_000, maps=line * 40_000)
        assert self.told(machine)["/opt/agent"].startswith("no package brought it")

    def test_a_process_that_opens_and_closes_files(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        put(machine, "/opt/agent", "x")
        self.process(machine, "/opt/agent", fds=["socket:[77]", "socket:[78]"])
        readlink = os.readlink

        def closed(path: Any, **more: Any) -> str:
            if str(path).endswith("/fd/0"):
                raise FileNotFoundError(path)
            return readlink(path, **more)

        monkeypatch.setattr(os, "readlink", closed)
        assert "/opt/agent" in self.told(machine)
        put(machine, "/proc/net/tcp", "head\n0: 00000000:1F90 00000000:0000 0A 0:0 0:0 0 0 0 78 1\n")
        assert words_of(processes, machine)["socket", "tcp 0.0.0.0 8080"] == "x, user root"

    def test_a_program_that_even_root_may_not_look_at(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process(machine, "/home/jan/m/agent")
        close(monkeypatch, "/home/jan/m")
        assert "/home/jan/m/agent" in self.told(machine)

    @pytest.mark.parametrize(("hours", "words"), [(1, {}), (3, {"/usr/bin/tac": "was replaced, user root"})])
    def test_an_older_copy_began_before_its_package_came(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, hours: int, words: dict[str, str]
    ) -> None:
        """The machine started 10 h ago, the package was unpacked 8 h ago: 2 h after the start."""
        put(machine, "/proc/uptime", "36000.00 1.0\n")
        monkeypatch.setattr(catalogue, "unpacking", lambda machine, package: time.time() - 8 * 3600)
        self.process(machine, "/usr/bin/tac (deleted)", ticks=hours * 3600 * os.sysconf("SC_CLK_TCK"))
        assert self.told(machine) == words

    def test_a_process_with_the_name_of_a_server(self, machine: Scripted) -> None:
        self.process(machine, "/usr/bin/tac", name="named", fds=["socket:[77]"])
        self.process(machine, "/usr/sbin/named", name="named", fds=["socket:[99]"], pid=53)
        rows_of_udp = [
            "1: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 99 1",
            "2: 00000000:C000 00000000:0000 07 0:0 0:0 0 0 0 77 1",
        ]
        put(machine, "/proc/net/udp", "head\n" + "\n".join(rows_of_udp) + "\n")
        assert words_of(processes, machine)["socket", "udp 0.0.0.0 high port"] == "named, user root"

    def test_a_raw_socket_of_nobody_in_sight(self, machine: Scripted) -> None:
        put(machine, "/proc/net/packet", "head\nffff 3 3 0003 2 1 0 0 4711\n")
        assert words_of(processes, machine)["socket", "packet unknown process"] == "unknown process, user unknown"


class TestNetwork:
    def state(self, machine: Scripted, **answers: object) -> dict[str, dict[str, str]]:
        begin = {"address": "ip -json address", "rules": "ip -json -4 rule", "routes": "ip -json -4 route show"}
        machine.answers = {
            "ip -json -4 route show table": "[]",
            **{begin[name]: json.dumps(rows) for name, rows in answers.items()},
            "tc": "[]",
            "ip xfrm": "",
            "ip": "[]",
        }
        state = collect._State("")
        state.read(network, Scripted(Path(machine.root), machine.answers), collect.Places())
        return state.words

    def link(self, name: str, *addresses: str, **more: Any) -> dict[str, Any]:
        info = [{"local": a.split("/")[0], "prefixlen": int(a.split("/")[1])} for a in addresses]
        return {"ifname": name, "flags": ["UP"], "addr_info": info, **more}

    def test_loopback(self, machine: Scripted) -> None:
        usual = self.state(machine, address=[self.link("lo", "127.0.0.1/8", "::1/128", mtu=65536)])["network"]["lo"]
        for odd in (
            self.link("lo", "127.0.0.1/8", "::1/128", mtu=65536, flags=[]),
            self.link("lo", "127.0.0.1/8", "192.0.2.1/32", mtu=65536),
            self.link("lo", "::1/128", mtu=65536),
            self.link("lo", "127.0.0.1/8", "::1/128", mtu=1500),
        ):
            assert self.state(machine, address=[odd])["network"]["lo"] != usual

    def test_an_interface_with_a_name_of_containers(self, machine: Scripted) -> None:
        links = [self.link("veth1", "fe80::1/64"), self.link("tap0", "192.0.2.1/24"), self.link("vnet3")]
        assert "tap0" in self.state(machine, address=links)["network"]
        assert not {"veth1", "vnet3"} & self.state(machine, address=links)["network"].keys()

    def test_a_route_over_such_an_interface(self, machine: Scripted) -> None:
        routes = [{"dst": "10.9.0.0/16", "dev": "tap0"}, {"dst": "10.8.0.2", "dev": "cali1"}]
        assert list(self.state(machine, routes=routes)["route"]) == ["inet 10.9.0.0/16"]

    def test_a_rule_beside_the_usual_one(self, machine: Scripted) -> None:
        rules = [
            {"priority": 0, "src": "all", "table": "local"},
            {"priority": 32766, "src": "all", "table": "main", "suppress_prefixlength": 0},
            {"priority": 100, "src": "192.0.2.1", "table": "main"},
            {"priority": 100, "src": "192.0.2.2", "table": "main"},
        ]
        told = self.state(machine, rules=rules)["route"]
        assert told["inet rule 32766"] == "src all, suppress_prefixlength 0, table main"
        assert told["inet rule 100"] == "src 192.0.2.1, table main; src 192.0.2.2, table main"

    def test_two_routes_to_one_place(self, machine: Scripted) -> None:
        routes = [{"dst": "10.9.0.0/16", "dev": "eth0"}, {"dst": "10.9.0.0/16", "gateway": "192.0.2.9", "dev": "eth1"}]
        assert self.state(machine, routes=routes)["route"]["inet 10.9.0.0/16"] == "eth0; via 192.0.2.9, eth1"

    def test_a_network_of_its_own(self, machine: Scripted) -> None:
        put(machine, "/run/netns/hidden")
        put(machine, "/run/netns/netns-01234567-89ab-cdef-0123-456789abcdef")
        assert [name for name in self.state(machine)["network"] if "namespace" in name] == ["namespace hidden"]

    def test_peers_of_a_tunnel(self, machine: Scripted) -> None:
        put(machine, "/usr/bin/wg")
        machine.answers = {"wg show all allowed-ips": "wg0\tKEY=\t10.0.0.2/32 0.0.0.0/0\n", "ip xfrm": "", "ip": "[]"}
        assert words_of(network, machine)["network", "wg0, peer KEY="] == "gets 0.0.0.0/0 10.0.0.2/32"

    @pytest.mark.parametrize(
        ("flags", "kept"),
        [
            ("flags timeout", ["elements = { 192.0.2.1, 192.0.2.4 }"]),
            ("flags dynamic,timeout", []),
            ("flags timeout, timeout 1h", []),
            ("flags interval", None),
        ],
    )
    def test_what_stays_in_a_set_whose_elements_time_out(self, flags: str, kept: list[str] | None) -> None:
        lines = [
            "type ipv4_addr",
            *flags.split(", "),
            "elements = { 192.0.2.1, 192.0.2.2 timeout 1h,",
            "192.0.2.3 timeout 5s, 192.0.2.4 }",
            'comment "x"',
        ]
        expected = lines if kept is None else [*lines[:-3], *kept, lines[-1]]
        assert packet_filter._lasting(lines) == expected

    def test_sets_of_iptables(self, machine: Scripted) -> None:
        put(machine, "/proc/modules", "ip_set 1 0 - Live 0x0\n")
        put(machine, "/usr/sbin/ipset")
        text = "create x hash:ip family inet hashsize 1024 maxelem 65536\nadd x %s\nadd x 192.0.2.9 timeout 5\n"
        words = []
        for address in ("192.0.2.1", "192.0.2.2"):
            machine.answers = {"nft": "", "ipset save": text % address}
            words.append(words_of(packet_filter, machine)["filter", "ipset x"])
        assert words[0] != words[1]
        assert words[0].startswith("2 lines")


class TestHostileContent:
    @pytest.mark.parametrize("day", ["9" * 20, "9" * 12, "9" * 5000, "\u00b2", "-5", "x"])
    def test_days_in_shadow(self, machine: Scripted, day: str) -> None:
        put(machine, "/etc/shadow", f"jan:$y$hash:{day}:0:99999:7:::\n")
        assert ("account", "root") in words_of(accounts, machine)

    @pytest.mark.parametrize("number", ["\u00b2", "9" * 5000, "x"])
    def test_numbers_in_group(self, machine: Scripted, number: str) -> None:
        put(machine, "/etc/group", f"root:x:0:\nx:x:{number}:\n")
        assert ("group", "root") in words_of(accounts, machine)

    def test_a_planned_end_at_no_moment(self, machine: Scripted) -> None:
        put(machine, units.PLANNED_END, f"USEC={'9' * 40}\nMODE=poweroff\n")
        machine.answers = {"systemctl": ""}
        assert words_of(units, machine)["unit", "planned end"] == "poweroff at an unknown moment"

    def test_the_identity_of_the_machine(self, machine: Scripted) -> None:
        machine.answers = {"systemd-detect-virt": "none"}
        before = words_of(machine_settings, machine)["host", "machine_id"]
        put(machine, "/etc/machine-id", "fedcba9876543210\n")
        assert words_of(machine_settings, machine)["host", "machine_id"] not in ("", before)

    def test_what_the_boot_menu_starts(self, machine: Scripted) -> None:
        machine.answers = {"systemd-detect-virt": "none"}
        menu = "\tlinuxefi /vmlinuz-1 root=x quiet\n\tlinux /vmlinuz-2 root=y\n\tchainloader /EFI/x.efi\n"
        put(machine, "/boot/grub/grub.cfg", menu)
        told = {what: words for (kind, what), words in words_of(machine_settings, machine).items()}
        assert (told["boot_arguments 1"], told["boot_arguments 2"]) == ("root=x quiet", "root=y")
        assert told["boot_other"] == "chainloader /EFI/x.efi"

    def test_settings_of_the_kernel_that_nothing_counts(self, machine: Scripted) -> None:
        put(machine, "/proc/sys/fs/binfmt_misc/x", "enabled\ninterpreter /opt/x\nflags: C\n")
        put(machine, "/proc/sys/dev/tty/legacy_tiocsti", "1\n")
        put(machine, "/proc/sys/dev/cdrom/info", "x\n")
        assert {what for _, what in words_of(kernel, machine)} == {"fs.binfmt_misc.x", "dev.tty.legacy_tiocsti"}


class TestMounts:
    def test_volumes_of_one_file_system_are_all_walked(self) -> None:
        volumes = (
            "22 1 0:22 /@ / rw - btrfs /dev/sda2 rw,subvol=/@\n"
            "23 22 0:22 /@home /home rw - btrfs /dev/sda2 rw,subvol=/@home\n"
            "24 22 0:22 /@/srv /mnt rw - btrfs /dev/sda2 rw,subvol=/@\n"
        )
        assert walk._twice(filesystems.parse(volumes)) == ["/mnt"]
        bound = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:1 /srv/x /mnt rw - ext4 /dev/sda1 rw\n"
        assert walk._twice(filesystems.parse(bound)) == ["/mnt"]

    def test_a_part_that_is_mounted_elsewhere_is_named(self, machine: Scripted) -> None:
        put(machine, "/proc/self/mountinfo", MOUNTS + "24 22 8:1 /root/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n")
        assert words_of(storage, machine)["mount", "/etc/hosts"].startswith("source=/dev/sda1[/root/hosts], ")

    @pytest.mark.parametrize("path", ["/usr/lib/ssl/ct_log_list.cnf", "/usr/share/snmp/snmpd.conf"])
    def test_settings_among_what_programs_make(self, machine: Scripted, path: str) -> None:
        put(machine, path, "x")
        assert ("outside", path) in words_of(programs, machine)


def test_inodes_are_those_of_sockets(tmp_path: Path) -> None:
    (tmp_path / "fd").mkdir()
    (tmp_path / "fd/0").symlink_to("/dev/null")
    (tmp_path / "fd/1").symlink_to("socket:[12]")
    assert socket.inodes(str(tmp_path)) == ["12"]


def test_what_accounts_may_fill_is_walked_last(machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        for place in ("/home/jan", "/srv/x", "/var/tmp"):  # noqa: S108
            put(machine, f"{place}/{number}", "x", 0o666)
    put(machine, "/var/lib/x/open", "x", 0o666)
    put(machine, "/usr/bin/open", "x", 0o4755)
    monkeypatch.setattr(walk, "MOST", 12)
    told = {what for kind, what in words_of(programs, machine) if kind == "rights"}
    assert {"/var/lib/x/open", "/usr/bin/open"} < told
