"""Accounts, ages of passwords, homes, SSH keys and limits."""

from __future__ import annotations

import base64
import struct
import time
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    home,
    limits,
    shadow,
    ssh_key,
)

from .trees import write


def account_files(root: Path, *lines: tuple[str, str]) -> Machine:
    write(root, "/etc/passwd", "".join(passwd + "\n" for passwd, _ in lines))
    write(root, "/etc/shadow", "".join(line + "\n" for _, line in lines))
    write(root, "/etc/group", "root:x:0:\n")
    return Machine(str(root))


TODAY = int(time.time() // 86400)


@pytest.mark.parametrize(
    ("what", "limit", "who"),
    [
        ("over_max_days", 365, ["eeuwig", "oud"]),
        ("over_inactive_days", 45, ["eeuwig", "oud", "straks"]),
        ("changed_in_future", None, ["straks"]),
        ("weak_hash", None, ["oud"]),
        ("usable_without_shell", None, ["dienst"]),
    ],
)
def test_shadow_names_who_breaks_a_rule(tmp_path: Path, what: str, limit: int | None, who: list[str]) -> None:
    machine = account_files(
        tmp_path,
        ("root:x:0:0::/root:/bin/bash", f"root:*:{TODAY}:0:99999:7:::"),
        ("goed:x:1000:1000::/home/goed:/bin/bash", f"goed:$y$j9T$x:{TODAY}:0:90:7:30::"),
        ("eeuwig:x:1001:1001::/home/e:/bin/bash", f"eeuwig:$6$x:{TODAY}:0:99999:7:::"),
        ("oud:x:1002:1002::/home/o:/bin/bash", f"oud:$1$x:{TODAY}:0::7:::"),
        ("straks:x:1003:1003::/home/s:/bin/bash", f"straks:$y$x:{TODAY + 9}:0:30:7:60::"),
        ("dienst:x:1004:1004::/:/usr/sbin/nologin", f"dienst:$y$x:{TODAY}:0:30:7:0::"),
    )
    assert shadow.look_up(machine, {"what": what, "limit": limit})["accounts"] == who


def test_home_looks_at_people_and_at_what_lets_others_in_for_all(tmp_path: Path) -> None:
    machine = account_files(
        tmp_path,
        ("root:x:0:0::/root:/bin/bash", "root:*:1:0:99999:7:::"),
        ("anna:x:1000:1000::/home/anna:/bin/bash", "anna:*:1:0:99999:7:::"),
        ("weg:x:1001:1001::/home/weg:/bin/bash", "weg:*:1:0:99999:7:::"),
        ("dienst:x:1002:1002::/:/usr/sbin/nologin", "dienst:*:1:0:99999:7:::"),
    )
    for name, mode in ((".profile", 0o664), (".rhosts", 0o600), (".bash_history", 0o644), ("brief", 0o666)):
        write(tmp_path, "/home/anna/" + name, "", mode)
    (tmp_path / "home/anna").chmod(0o755)
    write(tmp_path, "/root/.shosts", "", 0o600)
    (tmp_path / "root").chmod(0o700)
    write(tmp_path, "/etc/hosts.equiv", "+ +\n")
    facts = home.look_up(machine, {})
    assert [row.split()[:2] for row in facts["open"]] == [["/home/anna", "0755"]]
    assert facts["trusting"] == ["/etc/hosts.equiv", "/home/anna/.rhosts", "/root/.shosts"]
    assert [row.split()[0] for row in facts["loose"]] == ["/home/anna/.bash_history", "/home/anna/.profile"]
    assert facts["missing"] == ["weg: /home/weg"]


def key(kind: str, *numbers: int) -> str:
    fields = [kind.encode(), *(b"\0" + number.to_bytes((number.bit_length() + 7) // 8, "big") for number in numbers)]
    return kind + " " + base64.b64encode(b"".join(struct.pack(">I", len(f)) + f for f in fields)).decode()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (key("ssh-rsa", 65537, 1 << 2047), ("ssh-rsa", 2048)),
        (key("ssh-dss", 1 << 1023, 3, 2, 5), ("ssh-dss", 1024)),
        ('command="x" ' + key("ssh-ed25519", 7) + " iemand", ("ssh-ed25519", 256)),
        (key("ecdsa-sha2-nistp384", 7), ("ecdsa-sha2-nistp384", 384)),
        ("ssh-rsa AAAA", None),
        ("ssh-rsa @@@@", None),
        ("niets", None),
    ],
)
def test_ssh_key_reads_kind_and_length(line: str, found: object) -> None:
    assert ssh_key.parse(line) == found


def test_ssh_key_finds_weak_keys_and_files_others_may_write(tmp_path: Path) -> None:
    machine = account_files(tmp_path, (f"anna:x:{Path.home().stat().st_uid}:0::/home/anna:/bin/bash", "anna:*:1::::::"))
    write(tmp_path, "/home/anna/.ssh/authorized_keys", "# x\n" + key("ssh-rsa", 65537, 1 << 2047) + "\n")
    facts = ssh_key.look_up(machine, {"what": "authorized"})
    assert facts["weak"] == facts["keys"] == ["/home/anna/.ssh/authorized_keys:2 ssh-rsa 2048"]
    assert facts["open"] == []
    (tmp_path / "home/anna/.ssh").chmod(0o775)
    assert ssh_key.look_up(machine, {"what": "authorized"})["open"] == ["/home/anna/.ssh/authorized_keys"]


def test_accounts_are_read_as_the_source_account_reads_them(tmp_path: Path) -> None:
    machine = account_files(tmp_path, ("anna:x:1000:0::/home/anna:/bin/bash", "anna:$y$x:1:0:30:7:::"))
    assert account.look_up(machine, {"name": "anna"})["password"] == "set"  # noqa: S105


@pytest.mark.parametrize(
    ("last", "above"),
    [
        ("* - core 0\nroot - core 0\n", []),
        ("* hard core 0\n", ["root hard infinity", "* soft infinity"]),
        ("@games - core 1000\n* - core 0\nroot - core 0\n", ["@games - 1000"]),
    ],
)
def test_of_limits_the_last_line_for_a_domain_counts(tmp_path: Path, last: str, above: list[str]) -> None:
    """pam_limits(8); what comes before it is as Debian 13 has it, whose systemd allows dumps of any size."""
    files = {
        "10-debian.conf": "* hard core infinity\nroot hard core infinity\n",
        "20-debian.conf": "* soft core infinity\n",
        "99-ours.conf": last,
    }
    place = tmp_path / "etc/security/limits.d"
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
    shown = limits.look_up(Machine(str(tmp_path)), {"item": "core"})["above_zero"]
    assert [line.partition(" ")[2] for line in shown] == above
