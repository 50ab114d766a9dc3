"""What a site file with containers gives, and mistakes that are told beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[3] / "roles/containers"
DIGEST = "localhost/page@sha256:" + "0" * 64
SITE = f"""\
plugin: oplever.lab.site
networks: {{lan: {{cidr: 192.0.2.0/24}}}}
servers:
  srv1:
    address: 192.0.2.11
    roles:
      containers:
        apps:
          wiki:
            image: {DIGEST}
            volumes: [{{path: /srv/wiki, target: /data}}, {{name: cache, target: /cache}}]
            secrets: {{token: {{value: geheim}}}}
"""


def mistakes(*apps: dict[str, Any]) -> list[str]:
    text = (ROLE / "templates/mistakes.yml.j2").read_text(encoding="utf-8")
    variables = {"__containers_present": list(apps), "containers_first_id": 2_100_000_000}
    told = Templar(DataLoader(), variables).template(trust_as_template(text))
    return yaml.safe_load(told or "") or []


@pytest.mark.slow
def test_a_site_file_gives_containers_by_name(load_site: Any) -> None:
    inventory = load_site(SITE)
    server = inventory.machines["srv1"]
    assert inventory.members["container_hosts"] == ["srv1"]
    assert [(app["name"], app["secrets"]) for app in server["containers_apps"]] == [
        ("wiki", [{"name": "token", "value": "geheim"}])
    ]
    assert server["harden_purposes"] == ["container_host"]
    paths = [row["path"] for row in server["oplever_backup"] if row["role"] == "containers"]
    assert paths == ["/var/lib/containers/storage/volumes", "/srv/wiki"]


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ({}, ""),
        ({"image": ""}, "has no image"),
        ({"image": "localhost/page:1"}, "can change behind its name"),
        ({"archive": "/srv/page.tar"}, "comes from an archive"),
        ({"ports": [{"port": 80, "address": "192.0.2.1"}]}, "for nobody"),
        ({"ports": [{"port": 80, "from": ["192.0.2.0/24"]}]}, "where other machines cannot come"),
        ({"ports": [{"port": 80, "address": "192.0.2.1", "from": ["2001:db8::/32"]}]}, "of IPv6"),
        ({"ports": [{"port": 80}, {"port": 80}]}, "published twice"),
        ({"volumes": [{"name": "a", "path": "/a", "target": "/b"}]}, "either a name or a path"),
        ({"secrets": [{"name": "a"}]}, "either a value or a file"),
        ({"environment": {"A": "b\nc"}}, "has a line break"),
    ],
)
def test_mistakes_are_told_before_a_machine_is_touched(app: dict[str, Any], said: str) -> None:
    found = mistakes({"name": "wiki", "image": DIGEST, **app})
    assert [said in line for line in found] == ([True] if said else [])
