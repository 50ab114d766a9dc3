"""Rules of a packet filter that let in nearly everything, as nft itself tells them: loaded in a network of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import nftables
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
    script = "ip link set lo up 2>/dev/null; nft -f /dev/stdin && nft -j list ruleset"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script], input=text, text=True, capture_output=True, check=False
    )
    if done.returncode and "not permitted" in done.stderr:
        pytest.skip("no network of its own can be made here")
    assert done.returncode == 0, done.stderr
    machine = commands(Machine("/nonexistent"), **{"nft -j list ruleset": done.stdout})
    texts: list[str] = nftables.look_up(machine, {"hook": "input"})["wide"]
    return texts


def test_usual_rules_are_not_wide() -> None:
    assert wide(USUAL) == []


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
    ],
)
def test_a_wide_rule_is_named_whatever_its_form(rule: str, text: str) -> None:
    texts = wide(rule + USUAL, "chain open { meta l4proto tcp accept; }\nchain whole { accept; }")
    assert any(line.startswith(text) for line in texts), texts


def test_what_stands_behind_the_end_does_not_count() -> None:
    assert wide("tcp dport 22 accept\n drop\n ct state new accept") == []
    assert wide("tcp dport 22 accept\n accept") == [], "the end of the chain is judged as such"


def test_two_chains_must_both_be_wide(tmp_path: Path) -> None:
    second = "chain second { type filter hook input priority 10; policy drop; tcp dport 22 accept; }"
    assert wide("ct state new accept", second) == []
