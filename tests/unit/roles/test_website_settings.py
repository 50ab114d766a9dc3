"""A website, rendered: settings, sites of the web server, the title that tests look for, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[3] / "roles/wordpress"
NAMES = {
    "wordpress_server_names": ["www.school.example", "School.example"],
    "wordpress_admin_email": "a@school.example",
}
TLS = {**NAMES, "wordpress_tls": {"ca": True}}


def templar(options: dict[str, Any]) -> Any:
    loader = DataLoader()
    variables: dict[str, Any] = {
        "ansible_managed": "Ansible managed",
        "ansible_facts": {"distribution_major_version": "12"},
    }
    for name in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROLE / f"{name}/main.yml"), trusted_as_template=True)
    return Templar(loader, {**variables, **options})


def value(expression: str, options: dict[str, Any]) -> Any:
    return templar(options).template(trust_as_template("{{ " + expression + " }}"))


@pytest.mark.parametrize(("options", "scheme", "admin"), [(NAMES, "http", "false"), (TLS, "https", "true")])
def test_the_address_of_the_site_follows_from_its_certificate(options: dict[str, Any], scheme: str, admin: str) -> None:
    text = trust_as_template((ROLE / "templates/config.php.j2").read_text(encoding="utf-8"))
    lines = set(str(templar(options).template(text)).splitlines())
    assert {
        f"define('WP_HOME', '{scheme}://www.school.example');",
        f"define('FORCE_SSL_ADMIN', {admin});",
        "define('DB_PASSWORD', '');",
        "define('DISALLOW_FILE_MODS', true);",
        "define('DISABLE_WP_CRON', true);",
    } <= lines


def test_other_names_redirect_to_the_first() -> None:
    first, others = value("__wordpress_sites", {**TLS, "__wordpress_site": {"server_names": ["www.school.example"]}})
    assert first == {"server_names": ["www.school.example"], "tls": {"ca": True}}
    assert others == {
        "server_names": ["school.example"], "redirect_to": "https://www.school.example", "tls": {"ca": True},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("title", "shown", "is_it"),
    [
        ("De Linde's school & co", "<title>De Linde&#8217;s school &amp; co &#8211; Leren</title>", True),
        ("Wacht...", "<title>Wacht&#8230;</title>", True),
        ("De Linde", "<title>De Eik</title>", False),
    ],
)
def test_a_title_is_found_as_wordpress_writes_it(title: str, shown: str, is_it: bool) -> None:
    assert bool(re.search(value("__wordpress_title_pattern", {"wordpress_title": title}), shown)) == is_it


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NAMES, ""),
        ({"wordpress_state": "absent"}, ""),
        ({}, "wordpress_admin_email is empty"),
        ({**NAMES, "wordpress_server_names": []}, "wordpress_server_names is empty"),
        ({**NAMES, "wordpress_language": "nl-NL"}, "such as nl_NL: nl-NL"),
    ],
)
def test_what_lacks_or_contradicts_itself_is_refused(options: dict[str, Any], expected: str) -> None:
    sentences = value("__wordpress_mistakes", options)
    assert (len(sentences), expected in " ".join(sentences)) == (bool(expected), True)
