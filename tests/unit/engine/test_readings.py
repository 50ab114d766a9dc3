"""Settings that programs read otherwise than they look, where no tree of files with all controls shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    apt,
    apt_source,
    autologin,
    environment,
    firewall,
    group,
    kernel_module,
    limits,
    nftables_wide,
    openssl,
    pam,
    pam_option,
    rsyslog,
    sysctl,
    unit_file,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources.nftables_ruleset import Rule, Ruleset

from .trees import commands, write

OS_RELEASE = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"
HARDENED = """auth requisite pam_faillock.so preauth
auth [success=2 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_permit.so
"""


def machine(root: Path, files: dict[str, str], *, offline: bool = True) -> Machine:
    for path, text in files.items():
        write(root, path, text)
    return Machine(str(root), offline=offline)


@pytest.mark.parametrize(
    ("line", "uid"), [("x:x:-0:0", 0), ("  x:x:+0:0", 0), ("x:x:4294967299:0", None), ("x:x:0x0:0", None)]
)
def test_a_number_of_an_account(tmp_path: Path, line: str, uid: int | None) -> None:
    facts = account.accounts(machine(tmp_path, {"/etc/passwd": line + "::/:/bin/sh\n"}))
    assert [row["uid"] for row in facts.values()] == ([] if uid is None else [uid])


@pytest.mark.parametrize(
    ("row", "password"),
    [
        ("jan::1:0:9", "empty"),
        ("jan::1:0:9:", "empty"),
        ("jan::1:0:9:7::20000", "empty"),
        ("jan::1:0:9:7::", "locked"),
        ("jan:!:1:0:9:7:::\njan::1:0:9:7:::", "locked"),
        ("  jan::1:0:9:7:::", "empty"),
    ],
)
def test_a_line_of_shadow(tmp_path: Path, row: str, password: str) -> None:
    files = {"/etc/passwd": "jan:x:1000:1000::/home/jan:/bin/sh\n", "/etc/shadow": row + "\n"}
    assert account.look_up(machine(tmp_path, files), {"name": "jan"})["password"] == password


def test_a_password_that_passwd_itself_holds_counts(tmp_path: Path) -> None:
    files = {"/etc/passwd": "jan::1000:1000::/home/jan:/bin/sh\n", "/etc/shadow": "jan:!:1:0:9:7:::\n"}
    assert account.look_up(machine(tmp_path, files), {"name": "jan"})["password"] == account.EMPTY


def test_two_lines_of_a_group_have_members_together(tmp_path: Path) -> None:
    files = {"/etc/group": "docker:x:999: jan\n#docker:x:999:piet\ndocker:x:998:kees\n"}
    facts = group.look_up(machine(tmp_path, files), {"name": "docker"})
    assert (facts["gid"], facts["members"]) == (999, ["jan", "kees"])


@pytest.mark.parametrize(
    ("old", "new", "locks"),
    [
        ("", "", True),
        ("default=ignore] pam_unix", "auth_err=1 default=ignore] pam_unix", False),
        (
            "auth requisite pam_f",
            "auth [success=1 default=ignore] pam_succeed_if.so uid >= 1\nauth requisite pam_f",
            False,
        ),
        ("requisite pam_faillock.so preauth", "[success=ok default=ignore] pam_faillock.so preauth", False),
        ("requisite pam_faillock.so preauth", "required pam_faillock.so preauth silent", True),
        ("auth requisite pam_faillock.so preauth\n", "", False),
    ],
)
def test_a_stack_locks_an_account(tmp_path: Path, old: str, new: str, locks: bool) -> None:
    text = HARDENED.replace(old, new)
    facts = pam.look_up(
        machine(tmp_path, {"/etc/pam.d/common-auth": text}),
        {"service": "common-auth", "type": "auth", "module": "pam_faillock.so"},
    )
    assert facts.get("locks", lambda: False)() is locks


def test_a_lock_by_the_last_rule(tmp_path: Path) -> None:
    text = (
        "auth [success=1 default=bad] pam_unix.so\nauth [default=die] pam_faillock.so authfail\n"
        "auth sufficient pam_faillock.so authsucc\nauth required pam_deny.so\n"
    )
    select = {"service": "x", "type": "auth", "module": "pam_faillock.so"}
    assert pam.look_up(machine(tmp_path, {"/etc/pam.d/x": text}), select)["locks"]()


def test_a_service_that_asks_without_the_lock(tmp_path: Path) -> None:
    files = {
        "/etc/pam.d/common-auth": HARDENED,
        "/etc/pam.d/login": "@include common-auth\n",
        "/etc/pam.d/sshd": "auth required pam_unix.so\n",
        "/etc/pam.d/sudo": "auth sufficient pam_rootok.so\n",
        "/etc/sudoers": "Defaults pam_service=other-sudo\n",
        "/etc/pam.d/other-sudo": "auth required pam_unix.so\n",
    }
    facts = pam.look_up(machine(tmp_path, files), {"service": "*", "type": "auth", "module": "pam_faillock.so"})
    assert facts["unlocked"]() == ["sshd", "other-sudo"]


@pytest.mark.parametrize(
    ("line", "refuses"),
    [
        ("auth required pam_wheel.so", True),
        ("auth requisite pam_wheel.so", True),
        ("auth [success=ok ignore=ignore default=die] pam_wheel.so", True),
        ("auth sufficient pam_wheel.so", False),
        ("auth optional pam_wheel.so", False),
    ],
)
def test_a_module_of_which_the_refusal_counts(tmp_path: Path, line: str, refuses: bool) -> None:
    text = f"auth sufficient pam_rootok.so\n{line}\nauth required pam_unix.so\n"
    select = {"service": "su", "type": "auth", "module": "pam_wheel.so"}
    assert pam.look_up(machine(tmp_path, {"/etc/pam.d/su": text}), select)["refuses"]() is refuses


@pytest.mark.parametrize(
    ("conf", "argument", "value"),
    [
        ("deny 99\n", "", "99"),
        ("deny\t=\t7 # seven\n", "", "7"),
        ("", " conf=/etc/other", "0"),
        ("deny = 4\n", " deny=2", "2"),
    ],
)
def test_a_setting_of_a_module(tmp_path: Path, conf: str, argument: str, value: str) -> None:
    files = {
        "/etc/security/faillock.conf": conf,
        "/etc/other": "deny = 0\n",
        "/etc/pam.d/common-auth": f"auth requisite pam_faillock.so preauth{argument}\n",
    }
    facts = pam_option.look_up(machine(tmp_path, files), {"module": "pam_faillock.so", "option": "deny"})
    assert facts["value"] == value


@pytest.mark.parametrize(
    ("text", "weak"),
    [
        ("[a]\nCipherString = DEFAULT:@SECLEVEL=2:@SECLEVEL=0\n", True),
        ("[a]\nlevel = 1\nCIPHERSTRING = DEFAULT:@SECLEVEL=$level # @SECLEVEL=2\n", True),
        ("x::2.CipherString = 'DEFAULT:@SECLEVEL=1'\n", True),
        ("[a]\nCipherString = DEFAULT:@SECLEVEL=0\nCipherString = DEFAULT:@SECLEVEL=2\n", False),
        ("[a]\nCipherString = HIGH:!aNULL\n", False),
        ("# CipherString = @SECLEVEL=0\n[a]\nCipherString = DEFAULT:\\\n@SECLEVEL=2\n", False),
    ],
)
def test_the_level_of_openssl(tmp_path: Path, text: str, weak: bool) -> None:
    facts = openssl.look_up(machine(tmp_path, {"/etc/ssl/openssl.cnf": text}), {})
    assert bool(facts["short_keys"]) is weak, facts


@pytest.mark.parametrize(
    ("line", "old"),
    [("minprotocol = TLSv1", True), ("Protocol = -ALL,+TLSv1.1", True), ("MinProtocol = TLSv1.2", False)],
)
def test_the_protocols_of_openssl(tmp_path: Path, line: str, old: bool) -> None:
    facts = openssl.look_up(machine(tmp_path, {"/etc/ssl/openssl.cnf": f"[a]\n{line}\n"}), {})
    assert bool(facts["old_protocols"]) is old


PERIODIC = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'
ORIGIN = 'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename},label=Debian-Security";\n'


@pytest.mark.parametrize(
    ("dump", "gap"),
    [
        (PERIODIC + ORIGIN, ""),
        (PERIODIC.replace('Upgrade "1"', 'Upgrade "always"') + ORIGIN, ""),
        (PERIODIC.replace('Upgrade "1"', 'Upgrade "12h"') + ORIGIN, ""),
        (PERIODIC.replace('Upgrade "1"', 'Upgrade "30"') + ORIGIN, "Unattended-Upgrade is 30"),
        (PERIODIC.replace('Lists "1"', 'Lists "0"') + ORIGIN, "Update-Package-Lists is 0"),
        ('APT::Periodic::Enable "00";\n' + PERIODIC + ORIGIN, "Enable is 00"),
        (PERIODIC + ORIGIN.replace("Debian-Security", "Debian"), "no security archive"),
        (PERIODIC + 'Unattended-Upgrade::Allowed-Origins:: "Debian:bookworm-security";\n', ""),
        (PERIODIC + ORIGIN + 'Unattended-Upgrade::Package-Blacklist:: ".*";\n', "Package-Blacklist has .*"),
        (PERIODIC + ORIGIN + 'Unattended-Upgrade::Package-Blacklist:: "linux-";\n', ""),
    ],
)
def test_updates_by_themselves(tmp_path: Path, dump: str, gap: str) -> None:
    some = commands(machine(tmp_path, {"/etc/os-release": OS_RELEASE}, offline=False), **{"apt-config dump": dump})
    values = apt.look_up(some, {"what": "automatic"})["values"]
    assert len(values) == bool(gap)
    assert gap in "".join(values)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('APT::Get::AllowUnauthenticated "01";', True),
        ('Acquire::AllowDowngradeToInsecureRepositories "TRUE";', True),
        ('Acquire::https::deb.example::Verify-Peer "false";', True),
        ('Binary::apt::Acquire::AllowInsecureRepositories "on";', True),
        ('Acquire::Check-Date "0x0";', True),
        ('Acquire::Check-Date "Enable";', False),
        ('Acquire::Check-Valid-Until "2";', False),
    ],
)
def test_settings_of_apt_that_check_nothing(tmp_path: Path, line: str, wrong: bool) -> None:
    some = commands(machine(tmp_path, {}, offline=False), **{"apt-config dump": line + "\n"})
    assert bool(apt.look_up(some, {"what": "unchecked"})["values"]) is wrong


@pytest.mark.parametrize(
    ("line", "security"),
    [
        ("deb http://x bookworm-security main", True),
        ("deb [arch=amd64] http://x stable-security main contrib # comment", True),
        ("deb-src http://x bookworm-security main", False),
        ("deb http://x bullseye-security main", False),
        ("deb http://x bookworm-security contrib", False),
    ],
)
def test_the_security_archive_of_the_release(tmp_path: Path, line: str, security: bool) -> None:
    some = machine(tmp_path, {"/etc/apt/sources.list": line + "\n", "/etc/os-release": OS_RELEASE})
    assert bool(apt_source.look_up(some, {})["security"]()) is security


def test_sources_in_another_file(tmp_path: Path) -> None:
    files = {
        "/etc/apt/apt.conf.d/x": 'Dir::Etc::sourcelist "/etc/apt/more";\n',
        "/etc/apt/more": "deb http://a x main\n",
    }
    assert apt_source.look_up(machine(tmp_path, files), {})["entries"] == ["http://a"]


@pytest.mark.parametrize(
    ("line", "logs_in"),
    [
        ('-/bin/sh -c "exec /sbin/agetty --autologin jan - $TERM"', True),
        ("/usr/bin/setsid -w /sbin/agetty -a jan tty1", True),
        ("/usr/bin/openvt -c 2 -w -- /bin/login -f root", True),
        ("/usr/bin/env TERM=linux /sbin/agetty tty1 linux", False),
    ],
)
def test_a_login_that_another_program_starts(line: str, logs_in: bool) -> None:
    assert bool(autologin.reason(line)) is logs_in


@pytest.mark.parametrize(
    ("command", "denied"),
    [
        ("/bin/false", True),
        ("false", True),
        ("/usr/bin/true %k", True),
        ("exit 1", True),
        (":", True),
        ("/bin/false; modprobe --ignore-install usb_storage", False),
        ("true && insmod x", False),
    ],
)
def test_a_module_that_is_replaced_by_nothing(command: str, denied: bool) -> None:
    assert bool(kernel_module.NOTHING.match(command)) is denied


@pytest.mark.parametrize(
    ("path", "text", "allowed"),
    [
        ("/etc/systemd/user.conf.d/x.conf", "[Manager]\nDefaultLimitCORE=infinity\n", True),
        ("/etc/systemd/system/a.service.d/x.conf", "[Service]\nLimitCORE=1G\n", True),
        ("/etc/systemd/system/service.d/x.conf", "[Service]\nLimitCORE=0:infinity\n", False),
        ("/etc/systemd/system.conf.d/x.conf", "[Manager]\nDefaultLimitCORE=0K\n", False),
    ],
)
def test_a_core_dump_that_systemd_allows(tmp_path: Path, path: str, text: str, allowed: bool) -> None:
    assert bool(limits.look_up(machine(tmp_path, {path: text}), {"item": "core"})["above_zero"]) is allowed


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        (
            "/etc/systemd/system.conf",
            '[Manager]\nDefaultEnvironment="LD_PRELOAD=/x.so"\nDefaultEnvironment=A=1\n',
            True,
        ),
        ("/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=LD_PRELOAD=/x.so\nDefaultEnvironment=\n", False),
        ("/etc/profile.d/x.sh", "if true; then export A=1 LD_PRELOAD=/x.so; fi\n", True),
        ("/etc/profile.d/x.sh", "LD_PRELOAD=/x.so\n", True),
        ("/etc/profile.d/x.sh", "LD_PRELOAD=/x.so /usr/bin/tool\n", False),
        ("/etc/pam.d/sshd", "session required pam_env.so envfile=/etc/own\n", True),
        ("/etc/environment", "# LD_PRELOAD=/x.so\n", False),
        ("/etc/environment.d/x.conf", "LD_AUDIT=/x.so\n", True),
    ],
)
def test_a_library_for_every_program(tmp_path: Path, path: str, text: str, named: bool) -> None:
    some = machine(tmp_path, {"/etc/own": "LD_PRELOAD=/x.so\n", path: text})
    assert bool(environment.look_up(some, {"what": "preload"})["values"]) is named


@pytest.mark.parametrize(
    ("text", "listens"),
    [
        ('input(type="imudp" port="514")', True),
        ('input(type="imdtls" port="4433")', True),
        ('input(type="imudp" port="514" address="127.0.0.1")', False),
        ('/* input(type="imudp" port="514") */', False),
    ],
)
def test_what_rsyslog_listens_to(text: str, listens: bool) -> None:
    assert bool(rsyslog.parse([("x:1", text)])["listens"]) is listens


NETWORKD = {
    "/usr/lib/systemd/system/systemd-networkd.service": "[Install]\nWantedBy=multi-user.target\n",
    "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": "",
    "/usr/lib/systemd/network/80-container-ve.network": "[Network]\nIPMasquerade=both\n",
}


@pytest.mark.parametrize(
    ("path", "text", "versions"),
    [
        ("/etc/systemd/network/a.network", "[Network]\nIPForward=yes\n", "46"),
        ("/etc/systemd/network/a.network", "[Network]\nIPForward=ipv6\n", "6"),
        ("/etc/systemd/network/a.network", "[Network]\nIPv4Forwarding=true\n", "4"),
        ("/etc/systemd/network/a.network", "[Network]\nIPMasquerade=ipv4\n", "4"),
        ("/etc/systemd/network/80-container-ve.network.d/a.conf", "[Network]\nIPv6Forwarding=yes\n", "6"),
        ("/etc/systemd/networkd.conf.d/a.conf", "[Network]\nIPv4Forwarding=yes\n", "4"),
        ("/etc/systemd/network/a.network", "[Network]\nIPForward=yes\nIPForward=no\n", ""),
        ("/etc/systemd/network/a.network", "[Link]\nIPForward=yes\n", ""),
    ],
)
def test_what_networkd_lets_pass(tmp_path: Path, path: str, text: str, versions: str) -> None:
    some = machine(tmp_path, {**NETWORKD, path: text, "/etc/sysctl.d/x.conf": "net.ipv4.ip_forward=0\n"})
    keys = {"4": "net.ipv4.ip_forward", "6": "net.ipv6.conf.all.forwarding"}
    facts = {version: sysctl._of_networkd(some, key, {}) for version, key in keys.items()}
    assert "".join(version for version, variants in facts.items() if variants) == versions


def test_a_setting_of_the_kernel_by_a_file_of_the_boot(tmp_path: Path) -> None:
    files = {
        "/etc/sysctl.d/x.conf": "kernel.kptr_restrict=2\n",
        "/etc/tmpfiles.d/x.conf": "w! /proc/sys/kernel/kptr_restrict - - - - 0\n",
    }
    settings = sysctl.configured(machine(tmp_path, files))
    assert sysctl.configured_for(settings, "kernel.kptr_restrict") == ("0", "/etc/tmpfiles.d/x.conf:1")


def saddr(right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": right}}


def meta(key: str, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": {"meta": {"key": key}}, "right": right}}


def prefix(addr: str, length: int) -> dict[str, Any]:
    return {"prefix": {"addr": addr, "len": length}}


@pytest.mark.parametrize(
    ("statements", "wide"),
    [
        ([saddr(prefix("0.0.0.0", 1))], True),  # noqa: S104
        ([saddr(prefix("2000::", 3))], True),
        ([saddr(prefix("10.0.0.0", 8))], False),
        ([saddr(prefix("fc00::", 7))], False),
        ([meta("iiftype", "ether")], True),
        ([meta("oifname", "lo", "!=")], True),
        ([meta("length", 20, ">")], True),
        ([{"limit": {"rate": 1000, "per": "second"}}], True),
        ([{"limit": {"rate": 1000, "per": "second", "inv": True}}], False),
        ([meta("iifname", "lo")], False),
    ],
)
def test_a_rule_that_lets_nearly_everybody_in(statements: list[dict[str, Any]], wide: bool) -> None:
    key = ("inet", "t", "input")
    rules = [Rule([*statements, {"accept": None}]), Rule([{"drop": None}])]
    assert bool(nftables_wide.rules(Ruleset({key: {}}, {key: rules}, {}), key, ["eth0"])) is wide


CHAIN = {"chain": {"family": "inet", "table": "t", "name": "i", "hook": "input", "type": "filter", "policy": "drop"}}


@pytest.mark.parametrize(
    ("unit", "chain", "gap"),
    [
        ("ExecStart=/usr/sbin/nft -f /etc/nftables.conf", CHAIN, ""),
        ("ExecStart=/usr/bin/true", CHAIN, "loads no file"),
        ("ExecStart=/usr/sbin/nft -f /etc/nftables.conf", None, "lets in"),
        ("ExecStart=/usr/sbin/nft -f /etc/nftables.conf", {"chain": {**CHAIN["chain"], "policy": "accept"}}, "lets in"),
    ],
)
def test_what_the_packet_filter_is_at_the_next_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str, chain: dict[str, Any] | None, gap: str
) -> None:
    some = machine(tmp_path, {"/usr/lib/systemd/system/nftables.service": f"[Service]\n{unit}\n"}, offline=False)
    monkeypatch.setattr(firewall, "front_ends", lambda _: ["nftables"])
    rules = json.dumps({"nftables": [chain] if chain else []}) + "\n"
    monkeypatch.setattr(some, "output", lambda _: rules)
    gaps = firewall._boot_gaps(some)
    assert len(gaps) == bool(gap)
    assert gap in "".join(gaps)


def test_units_that_people_made_are_not_those_of_packages(tmp_path: Path) -> None:
    some = machine(tmp_path, {"/usr/lib/systemd/system/a.service": "[Service]\nLimitCORE=1\n"})
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/b.service").symlink_to("../../../usr/lib/systemd/system/a.service")
    assert list(unit_file.settings_of_people(some)) == []
