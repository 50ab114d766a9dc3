"""Backups of a site: a file that was deleted and a database that was dropped come back, and so does all of a server
that was made anew. A machine that was broken into cannot take its history away."""

from __future__ import annotations

import json

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile

pytestmark = pytest.mark.truth

MACHINES = """\
roles: {{harden: ~, timesync: ~}}
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{workstation: ~, browser: ~, backup: ~}}}}
servers:
  srv1: {{address: {subnet}.11, roles: {{backup: {{}}}}}}
  web1: {{address: {subnet}.12, roles: {{mariadb: {{databases: [leerlingen]}}}}}}
"""
ROLES = "firewall,mariadb,backup"
TABLE = "CREATE TABLE leerlingen.namen (naam text); INSERT INTO leerlingen.namen VALUES ('Anouk')"
ATTACK = """cd /var/lib/oplever-backup && export BORG_BASE_DIR=$PWD/borg BORG_PASSPHRASE=$(cat passphrase)
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
known="-o UserKnownHostsFile=$PWD/known_hosts -o HostKeyAlias=oplever-backup"
export BORG_RSH="ssh -F /dev/null -i $PWD/id_ed25519 $known"
form='ssh://{account}@{address}:{port}{repository}'
where=$(python3 -c "import json, sys; print(sys.argv[1].format(**json.load(open('server.json'))))" $form)
borg delete $where::$(oplever-backup list | head -n 1) && borg compact $where"""
OF_THE_MACHINE = """/var/lib/oplever-backup /etc/oplever-backup.json /usr/local/sbin/oplever-backup /srv/klas
 /var/backups/oplever-mariadb"""


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> SiteFile:
    site = SiteFile.booted(lab, tmp_path_factory)
    site.path.write_text((HEAD + MACHINES).format(**site.facts), encoding="utf-8")
    play(site, "--tags", ROLES)
    lab.shell("web1", f"mkdir -p /srv/klas && echo werkstuk >/srv/klas/werkstuk.txt && mariadb -e {TABLE!r}")
    lab.shell("web1", "systemctl start oplever-backup", timeout=300)
    return site


def play(site: SiteFile, *options: str) -> str:
    return site.lab.ansible("-i", str(site.path), "playbooks/site.yml", *options).stdout


def restore(site: SiteFile, paths: list[str], *, check: bool = True) -> str:
    variables = json.dumps({"backup_restore_paths": paths, "backup_restore_confirmed": True})
    options = ("-i", str(site.path), "playbooks/restore.yml", "--limit", "web1", "-e", variables)
    return site.lab.ansible(*options, check=check).stdout


def rows(site: SiteFile) -> str:
    return site.lab.shell("web1", "mariadb -N -e 'SELECT naam FROM leerlingen.namen' 2>&1 || true")


def test_only_servers_and_who_did_not_say_no_make_backups(site: SiteFile) -> None:
    assert "web1\t" in site.lab.shell("srv1", "oplever-backup-server list")
    assert "ws1" not in site.lab.shell("srv1", "oplever-backup-server list")
    assert site.lab.shell("ws1", "ls /usr/local/sbin").strip() == ""


def test_a_deleted_file_and_a_dropped_database_come_back(site: SiteFile) -> None:
    site.lab.shell("web1", "rm -r /srv/klas; mariadb -e 'DROP DATABASE leerlingen'")
    assert "namen" in rows(site)
    restore(site, ["/srv/klas", "/var/backups/oplever-mariadb"])
    site.lab.shell("web1", "mariadb -e 'CREATE DATABASE leerlingen'; oplever-mariadb restore leerlingen")
    assert site.lab.shell("web1", "cat /srv/klas/werkstuk.txt") == "werkstuk\n"
    assert rows(site) == "Anouk\n"


def test_a_server_made_anew_gets_its_data_back(site: SiteFile) -> None:
    """What the machine had of its own is gone: data, programs, key and passphrase."""
    site.lab.shell("web1", f"rm -rf {OF_THE_MACHINE.replace(chr(10), '')}; mariadb -e 'DROP DATABASE leerlingen'")
    play(site, "--tags", ROLES)
    restore(site, ["/srv/klas", "/var/backups/oplever-mariadb"])
    site.lab.shell("web1", "oplever-mariadb restore leerlingen")
    assert site.lab.shell("web1", "cat /srv/klas/werkstuk.txt") == "werkstuk\n"
    assert rows(site) == "Anouk\n"


def test_what_a_machine_deletes_is_seen_before_it_is_gone(site: SiteFile) -> None:
    site.lab.shell("srv1", "systemctl start oplever-backup-server", timeout=300)
    site.lab.shell("web1", "systemctl start oplever-backup", timeout=300)
    site.lab.shell("web1", ATTACK)
    assert "was removed, and not by this server" in site.lab.shell(
        "srv1", "systemctl start oplever-backup-server 2>/dev/null; oplever-backup-server test clients 2>&1 || true"
    )
    done = site.lab.ansible(
        "-i", str(site.path), "playbooks/verify.yml", "-e", "oplever_verify=backup", "-e", "oplever_audit=false",
        "-e", "oplever_drift=false", check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "backup.clients" in done.stdout
    site.lab.shell("srv1", "oplever-backup-server accept web1 && systemctl start oplever-backup-server", timeout=300)


def test_the_server_for_people_is_as_it_was(site: SiteFile) -> None:
    """The account of the backups does not get in there, and has no shell."""
    key = "/var/lib/oplever-backup/id_ed25519"
    command = f"ssh -i {key} -o BatchMode=yes -o StrictHostKeyChecking=no oplever-backup@{site.subnet}.11 true; echo $?"
    assert site.lab.shell("web1", command).strip().endswith("255")
    assert "not available" in site.lab.shell("srv1", "su oplever-backup -c id 2>&1 || true")
