"""Ways into a machine in a snapshot: accounts, keys, sudo."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    accounts,
    applications,
    keys,
    sudo,
)

from .small_machine import Scripted, as_root, machine, pem, put, words_of

__all__ = ["as_root", "machine"]


class TestWaysIn:
    def test_accounts_and_groups(self, machine: Scripted) -> None:
        put(machine, "/var/lib/systemd/linger/jan")
        put(machine, "/etc/gshadow", "sudo:!:root:jan\n")
        actual = words_of(accounts, machine)
        assert (
            actual["account", "root"]
            == "uid=0, gid=0, home=/root, shell=/bin/bash, groups=root, password=locked, name=root"
        )
        assert actual["account", "jan"].startswith(
            "uid=1000, gid=1000, home=/home/jan, shell=/bin/bash, groups=jan sudo, "
        )
        assert actual["account", "jan"].endswith("its programs go on after a logout")
        assert actual["group", "sudo"] == "gid=27, members=jan, administrators=root"
        assert "$y$hash" not in json.dumps(sorted(actual.values()))
        before = actual["account", "jan"]
        put(machine, "/etc/shadow", "root:*:20000:0:99999:7:::\njan:$y$other:20000:0:99999:7:::\n")
        assert words_of(accounts, machine)["account", "jan"] != before

    def test_keys_wherever_sshd_looks(self, machine: Scripted) -> None:
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
        key = "ssh-ed25519 " + base64.b64encode(blob).decode()
        put(machine, "/home/jan/.ssh/authorized_keys2", f'# no\nfrom="10.0.0.1" {key} jan at home\n')
        put(machine, "/etc/keys/root", key + "\n")
        put(machine, "/etc/ssh/sshd_config", "Match User root\n  AuthorizedKeysFile /etc/keys/%u\n")
        mark = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        actual = words_of(keys, machine)
        where = f"jan, /home/jan/.ssh/authorized_keys2, SHA256:{mark}"
        assert actual["ssh_key", where] == 'ssh-ed25519 256, jan at home, options from="10.0.0.1"'
        assert ("ssh_key", f"root, /etc/keys/root, SHA256:{mark}") in actual

    def test_an_authority_that_no_package_brought(self, machine: Scripted) -> None:
        put(machine, "/usr/share/ca-certificates/mozilla/a.crt", pem(b"a"))
        put(machine, "/etc/ssl/certs/ca-certificates.crt", pem(b"a") + pem(b"b"))
        actual = words_of(keys, machine)
        assert [k for k in actual if k[0] == "authority"] == [
            ("authority", "SHA256 " + hashlib.sha256(b"b").hexdigest()[:32])
        ]

    def test_authorities_that_were_taken_out_of_the_bundle(self, machine: Scripted) -> None:
        for name in "abcdef":
            put(machine, f"/usr/share/ca-certificates/m/{name}.crt", pem(name.encode()))
        put(machine, "/etc/ca-certificates.conf", "m/a.crt\n!m/b.crt\nm/c.crt\nm/d.crt\nm/e.crt\nm/f.crt\n")
        put(machine, "/etc/ssl/certs/ca-certificates.crt", pem(b"f"))
        assert words_of(keys, machine) == {
            ("authority", "selected, not in the bundle"): "4 of the package: a.crt, c.crt, d.crt ..."
        }

    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("(ALL:ALL) ALL", "may run everything as anybody, with a password"),
            ("NOPASSWD: ALL", "may run everything as root, without a password"),
            ("(www-data) NOPASSWD: /bin/ls, /bin/cat", "may run /bin/ls, /bin/cat as www-data, without a password"),
            ("(:adm) /bin/ls", "may run /bin/ls as themselves with group adm, with a password"),
        ],
    )
    def test_a_rule_of_sudo_as_it_means(self, text: str, meaning: str) -> None:
        assert sudo.meaning(text) == meaning

    def test_rules_and_options_of_sudo(self, machine: Scripted) -> None:
        put(
            machine,
            "/etc/sudoers",
            "Defaults env_reset\njan ALL=(ALL) ALL\njan web1=NOPASSWD:/bin/ls\nUser_Alias A = b\n",
        )
        actual = words_of(sudo, machine)
        rule = "may run everything as anybody, with a password; may run /bin/ls as root, without a password on web1"
        assert actual["sudo_rule", "jan"] == rule
        assert actual["sudo_rule", "Defaults env_reset"] == "env_reset"
        assert actual["sudo_rule", "User_Alias A"] == "stands for b"

    def test_tables_of_applications(self, machine: Scripted) -> None:
        put(machine, "/acl", "<?php exit()?>\n# none\n*\t@ALL\t1\neve:$2y$x:Eve:e@x:admin,user\n")
        table = {
            "name": "wiki",
            "path": "/acl",
            "separator": ":",
            "columns": ["n", "p", "", "mail", "groups"],
            "key": ["n"],
        }
        actual = words_of(applications, machine, tables=[{**table, "secret": ["p"]}])
        assert actual["application", "wiki eve"].startswith("p=keyed ")
        assert actual["application", "wiki eve"].endswith("mail=e@x, groups=admin,user")
        command = {
            "name": "db",
            "needs": "/acl",
            "command": ["mariadb"],
            "columns": ["account", "may"],
            "key": ["account"],
        }
        machine.answers = {"mariadb": "a@b\tSELECT\n"}
        assert words_of(applications, machine, tables=[command]) == {("application", "db a@b"): "may=SELECT"}
        assert words_of(applications, machine, tables=[{**command, "needs": "/not/here"}]) == {}
        machine.answers = {}
        assert words_of(applications, machine, tables=[command]) == {
            ("application", "?"): "db: there is no command mariadb"
        }


def test_lines_of_passwd_that_are_no_account_and_names_that_come_twice(machine: Scripted) -> None:
    line = "jan:x:1000:1000::/home/jan:/bin/bash\n"
    put(machine, "/etc/passwd", f"root:x:0:0::/root:/bin/sh\n{line}{line}+::::::\n")
    put(machine, "/etc/subuid", "jan:100000:65536\n")
    actual = words_of(accounts, machine)
    assert actual["account", "jan (more than once)"] == "2 lines"
    assert actual["account", "(lines that are no account)"] == "+::::::"
    assert "subuid=100000+65536" in actual["account", "jan"]
