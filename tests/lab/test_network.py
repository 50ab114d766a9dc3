"""Names and addresses on booted machines from a site file: a machine gets its address by DHCP, its name is found
forward and back from another machine at both name servers, and what the file no longer says is gone, roles too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile
from lab.truth.changes import differences, name

pytestmark = pytest.mark.truth

SITE = (
    HEAD
    + """\
roles:
  sshd: {{allow_groups: [sudo]}}
  harden: ~
  timesync: ~
  dns: {{zones: {zones}}}
rooms:
  "101":
    machines:
      ws1: {{address: {subnet}.13, mac: "{mac}"}}
      laptop: {{address: {subnet}.{laptop}, mac: "02:00:00:00:00:0a"}}
    roles: {{workstation: ~, browser: ~}}
servers:
  web1:
    address: {subnet}.12
    aliases: [ns]
    roles:
      dns: {{forwarders: {forwarders}}}
  srv1:
    address: {subnet}.11
    roles:
      dns: {second}
      dhcp: {dhcp}
"""
)
ZONES: dict[str, Any] = {
    "lab.example": {"records": {"@": {"mx": "10 srv1"}, "oud": {"cname": "web1"}}},
    "club.example": {"records": {"*": {"txt": "van de club"}}},
}
LIMIT = "srv1,web1,ws1"  # the laptop is no machine of the lab: it is asked for by its MAC address
CLIENT = """
command -v udhcpc >/dev/null || apt-get install --yes --no-install-recommends udhcpc >/dev/null 2>&1
ip netns add laptop
trap 'ip netns delete laptop' EXIT
ip link add link host0 name laptop0 address {mac} type macvlan mode bridge
ip link set laptop0 netns laptop
ip -n laptop link set laptop0 up
ip netns exec laptop udhcpc -i laptop0 -f -q -n -t 5 -s /root/show 2>&1
"""
"""A machine of its own on the network of the lab, as far as a DHCP server can see."""
SHOW = "#!/bin/sh\n[ $1 != bound ] || echo got $ip router $router dns $dns domain $domain host $hostname\n"


class Site(SiteFile):
    """The machines of the lab, described by a site file."""

    def __init__(self, lab: Lab, path: Path) -> None:
        super().__init__(lab, path)
        self.facts["mac"] = lab.shell("ws1", "cat /sys/class/net/host0/address").strip()

    def write(self, **changes: Any) -> None:
        pools = [f"{self.subnet}.200-{self.subnet}.209"]
        values = {**self.facts, "zones": ZONES, "laptop": 77, "second": {"secondary": True}, **changes}
        values.setdefault("dhcp", {"networks": {"lab": {"pools": pools}}})
        texts = {key: value if isinstance(value, (str, int)) else json.dumps(value) for key, value in values.items()}
        self.path.write_text(SITE.format(**texts), encoding="utf-8")

    def play(self, *options: str) -> str:
        arguments = ("-i", str(self.path), "playbooks/site.yml", "--limit", LIMIT, "--tags", "firewall,dns,dhcp")
        return self.lab.ansible(*arguments, *options).stdout

    def verify(self) -> None:
        """The tests of the roles, whatever changed."""
        choice = ("-e", "oplever_verify=dns,dhcp", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
        self.lab.ansible("-i", str(self.path), "playbooks/verify.yml", "--limit", LIMIT, *choice)

    def look(self, place: Path) -> dict[str, Any]:
        """A snapshot of srv1."""
        place.mkdir()
        self.lab.quiet.ansible("tests/lab/truth/look.yml", "--limit", "srv1", "-e", f"look_to={place}")
        snapshot: dict[str, Any] = json.loads((place / "srv1.json").read_text(encoding="utf-8"))
        return snapshot

    def lease(self, mac: str) -> str:
        """What a machine with this address gets, as one that starts on the network of ws1."""
        return self.lab.shell("ws1", CLIENT.format(mac=mac))

    def ask(self, name: str, kind: str, server: str) -> Any:
        """The answers to a question that ws1 asks."""
        check = {"id": "a", "title": "a", "source": "dns", "select": {"name": name, "type": kind, "server": server},
                 "expect": {"answers": {"contains": "nothing"}}}  # fmt: skip
        arguments = ("-m", "oplever.lab.checks", "-a", json.dumps({"checks": [check], "fail": False, "suite": "a"}))
        answer = self.lab.adhoc("ws1", "-i", str(self.path), *arguments)
        return json.loads(answer.partition("=> ")[2])["checks"][0]["found"]


AWAY = {"second": {"state": "absent"}, "dhcp": {"state": "absent"}}

STAYS = {"package netbase", "file /etc/networks", "unit systemd-networkd-wait-online.service"}
"""What came along with packages of Debian and that others have a use for: apt does not take it for left over."""


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.booted(lab, tmp_path_factory)


@pytest.fixture(scope="module")
def before(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The snapshot of srv1 with all but the roles that it is about to get."""
    site.write(**AWAY)
    site.play()
    return site.look(tmp_path_factory.mktemp("looks") / "before")


@pytest.fixture(scope="module")
def site_with_servers(site: Site, before: dict[str, Any]) -> Site:
    """The site with its servers."""
    site.write()
    site.play()
    site.lab.shell("ws1", f"printf '%s' '{SHOW}' >/root/show && chmod +x /root/show")
    return site


def test_every_test_of_the_roles_passed_from_where_the_users_are(site_with_servers: Site) -> None:
    site_with_servers.verify()
    _, record = site_with_servers.lab.latest()
    results = {(test["host"], test["id"]): test["status"] for test in record["tests"]}
    assert results["ws1", f"dhcp_client.offer.{site_with_servers.subnet}.11"] == "pass"
    assert results["srv1", "dhcp.host.laptop"] == "pass"
    assert results["srv1", "dns.name.lab.example.MX"] == "pass"
    assert results["web1", "dns.name.oplever-test.club.example.TXT"] == "pass"
    assert [key for key, status in results.items() if status not in ("pass", "not_applicable")] == []


def test_a_machine_gets_the_address_of_the_list_and_another_one_of_the_pool(site_with_servers: Site) -> None:
    subnet = site_with_servers.subnet
    told = f"router {subnet}.1 dns {subnet}.12 {subnet}.11 domain lab.example"
    assert f"got {subnet}.77 {told} host laptop" in site_with_servers.lease("02:00:00:00:00:0a")
    assert f"got {subnet}.20" in site_with_servers.lease("02:00:00:00:00:0b")


@pytest.mark.parametrize("server", [12, 11])
def test_a_name_is_found_forward_and_back_at_both_servers(site_with_servers: Site, server: int) -> None:
    address, subnet = f"{site_with_servers.subnet}.{server}", site_with_servers.subnet
    assert site_with_servers.ask("laptop.lab.example", "A", address) == f"answers = {subnet}.77"
    assert site_with_servers.ask(f"{subnet}.77", "PTR", address) == "answers = laptop.lab.example"
    assert site_with_servers.ask("iets.club.example", "TXT", address) == "answers = van de club"
    assert f"{subnet}.77" in site_with_servers.lab.shell("ws1", "getent hosts laptop.lab.example", sudo=False)
    assert "laptop.lab.example" in site_with_servers.lab.shell("ws1", f"getent hosts {subnet}.77", sudo=False)


def test_what_the_file_no_longer_says_is_gone(site_with_servers: Site) -> None:
    subnet = site_with_servers.subnet
    site_with_servers.write(laptop=78, zones={"lab.example": {"records": {"@": {"mx": "10 srv1"}}}})
    site_with_servers.play()
    assert f"got {subnet}.78 " in site_with_servers.lease("02:00:00:00:00:0a")
    for server in (f"{subnet}.12", f"{subnet}.11"):
        assert site_with_servers.ask("laptop.lab.example", "A", server) == f"answers = {subnet}.78"
        assert site_with_servers.ask(f"{subnet}.77", "PTR", server) == "does not exist"
        assert site_with_servers.ask("oud.lab.example", "CNAME", server) == "does not exist"
        assert "club" not in site_with_servers.ask("iets.club.example", "TXT", server)
    for host in ("srv1", "web1"):
        assert (
            site_with_servers.lab.shell(host, "ls /etc/bind/oplever /var/cache/bind 2>/dev/null | grep club || true")
            == ""
        )


def test_roles_that_are_taken_away_leave_nothing(site: Site, before: dict[str, Any], tmp_path: Path) -> None:
    during = site.look(tmp_path / "during")
    assert {"unit named.service", "unit kea-dhcp4-server.service", "account _kea"} <= {
        name(test) for test in differences("srv1", before, during)
    }
    site.write(**AWAY)
    site.play()
    _, record = site.lab.latest()
    results = {test["id"]: test["status"] for test in record["tests"] if test["host"] == "srv1"}
    assert {key for key in results if key.startswith(("dns.", "dhcp."))} == {
        "dns.absent", "dns.absent_files", "dhcp.absent", "dhcp.absent_socket",
    }  # fmt: skip
    assert [key for key, status in results.items() if status not in ("pass", "not_applicable")] == []
    left = {name(test) for test in differences("srv1", before, site.look(tmp_path / "after"))}
    assert left <= STAYS
