"""A wiki on both releases of which the people log in with their account of the school; and what its tests say when the
directory shows a wrong certificate, is another one, or is away."""

from __future__ import annotations

from typing import Any

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile

pytestmark = pytest.mark.truth

MACHINES = """\
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{directory: ~}}}}
servers:
  srv1: {{address: {subnet}.11, aliases: [wiki-srv1], roles: {{ca: {{}}, {directory}, {wiki1}}}}}
  web1: {{address: {subnet}.12, aliases: [wiki-web1], roles: {{{wiki2}}}}}
"""
DIRECTORY = "directory: {users: {bakker: {groups: [doc-enten]}, l.devries: {groups: [3a]}, smit: {groups: [ict]}}}"
WIKI = """\
dokuwiki: {server_names: [wiki-NAME.lab.example], login: directory, test_user: bakker, test_password: PASSWORD,
 directory_managers: [ict], pages: {geheim: {content: Rapporten}, start: {content: Welkom}},
 acl: [{page: "*", who: "@ALL", may: read}, {page: geheim, who: "@ALL", may: none}, {page: geheim, who: "@doc-enten",
 may: edit}, {page: geheim, who: l.devries, may: read}]}"""
LOCAL = """\
dokuwiki: {server_names: [wiki-web1.lab.example], users: {beheer: {password: not-a-secret, groups: [user, admin]}}}"""
OWN = "Kaas+boter7421x"
"""That of each person of the test, who has chosen one already."""
CHOOSE = "for a in bakker l.devries smit; do samba-tool user setpassword $a --newpassword='{}'; done"
# The text of a page as the editor has it, after a log-in: `page.py ADDRESS NAME ACCOUNT PAGE`.
PAGE = """
import re, subprocess, sys
name, account, page = sys.argv[1:]
curl = ["curl", "-sS", "-m", "20", "-b", "/tmp/jar", "-c", "/tmp/jar"]
ask = lambda *words: subprocess.run([*curl, *words], capture_output=True, text=True).stdout
subprocess.run(["rm", "-f", "/tmp/jar"])
token = re.search('name="sectok" value="([^"]*)"', ask(f"https://{name}/start?do=login"))
ask("-d", f"do=login&id=start&sectok={token[1] if token else ''}", "--data-urlencode", f"u={account}",
    "--data-urlencode", "p=" + sys.stdin.readline().strip(), f"https://{name}/start")
text = ask(f"https://{name}/{page}?do=edit")
print("logged in" if "do=logout" in text else "not logged in")
print("may write" if 'name="do[save]"' in text else "may not write")
print("reads" if "Rapporten" in text else "does not read")
"""


class Site(SiteFile):
    def play(self, web1: str = "", *, check: bool = True) -> str:
        """Write the file and run site.yml."""
        wikis = {name: WIKI.replace("\n", "").replace("NAME", name).replace("PASSWORD", OWN)
                 for name in ("srv1", "web1")}  # fmt: skip
        parts = {"directory": DIRECTORY, "wiki1": wikis["srv1"], "wiki2": web1 or wikis["web1"]}
        self.path.write_text(HEAD.format(**self.facts) + MACHINES.format(**self.facts, **parts), encoding="utf-8")
        options = ("-i", str(self.path), "playbooks/site.yml", "--tags", "firewall,ca,directory,dokuwiki")
        done = self.lab.ansible(*options, check=check)
        return done.stdout + done.stderr

    def failed(self, host: str) -> dict[str, Any]:
        """Test -> the actual value, of the tests of the wiki that did not pass."""
        only = ("-e", "oplever_verify=dokuwiki", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
        self.lab.ansible("-i", str(self.path), "playbooks/verify.yml", *only, "--limit", host, check=False)
        _, record = self.lab.latest()
        tests = [test for test in record["tests"] if test["host"] == host and test["id"].startswith("dokuwiki.")]
        assert len(tests) > 10
        return {test["id"]: test["found"] for test in tests if test["status"] != "pass"}

    def visit(self, wiki: str, account: str, page: str, password: str = OWN) -> str:
        """What somebody can do with a page, from the machine of the room."""
        self.shell("ws1", f"cat > /tmp/page.py <<'END'\n{PAGE}\nEND")
        return self.shell("ws1", f"echo '{password}' | python3 /tmp/page.py wiki-{wiki}.lab.example {account} {page}")


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.booted(lab, tmp_path_factory)


def test_people_log_in_to_the_wiki_with_their_account_of_the_school(site: Site) -> None:
    site.play(check=False)  # Nobody has chosen a password yet: the log-in of the tests is refused.
    assert set(site.failed("web1")) == {"dokuwiki.login.bakker"}
    site.shell("srv1", CHOOSE.format(OWN))
    site.shell(
        "ws1",
        "DEBIAN_FRONTEND=noninteractive apt-get install -y -q curl >/dev/null; printf '%s\\n'"
        f" '{site.subnet}.11 wiki-srv1.lab.example' '{site.subnet}.12 wiki-web1.lab.example' >> /etc/hosts",
    )
    for wiki in ("srv1", "web1"):
        assert site.failed(wiki) == {}
    check_secrets(site)
    for wiki in ("srv1", "web1"):
        used(site, wiki)
        broken(site, wiki)
    local_again(site)


def check_secrets(site: Site) -> None:
    """No password is in a record or in a setting of the wiki."""
    directory, _ = site.lab.latest()
    for path in directory.rglob("*"):
        assert OWN.encode() not in (path.read_bytes() if path.is_file() else b""), path
    assert OWN not in site.shell("web1", "cat /etc/dokuwiki/*.php; cat /var/log/nginx/*.log")


def used(site: Site, wiki: str) -> None:
    """Groups and accounts have their rights, a wrong password and capitals give nobody more."""
    assert site.visit(wiki, "bakker", "geheim").split("\n")[:3] == ["logged in", "may write", "reads"]
    assert site.visit(wiki, "l.devries", "geheim").split("\n")[:3] == ["logged in", "may not write", "reads"]
    assert site.visit(wiki, "L.DeVries", "geheim").split("\n")[:3] == ["logged in", "may not write", "reads"]
    assert "does not read" in site.visit(wiki, "nobody", "geheim")
    assert "not logged in" in site.visit(wiki, "bakker", "geheim", "Kaas+boter7421y")
    assert "not logged in" in site.visit(wiki, "bakker", "geheim", "")
    site.visit(wiki, "smit", "geheim")
    manages = f"curl -sS -b /tmp/jar 'https://wiki-{wiki}.lab.example/start?do=admin'"
    assert "page=acl" in site.shell("ws1", manages)
    site.visit(wiki, "bakker", "geheim")
    assert "page=acl" not in site.shell("ws1", manages)


def broken(site: Site, wiki: str) -> None:
    """Each fault is named; the wiki lets nobody in meanwhile."""
    faults = ["dokuwiki.directory", "dokuwiki.login.bakker"]
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=srv1.lab.example -keyout /root/bad.key"
    site.shell("srv1", f"{make} -addext subjectAltName=DNS:srv1.lab.example -out /root/bad.pem 2>/dev/null")
    config = "/etc/samba/smb.conf; chmod 600 /root/bad.key; systemctl restart samba-ad-dc.service"
    site.shell("srv1", f"cp -p /etc/samba/smb.conf /root/; sed -i 's,/var/lib/oplever-tls/host,/root/bad,' {config}")
    failures = site.failed(wiki)
    assert sorted(failures) == faults
    assert "certificate verify failed" in str(failures["dokuwiki.directory"])
    assert "not logged in" in site.visit(wiki, "bakker", "start")
    site.shell("srv1", "cp -p /root/smb.conf /etc/samba/smb.conf; systemctl stop samba-ad-dc.service")
    failures = site.failed(wiki)
    assert sorted(failures) == faults
    assert "Can't contact LDAP server" in str(failures["dokuwiki.directory"])
    assert "not logged in" in site.visit(wiki, "bakker", "start")
    site.shell("srv1", "systemctl start samba-ad-dc.service")
    settings = "/etc/dokuwiki/local.protected.php"
    site.shell(wiki, f"cp -p {settings} /root/; sed -i 's/DC=lab,/DC=lap,/' {settings}; systemctl reload 'php*-fpm'")
    failures = site.failed(wiki)
    assert sorted(failures) == faults
    assert "has DC=lab,DC=example, and the wiki looks in DC=lap,DC=example" in str(failures["dokuwiki.directory"])
    site.shell(wiki, f"cp -p /root/local.protected.php {settings}; systemctl reload 'php*-fpm'")
    assert site.failed(wiki) == {}


def local_again(site: Site) -> None:
    """One word back: local accounts log in, those of the directory do not, and the machine needs it no more."""
    site.play(LOCAL)
    assert site.failed("web1") == {}
    assert "role dokuwiki" not in site.shell("web1", "cat /etc/hosts")
    assert "authad" not in site.shell("web1", "cat /etc/dokuwiki/local.protected.php")
    site.play("dokuwiki: {state: absent}")
    _, record = site.lab.latest()
    assert [test["id"] for test in record["tests"] if test["status"] != "pass"] == []
