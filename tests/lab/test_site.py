"""A site file on booted machines: one address gives names, a role opens its port from where its users are, and both
follow when the file changes."""

from __future__ import annotations

import json

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile

pytestmark = pytest.mark.truth

SITE = (
    HEAD
    + """\
roles:
  sshd: {{allow_groups: [sudo]}}
  harden: ~
rooms:
  "101":
    machines: ws1
    address: {subnet}.13
    roles: {{workstation: ~, browser: ~}}
servers:
  srv1:
    address: {subnet}.11
    aliases: [ns, db]
    roles:
      dns: {{forwarders: {forwarders}}}
      timesync: {{}}
      mariadb: {{bind_address: 0.0.0.0, open_to: {users}}}
  web1:
    address: {subnet}.12
    aliases: [www]
    roles:
      nginx:
        sites:
          www.lab.example: {{root: /srv/www}}
"""
)


class Site(SiteFile):
    """The machines of the lab, described by a site file."""

    def write(self, users: str) -> None:
        """`users` are the machines that may ask the database."""
        facts = {**self.facts, "forwarders": json.dumps(self.facts["forwarders"])}
        text = SITE.format(**facts, users=users.replace("SUBNET", self.facts["subnet"]))
        self.path.write_text(text, encoding="utf-8")

    def play(self, *options: str) -> str:
        return self.lab.ansible("-i", str(self.path), "playbooks/site.yml", *options).stdout


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.booted(lab, tmp_path_factory)
    site.write("[SUBNET.12]")
    site.shell("web1", "mkdir -p /srv/www && echo Welkom > /srv/www/index.html")  # the admin's own work
    site.play("-e", "oplever_audit=false")
    return site


def test_a_machine_is_found_by_its_name_and_by_its_address(site: Site) -> None:
    subnet = site.facts["subnet"]
    assert f"{subnet}.12" in site.shell("ws1", "getent hosts web1.lab.example")
    assert "web1.lab.example" in site.shell("ws1", f"getent hosts {subnet}.12")
    assert "ws1.lab.example" in site.shell("srv1", f"getent hosts {subnet}.13")
    assert f"server {subnet}.11 " in site.shell("ws1", "cat /etc/chrony/*.conf /etc/chrony/*/*")


def test_a_user_opens_the_web_site_by_an_alias(site: Site) -> None:
    assert "Welkom" in site.shell("ws1", "curl -sf http://www.lab.example/")


CONNECT = "timeout 3 bash -c '</dev/tcp/db.lab.example/3306' && echo open || echo closed"


def test_a_port_is_open_for_its_users_alone_and_closes_when_the_file_says_so(site: Site) -> None:
    assert "open" in site.shell("web1", CONNECT)
    assert "closed" in site.shell("ws1", CONNECT)
    site.write("nobody")
    site.play("--tags", "firewall", "--limit", "srv1")
    assert "closed" in site.shell("web1", CONNECT)


def test_roles_that_were_taken_away_are_not_there(site: Site) -> None:
    assert "absent" in site.shell("ws1", "dpkg -s firefox-esr >/dev/null 2>&1 && echo present || echo absent")
    _, record = site.lab.latest()
    assert {"nginx", "mariadb"}.isdisjoint(step.get("role") for step in record["steps"] if step.get("host") == "ws1")
