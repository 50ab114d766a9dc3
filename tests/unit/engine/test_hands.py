"""Sources that ask whose hand could reach what root runs, and what accounts are given without being asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    apt,
    environment,
    openssl,
    polkit,
    root_program,
    ssh_client,
    ssh_key,
)

from .trees import commands, write

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files of others are made by root")
OTHER = 4711


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A tree that belongs to root, unlike the directory of a test."""
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    write(root, "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nann:x:4711:4711::/home/ann:/bin/bash\n")
    write(root, "/etc/group", "root:x:0:\nann:x:4711:\n")
    return root


def writable(place: Path) -> list[str]:
    lines: list[str] = root_program.look_up(Machine(str(place)), {"what": "hooks"})["writable"]
    return lines


def belongs_to_ann(place: Path, path: str, text: str = "x\n") -> None:
    write(place, path, text)
    os.chown(place / path.lstrip("/"), OTHER, 0)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/profile.d/a.sh", ""),
        ("/etc/update-motd.d/50-a", ""),
        ("/etc/logrotate.d/a", ""),
        ("/etc/apt/keyrings/a.gpg", ""),
        ("/etc/systemd/system/a.service", "[Service]\nExecStart=/bin/true\n"),
        ("/etc/network/if-up.d/a", ""),
        ("/usr/local/bin/tool", ""),
    ],
)
def test_a_file_that_root_runs_or_reads_and_another_owns_is_named(place: Path, path: str, text: str) -> None:
    assert writable(place) == []
    belongs_to_ann(place, path, text)
    assert writable(place) == [f"{path}: {path} belongs to 4711"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/systemd/system/a.service", "[Service]\nExecStartPre=-/opt/tool --x\nExecStart=/bin/true\n"),
        ("/etc/systemd/system/b.service.d/x.conf", "[Service]\nExecStart=/opt/tool\n"),
        ("/etc/udev/rules.d/1.rules", 'ACTION=="add", RUN+="/opt/tool %k"\n'),
        ("/etc/pam.d/sshd", "session optional pam_exec.so quiet /opt/tool\n"),
        ("/etc/logrotate.d/a", "/var/log/a.log {\n\tpostrotate\n\t\t/opt/tool --now\n\tendscript\n}\n"),
        ("/etc/sudo.conf", "Plugin policy /opt/tool\n"),
    ],
)
def test_a_program_that_they_name_is_looked_at_too(place: Path, path: str, text: str) -> None:
    write(place, path, text)
    write(place, "/etc/systemd/system/b.service", "[Service]\nExecStart=/bin/true\n")
    write(place, "/opt/tool", "")
    assert writable(place) == []
    belongs_to_ann(place, "/opt/tool")
    assert writable(place) == ["/opt/tool: /opt/tool belongs to 4711"]
    write(place, path, "".join(f"#{line}\n" for line in text.splitlines()))
    assert writable(place) == []


def test_a_service_of_an_account_and_a_program_that_runs_as_its_owner_are_no_fault(place: Path) -> None:
    write(place, "/etc/systemd/system/a.service", "[Service]\nUser=ann\nExecStart=/opt/tool\n")
    belongs_to_ann(place, "/opt/tool")
    belongs_to_ann(place, "/usr/bin/at")
    (place / "usr/bin/at").chmod(0o6755)
    assert writable(place) == []
    (place / "usr/bin/at").chmod(0o6775)
    assert writable(place) != []


@pytest.mark.parametrize(
    ("line", "is_trusting"),
    [
        ("StrictHostKeyChecking no", True),
        ("\tstricthostkeychecking=off", True),
        ('StrictHostKeyChecking "no"', True),
        ("UserKnownHostsFile\t/dev/null", True),
        ("ForwardAgent yes", True),
        ("#StrictHostKeyChecking no", False),
        ("StrictHostKeyChecking ask", False),
        ("StrictHostKeyChecking accept-new", False),
        ("ForwardAgent no", False),
        ("UserKnownHostsFile ~/.ssh/known_hosts", False),
    ],
)
def test_a_client_that_takes_any_machine_is_named(place: Path, line: str, is_trusting: bool) -> None:
    write(place, "/etc/ssh/ssh_config.d/a.conf", f"Host *\n{line}\n")
    trusting = ssh_client.look_up(Machine(str(place)), {})["trusting"]
    assert [text.partition(": ")[0] for text in trusting] == ["/etc/ssh/ssh_config.d/a.conf:2"] * is_trusting


def test_a_client_file_that_a_package_links_there_is_not_named(place: Path) -> None:
    """As systemd does on Debian 13, for machines that it reaches through a socket."""
    write(place, "/usr/lib/systemd/ssh_config.d/20-proxy.conf", "Host .host\n\tStrictHostKeyChecking no\n")
    (place / "etc/ssh/ssh_config.d").mkdir(parents=True)
    (place / "etc/ssh/ssh_config.d/20-proxy.conf").symlink_to("../../../usr/lib/systemd/ssh_config.d/20-proxy.conf")
    assert ssh_client.look_up(Machine(str(place)), {})["trusting"] == []


@pytest.mark.parametrize(
    ("text", "is_yes"),
    [
        ("polkit.addRule(function(a, s) {\n  return polkit.Result.YES;\n});\n", True),
        ('return polkit.Result["YES"];\n', True),
        ('return "yes";\n', True),
        ("return polkit.Result.AUTH_ADMIN;\n", False),
        ("// return polkit.Result.YES;\n", False),
    ],
)
def test_a_rule_of_polkit_that_says_yes_is_named_unless_a_package_brought_it(
    place: Path, text: str, is_yes: bool
) -> None:
    write(place, "/etc/polkit-1/rules.d/10.rules", text)
    assert bool(polkit.look_up(Machine(str(place)), {})["unasked"]) is is_yes
    write(place, "/var/lib/dpkg/info/a.list", "/etc/polkit-1/rules.d/10.rules\n")
    assert polkit.look_up(Machine(str(place)), {})["unasked"] == []


@pytest.mark.parametrize(
    ("lines", "clashes"),
    [
        ("ann:100000:65536\nbob:165536:65536\n", []),
        ("ann:0:1\n", ["/etc/subuid: ann has a number of this machine"]),
        ("ann:4000:1000\n", ["/etc/subuid: ann has a number of this machine"]),
        ("ann:100000:65536\nbob:165535:10\n",
         ["/etc/subuid: ann shares numbers with another account", "/etc/subuid: bob shares numbers with another account"]),  # noqa: E501
        ("ann:x:1\nann:5\n", []),
    ],
)  # fmt: skip
def test_numbers_that_are_somebody_s_are_named(place: Path, lines: str, clashes: list[str]) -> None:
    write(place, "/etc/subuid", lines)
    assert account.look_up(Machine(str(place)), {"all": True})["subordinate_clashes"] == clashes


@pytest.mark.parametrize(
    ("line", "names"),
    [("staff:$6$a$b::", ["staff"]), ("staff:!::", []), ("staff:*::", []), ("staff:!$6$a$b::", []), ("staff:::", [])],
)
def test_a_group_with_a_password_is_named(place: Path, line: str, names: list[str]) -> None:
    write(place, "/etc/group", "root:x:0:\nstaff:x:50:\n")
    write(place, "/etc/gshadow", f"root:*::\n{line}\n")
    assert account.look_up(Machine(str(place)), {"all": True})["group_passwords"] == names


def test_keys_in_a_directory_where_anybody_can_put_one_are_named(place: Path) -> None:
    keys = place / "var/keys"
    keys.mkdir(parents=True)
    machine = commands(Machine(str(place)), **{"sshd -T": "authorizedkeysfile /var/keys/%u\n"})
    assert ssh_key.look_up(machine, {"what": "authorized"})["open"] == []
    keys.chmod(0o1777)
    machine = commands(Machine(str(place)), **{"sshd -T": "authorizedkeysfile /var/keys/%u\n"})
    facts = ssh_key.look_up(machine, {"what": "authorized"})
    assert (facts["exists"], facts["open"]) == (True, ["/var/keys/root", "/var/keys/ann"])


def test_a_mask_in_the_description_of_an_account_counts_where_pam_reads_it(place: Path) -> None:
    write(place, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nann:x:4711:4711:Ann,umask=002:/home/ann:/bin/sh\n")
    assert environment.look_up(Machine(str(place)), {"what": "umask"})["wrong"] == []
    write(place, "/etc/pam.d/common-session", "session optional pam_umask.so\n")
    assert environment.look_up(Machine(str(place)), {"what": "umask"})["wrong"] == ["/etc/passwd, ann: umask 002"]


def test_a_mask_of_sudo_counts_when_it_overrides(place: Path) -> None:
    write(place, "/etc/sudoers", "Defaults umask=0000\n")
    assert environment.look_up(Machine(str(place)), {"what": "umask"})["wrong"] == []
    write(place, "/etc/sudoers", "Defaults umask=0000, umask_override\n")
    assert environment.look_up(Machine(str(place)), {"what": "umask"})["wrong"] == ["umask_override of sudo: umask 000"]


def test_a_unit_that_is_masked_until_the_next_boot_stops_nothing(place: Path) -> None:
    units = place / "run/systemd/system"
    units.mkdir(parents=True)
    (units / "a.service").symlink_to("/dev/null")
    assert environment.look_up(Machine(str(place)), {"what": "umask"})["wrong"] == []


def test_a_setting_of_apt_for_one_server_is_seen(place: Path) -> None:
    dump = 'Acquire::https::deb.example::Verify-Peer "false";\n'
    machine = commands(Machine(str(place)), **{"apt-config dump": dump})
    assert apt.look_up(machine, {"what": "unchecked"})["values"] == [
        "Acquire::https::Verify-Peer false for deb.example"
    ]


def test_a_setting_in_a_file_that_another_includes_is_seen(place: Path) -> None:
    """As OpenSSL reads its file; a directory stands for what ends in .cnf or .conf there."""
    write(place, "/etc/ssl/openssl.cnf", "openssl_conf = a\n.include = /etc/ssl/more\n.include /etc/ssl/openssl.cnf\n")
    assert openssl.look_up(Machine(str(place)), {})["short_keys"] == []
    write(place, "/etc/ssl/more/a.cnf", "[a]\nCipherString = DEFAULT:@SECLEVEL=0\n")
    facts = openssl.look_up(Machine(str(place)), {})
    assert facts["short_keys"] == ["/etc/ssl/more/a.cnf:2: CipherString = DEFAULT:@SECLEVEL=0"]
