"""A machine of Debian 12 or 13 as recorded in data/debian<release>/recorded: its files, and what its commands said.

Standard library only and Python 3.9, like the engine: tests/system runs this under every Python that is there, and then
it prints the results. Links are made here, since a repository with links to nowhere is no pleasure.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import mariadb, postgresql

DATA = Path(__file__).parent / "data"
RELEASES = ("12", "13")
# How a command is known: the words that it begins with -> the file with what it said.
COMMANDS = {
    ("sshd", "-T"): "sshd",
    ("nginx", "-T"): "nginx",
    ("testparm",): "testparm",
    ("cupsctl",): "cupsctl",
    ("lpstat",): "lpstat",
    ("ip", "-json", "address"): "ip-address",
    ("ip", "-json", "-4"): "ip-route",
    ("ip", "-json", "-6"): "ip-route-6",
    ("apt-cache", "policy"): "apt-cache",
    ("apt-config", "dump"): "apt-config",
    ("systemctl", "show"): "systemctl",
    ("nft", "-j"): "nft",
    ("nft", "-s"): "nft-words",
    (*mariadb.CLIENT, mariadb.ACCOUNTS): "mariadb-accounts",
    (*mariadb.CLIENT, mariadb.VARIABLES): "mariadb-variables",
    (*mariadb.CLIENT, mariadb.DATABASES): "mariadb-databases",
    (*postgresql.CLIENT, postgresql.SETTINGS): "psql-settings",
    (*postgresql.CLIENT, postgresql.ROLES): "psql-roles",
    (*postgresql.CLIENT, postgresql.RULES): "psql-rules",
    (*postgresql.CLIENT, postgresql.DATABASES): "psql-databases",
}


class Recorded(Machine):
    """The files lie below a directory of this test; commands say what they said."""

    def __init__(self, root: str, offline: bool = False) -> None:
        super().__init__(root, offline=offline)

    def tool(self, argv: list[str], *more: object, **options: object) -> Completed:
        words = tuple(str(word) for word in argv)
        name = next((name for start, name in COMMANDS.items() if words[: len(start)] == start), None)
        if name is None:
            raise UnreadableError("there is no command %s" % words[0])
        path = Path(self.root) / "commands" / name
        return Completed(0, path.read_text(encoding="utf-8") if path.exists() else "")


def lay_out(release: str, place: Path) -> None:
    """The recorded files, with their links, below `place`."""
    shutil.copytree(DATA / f"debian{release}/recorded", place, dirs_exist_ok=True)
    for line in (place / "links").read_text(encoding="utf-8").splitlines():
        link, target = line.split("\t")
        path = place / link.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(target, path)


def older(release: str, twelve: object, thirteen: object) -> object:
    return twelve if release == "12" else thirteen


def expectations(release: str) -> list[dict[str, object]]:
    """What holds on these machines, as checks that must pass."""
    library = older(release, "/lib/systemd/system/", "/usr/lib/systemd/system/")
    key = {"param": "first"}
    rows: list[tuple[str, object, dict[str, object]]] = [
        ("account", "root", {"uid": key, "shell": "/bin/bash", "groups": ["root"]}),
        ("account", {"all": True}, {"uid0": ["root"], "empty_password": {"empty": True}, "duplicate_uids": []}),
        ("account", "sshd", {"password": "locked"}),
        ("group", "shadow", {"members": []}),
        ("package", "openssh-server", {"exists": True, "version": {"matches": older(release, "^1:9.2", "^1:10.0")}}),
        ("package", "nginx", {"origin": {"matches": older(release, "bookworm", "trixie")}, "held": False}),
        ("package", "nothing", {"exists": False}),
        ("package", {"all": True}, {"broken": [], "held_names": [], "count": {"at_least": 6}}),
        ("apt", {"what": "updates"}, {"upgradable": 0, "unsigned": [], "lists_age_days": {"absent": True}}),
        ("apt", {"what": "settings", "key": "APT::Install-Recommends"}, {"value": 1}),
        ("sysctl", "kernel.sysrq", {"configured": older(release, {"absent": True}, "438")}),
        ("sysctl", "fs.protected_fifos", {"configured": 1, "configured_in": {"contains": "/usr/lib/sysctl.d/"}}),
        ("sysctl", "net.ipv4.conf.host0.rp_filter", {"configured": older(release, {"absent": True}, 2)}),
        ("sysctl", "net.ipv4.conf.all.rp_filter", {"configured": {"absent": True}}),
        ("sshd", "permitrootlogin", {"value": "without-password", "source": ""}),
        ("sshd", "x11forwarding", {"value": "yes", "source": {"matches": "^/etc/ssh/sshd_config:[0-9]+$"}}),
        ("sshd", "usepam", {"value": "yes"}),
        ("unit", "nginx", {"active": "active", "enabled": "enabled", "fragment": "%snginx.service" % library}),
        ("unit", "sshd", {"active": "active"}),
        ("unit", "nothing", {"exists": False}),
        ("mount", "/", {"fstype": "overlay", "options": {"contains": "rw"}}),
        ("mount", "/tmp", {"fstype": "tmpfs", "options": {"contains_all": ["nosuid", "nodev"]}}),
        ("socket", {"port": 22, "protocol": "tcp"}, {"exists": True, "addresses": ["0.0.0.0", "::"]}),
        ("socket", {"port": 3306}, {"addresses": ["127.0.0.1"]}),
        ("nftables", {"hook": "input"}, {"policy": "drop", "terminal": "drop", "accepted_ports": [22, 80, 81]}),
        ("nginx", {"directive": "listen", "context": "http/server"}, {"values": {"contains": "80 default_server"}}),
        ("nginx", {"directive": "root", "server_name": "_"}, {"value": "/var/www/html"}),
        ("nginx", {"directive": "root", "server_name": "other"}, {"exists": False}),
        ("nginx", "ssl_protocols", {"value": {"contains": "TLSv1.2 TLSv1.3"}, "source": {"contains": "nginx.conf:"}}),
        ("nginx", "server_tokens", older(release, {"exists": False}, {"value": "off"})),
        ("mariadb", "bind_address", {"value": "127.0.0.1"}),
        ("mariadb", {"what": "accounts"}, {"anonymous": ["@localhost"], "without_password": ["@localhost", "leeg@%"]}),
        ("mariadb", {"what": "accounts"}, {"remote_root": ["root@%"], "names": {"contains": "mariadb.sys@localhost"}}),
        ("mariadb", {"what": "databases"}, {"databases": {"contains": "mysql"}}),
        ("postgresql", "ssl", {"value": "on", "source": {"matches": "postgresql.conf:[0-9]+$"}}),
        ("postgresql", {"what": "roles"}, {"superusers": ["postgres"], "names": {"contains": "pg_monitor"}}),
        ("postgresql", {"what": "rules"}, {"trust": [], "methods": ["peer", "scram-sha-256"]}),
        ("postgresql", {"what": "databases"}, {"databases": ["postgres"]}),
        ("samba", "server min protocol", {"value": "SMB2_02", "shares": ["homes", "print$", "printers"]}),
        ("samba", {"share": "Printers", "option": "GuestOK"}, {"value": "No"}),
        ("samba", {"share": "printers", "option": "server role"}, {"value": "standalone server"}),
        ("cups", "lokaal12", {"uri": "ipp://192.0.2.7/ipp/print", "enabled": True, "accepting": True, "default": True}),
        ("cups", {"what": "server"}, {"shared": False, "remote_admin": False, "printers": ["lokaal12"]}),
        ("journald", None, {"storage": "auto", "persistent": False, "forward_to_syslog": True}),
        ("rsyslog", None, {"listens": [], "remote": [], "encrypted": {"absent": True}, "file_create_mode": "0640"}),
        ("interface", "host0", {"up": True, "addresses": {"matches": "^192.0.2."}, "promiscuous": False}),
        ("interface", {"all": True}, {"names": ["host0", "lo"]}),
        ("route", "default", {"gateway": "192.0.2.1", "interface": "host0", "count": 1}),
        ("route", {"destination": "default", "family": "inet6"}, {"exists": False}),
        ("context", None, {"distribution": "debian", "release": int(release)}),
    ]
    return [
        {"id": "%d.%s" % (number, source), "title": "t", "source": source, "select": select, "expect": expect}
        for number, (source, select, expect) in enumerate(rows)
    ]


def offline(release: str) -> list[dict[str, object]]:
    """What can still be said of the same machine when it is only mounted."""
    rows: list[tuple[str, object, dict[str, object]]] = [
        ("unit", "nginx", {"enabled": "enabled", "load": "loaded", "fragment": {"matches": "systemd/system/nginx"}}),
        ("unit", "getty@tty1", {"enabled": "enabled", "exists": True}),
        ("unit", "getty@.service", {"enabled": "enabled"}),
        ("unit", "sshd", {"enabled": "alias"}),
        ("unit", "systemd-journald", {"enabled": "static"}),
        ("unit", "nothing", {"exists": False}),
        ("package", "nginx", {"exists": True, "held": False}),
        ("account", {"all": True}, {"uid0": ["root"], "empty_password": []}),
        ("sysctl", "fs.protected_fifos", {"configured": 1}),
        ("sshd", "x11forwarding", {"value": "yes"}),
        ("journald", None, {"persistent": False}),
        ("context", None, {"distribution": "debian", "release": int(release), "offline": True, "container": False}),
        ("file", "/etc/os-release", {"type": "link", "content": {"contains": "Debian"}}),
    ]
    return [
        {"id": "%d.%s" % (number, source), "title": "t", "source": source, "select": select, "expect": expect}
        for number, (source, select, expect) in enumerate(rows)
    ]


def results(release: str, place: Path, away: bool = False) -> list[dict[str, object]]:
    lay_out(release, place)
    checks = (offline if away else expectations)(release)
    parameters = {"first": 0}
    wrong = language.problems(checks, parameters)
    assert not wrong, wrong
    machine, resolved = Recorded(str(place), away), language.resolve(checks, parameters)
    results: list[dict[str, object]] = evaluate.evaluate(machine, resolved)
    return results


if __name__ == "__main__":
    place = Path(sys.argv[1])
    everything = [
        result
        for release in RELEASES
        for away in (False, True)
        for result in results(release, place / ("%s%s" % (release, away)), away)
    ]
    print(json.dumps([result for result in everything if result["status"] != "pass"]))
