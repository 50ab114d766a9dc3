"""Rules of a packet filter that let in nearly everything, as nft itself tells them: loaded in a network of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import firewall, nftables
from unit.engine.trees import commands

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft to load rules in a network of its own"
)
USUAL = """
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto { icmp, ipv6-icmp } accept
    ip protocol icmp accept
    tcp dport 22 accept
    tcp dport { 80, 443 } ct state new accept
    udp dport 60000-61000 accept
    udp sport 67 udp dport 68 accept
    ip saddr 192.0.2.0/24 accept
    ip6 saddr fe80::/10 accept
    ip daddr 224.0.0.251 udp dport 5353 accept
    iifname "lan0" accept
    tcp dport 25 limit rate 10/second accept
"""


def wide(rules: str, more: str = "") -> list[str]:
    """What is found of an input chain with these rules and the policy drop."""
    text = f"table inet t {{\n{more}\nchain input {{ type filter hook input priority 0; policy drop;\n{rules}\n}}\n}}\n"
    texts: list[str] = looked_up(text)["wide"]
    return texts


def looked_up(text: str, hook: str = "input", routes: str = "") -> dict[str, Any]:
    """What the source says of a hook where these tables are loaded."""
    return nftables.look_up(loaded(text, routes), {"hook": hook})


def loaded(text: str, routes: str = "") -> Machine:
    """A machine with these tables, as the nft of this one tells them."""
    script = "ip link set lo up 2>/dev/null; nft -f /dev/stdin && nft -j list ruleset && nft -s list ruleset"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script], input=text, text=True, capture_output=True, check=False
    )
    if done.returncode and "not permitted" in done.stderr:
        pytest.skip("no network of its own can be made here")
    assert done.returncode == 0, done.stderr
    described, in_words = done.stdout.split("\n", 1)
    answers = {"nft -j list ruleset": described, "nft -s list ruleset": in_words}
    machine = commands(Machine("/nonexistent"), **answers)
    machine.read = lambda path, limit=0: routes if path == nftables.ROUTES[0] else None  # type: ignore[method-assign]
    return machine


MORE = """
    set ports { type inet_service; flags interval; elements = { 1-65535 }; }
    set everybody { type ipv4_addr; flags interval; elements = { 0.0.0.0/1, 128.0.0.0/1 }; }
    set some { type inet_service; elements = { 22, 80 }; }
    map states { type ct_state : verdict; elements = { new : accept, established : accept }; }
    chain open { meta l4proto tcp accept; }
    chain whole { accept; }
"""


def test_usual_rules_are_not_wide() -> None:
    assert wide(USUAL) == []
    narrow = """
        tcp dport @some accept
        tcp dport < 100 accept
        ip saddr . tcp dport { 192.0.2.1 . 22, 192.0.2.2 . 1-65535 } accept
        tcp dport vmap { 22 : accept, 80 : drop }
        tcp flags ack accept
        fib daddr type broadcast drop
        tcp dport >= 1024 limit rate over 5/second accept
    """
    assert wide(narrow, MORE) == []


CHAIN = "chain input {{ type filter hook input priority 0; policy {};\n{}\n}}"


def table(family: str, policy: str, rules: str = "", *, flags: str = "", name: str = "t", more: str = "") -> str:
    return f"table {family} {name} {{\n{flags}\n{more}\n{CHAIN.format(policy, rules)}\n}}\n"


@pytest.mark.parametrize(
    ("text", "terminal", "texts"),
    [
        (table("inet", "drop"), "drop", []),
        (table("ip", "drop"), "drop", []),
        (table("ip6", "drop"), "accept", []),
        (table("arp", "drop"), None, None),
        (table("inet", "drop", flags="flags dormant;"), None, None),
        (table("inet", "accept", flags="flags dormant;") + table("ip", "drop"), "drop", []),
        (table("ip", "drop") + table("ip6", "drop", "accept; drop;"), "accept", ["accepts everything"]),
        (table("ip", "drop") + table("ip6", "accept"), "accept", []),
        (table("inet", "drop") + table("ip6", "accept", "accept; tcp dport 22 accept;", name="u"), "drop", []),
        (table("inet", "accept", "limit rate 5/second drop;"), "accept", []),
        (table("inet", "accept", "tcp dport 22 accept; counter drop;"), "drop", []),
        (table("inet", "accept", "jump end;", more="chain end { tcp dport 22 accept; reject\n }"), "reject", []),
    ],
)
def test_what_becomes_of_the_rest(text: str, terminal: str | None, texts: list[str] | None) -> None:
    """Of the two versions of IP the one that lets more in; tables that are switched off or of others say nothing."""
    facts = looked_up(text)
    assert (facts.get("terminal"), facts.get("wide")) == (terminal, texts)


def test_one_version_of_ip_that_is_dropped_is_the_strictest() -> None:
    """As a container engine does it: in a table for IPv4 alone, beside one that passes both versions on."""
    router = table("inet", "accept").replace("input", "forward")
    engine = table("ip", "drop", name="docker").replace("input", "forward")
    facts = looked_up(router + engine, "forward")
    assert (facts["terminal"], facts["strictest"]) == ("accept", "drop")
    assert looked_up(router, "forward")["strictest"] == "accept"


def test_a_rule_for_answers_of_dhcp_servers_needs_no_listener(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    machine = loaded(table("inet", "drop", "udp dport { 68, 546, 547 } accept"))
    machine.root = str(tmp_path)
    assert firewall._rules(machine)["rules_without_port"] == [547]


def test_the_interface_by_which_everybody_comes_in_is_wide() -> None:
    routes = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU\nwan0 00000000 0102A8C0 3 0 0 0 00000000 0\n"
    routes += "lan0 0000000A 00000000 1 0 0 0 000000FF 0\n"
    rules = 'iifname "lan0" accept; iifname "wan0" tcp dport 22 accept;'
    assert looked_up(table("inet", "drop", rules), routes=routes)["wide"] == []
    assert looked_up(table("inet", "drop", 'iifname "wan*" accept; drop;'), routes=routes)["wide"] == [
        "accepts iifname wan*"
    ]


def test_ports_of_sets_maps_and_concatenations_have_a_rule() -> None:
    rules = """tcp dport @some accept; tcp dport vmap { 443 : accept, 25 : drop };
        ip saddr . tcp dport { 192.0.2.1 . 5432 } accept; tcp dport != 23 accept;"""
    facts = looked_up(table("inet", "drop", rules, more=MORE))
    assert facts["accepted_ports"] == [22, 80, 443]
    assert facts["ruled_ports"] == [22, 80, 443, 5432]
    assert facts["rules"] == 4


def test_answers_count_where_the_packets_come() -> None:
    unused = "chain answers { ct state established,related accept; }"
    for rules, stateful in (("", False), ("jump answers;", True), ("ct state vmap { established : accept };", True)):
        machine = loaded(table("inet", "drop", rules, more=unused))
        current = machine.once(nftables.ruleset)
        reached = [rule for key in current.reached(current.of_hook("input")) for rule in current.rules_of(key)]
        assert any(map(firewall._accepts_answers, reached)) is stateful


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("accept\n tcp dport 22 accept", "accepts everything"),
        ('counter accept comment "now"\n drop', "accepts everything"),
        ("ip saddr 0.0.0.0/0 accept", "accepts ip saddr 0.0.0.0/0"),
        ("meta l4proto tcp accept", "accepts l4proto tcp"),
        ("meta l4proto { tcp, udp } accept", "accepts l4proto tcp udp"),
        ("ip protocol tcp accept", "accepts ip protocol tcp"),
        ("meta nfproto ipv4 accept", "accepts nfproto ipv4"),
        ("ct state new accept", "accepts ct state new"),
        ("ct state { established, new } accept", "accepts ct state established new"),
        ("ct state != invalid accept", "accepts ct state != invalid"),
        ("tcp dport 1-65535 accept", "accepts tcp dport 1-65535"),
        ("tcp dport 1024-65535 accept", "accepts tcp dport 1024-65535"),
        ("tcp dport { 22, 1000-9000 } accept", "accepts tcp dport 22 1000-9000"),
        ("tcp dport != 23 accept", "accepts tcp dport != 23"),
        ("tcp sport 53 accept", "accepts tcp sport 53"),
        ("ip saddr != 192.0.2.9 accept", "accepts ip saddr != 192.0.2.9"),
        ("ip daddr 192.0.2.1 accept", "accepts ip daddr 192.0.2.1"),
        ('iifname != "wan0" accept', "accepts iifname != wan0"),
        ("tcp dport vmap { 22 : accept, 1000-60000 : accept }", "accepts tcp dport 1000-60000"),
        ("ct state vmap { established : accept, new : accept }", "accepts ct state new"),
        ("jump open", "accepts l4proto tcp"),
        ("jump whole", "accepts everything"),
        ("goto whole", "accepts everything"),
        ("tcp dport >= 1024 accept", "accepts tcp dport >= 1024"),
        ("tcp dport > 1 accept", "accepts tcp dport > 1"),
        ("tcp dport < 60000 accept", "accepts tcp dport < 60000"),
        ("tcp dport @ports accept", "accepts tcp dport 1-65535"),
        ("ip saddr @everybody accept", "accepts ip saddr"),
        ("ip saddr { 0.0.0.0/1, 128.0.0.0/1 } accept", "accepts ip saddr"),
        ("meta l4proto . th dport { tcp . 1-65535 } accept", "accepts l4proto tcp, th dport 1-65535"),
        ("ct state vmap @states", "accepts ct state new"),
        ("fib daddr type local accept", "accepts fib daddr type local"),
        ("meta pkttype host accept", "accepts pkttype"),
        ("meta mark 0 accept", "accepts mark 0"),
        ("tcp flags syn / fin,syn,rst,ack accept", "accepts tcp flags syn"),
        ("tcp flags & (fin | syn | rst | ack) == syn accept", "accepts tcp flags syn"),
        ("tcp dport >= 1024 limit rate 5/second accept", "accepts tcp dport >= 1024"),
        ("limit rate 1/minute drop\n accept\n tcp dport 22 accept", "accepts everything"),
    ],
)
def test_a_wide_rule_is_named_whatever_its_form(rule: str, text: str) -> None:
    texts = wide(rule + USUAL, MORE)
    assert any(line.startswith(text) for line in texts), texts


def test_what_stands_behind_the_end_does_not_count() -> None:
    assert wide("tcp dport 22 accept\n drop\n ct state new accept") == []
    assert wide("tcp dport 22 accept\n accept") == [], "the end of the chain is judged as such"


def test_two_chains_must_both_be_wide(tmp_path: Path) -> None:
    second = "chain second { type filter hook input priority 10; policy drop; tcp dport 22 accept; }"
    assert wide("ct state new accept", second) == []
