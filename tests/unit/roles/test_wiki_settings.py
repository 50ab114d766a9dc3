"""The settings of a wiki, rendered: those of the directory, names in access rules, and what is refused beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[3] / "roles/dokuwiki"
DIRECTORY = {
    "dokuwiki_login": "directory",
    "dokuwiki_directory_server": "srv1",
    "dokuwiki_directory_domain": "school.example",
}


def templar(options: dict[str, Any]) -> Any:
    loader = DataLoader()
    variables: dict[str, Any] = {"ansible_managed": "Ansible managed"}
    for name in ("defaults", "vars"):
        variables |= loader.load_from_file(str(ROLE / f"{name}/main.yml"), trusted_as_template=True)
    return Templar(loader, {**variables, **options})


def rendered(name: str, options: dict[str, Any]) -> list[str]:
    """The lines of a template of the role."""
    text = trust_as_template((ROLE / "templates" / name).read_text(encoding="utf-8"))
    return str(templar(options).template(text, escape_backslashes=False)).splitlines()


def test_the_directory_is_asked_over_tls_and_no_password_is_kept() -> None:
    lines = rendered("local.protected.php.j2", {**DIRECTORY, "dokuwiki_directory_managers": ["ict", "beheer"]})
    authad = "$conf['plugin']['authad']"
    assert {
        "$conf['authtype'] = 'authad';",
        "$conf['superuser'] = '@ict,@beheer';",
        f"{authad}['domain_controllers'] = 'srv1.school.example';",
        f"{authad}['account_suffix'] = '@school.example';",
        f"{authad}['base_dn'] = 'DC=school,DC=example';",
        f"{authad}['use_ssl'] = 1;",
        f"{authad}['use_tls'] = 0;",
        f"{authad}['admin_password'] = '';",
        "ldap_set_option(null, LDAP_OPT_X_TLS_CACERTFILE, '/etc/ssl/certs/ca-certificates.crt');",
        "ldap_set_option(null, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_HARD);",
    } <= set(lines)
    assert templar(DIRECTORY).template(trust_as_template("{{ __dokuwiki_tls }}")) == {"ca": True}


def test_without_managers_no_group_of_the_directory_manages_the_wiki() -> None:
    assert "$conf['superuser'] = '!!not set!!';" in rendered("local.protected.php.j2", DIRECTORY)


def test_local_accounts_need_nothing_of_the_directory() -> None:
    lines = rendered("local.protected.php.j2", {})
    assert "$conf['authtype'] = 'authplain';" in lines
    assert not [line for line in lines if "ldap" in line or "authad" in line]
    packages = templar({}).template(trust_as_template("{{ __dokuwiki_php_packages }}"))
    assert packages == ["php-gd", "php-mbstring"]


def test_text_in_settings_stays_text_for_php() -> None:
    lines = rendered("local.protected.php.j2", {"dokuwiki_title": "De 'Linde' \\"})
    assert "$conf['title'] = 'De \\'Linde\\' \\\\';" in lines


def test_names_in_access_rules_are_written_as_dokuwiki_reads_them() -> None:
    rules = [
        {"page": "a-b:*", "who": who, "may": "read"} for who in ("l.devries", "@doc-enten_2", "@ALL", "%USER%", "@user")
    ]
    assert rendered("acl.auth.php.j2", {"dokuwiki_acl": rules})[-5:] == [
        "a-b:* l%2edevries 1",
        "a-b:* @doc%2denten%5f2 1",
        "a-b:* @ALL 1",
        "a-b:* %USER% 1",
        "a-b:* @user 1",
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ""),
        (DIRECTORY, ""),
        ({**DIRECTORY, "dokuwiki_directory_server": ""}, "needs dokuwiki_directory_server"),
        ({**DIRECTORY, "dokuwiki_users": [{"name": "jan", "password": "x"}]}, "Leave out one of the two"),
        ({**DIRECTORY, "dokuwiki_tls": {"ca": True, "redirect": False}}, "dokuwiki_tls.redirect must stay true"),
        ({**DIRECTORY, "dokuwiki_test_user": "jan"}, "needs dokuwiki_test_password"),
        ({"dokuwiki_test_user": "jan", "dokuwiki_test_password": "x"}, ""),
    ],
)
def test_what_contradicts_itself_is_refused(options: dict[str, Any], expected: str) -> None:
    sentences = templar(options).template(trust_as_template("{{ __dokuwiki_mistakes }}"))
    assert (len(sentences), expected in " ".join(sentences)) == (bool(expected), True)
