"""What runs on a machine in a snapshot: units, processes, packet filter, network, kernel."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    catalogue,
    kernel,
    logs,
    network,
    packages,
    packet_filter,
    processes,
    storage,
    units,
)

from .small_machine import Scripted, as_root, machine, put, words_of

__all__ = ["as_root", "machine"]


class TestRunningState:
    @pytest.mark.parametrize(
        ("unit", "words"),
        [
            ({"ActiveState": "active", "UnitFileState": "enabled"}, "running, enabled"),
            ({"ActiveState": "activating", "UnitFileState": "disabled"}, "running, disabled"),
            ({"ActiveState": "inactive", "UnitFileState": "enabled"}, "stopped, enabled"),
            ({"ActiveState": "active"}, "running, no state"),
            ({"ActiveState": "active", "Transient": "yes"}, "running, without a file"),
            ({"ActiveState": "inactive", "Transient": "yes"}, ""),
            ({"ActiveState": "failed", "UnitFileState": "static", "Type": "oneshot"}, "failed, static"),
            ({"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"}, "masked, masked"),
            ({"ActiveState": "active", "UnitFileState": "static", "Type": "oneshot"}, "started on demand, static"),
            ({"ActiveState": "inactive", "UnitFileState": "static", "TriggeredBy": "t"}, "started on demand, static"),
            ({"ActiveState": "active", "UnitFileState": "static", "Type": "oneshot", "RemainAfterExit": "yes"},
             "started on demand, static"),
            ({"ActiveState": "active", "UnitFileState": "static", "BusName": "org.x"}, "started on demand, static"),
            ({"ActiveState": "active", "UnitFileState": "enabled", "BusName": "org.x"}, "running, enabled"),
            ({"ActiveState": "active", "UnitFileState": "enabled", "Type": "oneshot", "RemainAfterExit": "yes"},
             "running, enabled"),
        ],
    )  # fmt: skip
    def test_a_unit_is_told_by_what_lasts(self, unit: dict[str, str], words: str) -> None:
        assert units.state({"Id": "x.service", "LoadState": "loaded", **unit}) == words

    def test_units_that_come_and_go_are_left_out(self, machine: Scripted) -> None:
        names = ("a.service", "user@1000.service", "ssh@3-10.0.0.1:22.service")
        shown = "\n\n".join(
            f"Id={name}\nLoadState=loaded\nActiveState=active\nUnitFileState=disabled" for name in names
        )
        machine.answers = {
            "systemctl show-environment": "LANG=C.UTF-8\nLD_PRELOAD=/opt/x.so\n",
            "systemctl show": shown,
            "systemctl list-unit-files": "b.timer disabled enabled\nc@.service static -\n",
        }
        assert words_of(units, machine) == {
            ("unit", "b.timer"): "stopped, disabled",
            ("unit", "a.service"): "running, disabled",
            ("manager", "LD_PRELOAD"): "/opt/x.so",
        }

    def test_the_packet_filter_by_its_chains(self, machine: Scripted) -> None:
        machine.answers = {
            "nft": "table inet f {\n\tset banned {\n\t\ttype ipv4_addr\n\t\tflags timeout\n\t\ttimeout 1h\n"
            "\t\telements = { 10.0.0.1 }\n\t}\n"
            "\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t\ttcp dport 22 accept\n\t}\n}\n"
        }
        actual = words_of(packet_filter, machine)
        assert actual["filter", "inet f chain input"].startswith("2 lines, hook input, policy drop, ")
        machine.answers["nft"] = machine.answers["nft"].replace("10.0.0.1", "10.0.0.2")
        assert words_of(packet_filter, machine) == actual  # what times out comes and goes
        machine.answers = {}
        assert words_of(packet_filter, machine) == {("filter", "?"): "there is no command nft"}

    def test_routes_that_follow_from_an_address_are_left_out(self, machine: Scripted) -> None:
        machine.answers = {
            "ip -json address": json.dumps([{"ifname": "eth0", "mtu": 1400, "address": "02:00:00:00:00:09",
                "flags": ["PROMISC", "UP"], "addr_info": [
                {"local": "10.0.0.2", "prefixlen": 24}, {"local": "fd::9", "prefixlen": 64, "temporary": True}]},
                {"ifname": "veth12", "addr_info": []}]),
            "ip -json -4 route show table": "[]", "ip xfrm policy": "",
            "ip -json -4 route": json.dumps([{"dst": "default", "gateway": "10.0.0.1", "dev": "eth0"},
                                             {"dst": "10.0.0.0/24", "dev": "eth0", "protocol": "kernel"}]),
            "ip -json -6 route": "[]", "ip -json -6 rule": "[]",
            "ip -json -4 rule": json.dumps([{"priority": 0, "src": "all", "table": "local"},
                                            {"priority": 500, "src": "10.9.0.0", "table": "77"}]),
            "ip -json neigh show proxy": json.dumps([{"dst": "10.0.0.7", "dev": "eth0", "flags": ["proxy"]}]),
            "ip -json addrlabel": json.dumps([{"address": "::", "prefixlen": 0, "label": 1},
                                              {"address": "fd01::", "prefixlen": 48, "label": 99}]),
            "ip -json neigh": json.dumps([{"dst": "10.0.0.1", "dev": "eth0", "lladdr": "02:00:00:00:00:01"}]),
        }  # fmt: skip
        put(machine, "/etc/resolv.conf", "# by hand\nnameserver 10.0.0.3\noptions ndots:5\noptions no-aaaa\n")
        put(machine, "/sys/class/net/eth0/addr_assign_type", "3\n")
        assert words_of(network, machine) == {
            ("network", "eth0"): "10.0.0.2/24, promiscuous, mtu 1400, hardware address 02:00:00:00:00:09",
            ("network", "options of the resolver"): "ndots:5 no-aaaa",
            ("neighbour", "proxy 10.0.0.7 on eth0"): "answers for it",
            ("route", "address label fd01::/48"): "99",
            ("network", "dns_servers"): "10.0.0.3",
            ("route", "inet default"): "via 10.0.0.1, eth0",
            ("route", "inet rule 500"): "src 10.9.0.0, table 77",
            ("neighbour", "10.0.0.1 on eth0"): "02:00:00:00:00:01",
        }

    def test_kernel_settings_without_what_counts(self, machine: Scripted) -> None:
        put(machine, "/proc/sys/net/ipv4/ip_forward", "1\n")
        put(machine, "/proc/sys/kernel/random/entropy_avail", "256\n")
        put(machine, "/etc/sysctl.d/x.conf", "net.ipv4.ip_forward = 0\n")
        assert words_of(kernel, machine) == {("sysctl", "net.ipv4.ip_forward"): "1 (/etc/sysctl.d/x.conf sets 0)"}

    @pytest.mark.parametrize(
        ("free", "words"), [(50, "enough"), (9, "less than 10 % free"), (4, "less than 5 % free"), (0, "full")]
    )
    def test_room_in_coarse_steps(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, free: int, words: str
    ) -> None:
        room = os.statvfs_result((4096, 4096, 100, free, free, 100, 60, 60, 0, 255))
        monkeypatch.setattr(storage.os, "statvfs", lambda path: room)
        put(machine, "/proc/swaps", "Filename Type Size Used Priority\n/swap file 2048 0 -2\n")
        actual = words_of(storage, machine)
        assert (actual["space", "/, bytes"], actual["space", "/, inodes"]) == (words, "enough")
        assert actual["swap", "/swap"] == "file, 2 MB"

    def test_programs_that_run_and_are_not_where_they_came_from(self, machine: Scripted) -> None:
        put(machine, "/opt/agent", "x")
        brought = catalogue.catalogue(machine)
        for program, words in {
            "/usr/bin/tac": "", "/usr/bin/tac (deleted)": "", "/opt/agent": "no package brought it",
            "/opt/agent (deleted)": "was replaced", "/opt/gone (deleted)": "was deleted",
            "/memfd:x (deleted)": "runs from memory",
        }.items():  # fmt: skip
            process = SimpleNamespace(program=program, started=0)
            assert processes._out_of_order(machine, process, brought) == words, program

    def test_logs_through_their_rotation(self, machine: Scripted) -> None:
        put(machine, "/var/log/auth.log", "")
        put(machine, "/var/log/auth.log.1", "x")
        put(machine, "/var/log/empty.log", "")
        put(machine, "/var/log/gone.log.2.gz", "x")
        put(machine, "/var/log/app-20261125", "x")
        put(machine, "/var/log/app", "x")
        directory = Path(machine.root) / "var/log"
        later = time.time() + logs.SLACK + 60
        os.utime(directory, (later, later))  # something went after the rotation
        assert set(words_of(logs, machine)) == {("log", "/var/log/auth.log"), ("log", "/var/log/app")}

    def test_a_log_that_nobody_wrote_in_since_its_rotation_is_not_gone(self, machine: Scripted) -> None:
        put(machine, "/var/log/exim4/mainlog.1", "x")
        put(machine, "/var/log/exim4/rejectlog.1", "")
        assert set(words_of(logs, machine)) == {("log", "/var/log/exim4/mainlog")}

    def test_what_dpkg_was_told_to_do_otherwise(self, machine: Scripted) -> None:
        put(machine, "/var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/bin/ls\n/bin/ls.real\n:\n")
        put(machine, "/var/lib/dpkg/statoverride", "root adm 750 /usr/bin/x\n")
        put(machine, "/var/lib/dpkg/alternatives/editor", "manual\n/usr/bin/editor\n")
        (Path(machine.root) / "etc/alternatives").mkdir()
        (Path(machine.root) / "etc/alternatives/editor").symlink_to("/usr/bin/vim")
        status = "Package: vim\nStatus: hold ok installed\nVersion: 9\nArchitecture: all\n"
        put(machine, "/var/lib/dpkg/status", status)
        assert words_of(packages, machine) == {
            ("package_state", "vim"): "hold ok installed",
            ("diversion", "/bin/sh"): "to /bin/sh.distrib, by package dash",
            ("diversion", "/bin/ls"): "to /bin/ls.real, by a person",
            ("override", "/usr/bin/x"): "750 root adm",
            ("alternative", "editor"): "/usr/bin/vim, manual",
        }


def test_an_interface_with_the_value_that_a_boot_gives_it_says_so(machine: Scripted) -> None:
    for name, value in (("all", "1"), ("default", "0"), ("eth0", "0"), ("eth1", "1")):
        put(machine, f"/proc/sys/net/ipv4/conf/{name}/rp_filter", value + "\n")
    assert {key.split(".")[3]: words for (_, key), words in words_of(kernel, machine).items()} == {
        "all": "1",
        "default": "0",
        "eth0": "0, as the default for interfaces",
        "eth1": "1",
    }


def test_a_process_that_ends_while_it_is_looked_at_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    title, status = "ends-meanwhile", os.stat
    with subprocess.Popen([title, "600"], executable="/bin/sleep") as sleep:

        def of_one_that_ended(path: Any, *options: Any, **more: Any) -> os.stat_result:
            if path == f"/proc/{sleep.pid}":
                raise FileNotFoundError(path)
            return status(path, *options, **more)

        def titles() -> list[str]:
            return [process.title for process in processes._running(Machine())]

        try:
            assert title in titles()
            monkeypatch.setattr(processes.os, "stat", of_one_that_ended)
            assert title not in titles()
        finally:
            sleep.kill()
