"""An application with its database, its mail and its packages from a site file, and a print server: used from another
machine, a database dumped and restored, options changed, and everything taken away again."""

from __future__ import annotations

import json
import subprocess

import pytest

from lab.conftest import BIN, ROOT, Lab
from lab.site_file import HEAD, MEMORY, SiteFile, differences, without

pytestmark = pytest.mark.truth

MACHINES = """\
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{{ws1}}}}}
servers:
  srv1: {{address: {subnet}.11, roles: {{firewall: {{allow: {{relay: {{port: "5587"}}}}}}{srv1}}}}}
  web1: {{address: {subnet}.12, roles: {{{web1}}}}}
"""
OF_WEB1 = """\
apt: {cacher: true, pins: {de kernel wacht: {packages: [linux-libc-dev], pin: release o=Debian, priority: 90}}},
updates: {time: "03:00", reboot: when_needed},
mail: {relay: relay.lab.example, port: 5587, user: school, password: not-a-secret, root: [beheer@lab.example],
  sender: web1@lab.example, aliases: {www-data: {to: [web@lab.example]}}},
postgresql: {bind_address: 0.0.0.0, databases: {rooster: {owner: rooster}}, users: {
  rooster: {password: not-a-secret}, lezer: {password: not-this, from: [SUBNET.13], grants: [{database: rooster}]}}},
php_fpm: {packages: [php-pgsql], pools: {rooster: {upload: 20}}},
nginx: {test_from: ws1, sites: {rooster.lab.example: {root: /srv/rooster, php: rooster, test: {contains: wiskunde}}}},
dokuwiki: {server_names: [wiki.lab.example], title: Wiki van 101}"""
CHANGED = """\
apt: {}, updates: {time: "04:30"},
mail: {relay: relay.lab.example, port: 5587, user: school, password: not-a-secret, root: [beheer@lab.example]},
postgresql: {databases: {rooster: {owner: rooster}}, users: {rooster: {password: not-a-secret}}, dump_time: ""},
php_fpm: {packages: [php-pgsql], pools: {lessen: {}}},
nginx: {sites: {rooster.lab.example: {root: /srv/rooster, php: lessen, test: {contains: wiskunde}}}},
dokuwiki: {server_names: [boek.lab.example], title: Boek van 101}"""
OF_WS1 = """\
apt: {proxy: 'http://SUBNET.12:3142'}, timesync: {serve_to: [SUBNET.0/24]}, workstation: {spelling: de},
browser: {language: de},
mariadb: {bind_address: 0.0.0.0, open_to: [SUBNET.12], databases: [leerlingen],
  users: {administratie: {password: not-this, host: SUBNET.12, databases: [leerlingen]}}}"""
CHANGED_WS1 = """\
apt: {}, timesync: {serve_to: [SUBNET.0/24]}, workstation: {}, browser: {language: nl},
mariadb: {databases: [leerlingen], users: {administratie: {state: absent}}}"""
GONE_WS1 = ", ".join(
    f"{role}: {{state: absent}}" for role in ("apt", "mariadb", "print", "timesync", "workstation", "browser")
)
OF_SRV1 = ", print: {queues: {lokaal101: {uri: 'cups-pdf:/', room: '101'}}}"
GONE_SRV1 = ", print: {state: absent}"
ROLES = "apt,updates,mail,postgresql,php_fpm,nginx,dokuwiki"
TESTED = f"mariadb,print,timesync,workstation,browser,{ROLES}"
GONE = ", ".join(f"{role}: {{state: absent}}" for role in ROLES.split(","))
PAGE = """<?php
$server = pg_connect("host=127.0.0.1 dbname=rooster user=rooster password=not-a-secret");
foreach (pg_fetch_all(pg_query($server, "SELECT vak FROM les")) as $row) { echo $row["vak"], " "; }
echo ini_get("upload_max_filesize");
"""
ROWS = "SET ROLE rooster; CREATE TABLE les (uur int, vak text); INSERT INTO les VALUES (1, 'wiskunde')"
START_RELAY = """cd /root && mkdir -p mails && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
 -days 60 -subj /CN=relay.lab.example -addext subjectAltName=DNS:relay.lab.example -keyout relay.key -out relay.pem
 2>/dev/null && systemd-run --quiet --unit=relay python3 /root/relay.py 5587 /root/relay.pem /root/relay.key school
 not-a-secret /root/mails && cat relay.pem"""


class Site(SiteFile):
    """web1 serves, ws1 uses it; srv1 prints, and a relay for mail runs there."""

    def play(self, web1: str, ws1: str = "", srv1: str = OF_SRV1, *, tags: str = f"firewall,{TESTED}") -> None:
        rows = {"web1": web1, "ws1": ws1, "srv1": srv1}
        texts = {key: text.replace("SUBNET", self.subnet).replace("\n", " ") for key, text in rows.items()}
        head = HEAD.format(**self.facts) + "roles: {harden: ~, timesync: ~}\n"
        texts["ws1"] = texts["ws1"] or "workstation: ~, browser: ~"
        self.path.write_text(head + MACHINES.format(**self.facts, **texts), encoding="utf-8")
        self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", tags)

    def verify(self) -> None:
        """The tests of the roles, whatever changed; the command ends with an error when one does not pass."""
        choice = ("-e", f"oplever_verify={TESTED}", "-e", "oplever_audit=false", "-e", "oplever_drift=false")
        self.lab.ansible("-i", str(self.path), "playbooks/verify.yml", *choice)

    def declared(self, key: str) -> list[dict[str, str]]:
        """The rows of web1 in `oplever_backup` or `oplever_monitoring`, of the roles that are played here."""
        command = [str(BIN / "ansible-inventory"), "-i", str(self.path), "--host", "web1"]
        done = subprocess.run(command, cwd=ROOT, env=self.lab.env, text=True, capture_output=True, check=True)
        rows: list[dict[str, str]] = json.loads(done.stdout)[f"oplever_{key}"]
        return [row for row in rows if row["role"] in (*ROLES.split(","), "firewall", "sshd")]

    def page(self, name: str = "rooster.lab.example", path: str = "/index.php") -> str:
        """What a user on ws1 sees."""
        return self.lab.shell("ws1", f"curl -s -m 10 -H 'Host: {name}' http://{self.subnet}.12{path}")

    def query(self, text: str, account: str = "lezer:not-this") -> str:
        """What a user on ws1 gets from the database."""
        user, _, word = account.partition(":")
        client = f'psql -X -A -t -w -h {self.subnet}.12 -U {user} -c "{text}" rooster'
        return self.lab.shell("ws1", f"PGCONNECT_TIMEOUT=10 PGPASSWORD={word} {client} 2>&1 || true")

    def tables(self, word: str = "not-this") -> str:
        """What a user on web1 sees in the database of ws1: the names of the tables, or why not."""
        client = f"mariadb -h {self.subnet}.13 -u administratie -p{word} --connect-timeout=10 -N leerlingen"
        return self.lab.shell("web1", f"{client} -e 'SHOW TABLES' 2>&1 || true")


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.booted(lab, tmp_path_factory)
    site.play("", srv1="", tags="firewall")
    relay = (ROOT / "extensions/molecule/mail/relay.py").as_posix()
    lab.adhoc(
        "srv1", "-i", str(site.path), "-m", "ansible.builtin.copy", "-a", f"src={relay} dest=/root/relay.py mode=0600"
    )
    certificate = lab.shell("srv1", START_RELAY.replace("\n", ""))
    trust = "/usr/local/share/ca-certificates/relay.crt"
    lab.shell(
        "web1",
        f"echo '{certificate}' >{trust}; update-ca-certificates; echo {site.subnet}.11 relay.lab.example >>/etc/hosts",
    )
    lab.shell("web1", f"mkdir -p /srv/rooster && printf %s '{PAGE}' >/srv/rooster/index.php")
    for host, packages in {"ws1": "curl postgresql-client", "web1": "mariadb-client"}.items():
        lab.shell(host, f"DEBIAN_FRONTEND=noninteractive apt-get install -y -q {packages}", timeout=300)
    return site


def test_services_from_nothing_to_nothing(site: Site) -> None:
    before = {host: site.snapshot(host) for host in ("srv1", "web1", "ws1")}
    site.play(OF_WEB1, OF_WS1)
    check_services(site)
    kept_and_watched(site)
    dumped(site)
    changed_by_hand(site)
    site.play(CHANGED, CHANGED_WS1)
    changed(site)
    site.play(GONE, GONE_WS1, GONE_SRV1)
    site.verify()
    after = {host: site.snapshot(host) for host in before}
    left = {host: without(differences(before[host], after[host]), STAYS) for host in before}
    assert left == {"srv1": {}, "web1": {}, "ws1": {}}, json.dumps(left, indent=1)
    assert "dump" in site.lab.shell("web1", "ls /var/backups/oplever-postgresql")
    assert "start.txt" in site.lab.shell("web1", "ls /var/lib/dokuwiki/data/pages")


STAYS = {
    "psmisc", "dbus-user-session", "/etc/X11", "/etc/X11/Xsession.d", "/etc/X11/Xsession.d/20dbus_xdg-runtime",
    "lsb-release", "gawk", "libmpfr6", "libsigsegv2", "awk", "/etc/profile.d/gawk.sh", "/etc/profile.d/gawk.csh",
}  # fmt: skip
"""Packages that came along with PHP, the browser and the database, with their files: others recommend them, or need an
awk, whichever it is, so that apt does not take them for left over."""


def check_services(site: Site) -> None:
    """Seen from where the users are."""
    site.lab.shell("web1", f'runuser -u postgres -- psql -q rooster -c "{ROWS}"')
    site.verify()
    assert site.page() == "wiskunde 20M"
    assert "[Wiki van 101]" in site.page("wiki.lab.example", "/")
    assert site.query("SELECT vak FROM les") == "wiskunde\n"
    assert "permission denied" in site.query("DELETE FROM les")
    assert "password authentication failed" in site.query("SELECT 1", "lezer:wrong")
    assert "no pg_hba.conf entry" in site.query("SELECT 1", "rooster:not-a-secret")
    assert site.tables() == ""
    assert "Access denied" in site.tables("wrong")
    cached = "find /var/cache/apt-cacher-ng -name 'hello_*.deb'"
    assert site.lab.shell("web1", cached) == ""
    site.lab.shell(
        "ws1", "cd /run && apt-get update -qq && apt-get download -q hello && dpkg-deb -f hello_*.deb Package"
    )
    assert site.lab.shell("web1", cached), "ws1 fetched it from elsewhere"
    site.lab.shell("web1", "echo aan root | sendmail root; echo aan www | sendmail www-data")
    mails = site.lab.shell(
        "srv1",
        "for i in $(seq 10); do [ $(ls /root/mails | wc -l) = 2 ] && break; sleep 1; done; cat /root/mails/*",
    )
    assert "aan root" in mails
    assert "aan www" in mails
    assert mails.count("From: root <web1@lab.example>") == 2
    site.lab.shell("ws1", "echo rooster van 101 | lp -U leerling -t rooster", sudo=False)
    printed = "ls /var/spool/cups-pdf/ANONYMOUS/*rooster*.pdf"
    site.lab.shell("srv1", f"for i in $(seq 20); do {printed} && break; sleep 1; done; {printed}")


def kept_and_watched(site: Site) -> None:
    """What the roles declare for backups and monitoring is on the machine, and what is dumped first is there then."""
    assert int(site.lab.shell("web1", MEMORY)) < 300
    kept, watched = site.declared("backup"), site.declared("monitoring")
    assert {"nginx", "postgresql", "sshd"} <= {row["role"] for row in kept}
    assert {"firewall", "mail", "nginx", "php_fpm", "postgresql", "sshd"} <= {row["role"] for row in watched}
    for row in kept:
        held = f"find {row['path']} -type f -mmin -5" if "dump" in row else f"find {row['path']} -type f"
        assert site.lab.shell("web1", f"{row.get('dump', 'true')} >/dev/null; {held}"), row
    questions = {
        "unit": "systemctl list-units --state=active --plain --no-legend '{}'",
        "port": "ss --no-header --listening --tcp 'sport = :{}'",
    }
    for row in watched:
        [kind] = row.keys() & questions.keys()
        assert site.lab.shell("web1", questions[kind].format(row[kind])), row


def dumped(site: Site) -> None:
    """A table is lost and comes back."""
    site.lab.shell(
        "web1", "oplever-postgresql dump rooster && runuser -u postgres -- psql -q rooster -c 'DROP TABLE les'"
    )
    assert "wiskunde" not in site.page()
    site.lab.shell("web1", "oplever-postgresql restore rooster")
    assert site.page() == "wiskunde 20M"
    assert site.query("SELECT vak FROM les") == "wiskunde\n"


BY_HAND = (
    "GRANT UPDATE ON les TO lezer", "GRANT pg_read_all_data TO lezer", "ALTER SYSTEM SET work_mem = '5MB'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
)  # fmt: skip
NAMED = {
    "PostgreSQL rights rooster relation public.les lezer": "may=UPDATE, may pass on=f",
    "PostgreSQL member lezer pg_read_all_data": "may pass on=f",
    "PostgreSQL object rooster function public.f()": "of=postgres, state=sql, as its owner,",
}


def changed_by_hand(site: Site) -> None:
    """The snapshot names what somebody changed in the database and at the print server."""
    before = site.snapshot("web1")
    site.lab.shell("web1", by_hand(BY_HAND))
    named = differences(before, site.snapshot("web1"))
    assert {key: words[1].partition(" digest=")[0] for key, words in named["application"].items()} == NAMED
    assert [path.rpartition("/")[2] for path in named["file"]] == ["postgresql.auto.conf"]
    site.lab.shell("web1", by_hand(("ALTER SYSTEM RESET work_mem", "DROP FUNCTION f()")))
    before = site.snapshot("srv1")
    site.lab.shell("srv1", "lpadmin -p lokaal101 -u allow:jan")
    named = differences(before, site.snapshot("srv1"))
    assert named["application"] == {
        "Print queue lokaal101": tuple(f"printer=cups-pdf:/, users=allowed: {who}" for who in ("(all)", "jan"))
    }
    site.lab.shell("srv1", "lpadmin -p lokaal101 -u allow:all")


def by_hand(statements: tuple[str, ...]) -> str:
    return " ".join(["runuser -u postgres -- psql -q rooster", *(f'-c "{text}"' for text in statements)])


def changed(site: Site) -> None:
    """What the file no longer says is gone."""
    site.verify()
    assert "postgresql" not in {row["role"] for row in site.declared("backup")}
    assert site.page() == "wiskunde 8M"
    assert "[Boek van 101]" in site.page("boek.lab.example", "/")
    assert "404 Not Found" in site.page("wiki.lab.example", "/")
    assert "refused" in site.query("SELECT 1") or "timeout" in site.query("SELECT 1")
    assert "Can't connect" in site.tables()
    assert site.lab.shell("ws1", "mariadb -N -e 'SELECT user FROM mysql.user' | grep administratie || true") == ""
    left = site.lab.shell(
        "web1",
        "ls /run/php /etc/systemd/system /usr/local/sbin; ss -Hltn; nft list ruleset; dpkg-query -f '${Package} ' -W",
    )
    assert "04:30" in site.lab.shell("web1", "systemctl cat apt-daily-upgrade.timer")
    assert "03:00" not in site.lab.shell("web1", "systemctl cat apt-daily-upgrade.timer")
    for word in ("rooster.sock", "oplever-postgresql", "5432 accept", ":3142", "apt-cacher"):
        assert word not in left
    accounts = (
        "runuser -u postgres -- psql -A -t -c 'SELECT rolname FROM pg_authid' && cat /etc/postfix/oplever-accounts"
    )
    assert "lezer" not in (texts := site.lab.shell("web1", accounts))
    assert "web@lab.example" not in texts
    assert "sender_canonical" not in site.lab.shell("web1", "cat /etc/postfix/main.cf")
    assert "3142" not in site.lab.shell("ws1", "apt-config dump")
