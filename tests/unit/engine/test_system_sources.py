"""Settings of systemd, sources of apt, capabilities, certificates, the release and the packet filter."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    apt_source,
    capability,
    firewall,
    release,
    systemd_setting,
    time,
    web_certificate,
)

from .trees import commands, edit, release_of, write


def test_systemd_setting_last_drop_in_wins_and_a_link_to_null_switches_one_off(stock: Path) -> None:
    select = {"file": "journald.conf", "section": "Journal", "key": "Storage"}
    assert not systemd_setting.look_up(Machine(str(stock)), select)["exists"]
    write(stock, "/etc/systemd/journald.conf", "[Journal]\nStorage=auto\n")
    write(stock, "/usr/lib/systemd/journald.conf.d/50-x.conf", "[Journal]\nStorage=none\n[Other]\nStorage=x\n")
    assert systemd_setting.look_up(Machine(str(stock)), select)["value"] == "none"
    (stock / "etc/systemd/journald.conf.d").mkdir()
    (stock / "etc/systemd/journald.conf.d/50-x.conf").symlink_to("/dev/null")
    facts = systemd_setting.look_up(Machine(str(stock)), select)
    assert (facts["value"], facts["source"]) == ("auto", "/etc/systemd/journald.conf:2")
    write(stock, "/etc/systemd/journald.conf.d/zz.conf", "[Journal]\nStorage=\n")
    assert not systemd_setting.look_up(Machine(str(stock)), select)["exists"]


SOURCES = """# a comment
Types: deb
URIs: http://deb.debian.org/debian
 http://mirror.example/debian
Suites: trixie
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://uit.example/

Types: deb
URIs: file:/srv/repo
Suites: ./
"""


def test_apt_source_reads_both_formats(tmp_path: Path) -> None:
    write(tmp_path, "/etc/apt/sources.list", "deb [arch=amd64 signed-by=/k.gpg] https://a.example:8443/debian x main\n")
    write(tmp_path, "/etc/apt/sources.list.d/b.list", "#deb http://no x\ndeb http://b.example/ ./ \n")
    write(tmp_path, "/etc/apt/sources.list.d/c.sources", SOURCES)
    facts = apt_source.look_up(Machine(str(tmp_path)), {})
    assert facts["hosts"] == ["a.example", "b.example", "deb.debian.org", "mirror.example"]
    assert facts["suites"] == ["./", "trixie", "x"]
    assert facts["without_key"] == ["/etc/apt/sources.list.d/b.list:2", "/etc/apt/sources.list.d/c.sources:13"]


def test_capability_reads_the_attribute() -> None:
    assert capability.parse(struct.pack("<5I", 0x02000001, 0x2000, 0, 0, 0)) == "00002000"
    assert capability.parse(struct.pack("<5I", 0x02000000, 0, 0, 1, 0)) == "0000000100000000"
    assert capability.parse(struct.pack("<5I", 0x02000000, 0, 0, 0, 0)) == ""
    assert capability.parse(b"x") == ""


def test_web_certificate_finds_what_servers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "/etc/nginx/conf.d/a.conf", "ssl_certificate /etc/ssl/a.pem;\n# ssl_certificate /no.pem;\n")
    write(tmp_path, "/etc/apache2/sites-enabled/b.conf", 'SSLCertificateFile "/etc/ssl/b.pem"\n')
    days = {"/etc/ssl/a.pem": 90, "/etc/ssl/b.pem": 12}
    known = {path: {"exists": True, "days_left": left} for path, left in days.items()}
    monkeypatch.setattr(web_certificate.certificate, "look_up", lambda _, select: known[select["path"]])
    facts = web_certificate.look_up(Machine(str(tmp_path)), {})
    assert (facts["paths"], facts["days_left"], facts["first"]) == (sorted(days), 12, "/etc/ssl/b.pem")


def test_release_knows_when_support_ends(stock: Path) -> None:
    facts = release.look_up(Machine(str(stock)), {})
    assert facts["supported_until"] == release.SUPPORTED_UNTIL[release_of(stock)]
    edit(stock, "/etc/os-release", 'VERSION_ID="1', 'VERSION_ID="9')
    assert not release.look_up(Machine(str(stock)), {})["exists"]


ACCEPT, DROP = {"accept": None}, {"drop": None}


STATE = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}


def port(number: int) -> dict[str, Any]:
    left = {"payload": {"protocol": "tcp", "field": "dport"}}
    return {"match": {"op": "==", "left": left, "right": number}}


@pytest.mark.parametrize(("family", "ipv6"), [("inet", "drop"), ("ip", None)])
def test_firewall_joins_rules_with_what_listens(monkeypatch: pytest.MonkeyPatch, family: str, ipv6: str | None) -> None:
    chain = {"family": family, "table": "t", "name": "in", "hook": "input", "type": "filter", "policy": "drop"}
    rules = [
        {"rule": {"family": family, "table": "t", "chain": "in", "expr": statements}}
        for statements in ([STATE, ACCEPT], [port(22), ACCEPT], [port(80), ACCEPT])
    ]
    ruleset = json.dumps({"nftables": [{"chain": chain}, *rules]})
    sockets = [firewall.socket.Socket("tcp", "0.0.0.0", number, "x", "root") for number in (22, 443)]  # noqa: S104
    sockets.append(firewall.socket.Socket("tcp", "127.0.0.1", 25, "x", "root"))
    monkeypatch.setattr(firewall.socket, "listening", lambda _: sockets)
    shown = (
        "Id=nftables.service\nUnitFileState=enabled\n\nId=ufw.service\nUnitFileState=disabled\n\nId=x\nUnitFileState=\n"
    )
    words = " ".join(["systemctl", "show", "--property=Id,UnitFileState", "--", *firewall.FRONT_ENDS])
    facts = firewall.look_up(commands(Machine(), **{words: shown, "nft -j list ruleset": ruleset}), {})
    assert (facts["front_ends"], facts["ipv6_input"], facts["stateful"]) == (["nftables"], ipv6, True)
    assert (facts["open_ports"], facts["ports_without_rule"], facts["rules_without_port"]) == ([22], [443], [80])


def test_time_services_in_use_are_counted_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = {
        "systemd-timesyncd.service": "/usr/lib/systemd/system/systemd-timesyncd.service",
        "ntpsec.service": "/usr/lib/systemd/system/ntpsec.service",
        "ntp.service": "/usr/lib/systemd/system/ntpsec.service",
    }
    states = {name: {"active": "active", "fragment": path, "enabled": "enabled"} for name, path in running.items()}
    states["openntpd.service"] = {"active": "inactive", "enabled": "enabled"}
    states["chrony.service"] = {"active": "inactive", "enabled": "disabled"}
    monkeypatch.setattr(time.unit, "look_up", lambda _, select: states.get(select["name"], {"active": "inactive"}))
    machine = commands(Machine(str(tmp_path)), **{"timedatectl show --property=NTPSynchronized --value": "yes\n"})
    facts = time.look_up(machine, {})
    assert facts["services"] == ["systemd-timesyncd.service", "ntpsec.service", "openntpd.service"]
    assert (facts["service"], facts["synchronised"]) == ("systemd-timesyncd.service", True)
