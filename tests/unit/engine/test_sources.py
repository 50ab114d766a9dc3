"""What sources make of damaged, huge and strange input, and of what the recorded machines do not have."""

from __future__ import annotations

import contextlib
import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import answer, evaluate, language
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    acl,
    cups,
    mariadb,
    nginx,
    package,
    process,
    rsyslog,
    samba,
    sshd,
    sysctl,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES


class Fake(Machine):
    """Files below a directory, and the answer of every command."""

    def __init__(self, root: Path, answer: str = "", rc: int = 0, error: str = "", offline: bool = False) -> None:
        super().__init__(str(root), offline=offline)
        self.answer = Completed(rc, answer, error)

    def tool(self, argv: list[str], *more: Any, **options: Any) -> Completed:
        return self.answer


def put(root: Path, path: str, text: str | bytes) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def check(machine: Machine, source: str, select: Any, expect: dict[str, Any]) -> dict[str, Any]:
    declaration = {"id": "x", "title": "t", "source": source, "select": select, "expect": expect}
    assert language.problems([declaration]) == []
    result: dict[str, Any] = evaluate.evaluate(machine, [declaration])[0]
    return result


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "does not exist"),
        ("", "is empty"),
        ("Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nVersion: 2\n", "paragraph 2"),
        ("\x00\x00\x00garbage", "paragraph 1"),
        (b"\xff\xfe\x00P\x00a", "paragraph 1"),
        ("Package: a\nStatus: install ok\n", "paragraph 1"),
    ],
)
def test_a_broken_database_of_packages_is_an_error(tmp_path: Path, text: str | bytes | None, reason: str) -> None:
    if text is not None:
        put(tmp_path, package.DATABASE, text)
    result = check(Fake(tmp_path), "package", "telnet", {"exists": False})
    assert result["status"] == "error"
    assert reason in result["reason"]


def test_packages_that_stopped_halfway_are_named(tmp_path: Path) -> None:
    states = {"a": "install ok installed", "b": "install ok half-configured", "c": "install reinstreq installed",
              "d": "deinstall ok config-files", "e": "hold ok triggers-pending"}  # fmt: skip
    rows = (f"Package: {name}\nStatus: {state}\nVersion: 1\n" for name, state in states.items())
    put(tmp_path, package.DATABASE, "\n".join(rows))
    broken = ["b: half-configured", "c: reinstreq", "e: triggers-pending"]
    assert check(Fake(tmp_path), "package", {"all": True}, {"broken": broken, "held_names": ["e"]})["status"] == "pass"


HOSTILE: list[bytes] = [
    b"",
    b"\n" * 30000,
    b"x" * 900000,
    b"=" * 200000,
    b"{" * 50000,
    b'"' * 50001,
    b"\xff\xfe\x00\x00" * 5000,
    b"a:b\x00:c:\xe9\xe9\n" * 1000,
    ("[" + "(" * 20000 + "\n").encode(),
    b"Include /etc/ssh/sshd_config\n@include common-auth\n$IncludeConfig /etc/rsyslog.conf\n@includedir /etc\n",
    b"key = " + b"\\\n" * 10000,
]
FILES = (
    "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/sudoers", "/etc/login.defs", "/etc/fstab", "/etc/os-release",
    "/etc/sysctl.d/x.conf", "/etc/modprobe.d/x.conf", "/etc/ssh/sshd_config", "/etc/pam.d/common-auth",
    "/etc/rsyslog.conf", "/etc/systemd/journald.conf", "/etc/apt/sources.list", "/etc/apt/sources.list.d/x.sources",
    "/var/lib/dpkg/status", "/etc/resolv.conf", "/proc/self/mountinfo", "/proc/net/tcp", "/proc/modules",
    "/etc/security/pwquality.conf", "/etc/audit/rules.d/x.rules", "/etc/crontab", "/boot/grub/grub.cfg",
    "/etc/default/grub", "/etc/profile", "/proc/cmdline", "/etc/security/faillock.conf",
)  # fmt: skip
SELECTS: dict[str, Any] = {
    "account": {"all": True}, "apt": {"what": "updates"}, "nftables": {"hook": "input"}, "process": {"all": True},
    "socket": {"any": True}, "tree": {"what": "suid"}, "package": {"all": True}, "interface": {"all": True},
    "mariadb": {"what": "accounts"}, "postgresql": {"what": "roles"}, "cups": {"what": "server"},
}  # fmt: skip
# These look at other machines, or run what they are told; tests of their own cover them.
ELSEWHERE = ("http", "dns", "tls", "command")


def any_select(name: str) -> dict[str, Any]:
    source = SOURCES[name]
    needs = getattr(source, "NEEDS", (source.MAIN,))
    select: dict[str, Any] = SELECTS.get(name) or {needs[0]: "/etc/passwd" if "path" in needs else "root"}
    return select


@pytest.mark.parametrize("content", HOSTILE, ids=lambda value: repr(value[:24]))
def test_strange_files_and_answers_end_in_a_status(tmp_path: Path, content: bytes) -> None:
    """Whatever is in them: no crash, and nothing that nobody could read passes as good."""
    for path in FILES:
        put(tmp_path, path, content)
    machine = Fake(tmp_path, content.decode("utf-8", "replace"))
    for name in SOURCES:
        if name in ELSEWHERE:
            continue
        source = SOURCES[name]
        try:
            facts = source.look_up(machine, any_select(name))
        except UnreadableError:
            continue
        for attribute, value in facts.items():
            try:
                plain = value() if callable(value) else value
            except UnreadableError:
                continue
            assert plain is None or isinstance(plain, (str, int, list, dict, UnreadableError)), (name, attribute)


@pytest.mark.slow
def test_a_source_that_fails_or_hangs_costs_only_its_own_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever nobody foresaw: the others still have their answer."""
    put(tmp_path, "/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    machine = Fake(tmp_path)
    monkeypatch.setattr(answer, "SECONDS", 0.2)
    monkeypatch.setattr(SOURCES["group"], "look_up", lambda machine, select: 1 // 0)
    monkeypatch.setattr(SOURCES["time"], "look_up", lambda machine, select: re.match(r"(a*)*b", "a" * 40))
    failed = check(machine, "group", "root", {"exists": True})
    assert (failed["status"], "ZeroDivisionError" in failed["reason"]) == ("error", True)
    slow = check(machine, "time", None, {"exists": True})
    assert (slow["status"], slow["reason"]) == ("error", "source time took longer than 0 s")
    assert check(machine, "file", "/etc/passwd", {"exists": True})["status"] == "pass"


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ELSEWHERE])
def test_what_is_no_file_is_an_error_or_not_there(tmp_path: Path, name: str) -> None:
    """Every file is a fifo that nobody writes to: whoever opened one would hang."""
    for path in FILES:
        file = tmp_path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(file)
    with contextlib.suppress(UnreadableError):
        SOURCES[name].look_up(Fake(tmp_path, rc=1, error="no"), any_select(name))


def test_a_file_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "/etc/sudoers", b"x" * (2 << 20))
    result = check(Fake(tmp_path), "sudoers", "nopasswd", {"values": {"empty": True}})
    assert (result["status"], result["reason"]) == ("error", "/etc/sudoers is larger than 1048576 bytes")


def test_a_directory_that_may_not_be_read_does_not_count_as_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "/etc/sysctl.d/x.conf", "")
    machine = Fake(tmp_path)

    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.listdir", refuse)
    with pytest.raises(UnreadableError, match=r"/etc/sysctl.d: Permission denied"):
        machine.glob("/etc/sysctl.d/*.conf")


def test_links_of_another_machine_stay_inside_its_tree(tmp_path: Path) -> None:
    outside = put(tmp_path, "/outside", "of this machine")
    tree = tmp_path / "tree"
    put(tree, "/etc/own", "of the tree")
    (tree / "etc/absolute").symlink_to("/etc/own")
    (tree / "etc/escape").symlink_to("../../../../../../etc/own")
    (tree / "etc/out").symlink_to(outside)
    (tree / "etc/loop").symlink_to("loop")
    (tree / "lib").symlink_to("/etc")
    machine = Machine(str(tree), offline=True)
    assert machine.read("/etc/absolute") == machine.read("/etc/escape") == machine.read("/lib/own") == "of the tree"
    assert machine.read("/etc/out") is None
    assert machine.glob("/lib/o*") == ["/lib/out", "/lib/own"]
    assert machine.read("/etc/loop") is None


def test_what_needs_a_running_system_is_not_applicable_to_a_tree(tmp_path: Path) -> None:
    put(tmp_path, "/etc/passwd", "jan:x:4242:1::/:/bin/sh\n")
    put(tmp_path, "/etc/sysctl.d/x.conf", "kernel.x = 2\n")
    os.chmod(put(tmp_path, "/etc/x", ""), 0o600)
    machine = Machine(str(tmp_path), offline=True)
    for source, select in (
        ("command", "true"), ("process", "init"), ("http", "http://127.0.0.1:9/"), ("dns", "x"), ("time", None),
        ("socket", 22), ("mount", "/"), ("tls", "127.0.0.1:9"), ("nftables", {"hook": "input"}),
    ):  # fmt: skip
        result = check(machine, source, select, {"exists": True})
        assert result["status"] == "not_applicable", result
        assert "needs a running system" in result["reason"]
    both = {"source": "sysctl", "select": "kernel.x"}
    wrong = check(machine, **both, expect={"running": 1, "configured": 1})
    assert (wrong["status"], wrong["found"]) == ("fail", "configured = 2")
    unknown = check(machine, **both, expect={"running": 2, "configured": 2})
    assert unknown["status"] == "not_applicable"
    assert check(machine, **both, expect={"configured": 2})["status"] == "pass"


def test_groups_of_expectations_with_what_does_not_apply(tmp_path: Path) -> None:
    put(tmp_path, "/etc/x", "")
    machine = Machine(str(tmp_path), offline=True)
    good = {"source": "file", "select": "/etc/x", "expect": {"exists": True}}
    bad = {"source": "file", "select": "/etc/x", "expect": {"exists": False}}
    away = {"source": "process", "select": "x", "expect": {"exists": False}}
    unread = {"source": "package", "select": "x", "expect": {"exists": True}}
    for name, parts, status in (
        ("all", [good, away], "not_applicable"),
        ("all", [bad, away], "fail"),
        ("all", [away, unread], "error"),
        ("any", [good, away], "pass"),
        ("any", [bad, away], "not_applicable"),
        ("none", [bad, away], "not_applicable"),
        ("none", [good, away], "fail"),
    ):
        result = evaluate.evaluate(machine, [{"id": "x", "title": "t", name: parts}])[0]
        assert result["status"] == status, (name, parts, result)


def test_evidence_names_file_line_and_value(tmp_path: Path) -> None:
    put(tmp_path, "/etc/sysctl.d/50-x.conf", "# comment\nnet.ipv4.ip_forward = 1\n")
    put(tmp_path, "/proc/sys/net/ipv4/ip_forward", "1\n")
    result = check(Fake(tmp_path), "sysctl", "net.ipv4.ip_forward", {"configured": 0})
    assert result["evidence"] == "sysctl net.ipv4.ip_forward; /etc/sysctl.d/50-x.conf:2 sets 1"
    put(tmp_path, "/etc/login.defs", "\nPASS_MAX_DAYS 99999\n")
    select = {"file": "/etc/login.defs", "key": "PASS_MAX_DAYS"}
    result = check(Fake(tmp_path), "setting", select, {"value": {"at_most": 365}})
    assert (result["evidence"].endswith("/etc/login.defs:2"), result["found"]) == (True, "value = 99999")


def test_the_line_that_a_source_names_is_evidence(tmp_path: Path) -> None:
    put(tmp_path, "/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n")
    select = {"file": "journald.conf", "section": "Journal", "key": "Storage"}
    result = check(Fake(tmp_path), "systemd_setting", select, {"value": "persistent"})
    assert (result["status"], result["found"]) == ("fail", "value = volatile")
    assert result["evidence"].endswith("; /etc/systemd/journald.conf:2")


def test_several_files_are_judged_by_the_loosest(tmp_path: Path) -> None:
    for name, mode in (("a_key", 0o600), ("b_key", 0o644), ("c_key", 0o600)):
        put(tmp_path, f"/etc/ssh/{name}", "").chmod(mode)
    (tmp_path / "etc/ssh/link_key").symlink_to("a_key")
    result = check(Fake(tmp_path), "files", "/etc/ssh/*_key", {"mode": {"mode_at_most": "0600"}})
    assert (result["status"], result["found"]) == ("fail", "mode = 0644")
    assert "; /etc/ssh/b_key 0644" in result["evidence"]
    less = {"path": "/etc/ssh/*_key", "type": "file", "except": "/etc/ssh/b*"}
    assert check(Fake(tmp_path), "files", less, {"mode": "0600", "count": 2})["status"] == "pass"
    assert check(Fake(tmp_path), "files", "/none/*", {"count": 0, "exists": False})["status"] == "pass"


def test_an_access_control_list_is_read_as_getfacl_shows_it(tmp_path: Path) -> None:
    rows = [(1, 7, 0xFFFFFFFF), (2, 6, 0), (4, 5, 0xFFFFFFFF), (8, 4, 4242425), (0x10, 6, 0xFFFFFFFF), (0x20, 0, 0)]
    data = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)
    assert acl.parse(data) == rows
    for damaged in (b"", data[:-3], struct.pack("<I", 9) + data[4:]):
        with pytest.raises(struct.error):
            acl.parse(damaged)


def test_a_key_of_sysctl_that_is_excluded_is_not_reached_by_a_pattern() -> None:
    text = "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\nnet/ipv4/conf/eth0.1/rp_filter=0\n"
    settings = sysctl.parse(text, "f")
    assert sysctl.configured_for(settings, "net.ipv4.conf.all.rp_filter") == (None, "")
    assert sysctl.configured_for(settings, "net.ipv4.conf.eth1.rp_filter") == ("2", "f:1")
    assert sysctl.configured_for(settings, "net.ipv4.conf.eth0/1.rp_filter") == ("0", "f:3")
    assert sysctl.dotted("net/ipv4/conf/eth0.1/rp_filter") == "net.ipv4.conf.eth0/1.rp_filter"


def test_a_file_of_sysctl_that_is_a_link_to_nothing_switches_it_off(tmp_path: Path) -> None:
    put(tmp_path, "/usr/lib/sysctl.d/50-x.conf", "kernel.x = 1\n")
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/50-x.conf").symlink_to("/dev/null")
    assert sysctl.configured(Machine(str(tmp_path))) == []


SSHD = "Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nMatch User jan\n  X11Forwarding no\n"


def test_without_a_server_to_ask_the_first_line_of_ssh_counts(tmp_path: Path) -> None:
    put(tmp_path, "/etc/ssh/sshd_config", SSHD)
    put(tmp_path, "/etc/ssh/sshd_config.d/10-a.conf", 'PermitRootLogin="no" # never\n')
    put(tmp_path, "/etc/ssh/sshd_config.d/20-b.conf", "PermitRootLogin yes\n")
    never_ran = Fake(tmp_path, rc=255, error="Missing privilege separation directory: /run/sshd")
    result = check(never_ran, "sshd", "permitrootlogin", {"value": "yes"})
    assert (result["status"], result["found"]) == ("fail", "value = no")
    assert "/etc/ssh/sshd_config.d/10-a.conf:1" in result["evidence"]
    assert check(never_ran, "sshd", "maxauthtries", {"value": 4})["status"] == "error"
    assert check(never_ran, "sshd", "x11forwarding", {"value": "no"})["status"] == "error"
    away = Fake(tmp_path, offline=True)
    assert check(away, "sshd", "permitrootlogin", {"value": "no"})["status"] == "pass"
    assert check(away, "sshd", "maxauthtries", {"value": 4})["status"] == "not_applicable"
    broken = Fake(tmp_path, rc=255, error="/etc/ssh/sshd_config line 3: Bad configuration option")
    assert "Bad configuration option" in check(broken, "sshd", "port", {"value": 22})["reason"]
    assert [line.match for line in sshd.configured(away)] == ["", "", "", "", "User jan"]


def test_what_the_ssh_server_of_a_tree_does_by_itself_is_known_of_the_versions_of_debian(tmp_path: Path) -> None:
    status = "Package: openssh-server\nStatus: install ok installed\nVersion: {}\n"
    put(
        tmp_path,
        "/etc/ssh/sshd_config",
        "Ciphers -aes*\nMACs +hmac-md5\nKexAlgorithms +x*\nLoginGraceTime 1m30s\nUsePAM 1\n",
    )
    expected = {
        "maxauthtries": "6", "permitrootlogin": "without-password", "logingracetime": "90", "port": "22",
        "ciphers": "chacha20-poly1305@openssh.com",
    }  # fmt: skip
    for version, known in (("1:9.2p1-2+deb12u10", True), ("1:10.0p1-7+deb13u4", True), ("1:99.9p1-1", False)):
        put(tmp_path, package.DATABASE, status.format(version))
        away = Fake(tmp_path, offline=True)
        for option, value in expected.items():
            result = check(away, "sshd", option, {"value": value})
            here = known or option in ("logingracetime", "port")
            assert result["status"] == ("pass" if here else "not_applicable"), (version, option, result)
        assert check(away, "sshd", "macs", {"value": {"matches": "hmac-md5$"}})["status"] == (
            "pass" if known else "not_applicable"
        )
        assert "only sshd itself can work out" in check(away, "sshd", "kexalgorithms", {"exists": True})["reason"]
        assert "/etc/ssh/sshd_config:5 sets usepam" in check(away, "sshd", "usepam", {"value": "no"})["reason"]
        assert check(away, "sshd", "allowusers", {"exists": False})["status"] == "pass"


APT_CONF = """APT::Periodic { Update-Package-Lists "1"; }; // no "comment";
# A::B "1";
/* A::C "1"; */ acquire::http::Proxy "http://x:1/"; A::D yes;
"""


def test_settings_of_apt_of_a_tree_are_read_and_nothing_of_it_is_run(tmp_path: Path) -> None:
    put(tmp_path, "/etc/apt/apt.conf.d/10a", APT_CONF)
    put(tmp_path, "/etc/apt/apt.conf.d/20b.bak", 'A::D "no";')
    put(tmp_path, "/etc/apt/apt.conf", 'Acquire::AllowWeakRepositories "1"; A::E "1";\n#clear A::E;\n')
    away = Fake(tmp_path, 'APT::Update-Package-Lists "from a command";', offline=True)
    expected = {
        "APT::Periodic::Update-Package-Lists": "1", "Acquire::HTTP::proxy": "http://x:1/", "A::D": "yes",
        "Acquire::AllowWeakRepositories": "1", "Acquire::AllowInsecureRepositories": "0",
    }  # fmt: skip
    for key, value in expected.items():
        assert check(away, "apt", {"what": "settings", "key": key}, {"value": value})["status"] == "pass", key
    for key in ("A::B", "A::C", "A::E", "APT::Get::AllowUnauthenticated"):
        assert check(away, "apt", {"what": "settings", "key": key}, {"exists": False})["status"] == "pass", key
    result = check(away, "apt", {"what": "settings", "key": "APT::Architecture"}, {"value": "amd64"})
    assert result["status"] == "not_applicable"


@pytest.mark.parametrize(
    "damaged", ['A "1', "A { B", "}", "A { B 1 };", '{ "a"; };', 'A "1" "2";', '#include "/etc/passwd";', "A {{"]
)
def test_settings_of_apt_that_cannot_be_understood_are_an_error(tmp_path: Path, damaged: str) -> None:
    put(tmp_path, "/etc/apt/apt.conf.d/10a", damaged)
    result = check(Fake(tmp_path, offline=True), "apt", {"what": "settings", "key": "A"}, {"exists": False})
    assert (result["status"], "/etc/apt/apt.conf.d/10a" in result["reason"]) == ("error", True)


RSYSLOG = """\
module(load="imuxsock")
module(load="imtcp" StreamDriver.Name="gtls")
input(type="imtcp"
      port="514")
$ModLoad imudp
$UDPServerRun 514
$FileCreateMode 0644
$ActionSendStreamDriverMode 1
*.* @@(o)log.example.com:6514
auth.* @192.0.2.1
action(type="omfwd" target="a.example.com" port="10514" protocol="tcp" StreamDriverMode="1")
# *.* @@commented.example.com
$IncludeConfig /etc/rsyslog.d/*.conf
"""


def test_both_languages_of_rsyslog(tmp_path: Path) -> None:
    put(tmp_path, "/etc/rsyslog.conf", RSYSLOG)
    put(tmp_path, "/etc/rsyslog.d/z.conf", "$FileCreateMode 0600\n")
    expect = {
        "listens": ["imtcp", "udpserverrun"],
        "modules": ["imtcp", "imudp", "imuxsock"],
        "remote": ["tcp:log.example.com:6514", "udp:192.0.2.1", "tcp:a.example.com:10514"],
        "encrypted": False,
        "file_create_mode": "0600",
    }
    assert check(Fake(tmp_path), "rsyslog", None, expect)["found"].count("=") == 5
    assert check(Fake(tmp_path), "rsyslog", None, expect)["status"] == "pass"
    secure = rsyslog.parse([("f:1", '*.* action(type="omfwd" target="a" protocol="tcp" StreamDriverMode="1")')])
    assert (secure["remote"], secure["encrypted"]) == (["tcp:a:514"], True)


NGINX = """\
# configuration file /etc/nginx/nginx.conf:
http {
    log_format main '$remote_addr {x;}' "a\\"b";
    include sites/*;
}
# configuration file /etc/nginx/sites/a:
server { server_name a.example.com www.example.com; # comment { }
  location ~ "^/x{2}$" { return 301 https://${host}/; }
  add_header X-A "b; c";
}
server { server_name b; }
"""


def test_a_file_of_nginx_counts_wherever_it_is_included() -> None:
    """`nginx -T` shows it once, after all others that were opened before it."""
    main = "http { server { server_name a; include both; } server { server_name b; include both; listen 81; } }"
    both = "# configuration file /etc/nginx/both:\nautoindex on;\n"
    found = nginx.parse(f"# configuration file /etc/nginx/nginx.conf:\n{main}\n{both}")
    assert [each.name for each in found][-4:] == ["server_name", "include", "autoindex", "listen"]
    assert [each.context for each in found if each.name == "autoindex"] == ["http/server"] * 2
    with pytest.raises(UnreadableError, match="includes itself"):
        nginx.parse(f"# configuration file /etc/nginx/nginx.conf:\n{main}\n{both}include both;\n")


def test_directives_of_nginx_with_quotes_braces_and_includes() -> None:
    found = {(each.context, each.name): each for each in nginx.parse(NGINX)}
    assert found["http", "log_format"].words == ["main", "$remote_addr {x;}", 'a"b']
    assert found["http/server", "add_header"].words == ["X-A", "b; c"]
    assert found["http/server", "add_header"].where == "/etc/nginx/sites/a:3"
    assert ("http/server/location", "return") in found
    for damaged in (NGINX.replace("b; }", "b; } }"), NGINX.replace("server_name b; }", "server_name b;")):
        with pytest.raises(UnreadableError):
            nginx.parse(damaged)


def test_a_printer_with_a_password_in_its_address_does_not_tell_it() -> None:
    text = "device for a: ipp://jan:geheim@192.0.2.7/x\ndevice for b: usb://HP\nprinter b disabled since\n"
    found = cups.parse_printers(text)
    assert found["a"]["uri"] == "ipp://***@192.0.2.7/x"
    assert (found["a"]["enabled"], found["b"]["enabled"], found["b"]["accepting"]) == (True, False, False)


def test_samba_knows_no_difference_in_case_and_blanks() -> None:
    found = samba.parse("[Global]\n\tserver min protocol = SMB3\n[Docs]\n guest ok = Yes\n# x = y\n")
    assert found == {"global": {"serverminprotocol": "SMB3"}, "docs": {"guestok": "Yes"}}


def test_whom_anybody_can_be_in_mariadb() -> None:
    native = {"plugin": "mysql_native_password"}
    never, known = {**native, "authentication_string": "invalid"}, {**native, "authentication_string": "set"}
    accounts = {
        ("", "%"): native,
        ("root", "%"): {**never, "auth_or": [{}, known]},
        ("root", "localhost"): {**never, "auth_or": [{}, {"plugin": "unix_socket"}]},
        ("root", "web1"): never,
        ("sys", "localhost"): {**native, "account_locked": True},
        ("either", "localhost"): {**never, "auth_or": [{}, native]},
        ("jan", "localhost"): known,
    }
    found = mariadb.parse_accounts([[*name, json.dumps(priv)] for name, priv in accounts.items()])
    assert found["names"] == [
        "@%",
        "either@localhost",
        "jan@localhost",
        "root@%",
        "root@localhost",
        "root@web1",
        "sys@localhost",
    ]
    assert (found["anonymous"], found["without_password"]) == (["@%"], ["@%", "either@localhost"])
    assert found["remote_root"] == ["root@%"]
    for damaged in ("", "[]", "{", '{"auth_or": [1]}'):
        with pytest.raises(UnreadableError):
            mariadb.parse_accounts([["a", "b", damaged]])


def test_a_process_of_before_an_upgrade_is_named(tmp_path: Path) -> None:
    old = "7f00-7f01 r-xp 00000000 08:01 42                     /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
    shared = "7f00-7f01 rw-s 00000000 00:01 42                     /dev/shm/x (deleted)\n"
    for pid, maps in (("7", old), ("8", shared), ("9", "")):
        put(tmp_path, f"/proc/{pid}/maps", maps)
        put(tmp_path, f"/proc/{pid}/comm", f"p{pid}\n")
    assert process.outdated(Machine(str(tmp_path))) == ["p7 (7)"]


def test_what_was_read_of_a_thing_that_is_not_there_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time service runs, but the time zone is known all the same."""
    facts = {"exists": False, "timezone": "Europe/Amsterdam", "service": None}
    monkeypatch.setattr(SOURCES["time"], "look_up", lambda machine, select: facts)
    passed = check(Fake(tmp_path), "time", None, {"timezone": "Europe/Amsterdam"})
    assert (passed["status"], passed["found"]) == ("pass", "timezone = Europe/Amsterdam")
    wrong = check(Fake(tmp_path), "time", None, {"timezone": "Etc/UTC"})
    assert (wrong["status"], wrong["found"]) == ("fail", "timezone = Europe/Amsterdam")
    nothing = check(Fake(tmp_path), "time", None, {"service": "chrony.service"})
    assert (nothing["status"], nothing["found"]) == ("fail", "does not exist")


@pytest.mark.parametrize("name", sorted(set(matchers.MATCHERS) - set(matchers.ABOUT_NOTHING)))
def test_nothing_read_passes_no_matcher_but_those_about_absence(name: str) -> None:
    for wanted in (0, 1, 100, True, False, "", "x", ".*", "0777", [], ["x"], [True, False], [None]):
        assert not matchers.holds({name: wanted}, None), wanted
        assert not matchers.holds({"not": {name: wanted}}, None), wanted
