"""The playbooks for machines that were delivered, on booted machines: a room goes back to its delivery, a run is taken
back, and packages are upgraded batch by batch until a machine is not in order."""

from __future__ import annotations

import re
import subprocess

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile

pytestmark = pytest.mark.truth

SITE = (
    HEAD
    + """\
roles:
  sshd: ~
  harden: ~
  dns: ~
  timesync: ~
  base: {{packages: [less], users: {{docent: {{groups: [audio]}}}}}}
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{workstation: ~, browser: ~}}}}
servers:
  srv1: {{address: {subnet}.11}}
  web1: {{address: {subnet}.12, roles: {{nginx: {{sites: {{www.lab.example: {{{site}}}}}}}}}}}
"""
)
PAGE = "root: /srv/www, test: {contains: Welkom}"
OTHER = "redirect_to: http://elders.example"
FAST = ("-e", "oplever_audit=false")
"""The security baseline is the subject of other tests."""
DRIFT = """
echo 'Acquire::Retries "9";' >/etc/apt/apt.conf.d/80oplever-timeouts
systemctl disable --now nftables 2>/dev/null
apt-get remove -q -y less >/dev/null
gpasswd -d docent audio; chmod 0666 /etc/nftables.conf
useradd --system gast; echo aardig > /etc/motd
"""
"""Five things that roles own, and two that nobody does."""
OLD = "20230311+deb12u1"
OLDER = f"""
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --allow-downgrades ca-certificates={OLD} &&
apt-mark auto ca-certificates
"""


class Site(SiteFile):
    """A room with one machine, a server, and a web server."""

    def write(self, site: str = PAGE) -> None:
        self.path.write_text(SITE.format(**self.facts, site=site), encoding="utf-8")

    def play(self, playbook: str, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        arguments = ("-i", str(self.path), f"playbooks/{playbook}.yml", *FAST, *options)
        return self.lab.ansible(*arguments, check=check)

    def differing(self) -> set[str]:
        """What the last record says that differs from the delivery."""
        _, record = self.lab.latest()
        return {test["id"] for test in record["tests"] if test["suite"] == "drift" and test["status"] != "pass"}


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three machines that were delivered."""
    site = Site.booted(lab, tmp_path_factory)
    site.write()
    site.lab.shell("web1", "mkdir -p /srv/www && echo Welkom > /srv/www/index.html")
    site.play("site")
    return site


def test_a_room_goes_back_to_its_delivery_and_the_rest_is_named(site: Site) -> None:
    site.lab.shell("ws1", DRIFT)
    room = ("--limit", "lokaal_101")
    refused = site.play("reset_room", *room, check=False)
    assert "Look first what would happen" in refused.stdout
    looked = site.play("reset_room", *room, "--check", check=False)
    assert looked.returncode == 2
    assert "drift.file./etc/motd" in site.differing()
    assert "666" in site.lab.shell("ws1", "stat -c %a /etc/nftables.conf"), "check mode changed something"
    done = site.play("reset_room", *room, "-e", "oplever_reset=true", check=False)
    assert done.returncode == 2
    differing = site.differing()
    expected = ("drift.account.gast", "drift.file./etc/motd", "drift.group.gast", "drift.unpacking.less ")
    assert [name for name in sorted(differing) if not name.startswith(expected)] == []
    assert len(differing) == len(expected), "a package that came back was unpacked since: that is told as well"
    _, record = site.lab.latest()
    assert [t["id"] for t in record["tests"] if t["suite"] != "drift" and t["status"] == "fail"] == []
    state = "stat -c %a /etc/nftables.conf; systemctl is-enabled nftables; dpkg -s less | grep ^Status"
    assert site.lab.shell("ws1", state).split("\n")[:3] == ["755", "enabled", "Status: install ok installed"]
    assert "audio" in site.lab.shell("ws1", "id docent")
    assert "aardig" in site.lab.shell("ws1", "cat /etc/motd; userdel -r gast 2>/dev/null; : > /etc/motd")


def test_a_run_is_taken_back_and_what_uses_its_files_with_it(site: Site) -> None:
    page = "curl -s -S -m 5 -o /dev/null -w '%{http_code}' -H 'Host: www.lab.example' http://127.0.0.1/ 2>&1 || true"
    site.lab.shell("web1", "command -v curl || DEBIAN_FRONTEND=noninteractive apt-get install -y -q curl")
    assert site.lab.shell("web1", page) == "200"
    site.write(OTHER)
    site.play("site", "--tags", "nginx")
    assert site.lab.shell("web1", page) == "301"
    site.lab.shell("web1", "echo '# mine' >> /etc/nginx/sites-available/000-unknown")
    foretold = site.play("rollback", "--limit", "web1", "--check", "--diff")
    assert "root /srv/www" in foretold.stdout
    assert site.lab.shell("web1", page) == "301"
    done = site.play("rollback", "--limit", "web1")
    assert "Put back: 1 files of run" in done.stdout
    assert site.lab.shell("web1", page) == "200"
    assert "mine" in site.lab.shell("web1", "cat /etc/nginx/sites-available/000-unknown")
    _, record = site.lab.latest()
    failed = {test["id"] for test in record["tests"] if test["status"] == "fail"}
    assert any("www.lab.example" in name for name in failed), "the inventory still says otherwise, and no test says so"
    site.write()


def test_packages_are_upgraded_until_a_machine_is_not_in_order(site: Site) -> None:
    site.play("site", "--tags", "nginx")
    site.lab.shell("srv1", OLDER)
    site.lab.shell("web1", "systemctl stop nginx")
    order = ("-e", '{"oplever_update_batches": [1]}')
    site.play("update", "--check", *order)
    assert OLD in site.lab.shell("srv1", "dpkg -s ca-certificates")
    done = site.play("update", *order, check=False)
    assert done.returncode == 2
    assert "web1" in done.stdout.partition("these tests did not pass: ")[0][-400:]
    assert "nginx.service" in done.stdout.partition("these tests did not pass: ")[2][:400]
    untouched = re.findall(r"srv1|web1|ws1", re.search(r"Not reached: ([^.]*)", done.stdout)[1])
    assert untouched
    assert "web1" not in untouched
    assert (OLD in site.lab.shell("srv1", "dpkg -s ca-certificates")) == ("srv1" in untouched)
    _, record = site.lab.latest()
    assert {row["name"] for row in record["systems"] if row["snapshot_after"]} == {"srv1", "web1", "ws1"} - {*untouched}
    site.lab.shell("web1", "systemctl start nginx")
    site.play("update", *order, "-e", "oplever_update_restart=when_needed")
    assert OLD not in site.lab.shell("srv1", "dpkg -s ca-certificates")
    assert "ca-certificates" in site.lab.shell("srv1", "apt-mark showauto")


def test_what_does_not_come_from_an_approved_place_waits(site: Site) -> None:
    """A newer package in a directory on the machine itself."""
    make = """
    set -e; mkdir -p /srv/deb && cd /srv/deb
    apt-get download -q less 2>/dev/null && dpkg-deb -R less_*.deb tree && rm less_*.deb
    sed -i 's/^Version:.*/Version: 999/' tree/DEBIAN/control && dpkg-deb -b tree less.deb >/dev/null && rm -r tree
    { dpkg-deb -f less.deb; echo "Filename: ./less.deb"; echo "Size: $(stat -c %s less.deb)"
      echo "SHA256: $(sha256sum less.deb | cut -d' ' -f1)"; } > Packages
    echo 'deb [trusted=yes] file:/srv/deb ./' > /etc/apt/sources.list.d/own.list
    """
    site.lab.shell("ws1", make)
    done = site.play("update", "--limit", "ws1")
    assert "less: it comes from no server, which is not approved" in done.stdout
    assert "999" not in site.lab.shell("ws1", "dpkg -s less; rm -r /srv/deb /etc/apt/sources.list.d/own.list")
