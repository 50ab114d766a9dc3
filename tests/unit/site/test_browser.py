"""What a site file gives the browser of its rooms, and the policies that follow from the options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).resolve().parents[3] / "roles/browser"
SITE = """\
plugin: oplever.lab.site
domain: school.example
networks: {lan: {cidr: 192.0.2.0/24}}
rooms:
  "101": {machines: pc1, address: 192.0.2.101}
  "102": {machines: pc2, address: 192.0.2.102, roles: {browser: ~}}
servers:
  srv1: {address: 192.0.2.11, roles: {dokuwiki: {server_names: [wiki.school.example]TLS}, ca: {name: School}}}
"""


def value(name: str, variables: dict[str, Any]) -> Any:
    """A variable of the role with these of the inventory."""
    loader = DataLoader()
    role: dict[str, Any] = {}
    for part in ("defaults", "vars"):
        role |= loader.load_from_file(str(ROLE / part / "main.yml"), trusted_as_template=True)
    return Templar(loader, {"groups": {}, "hostvars": {}, **role, **variables}).template((role | variables)[name])


def policies(**options: Any) -> dict[str, Any]:
    found: dict[str, Any] = value("__browser_policies", {f"browser_{name}": option for name, option in options.items()})
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("tls", "scheme"), [(", tls: {ca: true}", "https"), ("", "http")])
def test_the_wiki_the_authority_and_the_domain_follow_from_the_site(load_site: Any, tls: str, scheme: str) -> None:
    inventory = load_site(SITE.replace("TLS", tls))
    everywhere = inventory.groups["all"]
    hostvars = {name: {**everywhere, **own} for name, own in inventory.machines.items()}
    variables = {**hostvars["pc1"], "hostvars": hostvars, "groups": inventory.members, "inventory_hostname": "pc1"}
    made = value("__browser_policies", {**variables, "browser_proxy": "proxy:3128"})
    home = f"{scheme}://wiki.school.example/"
    assert made["Homepage"] == {"URL": home, "StartPage": "homepage-locked", "Locked": True}
    assert made["Certificates"] == {"Install": ["/usr/local/share/ca-certificates/oplever-ca.crt"]}
    assert made["Proxy"]["Passthrough"] == "school.example"
    assert value("__browser_tries_tls", variables)


@pytest.mark.slow
def test_a_room_can_do_without_it(load_site: Any) -> None:
    inventory = load_site(SITE.replace("TLS", ""))
    assert {name: own.get("oplever_without", []) for name, own in inventory.machines.items()} == {
        "pc1": [],
        "pc2": ["browser"],
        "srv1": [],
    }


def test_sites_become_patterns() -> None:
    made = policies(sites_blocked=["*", "spel.example", "video.example/kort"], sites_allowed=["leer.example"])
    assert made["WebsiteFilter"] == {
        "Block": ["<all_urls>", "*://*.spel.example/*", "*://*.video.example/kort*"],
        "Exceptions": ["*://*.leer.example/*"],
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"blocked": ["a.example", "*"]}, ("http://a.example", False)),
        ({"blocked": ["*"]}, ("http://blocked.invalid", False)),
        ({"blocked": []}, (None, True)),
    ],
)
def test_where_all_is_blocked_no_page_is_tried(options: dict[str, Any], expected: tuple[str | None, bool]) -> None:
    variables = {"ca_server": "srv1", "browser_sites_blocked": options["blocked"]}
    settings = value("__browser_settings", variables)
    assert (settings["blocked"], settings["tls"] is not None) == expected


def test_extensions_of_a_package_of_an_address_and_none() -> None:
    made = policies(
        extensions=[
            {"id": "a@x", "package": "webext-a"},
            {"id": "b@x", "url": "file:///srv/b.xpi"},
            {"id": "c@x", "state": "blocked"},
        ]
    )["ExtensionSettings"]
    assert made == {
        "*": {"installation_mode": "blocked"},
        "langpack-nl@firefox-esr.mozilla.org": {"installation_mode": "allowed"},
        "a@x": {"installation_mode": "allowed"},
        "b@x": {"installation_mode": "force_installed", "install_url": "file:///srv/b.xpi"},
        "c@x": {"installation_mode": "blocked"},
    }
    assert "ExtensionSettings" not in policies(extensions_others=True)


def test_what_is_forbidden_and_what_else_is_asked() -> None:
    made = policies(forbidden=["private_windows"], policies={"DisableTelemetry": False, "PrintingEnabled": False})
    assert made["DisablePrivateBrowsing"] is True
    assert "BlockAboutConfig" not in made
    assert (made["DisableTelemetry"], made["PrintingEnabled"]) == (False, False)
    assert policies(forbidden=[])["DisableTelemetry"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, []),
        ({"proxy": "proxy:3128", "proxy_file": "http://proxy/"}, ["both set"]),
        ({"policies": {"DisableDeveloperTools": True}}, ["does not answer the tests"]),
        ({"extensions": [{"id": "a@x"}]}, ["a@x needs a package or a url"]),
        ({"extensions": [{"id": "a@x", "state": "blocked"}]}, []),
    ],
)
def test_options_that_cannot_be_together_are_refused(options: dict[str, Any], words: list[str]) -> None:
    sentences = value("__browser_mistakes", {f"browser_{name}": option for name, option in options.items()})
    assert [word in sentence for word, sentence in zip(words, sentences, strict=True)] == [True] * len(words)
