"""A router and the interfaces that it stands on, from a site file: a machine behind it reaches one in front, through
reloads and the rules of others; wrong settings lock nobody out; and nothing stays of what is taken away."""

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
roles: {{sshd: ~, harden: ~, dns: ~, timesync: ~}}
rooms:
  "101": {{machines: {{ws1: {{address: {subnet}.13, roles: {{network: {ws1}}}}}}}}}
servers:
  srv1: {{address: {subnet}.11, roles: {{network: {srv1}, router: {router}}}}}
  web1: {{address: {subnet}.12, roles: {{network: {web1}, firewall: {{allow: {{page: {{port: 8000}}}}}}}}}}
"""
)
BEHIND = "198.51.100"
AWAY = {"state": "absent"}
SERVE = "systemctl is-active page || systemd-run --unit=page --property=User=nobody python3 -m http.server 8000"
# Router, room and server are on one cable here: without this the router would tell ws1 of the direct way.
ONE_CABLE = "for f in /proc/sys/net/ipv4/conf/*/accept_redirects; do echo 0 >$f; done"
# A machine of the lab begins with what the kernel of its host has, which forwards.
AS_AT_BOOT = "echo 0 >/proc/sys/net/ipv4/ip_forward"
CONTAINERS = """
nft add table ip netavark; nft add chain ip netavark FORWARD '{ type filter hook forward priority 0; policy accept; }'
nft add rule ip netavark FORWARD ip saddr 10.88.0.0/16 accept
systemctl reload nftables && systemctl restart nftables
nft delete table ip netavark 2>/dev/null; true
"""
TO_IFUPDOWN = """
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ifupdown >/dev/null
printf 'auto lo\\niface lo inet loopback\\n\\nauto host0\\niface host0 inet static\\n' >/etc/network/interfaces
printf '  address {address}/24\\n  gateway {gateway}\\n' >>/etc/network/interfaces
systemctl disable -q systemd-networkd.service systemd-networkd.socket; systemctl enable -q networking
systemd-run -q sh -c 'systemctl stop systemd-networkd.socket systemd-networkd; ip address flush dev host0; ifup host0'
"""


class Site(SiteFile):
    """A router (srv1), a machine behind it (ws1) and one in front (web1)."""

    def interface(self, number: int, *addresses: str, **more: Any) -> dict[str, Any]:
        """The interface of a machine with these addresses beside its own."""
        own = f"{self.subnet}.{number}/24"
        host0 = {"method": "static", "addresses": [own, *addresses], "gateway": f"{self.subnet}.1", **more}
        return {"interfaces": {"host0": host0}}

    def play(self, *options: str, tags: str = "firewall,network,router", check: bool = True, **roles: Any) -> str:
        """Write the file with these options of the roles, and run site.yml."""
        router = {"networks": {"lokalen": {"network": f"{BEHIND}.0/24"}},
                  "tests": [{"from": "ws1", "url": f"http://{self.subnet}.12:8000/"}]}  # fmt: skip
        by_way = [{"to": f"{self.subnet}.12/32", "via": f"{BEHIND}.1"}]
        values = {"srv1": self.interface(11, f"{BEHIND}.1/24"), "web1": AWAY, "router": router,
                  "ws1": self.interface(13, f"{BEHIND}.13/24", routes=by_way), **roles}  # fmt: skip
        texts = {key: json.dumps(value) for key, value in values.items()}
        self.path.write_text(SITE.format(**self.facts, **texts), encoding="utf-8")
        done = self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", tags, *options, check=check)
        return done.stdout + done.stderr

    def look(self, host: str, place: Path) -> dict[str, Any]:
        """A snapshot of this machine."""
        place.mkdir()
        self.lab.quiet.ansible("tests/lab/truth/look.yml", "--limit", host, "-e", f"look_to={place}")
        snapshot: dict[str, Any] = json.loads((place / f"{host}.json").read_text(encoding="utf-8"))
        return snapshot

    def fetch(self) -> str:
        """What ws1 gets from web1: the status code; empty when it gets no answer."""
        program = f"import urllib.request as u; print(u.urlopen('http://{self.subnet}.12:8000/', timeout=5).status)"
        return self.lab.shell("ws1", f'python3 -c "{program}" 2>/dev/null || true').strip()


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    lab.ansible("playbooks/lab_up.yml")
    lab.shell("web1", SERVE)
    lab.shell("ws1", ONE_CABLE)
    lab.shell("srv1", AS_AT_BOOT)
    return Site(lab, tmp_path_factory.mktemp("site") / "site.yml")


@pytest.fixture(scope="module")
def before(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The snapshot of srv1 with the packet filter alone."""
    site.play(srv1=AWAY, ws1=AWAY, router=AWAY)
    return site.look("srv1", tmp_path_factory.mktemp("looks") / "before")


@pytest.fixture(scope="module")
def routed(site: Site, before: dict[str, Any]) -> Site:
    site.play()
    return site


def test_a_machine_behind_the_router_reaches_one_in_front(routed: Site) -> None:
    _, record = routed.lab.latest()
    results = {(test["host"], test["id"]): test["status"] for test in record["tests"]}
    assert results["srv1", f"router.user.http://{routed.subnet}.12:8000/"] == "pass"
    assert [key for key, status in results.items() if status not in ("pass", "not_applicable")] == []
    assert routed.fetch() == "200"
    assert f"{routed.subnet}.11 - -" in routed.lab.shell("web1", "journalctl -u page --no-pager | tail -n 1")


def test_it_survives_reloads_and_the_rules_of_a_container_engine(routed: Site) -> None:
    routed.lab.shell("srv1", CONTAINERS)
    assert routed.fetch() == "200"
    routed.lab.shell("srv1", "nft flush chain inet oplever_router postrouting")
    assert routed.fetch() == "", "the answer came by another way than the router"
    assert "changed=0" not in routed.play("--limit", "srv1").partition("PLAY RECAP")[2]
    assert routed.fetch() == "200"
    assert "changed=0 " in routed.play("--limit", "srv1").partition("PLAY RECAP")[2]


def test_settings_that_lock_ansible_out_are_refused_or_taken_back(routed: Site) -> None:
    elsewhere = {"method": "static", "addresses": [f"{BEHIND}.13/24"]}
    refused = routed.play("--limit", "ws1", check=False, ws1={"interfaces": {"host0": elsewhere}})
    assert f"Ansible reaches this machine at {routed.subnet}.13" in refused
    alone = {"method": "static", "addresses": [f"{routed.subnet}.13/32"]}
    back = routed.play("--limit", "ws1", check=False, ws1={"interfaces": {"host0": alone}})
    assert "The machine went back to the former state" in " ".join(back.split())
    assert routed.fetch() == "200"


def test_an_option_that_changed_leaves_nothing_of_the_old_one(routed: Site) -> None:
    routed.play(ws1=routed.interface(13), router={"networks": {"gasten": {"network": "203.0.113.0/24", "nat": False}}})
    assert BEHIND not in routed.lab.shell("ws1", "ip route; ip address; cat /etc/systemd/network/*")
    assert BEHIND not in routed.lab.shell("srv1", "nft list ruleset")
    assert "masquerade" not in routed.lab.shell("srv1", "nft list ruleset")


def test_roles_that_are_taken_away_leave_nothing(routed: Site, before: dict[str, Any], tmp_path: Path) -> None:
    during = routed.look("srv1", tmp_path / "during")
    assert len(list(differences("srv1", before, during))) > 2
    routed.play(srv1=AWAY, ws1=AWAY, router=AWAY)
    _, record = routed.lab.latest()
    ids = {test["id"] for test in record["tests"] if test["status"] == "pass"}
    assert {"router.absent", "router.absent_files", "network.absent"} <= ids
    left = {name(test) for test in differences("srv1", before, routed.look("srv1", tmp_path / "after"))}
    assert left == set()
    assert (
        routed.lab.shell("srv1", "ls /var/lib/oplever/originals 2>/dev/null; cat /proc/sys/net/ipv4/ip_forward")
        == "0\n"
    )


def test_the_same_with_ifupdown(routed: Site) -> None:
    address, gateway = f"{routed.subnet}.12", f"{routed.subnet}.1"
    routed.lab.shell("web1", TO_IFUPDOWN.format(address=address, gateway=gateway))
    routed.play("--limit", "web1", tags="network", web1=routed.interface(12, "203.0.113.12/24"))
    state = (
        "ip -o address show dev host0; cat /etc/network/interfaces /etc/network/interfaces.d/* 2>/dev/null; ip route"
    )
    shown = routed.lab.shell("web1", state)
    assert "203.0.113.12/24" in shown
    assert f"default via {gateway}" in shown
    assert (
        "changed=0 "
        in routed.play("--limit", "web1", tags="network", web1=routed.interface(12, "203.0.113.12/24")).partition(
            "PLAY RECAP"
        )[2]
    )
    routed.play("--limit", "web1", tags="network")
    shown = routed.lab.shell("web1", state)
    assert "203.0.113" not in shown
    assert f"  address {address}/24" in shown
