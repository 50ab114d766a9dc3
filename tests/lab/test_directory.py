"""Accounts from a table of a school: made on one machine, used on another by somebody who chooses a password; also when
the server is away, after the accounts came back from a copy; and taken away again."""

from __future__ import annotations

import csv
import io
import json
import shlex

import pytest

from lab.conftest import ROOT, Lab
from lab.site_file import HEAD, SiteFile

pytestmark = pytest.mark.truth

MACHINES = """\
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{{ws1}}}}}
servers:
  srv1: {{address: {subnet}.11, roles: {{{srv1}}}}}
"""
SERVER = "directory: {tables: [leerlingen.csv], users: {bakker: {groups: [docenten], password: Eerste-keer-4826}}}"
CLIENT = """directory: {allow_groups: [3a], test_user: l.devries, sudo: {"%3a": {commands: [/usr/bin/id]}}}"""
TABLE = 'account;name;groups\nl.devries;"Vries, Lotte de";3a\n'
OWN = "Kaas+boter7421x"
"""A password as a person chooses it."""
ANSWER = (ROOT / "tools/answer.py").read_text(encoding="utf-8")
SSH = "ssh -tt -o PubkeyAuthentication=no -o StrictHostKeyChecking=accept-new"


class Site(SiteFile):
    def play(self, *, srv1: str = "", ws1: str = "", everywhere: str = "") -> str:
        """Write the file and run site.yml."""
        self.path.with_name("leerlingen.csv").write_text(TABLE, encoding="utf-8")
        text = HEAD.format(**self.facts) + everywhere + MACHINES.format(**self.facts, srv1=srv1, ws1=ws1)
        self.path.write_text(text, encoding="utf-8")
        return self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", "firewall,directory").stdout

    def log_in(self, account: str, *answers: str, command: str = "") -> str:
        """What somebody sees who logs in on ws1 and answers what it asks."""
        words = ["python3", "-c", ANSWER, "25", *SSH.split(), f"{account}@localhost", *([command] if command else [])]
        return self.shell(
            "ws1", f"{shlex.join(words)} <<'END'\n{json.dumps([row.split('=', 1) for row in answers])}\nEND"
        )


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.booted(lab, tmp_path_factory)


def test_accounts_of_a_table_until_the_directory_is_taken_away(site: Site) -> None:
    site.play()
    site.play(srv1=SERVER, ws1=CLIENT)
    first = first_password(site)
    recorded(site, first)
    chosen(site, first)
    away(site)
    restored(site)
    site.play(srv1="directory: {state: absent}", everywhere="roles: {directory: {state: absent}}\n")
    _, record = site.lab.latest()
    assert [test["id"] for test in record["tests"] if test["status"] != "pass"] == []
    gone = {(test["id"], test["host"]) for test in record["tests"] if test["id"].startswith("directory.")}
    assert {("directory.server_absent", "srv1"), ("directory.absent", "ws1")} <= gone


def first_password(site: Site) -> str:
    text = site.shell("srv1", "cat /var/lib/oplever-directory/passwords.csv").partition("account,")
    rows = list(csv.DictReader(io.StringIO("account," + text[2])))
    assert [row["account"] for row in rows] == ["l.devries"]
    return str(rows[0]["password"])


def recorded(site: Site, first: str) -> None:
    """All tests pass on both machines, and no password is told."""
    directory, record = site.lab.latest()
    assert [test["id"] for test in record["tests"] if test["status"] != "pass"] == []
    assert {"directory.accounts", "directory.may_log_in"} <= {test["id"] for test in record["tests"]}
    for path in directory.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert first.encode() not in text, path
        assert b"Eerste-keer-4826" not in text, path


def chosen(site: Site, first: str) -> None:
    """Nobody gets further with a first password than to another one."""
    asked = site.log_in(
        "l.devries", f"assword={first}", f"urrent={first}", f"ew password={OWN}", f"etype={OWN}", command=""
    )
    assert "password updated successfully" in asked
    seen = site.log_in("l.devries", f"assword={OWN}", command="pwd; stat -c %a .; getent passwd l.devries; sudo -n -l")
    assert "/home/l.devries" in seen
    assert "Vries, Lotte de" in seen
    assert "denied" in site.log_in("l.devries", f"assword={first}", f"assword={first}", command="pwd")
    # A teacher is in no group that may log in here.
    assert "/home/bakker" not in site.log_in("bakker", "assword=Eerste-keer-4826", command="pwd")
    assert "(root) /usr/bin/id" in site.shell("ws1", "sudo -l -U l.devries")


def away(site: Site) -> None:
    site.shell("srv1", "systemctl stop samba-ad-dc.service")
    assert "/home/l.devries" in site.log_in("l.devries", f"assword={OWN}", command="pwd")
    assert "denied" in site.log_in("l.devries", "assword=wrong", "assword=wrong", command="pwd")
    site.shell("srv1", "systemctl start samba-ad-dc.service")


def restored(site: Site) -> None:
    """An account that was deleted comes back with its password, and the machine needs not join again."""
    site.shell("srv1", "oplever-directory dump && samba-tool user delete l.devries")
    site.shell(
        "srv1", "oplever-directory restore /var/backups/oplever-directory/directory.tar.bz2 && samba-tool dbcheck"
    )
    site.shell(
        "ws1", "sss_cache -E; systemctl restart sssd.service; adcli testjoin --domain-controller=srv1.lab.example"
    )
    assert "/home/l.devries" in site.log_in("l.devries", f"assword={OWN}", command="pwd")
