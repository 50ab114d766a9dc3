"""A playbook with secrets in every place where they can occur. Each has its own text, so a leak names its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

MARK = "zQx7"
END = "9wVk"
CANARY = re.compile(rf"{MARK}(\w+?){END}".encode())


class Canaries:
    """Hands out secrets and remembers them."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self, place: str) -> str:
        assert place not in self.planted
        self.planted.append(place)
        return f"{MARK}{place}{END}"


def secrets_in(content: bytes) -> set[str]:
    return {name.decode() for name in CANARY.findall(content)}


def leaked(directory: Path) -> dict[str, set[str]]:
    """File -> the secrets in it; PDF documents are searched unpacked, names of files too."""
    files = {}
    for path in sorted(directory.rglob("*")):
        content = str(path.relative_to(directory)).encode()
        if path.is_file():
            content += path.read_bytes()
        if path.suffix == ".pdf":
            with pikepdf.open(path) as document:
                content += b"".join(
                    o.read_bytes() for o in document.objects if isinstance(o, pikepdf.Stream) and "/Filter" in o
                )
        if names := secrets_in(content):
            files[str(path)] = names
    return files


def ways_to_show(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tasks that bring a text into the open, by name of the way: all of them go on after failing."""
    shell = {"cmd": f"printf '%s\\n' '{text}'"}
    yield "ok", {"ansible.builtin.shell": shell, "changed_when": False}
    yield "changed", {"ansible.builtin.shell": shell}
    yield "msg", {"ansible.builtin.fail": {"msg": f"rejected {text}"}}
    yield "stderr", {"ansible.builtin.shell": {"cmd": f"printf '%s\\n' '{text}' >&2; exit 1"}}
    yield "undefined", {"ansible.builtin.debug": {"msg": "{{ nosuch['" + text + "'] }}"}}
    yield "syntax", {"ansible.builtin.debug": {"msg": "{{ '" + text + "' | nosuchfilter }}"}}
    yield "argument", {"ansible.builtin.file": {"path": "/nonexistent/x", "state": text}}
    yield "items", {"ansible.builtin.shell": shell, "loop": [f"first {text}", "second"]}
    yield (
        "failing_items",
        {"ansible.builtin.fail": {"msg": "{{ item }}"}, "loop": ["fine", text], "when": "item != 'fine'"},
    )
    yield (
        "undefined_item",
        {"ansible.builtin.debug": {"msg": "{{ nosuch[item] }}"}, "loop": [text]},
    )
    yield "labels", {"ansible.builtin.debug": {}, "loop": [1, 2], "loop_control": {"label": text}, "changed_when": True}
    yield "retries", {"ansible.builtin.shell": {"cmd": f"echo {text} >&2; exit 1"}, "until": False, "retries": 1,
                      "delay": 0}  # fmt: skip
    yield "assertion", {"ansible.builtin.assert": {"that": f"'{text}' == 'x'", "fail_msg": f"not {text}"}}
    yield "condition", {"ansible.builtin.debug": {}, "when": f"'{text}' == 'x'"}
    yield "leaky", {"leaky": {"text": text}}
    yield "crash", {"leaky": {"text": text, "crash": True}}
    yield (
        "copied",
        {"ansible.builtin.copy": {"content": f"{text}\n", "dest": "{{ playbook_dir }}/scratch"}, "diff": True},
    )
    yield "delegated", {"ansible.builtin.fail": {"msg": text}, "delegate_to": "other"}
    yield "environment", {"ansible.builtin.shell": {"cmd": "echo $SEEN >&2; exit 1"}, "environment": {"SEEN": text}}


LEAKY = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(dict(text=dict(type="str"), crash=dict(type="bool"), token=dict(type="str", no_log=True)))
text = module.params["text"] or "none"
if module.params["crash"]:
    raise RuntimeError("crashed over " + text)
module.warn("careful with " + text)
module.deprecate("no more " + text, version="9.9", collection_name="oplever.lab")
module.exit_json(changed=True, msg="done with " + text, seen=module.params["token"])
"""
"""A module that carries what it was given into its message, warnings, deprecations or traceback."""

SHAPES = {
    "url": "fetching https://admin:{}@repo.example.test/x failed",
    "ssh_url": "fatal: could not read from ssh://git:{}@git.example.test/y.git",
    "password_is": "login with password={} refused",
    "json": '{{"user": "a", "api_key": "{}"}}',
    "yaml": "db_password: {}",
    "option": "mysql -u root --password={} -e x",
    "option_two": "curl --token {} https://example.test",
    "header": "Authorization: Basic {}",
    "bearer": "header was Bearer {}",
    "comparison": "Conditional (db_password == '{}') is false",
    "private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----",
    "rsa_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIE{}\nabcd\n-----END RSA PRIVATE KEY-----\nlast",
    "pgp_key": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}\n-----END PGP PRIVATE KEY BLOCK-----",
    "cut_key": "-----BEGIN EC PRIVATE KEY-----\n{}",
    "github": "token ghp_{}abcdefghijklmnopqrst",
    "gitlab": "glpat-{}abcdefgh",
    "slack": "xoxb-{}-1234567890",
    "stripe": "sk_live_{}abcdefgh",
    "jwt": "eyJhbGciOi{}.eyJzdWIiOiIx.abc",
    "shadow": "root:$6${}$abcdefghijklmnopqrstuv:1:0",
    "wachtwoord": "wachtwoord: {}",
    "npm": "npm_{}abcdefghijklmnopqrstuvwxyz",
    "dbpass": "dbpass={}",
    "root_pw": "root_pw: {}",
    "mysqlpw": "MYSQLPW={}",
    "user_pass": '{{"userPass": "{}"}}',
    "ini": "[client]\nuser=root\npassword = {}\nsocket=/run/x",
    "php": "define(DB_PASS) or $c[db_password] = {}",
    "xml": "<bindPassword>{}</bindPassword>",
    "escaped_json": '{{\\"password\\": \\"{}\\"}}',
    "mysql": "mysqldump -ubackup -p{} --all-databases",
    "curl": "curl -sS -u jan:{} https://example.test",
    "sshpass": "sshpass -p {} ssh root@web1",
    "smbclient": "smbclient //fs1/x -U jan%{}",
    "ldap": "ldapsearch -x -D cn=admin -w {} -b dc=x",
    "docker": "docker login -u jan -p {} registry.test",
    "redis": "redis-cli -a {} ping",
    "openssl": "openssl pkcs12 -passin pass:{} -in x",
    "identified": 'CREATE USER app IDENTIFIED BY "{}"',
    "sql_password": 'ALTER ROLE app WITH PASSWORD "{}"',
    "rootpw": "slapd: rootpw {}",
    "community": "rocommunity {} 10.0.0.0/8",
    "cookie": "Cookie: session={}; theme=dark",
    "api_header": "X-Api-Key: {}",
    "slack_hook": "https://hooks.slack.com/services/T01/B02/{}",
    "teams": "https://school.webhook.office.com/webhookb2/{}/IncomingWebhook/x",
    "discord": "https://discord.com/api/webhooks/1122/{}",
    "signature": "https://x.example.test/y?sv=2022&sig={}",
    "amz": "https://x.example.test/y?X-Amz-Signature={}",
    "query": "https://x.example.test/y?id=1&access_token={}",
    "bcrypt": "jan:$2y$05${}abcdefghijklmn",
    "ssha": "{{SSHA}}{}abcdefgh",
    "age": "AGE-SECRET-KEY-1ABCDEFGHIJKLMNOPQRSTUV, password: {}",
    "wireguard": "PrivateKey = {}abcdefghijklmnopqrstuvwxyz=",
    "sentence": "the password is {}",
}
"""What a secret looks like in the output of programs, when nobody told Ansible that it is one."""

NAMES = (
    "db_password", "ansible_password", "ansible_ssh_pass", "ansible_become_password", "ansible_become_pass",
    "api_token", "APP_SECRET", "wifi_psk", "vault_admin", "mysql_root_passwd", "aws_secret_access_key", "passphrase",
    "smtp_auth", "beheer_wachtwoord", "client_secret", "ssh_private_key", "encryption_key", "credentials",
    "dbpass", "root_pw", "MYSQLPW", "sshpass", "userPass", "PGPASSWORD", "snmp_community", "erlang_cookie", "luks_key",
    "slack_webhook", "bearer", "user_pin",
)  # fmt: skip
"""Variables whose name says that their value is secret."""
