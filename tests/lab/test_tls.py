"""Certificates and web sites from a site file: made on one machine, shown by another, trusted on a third; and nothing
stays of what is taken away."""

from __future__ import annotations

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile, differences

pytestmark = pytest.mark.truth

MACHINES = """\
rooms:
  "101": {{machines: ws1, address: {subnet}.13}}
servers:
  srv1: {{address: {subnet}.11, aliases: [app], roles: {{{srv1}}}}}
  web1: {{address: {subnet}.12, aliases: [www, rooster], roles: {{{web1}}}}}
"""
AUTHORITY = "ca: {name: CA of the lab}, nginx: {sites: {rooster.lab.example: {root: /srv/rooster}}}"
# The password of docent is `docent`.
HASH = "$6$oplever$PSZoT6DTSJZo8KgwhZoBxDmQQbOXU.pO7Xl1wsMI95YWD/f1Kgvz/bCCQSzyalpGH6tfHIiSJHwTuMnvyYpWM/"
SITES = """\
nginx: {test_from: ws1, accounts: {docent: {password_hash: HASH}}, sites: {
  www.lab.example: {root: /srv/www, tls: {ca: true}, test: {contains: Welkom}},
  rooster.lab.example: {tls: {ca: true}, proxy: {servers: ["SUBNET.11:80"]}, auth: {accounts: [docent]}}}}"""
PLAIN = """\
nginx: {test_from: ws1, sites: {
  rooster.lab.example: {proxy: {servers: ["SUBNET.11:80"]}, test: {contains: Rooster}}}}"""
GONE = "nginx: {state: absent}"


class Site(SiteFile):
    """Three machines of the lab, with the roles that a test gives them."""

    def play(self, tags: str, *, srv1: str = "", web1: str = "", everywhere: str = "", check: bool = True) -> str:
        """Write the file and run site.yml for these roles."""
        web1 = web1.replace("HASH", HASH).replace("SUBNET", self.subnet).replace("\n", " ")
        text = HEAD.format(**self.facts) + everywhere + MACHINES.format(**self.facts, srv1=srv1, web1=web1)
        self.path.write_text(text, encoding="utf-8")
        options = ("-i", str(self.path), "playbooks/site.yml", "--tags", tags)
        done = self.lab.ansible(*options, check=check)
        return done.stdout + done.stderr

    def fetch(self, name: str, path: str = "/", *, scheme: str = "https", user: str = "") -> str:
        """What a user on ws1 sees, with the certificates that ws1 trusts: status code and page, or the error."""
        port = 443 if scheme == "https" else 80
        login = f"-u {user} " if user else ""
        place = f"--resolve {name}:{port}:{self.subnet}.12 {scheme}://{name}{path}"
        return self.shell("ws1", f"curl -s -S -m 10 {login}-w ' %{{http_code}}' {place} 2>&1 || true")


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.booted(lab, tmp_path_factory)


def test_a_site_over_tls_from_nothing_to_nothing(site: Site) -> None:
    site.play("firewall")
    site.shell("ws1", "DEBIAN_FRONTEND=noninteractive apt-get install -y -q curl")
    site.shell("web1", "mkdir -p /srv/www && echo Welkom > /srv/www/index.html")
    site.shell("srv1", "mkdir -p /srv/rooster && echo Rooster > /srv/rooster/index.html")
    before = {host: site.snapshot(host) for host in ("srv1", "web1", "ws1")}

    site.play("firewall,ca,nginx", srv1=AUTHORITY, web1=SITES)
    check_sites(site)
    revoked(site)
    site.play("firewall,nginx", srv1=AUTHORITY, web1=PLAIN)
    changed(site)

    # What shows the certificate goes first; the authority says so otherwise.
    site.play("firewall,nginx", srv1="nginx: {state: absent}, ca: {}", web1=GONE)
    site.play(
        "firewall,ca,nginx",
        srv1="ca: {}, nginx: {state: absent}",
        web1=GONE,
        everywhere="roles: {ca: {state: absent}}\n",
    )
    after = {host: site.snapshot(host) for host in before}
    assert {host: differences(before[host], after[host]) for host in before} == {"srv1": {}, "web1": {}, "ws1": {}}
    assert "Welkom" in site.shell("web1", "cat /srv/www/index.html")


def check_sites(site: Site) -> None:
    assert "Welkom\n 200" in site.fetch("www.lab.example")
    assert "301" in site.fetch("www.lab.example", scheme="http")
    assert "unrecognized name" in site.fetch("unknown.lab.example")
    assert "404" in site.fetch("unknown.lab.example", scheme="http")
    assert "401" in site.fetch("rooster.lab.example")
    assert "401" in site.fetch("rooster.lab.example", user="docent:wrong")
    assert "Rooster\n 200" in site.fetch("rooster.lab.example", user="docent:docent")
    directory, record = site.lab.latest()
    assert [test["id"] for test in record["tests"] if test["status"] != "pass"] == []
    assert {"ca.not_revoked", "nginx.user.www.lab.example"} <= {test["id"] for test in record["tests"]}
    for path in (*directory.rglob("*"), site.path):
        text = path.read_bytes() if path.is_file() else b""
        assert b"PRIVATE KEY" not in text, path
        assert path == site.path or HASH.encode() not in text, path


def revoked(site: Site) -> None:
    """The next run gives the machine another key; the former certificate does not hold any more."""
    site.shell("web1", "cp /var/lib/oplever-tls/host.pem /root/old.pem")
    site.shell("srv1", "oplever-ca revoke web1")
    verify = "openssl verify -CAfile /etc/ssl/certs/ca-certificates.crt -crl_download -crl_check"
    assert "certificate revoked" in site.shell("web1", f"{verify} /root/old.pem 2>&1 || true")
    site.play("ca", srv1=AUTHORITY, web1=SITES)
    assert "OK" in site.shell("web1", f"{verify} /var/lib/oplever-tls/host.pem; rm /root/old.pem")
    assert "Welkom\n 200" in site.fetch("www.lab.example")


def changed(site: Site) -> None:
    """Without TLS and accounts nothing of them is left: no site, port, passwords or guard of unknown names."""
    assert "Rooster\n 200" in site.fetch("rooster.lab.example", scheme="http")
    assert "404" in site.fetch("www.lab.example", scheme="http")
    left = site.shell("web1", "ls /etc/nginx/sites-enabled /etc/nginx; ss -Hltn; nft list ruleset")
    assert "000-unknown-tls" not in left
    assert "accounts.d" not in left
    assert ":443" not in left
    assert "443" not in left.partition("table")[2]
