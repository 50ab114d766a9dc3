"""Monitoring and logs of a site: a server watches all machines by what their roles declare, over TLS; an alert fires
with words that help, goes out by mail, and clears. Logs come in, also those of the time that the server was away.
Nothing stays of what is taken away."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from lab.conftest import Lab
from lab.site_file import HEAD, SiteFile, differences, without

pytestmark = pytest.mark.truth

MACHINES = """\
roles: {{harden: ~, timesync: ~, monitoring: {everywhere}, logging: {logging}}}
rooms:
  "101": {{machines: ws1, address: {subnet}.13, roles: {{workstation: ~, browser: ~}}}}
servers:
  srv1: {{address: {subnet}.11, roles: {{ca: {{}}{server}}}}}
  web1: {{address: {subnet}.12, roles: {{php_fpm: {{pools: {{rooster: {{}}}}}}}}}}
"""
SERVER = ", monitoring: {interval: 3, patience_minutes: 0, mail_to: [beheer@lab.example]}, logging: {}"
GONE = "{state: absent}"
MAILBOX = """import socket
server = socket.create_server(("127.0.0.1", 25))
while True:
    stream = server.accept()[0].makefile("rw", newline="\\r\\n")
    def answer(text): stream.write(text + "\\n"); stream.flush()
    answer("220 mailbox")
    body = False
    for line in stream:
        open("/root/mails", "a").write(line)
        if body and line.strip() != ".": continue
        word = line.strip().upper()[:4]
        body = word == "DATA"
        answer({"DATA": "354 go on", "QUIT": "221 bye"}.get(word, "250 OK"))
        if word == "QUIT": break
"""
RECOMMENDED = {"libidn2-0", "libunistring5"}
"""Packages that come with the sender of Debian 13 and that systemd recommends there."""
START_MAILBOX = "systemd-run --quiet --unit=mailbox python3 /root/mailbox.py"


class Site(SiteFile):
    """srv1 watches, web1 has a service, ws1 is in a room; Debian 13 and 12."""

    def play(
        self,
        everywhere: str = "{interval: 3}",
        server: str = SERVER,
        *,
        logging: str = "{}",
        roles: str = "monitoring,logging",
    ) -> str:
        text = (HEAD + MACHINES).format(**self.facts, everywhere=everywhere, server=server, logging=logging)
        self.path.write_text(text, encoding="utf-8")
        return self.lab.ansible("-i", str(self.path), "playbooks/site.yml", "--tags", f"firewall,{roles}").stdout

    def alerts(self) -> str:
        return self.lab.shell("srv1", "oplever-monitoring alerts")

    def mails(self) -> str:
        return self.lab.shell("srv1", "cat /root/mails 2>/dev/null || true")

    def machines(self) -> dict[str, list[str]]:
        """Machine -> its state, and how many of its parts are in order."""
        lines = self.lab.shell("srv1", "oplever-monitoring machines").splitlines()
        return {words[0]: words[1:] for words in (line.split("\t") for line in lines)}


def wait(what: Callable[[], str], contains: str, *, gone: bool = False, seconds: int = 60) -> str:
    """The text once it has, or no longer has, these words."""
    deadline = time.monotonic() + seconds
    while ((contains in (text := what())) == gone) and time.monotonic() < deadline:
        time.sleep(2)
    assert (contains in text) != gone, text
    return text


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.booted(lab, tmp_path_factory)


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, dict[str, object]]:
    """How the machines were; from now on they are watched, and mail of srv1 arrives in a file."""
    site.play("~", "", logging="~", roles="ca,php_fpm")
    state = {host: site.snapshot(host) for host in ("srv1", "web1", "ws1")}
    site.lab.shell("srv1", f"cat >/root/mailbox.py <<'END'\n{MAILBOX}END\n{START_MAILBOX}")
    site.play()
    return state


@pytest.mark.usefixtures("before")
def test_every_machine_is_watched_by_what_its_roles_declare(site: Site) -> None:
    states = site.machines()
    assert {name: state for name, (state, _) in states.items()} == {"srv1": "up", "web1": "up", "ws1": "up"}
    assert all(parts.partition("/")[0] == parts.partition("/")[2] != "0" for _, parts in states.values()), states
    watched = site.lab.shell("web1", "oplever-monitoring-probe print")
    assert 'role="php_fpm",comment="",kind="unit",place="php8.' in watched
    assert 'oplever_certificate_end_seconds{path="/var/lib/oplever-tls/host.pem"}' in watched


@pytest.mark.usefixtures("before")
def test_only_the_server_can_ask_and_only_with_its_certificate(site: Site) -> None:
    port = f"{site.subnet}.12:9100"
    knock = f"timeout 5 bash -c '</dev/tcp/{site.subnet}.12/9100' && echo open || echo closed"
    assert site.lab.shell("ws1", knock) == "closed\n"
    assert site.lab.shell("srv1", knock) == "open\n"
    ask = f"printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -ign_eof -connect {port} 2>&1 || true"
    refused = site.lab.shell("srv1", ask)
    assert "certificate required" in refused
    assert "node_" not in refused


@pytest.mark.usefixtures("before")
def test_an_alert_says_what_to_do_and_clears(site: Site) -> None:
    unit = site.lab.shell("web1", "systemctl list-units --plain --no-legend 'php*-fpm.service'").split()[0]
    site.lab.shell("web1", f"systemctl stop {unit}")
    fired = wait(site.alerts, unit)
    assert f"web1\tUnitDown\tcritical\t{unit} draait niet op web1. Dat hoort bij php_fpm." in fired
    assert f"systemctl status {unit}" in fired
    page = site.lab.shell(
        "srv1", "systemctl start oplever-monitoring-page && cat /var/lib/oplever-monitoring/pages/en.html"
    )
    assert f"{unit} does not run on web1." in page
    mails = wait(
        lambda: site.lab.shell("srv1", "cat /root/mails 2>/dev/null || true"), f"* {unit} draait niet op web1."
    )
    assert "Subject: Melding: web1, 1 open" in mails
    site.lab.shell("web1", f"systemctl start {unit}")
    wait(site.alerts, unit, gone=True)
    wait(site.mails, f"* Voorbij: {unit} draait niet op web1.", seconds=120)


@pytest.mark.usefixtures("before")
def test_a_machine_that_is_gone_is_seen_but_not_a_workstation_that_is_off(site: Site) -> None:
    for host in ("web1", "ws1"):
        site.lab.shell(host, "systemctl stop prometheus-node-exporter")
    wait(site.alerts, "web1\tMachineNotSeen\tcritical\tweb1 is niet bereikbaar.")
    assert "ws1\t" not in site.alerts()
    assert site.machines()["ws1"][0] == "off"
    for host in ("web1", "ws1"):
        site.lab.shell(host, "systemctl start prometheus-node-exporter")
    wait(site.alerts, "MachineNotSeen", gone=True)


@pytest.mark.usefixtures("before")
def test_a_user_elsewhere_opens_the_page_over_tls(site: Site) -> None:
    get = "python3 -c 'import urllib.request as u; print(u.urlopen(\"https://srv1.lab.example/{}\").read().decode())'"
    site.lab.shell("ws1", f"grep -q srv1.lab.example /etc/hosts || echo {site.subnet}.11 srv1.lab.example >>/etc/hosts")
    page = site.lab.shell("ws1", get.format(""))
    assert "<script" not in page
    assert '<td class="up">bereikbaar</td>' in page
    assert '"web1"' in site.lab.shell("ws1", get.format("api/v1/query?query=up"))
    assert "404" in site.lab.shell("ws1", get.format("api/v1/status/config") + " 2>&1 || true")
    units = "prometheus prometheus-alertmanager prometheus-node-exporter"
    memory = f"for u in {units}; do grep VmRSS /proc/$(systemctl show -P MainPID $u)/status; done"
    numbers = [int(line.split()[1]) for line in site.lab.shell("srv1", memory).splitlines()]
    assert len(numbers) == 3
    assert sum(numbers) < 300 << 10, numbers
    site.lab.shell("ws1", "sed -i /srv1.lab.example/d /etc/hosts")


def log_of(site: Site, machine: str, word: str) -> list[str]:
    """The lines of a machine on the server that begin with a word, each once."""
    text = site.lab.shell("srv1", f"oplever-logging show {machine} -q -o cat -t oplever-lab --no-pager 2>&1 || true")
    return list(dict.fromkeys(line for line in text.splitlines() if line.startswith(word)))


def text_of(site: Site, machine: str, word: str) -> str:
    return "\n".join(log_of(site, machine, word))


@pytest.mark.usefixtures("before")
def test_a_line_crosses_within_seconds(site: Site) -> None:
    for host in ("web1", "ws1"):
        site.lab.shell(host, f"logger -t oplever-lab 'crossing of {host}'")
        wait(partial(text_of, site, host, "crossing"), f"crossing of {host}", seconds=20)
    assert log_of(site, "ws1", "crossing of web1") == []


@pytest.mark.usefixtures("before")
def test_no_line_is_lost_while_the_server_is_away(site: Site) -> None:
    send = 'for i in $(seq {}); do logger -t oplever-lab "{} $i"; sleep 0.02; done'
    site.lab.shell("web1", send.format(50, "before"))
    site.lab.shell("srv1", "systemctl stop nginx 'oplever-logging@*.service'")
    site.lab.shell("web1", send.format(200, "away"))
    site.lab.shell("web1", "systemctl restart systemd-journald")
    site.lab.shell("web1", send.format(50, "later"))
    site.lab.shell("srv1", "systemctl start nginx")
    wait(partial(text_of, site, "web1", "later"), "later 50")
    for word, number in (("before", 50), ("away", 200), ("later", 50)):
        assert log_of(site, "web1", word) == [f"{word} {i}" for i in range(1, number + 1)]


@pytest.mark.usefixtures("before")
def test_what_is_old_or_too_large_goes(site: Site) -> None:
    """A machine gets a new file, and the oldest ones go; its log goes on. Of two machines there are 16 MB, and 12 are
    kept."""
    inode = "stat -c '%i %W' /var/log/oplever-logging/web1.journal 2>/dev/null || true"
    first = site.lab.shell("srv1", inode)
    site.lab.shell("srv1", 'sed -i \'s/"keep_bytes": [0-9]*/"keep_bytes": 12582912/\' /etc/oplever-logging.json')
    for _ in range(3):
        site.lab.shell("web1", "oplever-logging-test")
        site.lab.shell("srv1", "systemctl start oplever-logging-prune")
    files = site.lab.shell("srv1", "ls /var/log/oplever-logging").split()
    assert site.lab.shell("srv1", inode) != first, site.lab.shell("srv1", "ls -ls /var/log/oplever-logging")
    aside = [name for name in files if "@" in name]
    assert len(aside) <= 2, "a journal is 8 MB at least, and 12 MB are kept"
    site.lab.shell("web1", "logger -t oplever-lab 'pruned and on'")
    wait(partial(text_of, site, "web1", "pruned"), "pruned and on", seconds=30)


def test_nothing_stays(site: Site, before: dict[str, dict[str, object]]) -> None:
    site.lab.shell("srv1", "systemctl stop mailbox; rm -f /root/mails /root/mailbox.py")
    site.play(GONE, "", logging="{state: absent, erase: true}")
    after = {host: site.snapshot(host) for host in before}
    left = {host: without(differences(before[host], after[host]), RECOMMENDED) for host in before}
    assert left == {"srv1": {}, "web1": {}, "ws1": {}}
