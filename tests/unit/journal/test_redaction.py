"""What is taken out of text and command lines, and what has to stay."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.command_line import extra_variables, redact_command
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import (
    Redactor,
    is_secret_name,
    redact_text,
    secret_values,
)
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line, plain, slug

CANARY = "8canary"
SECRET = f"Zq{CANARY}"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"DB_PASSWORD: '{SECRET} and more'",
        f'{{"api_key": "{SECRET}"}}',
        f"get https://admin:{SECRET}@example.test/x failed",
        f"Authorization: Bearer {SECRET}12345",
        f"mysql --password={SECRET} -e x",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
        f"ghp_{SECRET}abcdefghijklmnop",
        f"$6${SECRET}$abcdefghijkl",
    ],
)
def test_a_secret_is_taken_out(text: str) -> None:
    assert SECRET not in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "expected password = locked, found password = set",
        "PasswordAuthentication no",
        "sshd.password-authentication: expected value = no, found value = yes",
        "could not fetch https://deb.debian.org:443/debian",
        "the password file /etc/shadow has mode 0644",
    ],
)
def test_what_a_person_needs_stays(text: str) -> None:
    assert redact_text(text) == text


def test_known_values_go_wherever_they_turn_up() -> None:
    redactor = Redactor([f"{SECRET}\nsecond-line-of-it"])
    assert redactor.value({"a": [f"x {SECRET} y", "second-line-of-it"]}) == {"a": ["x *** y", "***"]}


@pytest.mark.parametrize("secret", ["Kaas & brood?=9", "Kaas1234", "Kaas12345", "Kaas123456", "é/Kaas~1234"])
def test_a_known_value_goes_as_programs_write_it_on(secret: str) -> None:
    """In an address, and in Base64 as `b64encode` and `echo ... | base64` make it."""
    content = secret.encode()
    written = [
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(content).decode(),
        base64.b64encode(content + b"\n").decode(),
    ]
    for text in written:
        kept = Redactor([secret]).text(f"sent {text} to wiki")
        assert kept.replace("=", "") == "sent *** to wiki"


@pytest.mark.parametrize(
    ("variables", "secrets"),
    [
        ({"tokens": ["kaas-1234", "brood-5678"]}, {"kaas-1234", "brood-5678"}),
        ({"vault_passwords": {"wiki": "kaas-1234", "mail": "brood-5678"}}, {"kaas-1234", "brood-5678"}),
        ({"app": {"wifi_psks": ["kaas-1234", "{{ other }}"]}}, {"kaas-1234"}),
        ({"api_keys": ["kaas-1234", "/etc/key"]}, {"kaas-1234"}),
        ({"secrets": {"user": "beheerder", "backend_name": "wikidatabase", "wiki": "kaas-1234"}}, {"kaas-1234"}),
        ({"authorized_keys": ["kaas-1234"], "keys": ["kaas-1234"], "password_files": ["kaas-1234"]}, set()),
        ({"credentials": {"account": "beheerder", "password": "kaas-1234"}}, {"kaas-1234"}),
    ],
)
def test_what_stands_in_a_list_of_secrets_is_one(variables: dict[str, Any], secrets: set[str]) -> None:
    assert secret_values(variables) == secrets


@pytest.mark.parametrize(
    "words",
    [
        ["-e", f"db_password={SECRET} colour=blue"],
        [f"-edb_password={SECRET}"],
        ["-vve", f"db_password={SECRET}"],
        [f"--extra-vars=db_password={SECRET}"],
        ["--extra", f'{{"db": {{"password": "{SECRET}"}}}}'],
        ["-e", f"{{db_password: {SECRET}}}"],
        ["-e", f"db_password='{SECRET} unbalanced"],
        ["-e", f"colour={SECRET}"],
        ["-ecolour=" + SECRET],
        ["-Je", f"colour={SECRET}"],
        ["--ext", f"colour='a {SECRET}' shape={SECRET}"],
        ["-e", f'{{"colour": ["{SECRET}"], "more": {{"shape": "{SECRET}"}}}}'],
        ["-e", f"{{colour: {SECRET}, 'shape': [a, {SECRET}], x: {{y: {SECRET}}}, z: \"a, {SECRET}: b\"}}"],
        ["-e", f"{{colour: it's {SECRET}, shape: b}}"],
        ["-e", f"[{SECRET}]"],
        ["-e", f"colour={{{{ x.{SECRET} }}}} {SECRET}"],
        ["sh", "-c", f"ssh-add /k && ansible-playbook -e colour={SECRET} site.yml"],
        ["--ar", f"anything {SECRET}"],
        ["-a", f"anything {SECRET}"],
    ],
)
def test_the_command_line_keeps_no_secret(words: list[str]) -> None:
    assert SECRET not in " ".join(redact_command(["ansible-playbook", *words, "site.yml"], Redactor()))


def test_the_command_line_keeps_the_rest() -> None:
    words = ["ansible-playbook", "-i", "hosts", "--limit", "web1", "-e", "@v.yml", "-K",
             "--vault-password-file", "/etc/vault", "--become-password-file", "/root/p", "site.yml"]  # fmt: skip
    assert redact_command(words, Redactor()) == words


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("colour=blue shape='a b'", "colour=*** shape=***"),
        ('{"colour": "blue", "more": {"shape": 1}}', '{"colour": "***", "more": "***"}'),
        ("{colour: blue, 'more': [a, b: c], last: {d: e}}", '{"colour": "***", "more": "***", "last": "***"}'),
        ("colour='unbalanced", "***"),
    ],
)
def test_names_of_extra_variables_are_kept_and_no_value(value: str, kept: str) -> None:
    assert redact_command(["ansible-playbook", "-e", value, "x.yml"], Redactor()) == [
        "ansible-playbook",
        "-e",
        kept,
        "x.yml",
    ]


def test_extra_variables_of_secret_names_are_known_and_others_are_not() -> None:
    words = ["ansible-playbook", "-e", f"root_pw={SECRET} colour=turquoise"]
    redactor = Redactor(secret_values(extra_variables(words)))
    assert redactor.text(f"got {SECRET} and turquoise") == "got *** and turquoise"


def test_names_of_secrets() -> None:
    assert all(map(is_secret_name, ("db_password", "vault_x", "api_token", "ssh_pass", "APP_SECRET", "wifi_psk")))
    assert not any(
        map(is_secret_name, ("password_file", "token_path", "keyboard", "compass", "passwordauthentication"))
    )


def test_hostile_text_becomes_harmless() -> None:
    assert one_line("\x1b[31mred\x1b]0;title\x07 \u202eabc\x00\r\n\ud800!") == "red abc \ufffd!"
    assert one_line("x" * 5000).endswith("… [3000 more characters]")
    assert plain({1: {"a": float("nan")}, "o": object()}) == {"1": {"a": None}, "o": "<object>"}
    assert slug("../../Énorme & Co.") == "enorme-co"


def test_a_list_of_settings_holds_no_secrets() -> None:
    """Else every later mention of the setting would be masked, in a snapshot too."""
    settings = [{"control": "NET-001", "key": "net.ipv4.ip_forward", "value": "disabled"}]
    assert secret_values({"role_settings": settings}) == set()
    assert secret_values({"signing_key": "1234567890abcdef"}) == {"1234567890abcdef"}


def test_a_text_that_was_harmless_is_masked_once_it_is_known_as_secret() -> None:
    redactor = Redactor()
    assert redactor.text("bestuurskamer7") == "bestuurskamer7"
    redactor.know(["bestuurskamer7"])
    assert redactor.text("bestuurskamer7") == "***"


@pytest.mark.parametrize("key", ["/G3fXk2m+9dQ1vT7wB5yL0sNcR8hJ4pZeAuOiKgFtMs=", "/Geheim!77", "//x?y#z1"])
def test_a_key_that_begins_with_a_slash_is_no_path(key: str) -> None:
    values = secret_values({"wg_private_key": key, "db_secret": "/etc/app/secret.d/", "api_token": "/run/@app/t-1~"})
    assert values == {key}
    assert Redactor(values).text(f"wg: cannot use {key} here") == "wg: cannot use *** here"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("adcli join --stdin-password <<< Hunter2x", "adcli join --stdin-password <<< ***"),
        ("realm join --user=bob lab.example <<< 'Hunter2x'", "realm join --user=bob lab.example <<< ***"),
        ("kadmin.local -q 'addprinc -pw Hunter2x bob'", "kadmin.local -q 'addprinc -pw *** bob'"),
        ("kadmin -p admin -w Hunter2x -q list", "kadmin -p admin -w *** -q list"),
        ("SET PASSWORD FOR 'wiki'@'localhost' = 'Hunter2x';", "SET PASSWORD FOR 'wiki'@'localhost' = ***;"),
        ("set password = 'Hunter2x'", "set password = ***"),
    ],
)
def test_a_password_for_a_domain_or_a_database_goes(text: str, kept: str) -> None:
    assert redact_text(text) == kept
