"""Files of a school: a pupil logs in on a machine of a room, and reaches on a server what the directory says that is
hers; a file that was deleted comes back; and the server is taken away without the files."""

from __future__ import annotations

import re

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, MEMORY
from lab.test_directory import OWN, Site

pytestmark = pytest.mark.truth

SERVERS = """\
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{{room}}}}}
servers:
  srv1: {{address: {subnet}.11, roles: {{directory: {{users: {users}}}}}}}
  web1: {{address: {subnet}.12, roles: {{{web1}}}}}
"""
USERS = (
    "{l.devries: {groups: [3a], password: Eerste-keer-4826}, m.smit: {groups: [3a], password: Eerste-keer-4826},"
    " bakker: {groups: [docenten], password: Eerste-keer-4826}}"
)
ROOM = f"files: {{test_user: m.smit, test_password: {OWN}, test_access: {{klas: write, docs: read, staf: nothing}}}}"
SHARES = (
    '{docs: {read: ["%3a"], write: ["%docenten"]}, klas: {write: [everybody]},'
    ' staf: {write: ["%docenten"], recycle: 0}, oud: {path: /srv/oud, state: absent}}'
)
SERVER = "//web1.lab.example"
ROLES = "firewall,directory,files"
MOST = 300
"""MB that a machine with the role may use."""


class Files(Site):
    def play_files(self, web1: str, room: str = "", everywhere: str = "") -> str:
        """Write the file and run site.yml."""
        text = HEAD.format(**self.facts) + everywhere + SERVERS.format(**self.facts, web1=web1, room=room, users=USERS)
        self.path.write_text(text, encoding="utf-8")
        only = ("--tags", f"{ROLES},verify", "-e", f"oplever_verify={ROLES}", "-e", "oplever_audit=false")
        return self.lab.ansible("-i", str(self.path), "playbooks/site.yml", *only).stdout

    def share(self, account: str, name: str, *commands: str) -> str:
        """What somebody sees who logs in on ws1 over SSH with a password, and then uses a share without one."""
        words = f"smbclient {SERVER}/{name} -c '{'; '.join(commands)}' 2>&1"
        return self.log_in(account, f"assword={OWN}", command=words)


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files.booted(lab, tmp_path_factory)


def test_files_of_a_school_until_the_server_is_taken_away(site: Files) -> None:
    site.play_files("files: {shares: " + SHARES + "}")
    for account in ("l.devries", "m.smit", "bakker"):
        site.shell("srv1", f"samba-tool user setpassword {account} --newpassword='{OWN}'")
    site.shell("web1", "mkdir -p /srv/oud && echo old >/srv/oud/letter.txt")
    site.play_files("files: {shares: " + SHARES + "}", ROOM)
    recorded(site)
    allowed(site)
    opened_by_the_file_manager(site)
    back_again(site)
    refused(site)
    moved_house(site)
    assert int(site.shell("web1", MEMORY)) < MOST
    taken_away(site)


def recorded(site: Files) -> None:
    """All tests pass on both machines, those with the account too, and its password is told nowhere."""
    directory, record = site.lab.latest()
    tested = {(test["id"], test["host"]): test["status"] for test in record["tests"]}
    access = {(f"files.access.{name}", "ws1") for name in ("klas", "docs", "staf", "m.smit")}
    expected = {*access, ("files.reached", "ws1"), ("files.joined", "web1"), ("files.withdrawn.oud", "web1")}
    assert expected - tested.keys() == set(), directory
    assert {test: status for test, status in tested.items() if status != "pass"} == {}
    documents = [path for path in directory.rglob("*") if path.is_file()]
    # A document in which something of the record stands is one in which the password could.
    assert any(b"files.withdrawn.oud" in path.read_bytes() for path in documents), documents
    assert [path for path in documents if OWN.encode() in path.read_bytes()] == []


def listed(output: str) -> list[str]:
    """The names in what `ls` of smbclient printed, of all its lists."""
    return re.findall(r"(?m)^  (\S+) +[ADHNRS]+ +\d", output)


def allowed(site: Files) -> None:
    """A pupil has a home, reads what teachers wrote, and does not write there."""
    assert "letter.txt" in listed(site.share("l.devries", "l.devries", "put /etc/hostname letter.txt", "ls"))
    assert "tree connect failed: NT_STATUS_ACCESS_DENIED" in site.share("m.smit", "l.devries", "ls")
    assert "lesson.txt" in listed(site.share("bakker", "docs", "put /etc/hostname lesson.txt", "ls"))
    seen = site.share("l.devries", "docs", "put /etc/hostname mine.txt", "del lesson.txt", "ls")
    assert [name for name in listed(seen) if name.endswith(".txt")] == ["lesson.txt"]
    assert "tree connect failed: NT_STATUS_ACCESS_DENIED" in site.share("l.devries", "staf", "ls")
    # Who made a file does not matter to those who may write.
    site.share("l.devries", "klas", "put /etc/hostname work.txt")
    assert "marked.txt" in listed(site.share("bakker", "klas", "rename work.txt marked.txt", "ls"))
    assert site.shell("web1", "stat -c %U /srv/files/klas/marked.txt").strip() == "l.devries"


def opened_by_the_file_manager(site: Files) -> None:
    """A drive of the role desktop, which the file manager opens by gvfs: without a password, for who logged in."""
    site.shell("ws1", "DEBIAN_FRONTEND=noninteractive apt-get -qq install gvfs-backends libglib2.0-bin dbus-bin")
    place = f"smb:{SERVER}/klas"
    words = f"dbus-run-session sh -c 'gio mount {place} && gio list {place}' </dev/null 2>&1"
    assert "marked.txt" in site.log_in("l.devries", f"assword={OWN}", command=words).splitlines()


def back_again(site: Files) -> None:
    """What was deleted is in the recycle bin, from where it is moved back; what lay there for too long goes."""
    assert "marked.txt" not in listed(site.share("bakker", "klas", "del marked.txt", "ls"))
    assert "marked.txt" in listed(site.share("bakker", "klas", "rename .recycle/bakker/marked.txt marked.txt", "ls"))
    site.share("l.devries", "l.devries", "del letter.txt")
    place = "/srv/files/homes/l.devries/.recycle/letter.txt"
    site.shell("web1", f"test -e {place} && systemctl start oplever-files.service && test -e {place}")
    site.shell("web1", f"touch -d '40 days ago' {place} && systemctl start oplever-files.service && ! test -e {place}")


def refused(site: Files) -> None:
    """Nobody comes in without a ticket, with an old protocol, or by logging in on the server."""
    ways = {
        "as a guest": "-N --option='client use kerberos=off'",
        "with a password": f"-U 'LAB\\bakker%{OWN}' --option='client use kerberos=off'",
        "with an old protocol": f"-U 'bakker%{OWN}' -m SMB2 --option='client min protocol=SMB2_02'",
    }
    for way, options in ways.items():
        output = site.shell("ws1", f"smbclient {SERVER}/klas {options} -c ls 2>&1 || true")
        assert "session setup failed" in output or "negotiation" in output, way
    assert "nologin" in site.shell("web1", "getent passwd bakker")


def moved_house(site: Files) -> None:
    """A server that lost its place in the domain joins again, and the files are still those of their owners."""
    site.shell("web1", "systemctl stop smbd winbind; rm -rf /var/lib/samba/*.tdb /var/lib/samba/private/*")
    site.play_files("files: {shares: " + SHARES + "}", ROOM)
    recorded(site)
    assert "again.txt" in listed(site.share("l.devries", "l.devries", "put /etc/hostname again.txt", "ls"))


def taken_away(site: Files) -> None:
    """The directory, which is Samba too, is not taken away with it."""
    with pytest.raises(AssertionError, match="srv1 serves a directory with all accounts, which would go as well"):
        site.play_files("files: {state: absent}", everywhere="roles: {files: {state: absent}}\n")
    site.shell("srv1", "systemctl is-active samba-ad-dc.service")
    site.play_files("files: {state: absent}", "files: {state: absent}")
    _, record = site.lab.latest()
    assert [test["id"] for test in record["tests"] if test["status"] != "pass"] == []
    # Without a server in the site, a machine that names the role is as one that was.
    gone = {(test["id"], test["host"]) for test in record["tests"] if test["id"].startswith("files.")}
    assert gone == {("files.server_absent", "web1"), ("files.server_absent", "ws1")}
    site.shell("ws1", "! command -v smbclient && ! test -e /etc/samba/smb.conf")
    files = site.shell("web1", "cat /srv/oud/letter.txt; ls /srv/files/homes/l.devries /srv/files/klas")
    assert {"old", "again.txt", "marked.txt"} <= set(files.split())
