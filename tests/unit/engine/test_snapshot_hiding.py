"""What somebody does to hide a change: names that are no text, times, dpkg's own lists, links, disguises."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils import files as configured_files
from ansible_collections.oplever.lab.plugins.module_utils.engine.evaluate import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed
from ansible_collections.oplever.lab.plugins.module_utils.readable import readable
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    catalogue,
    collect,
    files,
    network,
    processes,
    programs,
    registry,
    rows,
    units,
)
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.collect import Places
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Unseen
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import plain

from .small_machine import Scripted, as_root, machine, put, words_of

__all__ = ["as_root", "machine"]
LONG_AGO = time.time() - 86400


def date_back(machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all packages were unpacked an hour ago: nobody can set a ctime, a test neither."""
    monkeypatch.setattr(catalogue, "SLACK", -3600)


class TestNamesThatAreNoText:
    NAME = os.fsdecode(b"/usr/local/bin/plan\xffted")

    def test_one_name_does_not_hide_the_whole_snapshot(self, machine: Scripted) -> None:
        put(machine, self.NAME, "x", 0o755)
        state = collect.snapshot(machine, Places())["state"]
        json.dumps(state, ensure_ascii=False).encode()
        assert "/usr/local/bin/plan\\xffted" in state["outside"]

    def test_results_of_checks_are_text(self, machine: Scripted) -> None:
        check = {"id": "x", "title": "x", "source": "file", "select": {"path": self.NAME}, "expect": {"exists": True}}
        json.dumps(evaluate(machine, [check]), ensure_ascii=False).encode()

    def test_differences_of_files_are_text(self, tmp_path: Path) -> None:
        path = tmp_path / "latin1.conf"
        path.write_bytes(b"caf\xe9\n")
        entry = {"path": str(path), "lines": [{"regexp": "^x", "line": "x"}]}
        difference = configured_files.settle(entry, check_mode=True, keep=str)
        assert "caf\\xe9" in difference["before"]

    def test_a_name_with_a_character_that_nobody_sees_is_another_name(self, machine: Scripted) -> None:
        for name in ("job", "job\u200b", "job\x1b[31m", "\u202ejob"):
            put(machine, "/etc/cron.d/" + name, "x\n")
        state = collect.snapshot(machine, Places())["state"]
        expected = {f"/etc/cron.d/{name}" for name in ("job", "job\\u200b", "job\\x1b[31m", "\\u202ejob")}
        assert {key for key in plain(state)["file"] if key.startswith("/etc/cron.d/")} == expected

    def test_ends_of_lines_stay(self) -> None:
        assert readable("a\r\nb\tc\rd\n") == "a\r\nb\tc\\rd\n"

    def test_what_is_text_stays_as_it_is(self) -> None:
        value = {"a": ["é", 1, None, ("\udcff",)], "\udcfe": True}
        assert readable(value) == {"a": ["é", 1, None, ["\\xff"]], "\\xfe": True}


class TestListsOfDpkg:
    def test_one_touched_file_of_dpkg_does_not_make_a_change_part_of_the_installation(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moments = {".list": 5000.0, ".md5sums": 1000.0}

        class Status:
            def __init__(self, path: str) -> None:
                self.st_mtime = 0.0
                self.st_ctime = moments[path[path.rindex(".") :]]

        monkeypatch.setattr(machine, "status", lambda path, follow=True: Status(path))
        assert catalogue.unpacking(machine, "coreutils") == 1000.0

    def test_a_list_that_is_longer_and_a_later_unpacking_are_told(self, machine: Scripted) -> None:
        key = ("unpacking", "coreutils 9.1")
        before = words_of(programs, machine)[key]
        with (Path(machine.root) / "var/lib/dpkg/info/coreutils.list").open("a", encoding="utf-8") as stream:
            stream.write("/usr/bin/planted\n")
        after = words_of(programs, machine)[key]
        assert (before.split(", ")[1], after.split(", ")[1]) == ("6 files", "7 files")
        for suffix in ("list", "md5sums"):
            os.utime(Path(machine.root) / f"var/lib/dpkg/info/coreutils.{suffix}", (4e9, 4e9))
        assert words_of(programs, machine)[key].startswith("2096-10-02T07:06:40Z")
        assert registry.KINDS["unpacking"].only == "changed"

    @pytest.mark.parametrize(
        ("mode", "mark"), [(0o755, "md5 9dd4e461268c8034"), (0o700, "keyed 057a70c409533103")], ids=["open", "closed"]
    )
    def test_a_file_that_is_in_the_list_and_has_no_sum(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, mode: int, mark: str
    ) -> None:
        put(machine, "/var/lib/dpkg/info/coreutils.list", "/.\n/usr/bin/tac\n/usr/bin/planted\n")
        put(machine, "/usr/bin/planted", "x", mode)
        date_back(machine, monkeypatch)
        actual = words_of(programs, machine)
        expected = f"changed, and package coreutils has no sum of it, {mark}, 1 bytes"
        assert actual["program", "/usr/bin/planted"] == expected
        assert ("program", "/usr/bin/tac") not in actual
        put(machine, "/usr/bin/planted", "y", mode)
        assert words_of(programs, machine)["program", "/usr/bin/planted"] != expected

    @pytest.mark.parametrize("line", ["{} usr/bin/tac", "{}  /usr/bin/tac", "{}  ./usr/bin/tac", "{} *usr/bin/tac"])
    def test_sums_that_other_tools_than_those_of_debian_wrote(self, machine: Scripted, line: str) -> None:
        """As in packages of rustdesk, dbeaver and jdeb."""
        digest = catalogue.sums(machine, "coreutils")["/usr/bin/tac"]
        put(machine, "/var/lib/dpkg/info/coreutils.md5sums", f"{line.format(digest)}\n{digest}  .hidden/file\n")
        assert catalogue.sums(machine, "coreutils") == {"/usr/bin/tac": digest, "/.hidden/file": digest}


class TestInThePlaceOfAFile:
    def test_a_link_of_a_package_that_leads_elsewhere(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        put(machine, "/var/lib/dpkg/info/coreutils.list", "/.\n/usr/bin/tac\n/usr/bin/link\n")
        (Path(machine.root) / "usr/bin/link").symlink_to("/tmp/x")  # noqa: S108
        assert ("program", "/usr/bin/link") not in words_of(programs, machine)  # as the package made it
        date_back(machine, monkeypatch)
        assert words_of(programs, machine)["program", "/usr/bin/link"] == "-> /tmp/x"

    @pytest.mark.parametrize(
        ("sort", "words"), [("link", "-> /opt/tac"), ("directory", "directory 0755"), ("fifo", "fifo 0644")]
    )
    def test_a_program_that_is_no_file_any_more(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, sort: str, words: str
    ) -> None:
        path = Path(machine.root) / "usr/bin/tac"
        path.unlink()
        {"link": lambda: path.symlink_to("/opt/tac"), "directory": path.mkdir, "fifo": lambda: os.mkfifo(path, 0o644)}[
            sort
        ]()
        date_back(machine, monkeypatch)
        assert words_of(programs, machine)["program", "/usr/bin/tac"].startswith(words)

    def test_a_large_file_with_the_old_time(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rows, "LARGEST", 10)
        path = put(machine, "/opt/image", 20 * "x")
        os.utime(path, (LONG_AGO, LONG_AGO))
        actual = words_of(programs, machine)["outside", "/opt/image"]
        assert actual.endswith(f"20 bytes, too large to read, changed {int(path.stat().st_ctime)}")


class TestWhatIsReadFromElsewhere:
    def test_files_that_a_configuration_includes(self, machine: Scripted) -> None:
        put(machine, "/etc/ssh/sshd_config", "Include /srv/ssh.conf\n# Include /srv/no.conf\n")
        put(machine, "/etc/chrony/chrony.conf", "confdir /var/lib/time.d\nlogdir /var/log/chrony\n")
        put(machine, "/etc/mysql/my.cnf", "!includedir /home/jan/mysql/\n")
        put(machine, "/etc/rsyslog.conf", 'include(file="/data/log.conf")\n')
        put(machine, "/etc/bind/named.conf", '  include "/srv/zones.conf";\n')
        expected = {
            "/srv/ssh.conf",
            "/var/lib/time.d/a.conf",
            "/home/jan/mysql/b.cnf",
            "/data/log.conf",
            "/srv/zones.conf",
        }
        for path in (*expected, "/srv/no.conf", "/var/log/chrony/c.log"):
            put(machine, path, "x\n")
        actual = {key for kind, key in words_of(files, machine)}
        assert expected <= actual
        assert not {"/srv/no.conf", "/var/log/chrony/c.log"} & actual

    def test_what_a_unit_or_a_crontab_runs_outside_the_trees(self, machine: Scripted) -> None:
        put(
            machine,
            "/etc/systemd/system/x.service",
            "[Service]\nExecStart=/usr/bin/python3 /home/jan/agent.py --db /srv/data.db\nWorkingDirectory=/srv/app\n",
        )
        put(machine, "/etc/cron.d/x", "@daily root sh /srv/job.sh >> /srv/job.txt 2>&1\n# /srv/old.sh\n")
        put(machine, "/etc/motd", "see /srv/read.me\n")
        for path in (
            "/home/jan/agent.py",
            "/srv/job.sh",
            "/srv/job.txt",
            "/srv/old.sh",
            "/srv/read.me",
            "/srv/data.db",
            "/srv/app/x.sh",
        ):
            put(machine, path, "x\n")
        actual = {key for kind, key in words_of(files, machine)}
        assert {"/home/jan/agent.py", "/srv/job.sh"} <= actual
        assert not {"/srv/job.txt", "/srv/old.sh", "/srv/read.me", "/srv/data.db", "/srv/app/x.sh"} & actual

    def test_a_history_that_is_kept_nowhere(self, machine: Scripted) -> None:
        put(machine, "/home/jan/.bash_history", "ls\n")
        root = Path(machine.root) / "root"
        root.mkdir()
        (root / ".bash_history").symlink_to("/dev/null")
        actual = words_of(files, machine)
        assert actual["file", "/root/.bash_history"] == "-> /dev/null"
        assert ("file", "/home/jan/.bash_history") not in actual

    def test_programs_that_come_first_in_the_path_of_an_account(self, machine: Scripted) -> None:
        put(machine, "/home/jan/bin/sudo", "#!/bin/sh\n", 0o755)
        assert ("file", "/home/jan/bin/sudo") in words_of(files, machine)

    def test_libraries_that_the_linker_takes_from_elsewhere(self, machine: Scripted) -> None:
        path = Path(machine.root) / "etc/ld.so.cache"
        path.write_bytes(b"glibc-ld.so.cache1.1\0libz.so.1\0/opt/lib/libz.so.1\0libx.so\0/lib/libx.so\0")
        put(machine, "/var/lib/dpkg/info/coreutils.list", "/.\n/lib/libx.so\n")
        actual = {key: words for (kind, key), words in words_of(programs, machine).items() if kind == "outside"}
        assert actual["/etc/ld.so.cache, /opt/lib/libz.so.1"] == "programs load it from there"
        assert "/etc/ld.so.cache, /lib/libx.so" not in actual

    def test_of_the_boot_loader_only_what_it_makes_itself_is_left_out(self, machine: Scripted) -> None:
        for name in ("custom.cfg", "grub.cfg", "grubenv", "i386-pc/core.img", "fonts/unicode.pf2"):
            put(machine, f"/boot/grub/{name}", "x")
        actual = {key for kind, key in words_of(programs, machine) if kind == "outside" and "." in key}
        assert actual == {"/boot/grub/custom.cfg"}


def process(**values: Any) -> processes._Process:
    usual: dict[str, Any] = dict.fromkeys(processes._Process.__slots__, "")
    return processes._Process(**{**usual, "libraries": set(), "program": "/usr/bin/sleep", **values})


class TestProcesses:
    PACKAGED = dict.fromkeys(("/usr/bin/sleep", "/usr/bin/dash", "/usr/lib/libc.so.6"), "x")

    def test_disguises(self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(processes, "PLACES", str(tmp_path))
        for name, content in (("cron", b"\x7fELF"), ("script", b"#!/bin/sh\n")):
            (tmp_path / name).write_bytes(content)
            (tmp_path / name).chmod(0o755)
        (tmp_path / "link").symlink_to(tmp_path / "cron")
        packaged = dict.fromkeys((str(tmp_path / "cron"), str(tmp_path / "script")), "x")
        for title, program, words in (
            ("[kworker/0:1]", "/usr/bin/sleep", "calls itself [kworker/0:1]"),
            ("cron", "/usr/bin/sleep", "calls itself cron"),
            (str(tmp_path / "cron"), "/usr/bin/sleep", f"calls itself {tmp_path}/cron"),
            (str(tmp_path / "link"), str(tmp_path / "cron"), ""),  # by another name of the same program
            ("script", "/usr/bin/perl", ""),  # run by its interpreter
            ("cron", str(tmp_path / "cron"), ""),
            ("cron", "/usr/sbin/cron (deleted)", ""),  # the older one goes on after an upgrade
            ("/usr/sbin/sshd", "/usr/bin/sleep", ""),  # a program that is not there
            ("(sd-pam)", "/usr/lib/systemd/systemd", ""),
            ("nginx: master process", "/usr/sbin/nginx", ""),
            ("", "/usr/bin/sleep", ""),
        ):
            disguised = process(title=title, program=program)
            assert processes._disguise(machine, disguised, packaged) == words, (title, program)

    @pytest.mark.parametrize(
        ("library", "is_told"),
        [
            ("/opt/x.so", True),
            ("/srv/x.so (deleted)", True),
            ("/usr/lib/libc.so.6", False),
            ("/lib/libc.so.6", False),
            ("/usr/lib/libold.so.1 (deleted)", False),
            ("/opt/venv/lib/python3.11/site-packages/x.so", False),
            ("[vdso]", False),
            ("/memfd:jit (deleted)", False),
        ],
    )
    def test_libraries_of_no_package(self, library: str, is_told: bool) -> None:
        words = list(processes._foreign_libraries(None, process(libraries={library}), self.PACKAGED))
        assert words == ([f"has loaded {library}, which no package brought"] if is_told else [])
        assert list(processes._foreign_libraries(None, process(libraries={library}, program="/opt/a"), {})) == []

    def test_the_code_that_a_process_runs(self) -> None:
        maps = (
            "55e0-55e1 r--p 00000000 00:50 17  /usr/bin/sleep\n"
            "7f01-7f02 r-xp 00003000 00:50 20                    /opt/my lib.so\n"
            "7f03-7f04 r-xp 00000000 00:00 0                          [vdso]\n7f05-7f06 rwxp 00000000 00:00 0 \n"
        )
        assert processes.CODE.findall(maps) == ["/opt/my lib.so", "[vdso]"]

    def test_name_and_state_of_a_process_with_brackets_in_its_name(self) -> None:
        assert processes._name_state_and_start("12 (a) b (c)) T 1 2 3\n") == ("a) b (c)", "T", 0)

    def test_two_that_run_the_same_program_are_both_told(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = [
            process(title="[x]", user="root", is_of_service=True),
            process(state="T", user="jan", is_of_service=True),
            process(state="T", user="eva", is_of_service=False),  # somebody pressed a key
        ]
        monkeypatch.setattr(processes, "_running", lambda machine: running)
        monkeypatch.setattr(processes.socket, "listening", lambda machine: [])
        put(machine, "/var/lib/dpkg/info/coreutils.list", "/.\n/usr/bin/sleep\n")
        put(machine, "/usr/bin/sleep")
        actual = words_of(processes, machine)["process", "/usr/bin/sleep"]
        assert actual == "calls itself [x], user root; is stopped by a signal, user jan"


class TestNetwork:
    def test_queues_policies_and_tables_that_somebody_added(self, machine: Scripted) -> None:
        machine.answers = {
            "ip -json address": json.dumps([{"ifname": "eth0", "flags": ["UP"], "addr_info": []}]),
            "ip -json -4 route show table 77": json.dumps([{"dst": "10.9.0.0/16", "dev": "eth0"}]),
            "ip -json -4 rule": json.dumps([{"priority": 500, "src": "10.9.0.0", "table": "77"}]),
            "tc -json qdisc": json.dumps([
                {"kind": "noqueue", "dev": "lo", "options": {}}, {"kind": "clsact", "dev": "eth0", "options": {}},
                {"kind": "netem", "dev": "eth0", "options": {"limit": 9, "ecn": False}}]),
            "ip xfrm policy": "src 10.0.0.0/8 dst 192.0.2.0/24 \n\tdir out priority 0 \n\ttmpl dst 2.2.2.2\n"
            "src 0.0.0.0/0 dst ::/0 \n\tsocket in priority 0 \n",
            "ip": "[]",
        }  # fmt: skip
        actual = words_of(network, machine)
        assert actual["network", "eth0"] == "no address, queue clsact, queue netem limit 9"
        assert actual["route", "inet 10.9.0.0/16, table 77"] == "eth0"
        policies = {key: words for (_, key), words in actual.items() if key.startswith("ipsec")}
        assert policies == {"ipsec out 10.0.0.0/8 to 192.0.2.0/24": "dir out priority 0 tmpl dst 2.2.2.2"}

    @pytest.mark.parametrize(
        ("rc", "words", "named"),
        [
            (2, "Error: ipv4: FIB table does not exist.\nDump terminated\n", set()),
            (1, "Cannot open netlink socket\n", {"ip -json -4 route show table 77: Cannot open netlink socket"}),
        ],
    )
    def test_a_rule_with_a_table_that_is_not_there_does_not_hide_the_network(
        self, machine: Scripted, monkeypatch: pytest.MonkeyPatch, rc: int, words: str, named: set[str]
    ) -> None:
        """As ip of iproute2 6.1 and 6.15 says it."""
        machine.answers = {
            "ip -json address": json.dumps([{"ifname": "eth0", "flags": ["UP"], "addr_info": []}]),
            "ip -json -4 rule": json.dumps([{"priority": 500, "src": "10.9.0.0", "table": "77"}]),
            "ip -json neigh": json.dumps([{"dst": "10.9.0.1", "dev": "eth0", "lladdr": "02:00:00:00:00:66"}]),
            "ip": "[]",
        }
        answer = machine.run

        def run(argv: list[str], *more: Any, **options: Any) -> Completed:
            return Completed(rc, "[", words) if argv[-2:] == ["table", "77"] else answer(argv, *more, **options)

        monkeypatch.setattr(machine, "run", run)
        facts = list(network.collect(machine, Places()))
        assert {fact.reason for fact in facts if isinstance(fact, Unseen)} == named
        names = {(fact.kind, fact.key) for fact in facts if not isinstance(fact, Unseen)}
        assert {("network", "eth0"), ("route", "inet rule 500"), ("neighbour", "10.9.0.1 on eth0")} <= names


def test_a_unit_without_a_file_that_failed() -> None:
    unit = {"Id": "x.service", "Transient": "yes", "ActiveState": "failed", "LoadState": "loaded"}
    assert units.state(unit) == "failed, without a file"
    assert units.state({**unit, "ActiveState": "inactive"}) == ""
