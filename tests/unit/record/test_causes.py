"""Failing tests grouped under what explains them."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from msgspec import structs
from oplever.record import model
from oplever.record.causes import causes, state
from oplever.record.model import Interface, Recap, System, Text

SYSTEMS = (
    System("web", Recap(), address="web.example", interfaces=(Interface("eth0", addresses=("10.0.0.2/24",)),)),
    System("ws", Recap(), address="10.0.0.3"),
)


def failing(name: str, source: str, found: str, host: str = "web", **more: Any) -> model.Test:
    suite = more.pop("suite", name.partition(".")[0])
    text = Text(name, name)
    return model.Test(name, host, "after", "fail", "", found, text, suite=suite, source=source, **more)


SERVICE = failing("nginx.service", "unit", "active = failed", subject="nginx.service")
SOCKET = failing("nginx.socket", "socket", "does not exist", endpoint="tcp * 80", subject="80")
REFUSED = failing("nginx.configuration", "command", "rc = 1 (unknown directive)")
PAGE = failing("wiki.page", "http", "does not exist (refused)", endpoint="tcp 127.0.0.1 80")
LOGIN = failing("wiki.login", "command", "rc = 1", builds_on=("wiki.page",))
FAR = failing("site.wiki", "http", "does not exist (refused)", host="ws", endpoint="tcp 10.0.0.2 80")


def grouped(*tests: model.Test, listening: tuple[model.Test, ...] = ()) -> dict[str, list[str]]:
    """Id of each cause -> ids of its consequences."""
    result = causes(tests, (*tests, *listening), SYSTEMS)
    assert sorted(t.id for cause in result for t in (cause.test, *cause.consequences)) == sorted(t.id for t in tests)
    return {cause.test.id: [test.id for test in cause.consequences] for cause in result}


def test_a_refused_configuration_explains_all_that_needs_the_service() -> None:
    assert grouped(SERVICE, SOCKET, REFUSED, PAGE, LOGIN, FAR) == {
        "nginx.configuration": ["nginx.service", "nginx.socket", "wiki.page", "wiki.login", "site.wiki"]
    }


def test_a_service_that_was_stopped_is_not_explained_by_its_configuration() -> None:
    stopped = structs.replace(SERVICE, found="active = inactive")
    assert grouped(stopped, SOCKET, REFUSED) == {"nginx.service": ["nginx.socket"], "nginx.configuration": []}


def test_a_service_that_runs_explains_nothing() -> None:
    not_at_boot = structs.replace(SERVICE, found="enabled = disabled")
    listens = structs.replace(SOCKET, status="pass", found="exists = true")
    broken = structs.replace(PAGE, found="status = 500")
    groups = grouped(not_at_boot, REFUSED, broken, listening=(listens,))
    assert groups == {"nginx.service": [], "nginx.configuration": [], "wiki.page": []}


def test_another_program_on_the_port_comes_first() -> None:
    taken = structs.replace(SOCKET, found="process = python3")
    other = structs.replace(PAGE, found="status = 200")
    assert grouped(SERVICE, taken, other) == {"nginx.socket": ["nginx.service", "wiki.page"]}


def test_a_port_on_another_machine_explains_nothing_here() -> None:
    elsewhere = structs.replace(FAR, endpoint="tcp 10.0.0.3 80")
    unknown = structs.replace(FAR, id="site.unknown", endpoint="tcp 192.0.2.1 80")
    other_port = structs.replace(FAR, id="site.tls", endpoint="tcp 10.0.0.2 443")
    groups = grouped(SOCKET, elsewhere, unknown, other_port)
    assert groups == {"nginx.socket": [], "site.wiki": [], "site.unknown": [], "site.tls": []}


def test_a_filter_explains_silence_towards_others_alone() -> None:
    rules = failing("firewall.rules", "nftables", "rules = 9")
    listens = structs.replace(SOCKET, status="pass", found="exists = true")
    assert grouped(rules, FAR, PAGE, listening=(listens,)) == {"firewall.rules": ["site.wiki"], "wiki.page": []}


def test_a_filter_explains_silence_on_the_machine_itself() -> None:
    rules = failing("firewall.rules", "nftables", "rules = 9")
    silent = structs.replace(PAGE, found="does not exist (127.0.0.1 port 80 did not answer within 5 s)")
    assert grouped(rules, silent, LOGIN) == {"firewall.rules": ["wiki.page", "wiki.login"]}


def test_names_that_cannot_be_found_are_explained_by_the_test_of_names() -> None:
    servers = failing("dns_client.servers", "file", "lines = 1", host="ws")
    lost = structs.replace(FAR, endpoint="resolver")
    elsewhere = structs.replace(servers, host="web")
    assert grouped(servers, lost) == {"dns_client.servers": ["site.wiki"]}
    assert grouped(elsewhere, lost) == {"dns_client.servers": [], "site.wiki": []}


def test_drift_of_a_unit_and_of_a_port_follows_its_test() -> None:
    unit = failing("drift.unit.nginx.service", "snapshot", "failed, enabled")
    port = failing("drift.socket.tcp :: 80", "snapshot", "absent")
    file = failing("drift.file./etc/passwd", "snapshot", "changed")
    assert grouped(unit, port, file, SERVICE, SOCKET) == {
        "nginx.service": ["drift.unit.nginx.service", "drift.socket.tcp :: 80", "nginx.socket"],
        "drift.file./etc/passwd": [],
    }


def test_what_asks_a_service_follows_from_it() -> None:
    query = failing("nginx.query", "command", "rc = 1 and stdout = (empty)")
    other = failing("nginx.keys", "command", "stdout = /etc/ssh/key")
    assert grouped(SERVICE, query, other) == {"nginx.service": ["nginx.query"], "nginx.keys": []}


def test_settings_of_a_refused_configuration_cannot_be_read() -> None:
    refused = failing("sshd.configuration", "command", "rc = 255 (bad option)")
    unread = structs.replace(failing("sshd.banner", "sshd", ""), status="error", reason="terminating")
    wrong = failing("sshd.port", "sshd", "value = 23")
    assert grouped(refused, unread, wrong) == {"sshd.configuration": ["sshd.banner"], "sshd.port": []}


def test_a_full_disk_explains_what_says_so_and_its_own_drift() -> None:
    full = failing("base.disk_space", "mount", "full = [/var: 0 MB of 900 MB free]")
    space = failing("drift.space./var, bytes", "snapshot", "full")
    database = structs.replace(SERVICE, found="active = failed (mysqld: Disk full (Errcode: 28))")
    other = failing("php.service", "unit", "active = failed (cannot bind)", subject="php.service")
    elsewhere = failing("dns.service", "unit", "active = failed (No space left on device)", host="ws")
    assert grouped(database, SOCKET, full, space, other, elsewhere) == {
        "base.disk_space": ["nginx.service", "nginx.socket", "drift.space./var, bytes"],
        "php.service": [],
        "dns.service": [],
    }


SILENT = "does not exist ({} port 80 did not answer within 5 s)"


def test_who_waited_first_stands_for_all_who_waited_for_the_same_port() -> None:
    first = structs.replace(FAR, found=SILENT.format("10.0.0.2"))
    own = [structs.replace(PAGE, id=f"wiki.{name}", found=SILENT.format("127.0.0.1")) for name in ("page", "style")]
    other = structs.replace(PAGE, id="wiki.tls", endpoint="tcp 127.0.0.1 443", found=SILENT.format("127.0.0.1"))
    assert grouped(first, *own, other) == {"wiki.page": ["site.wiki", "wiki.style"], "wiki.tls": []}
    unknown = [structs.replace(first, id=f"site.{n}", endpoint="tcp 192.0.2.1 80") for n in (1, 2)]
    assert grouped(*unknown) == {"site.1": ["site.2"]}


def test_names_are_not_found_because_the_name_server_does_not_answer() -> None:
    service = failing("dns.service", "unit", "active = failed", host="web", subject="dnsmasq.service")
    socket = failing("dns.socket.udp", "socket", "does not exist", endpoint="udp * 53", subject="53")
    asked = failing("dns_client.answers.10.0.0.2", "dns", "does not exist", host="ws", endpoint="udp 10.0.0.2 53")
    name = failing("dns_client.name.wiki", "command", "rc = 2", host="ws")
    assert grouped(name, asked, service, socket) == {
        "dns.service": ["dns_client.name.wiki", "dns_client.answers.10.0.0.2", "dns.socket.udp"]
    }


def test_the_first_name_stands_for_all_where_no_server_is_known() -> None:
    names = [failing(f"dns_client.name.{name}", "command", "rc = 2 and stdout = (empty)", host="ws", suite="dns_client")
             for name in ("a", "b", "c")]  # fmt: skip
    other = structs.replace(names[0], id="dns_client.search", source="file", found="content")
    assert grouped(other, *names) == {
        "dns_client.name.a": ["dns_client.name.b", "dns_client.name.c"],
        "dns_client.search": [],
    }


def test_rules_of_a_packet_filter_that_is_not_loaded_follow_from_its_service() -> None:
    unit = failing("firewall.service", "unit", "active = inactive", subject="nftables.service")
    rules = [failing(f"firewall.{name}", "nftables", "does not exist") for name in ("policy", "ports")]
    assert grouped(unit, *rules) == {"firewall.service": ["firewall.policy", "firewall.ports"]}
    wide = failing("firewall.policy", "nftables", "policy = accept")
    assert grouped(unit, wide) == {"firewall.service": [], "firewall.policy": []}


def test_tests_that_build_on_each_other_end() -> None:
    first = failing("a.one", "command", "rc = 1", builds_on=("a.two",))
    second = failing("a.two", "command", "rc = 1", builds_on=("a.one",))
    third = failing("a.three", "command", "rc = 1", builds_on=("a.two",))
    assert grouped(first, second, third) == {"a.one": [], "a.two": [], "a.three": []}


@pytest.mark.parametrize(
    ("source", "differs", "shown"),
    [
        ("package", ("status",), "not_installed"),
        ("package", ("exists",), "not_installed"),
        ("package", ("version",), None),
        ("unit", ("active", "enabled"), "not_running"),
        ("unit", ("exists",), "not_running"),
        ("unit", ("enabled",), None),
        ("socket", ("process",), "port_taken"),
        ("socket", ("exists",), "not_listening"),
        ("time", ("exists",), "no_answer"),
        ("command", ("rc", "stdout"), "no_answer"),
    ],
)
def test_the_attributes_of_the_result_count_and_not_its_words(
    source: str, differs: tuple[str, ...], shown: str | None
) -> None:
    test = failing("x.y", source, "active = x and rc = 1 and process = y and status = z", differs=differs)
    assert state(test) == shown
    assert state(structs.replace(test, differs=())) is None


def test_results_of_before_are_read_by_their_words() -> None:
    assert [state(test) for test in (SERVICE, SOCKET, REFUSED)] == ["not_running", "not_listening", "refused"]
    journal = Journal().check("fail", source="unit", found="active = failed")
    (test,) = journal.finish().record().tests
    assert (test.differs, state(test)) == (None, "not_running")
    journal = Journal().check("fail", source="unit", found="actief = mislukt", differs=["active"])
    (test,) = journal.finish().record().tests
    assert (test.differs, state(test)) == (("active",), "not_running")


@pytest.mark.parametrize("endpoint", ["tcp * 80", "tcp ... 80", "tcp 300.0.0.1 80"])
def test_an_endpoint_that_is_no_address_explains_nothing_and_harms_nothing(endpoint: str) -> None:
    silent = failing("wiki.page", "http", "did not answer within 5 s", endpoint=endpoint)
    assert grouped(silent, failing("wiki.other", "http", "refused", endpoint=endpoint))["wiki.page"] == []
