"""States of a machine that are in order, and were told as wrong."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from lab.planted.plants import controls

CONTROLS = controls()


class Answering(Machine):  # type: ignore[misc]
    """A tree with answers to commands by their first word."""

    def __init__(self, root: Path, answers: dict[str, str]) -> None:
        super().__init__(str(root))
        self.answers = answers

    def run(self, argv: list[str], *_: Any, **__: Any) -> Completed:
        if argv[0] not in self.answers:
            raise UnreadableError("there is no command " + argv[0])
        return Completed(0, self.answers[argv[0]])


@pytest.mark.parametrize(
    ("path", "mode", "named"),
    [
        ("apt/history.log", 0o644, False),
        ("apt/history.log.1.gz", 0o644, False),
        ("apt/eipp.log.xz", 0o644, False),
        ("unattended-upgrades/unattended-upgrades.log", 0o644, False),
        ("apt/history.log", 0o666, True),
        ("apt/term.log", 0o644, True),
        ("syslog", 0o644, True),
        ("syslog", 0o640, False),
        ("apt/other.log", 0o644, True),
    ],
)
def test_logs_after_apt_ran(tmp_path: Path, path: str, mode: int, named: bool) -> None:
    place = tmp_path / path
    place.parent.mkdir(exist_ok=True)
    place.write_text("x", encoding="utf-8")
    place.chmod(mode)
    argv = [str(word).replace("/var/log", str(tmp_path)) for word in CONTROLS["LOG-016"]["select"]["argv"]]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert bool(done.stdout) is named


def ruleset(*matches: dict[str, Any]) -> str:
    chain = {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "policy": "drop"}
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}
    rule = {"family": "inet", "table": "filter", "chain": "input", "expr": [*matches, port, {"accept": None}]}
    return json.dumps({"nftables": [{"chain": chain}, {"rule": rule}]})


SOURCE = {"payload": {"protocol": "ip", "field": "saddr"}}


@pytest.mark.parametrize(
    ("listening", "matches", "status", "found"),
    [
        (["0016"], [{"match": {"op": "==", "left": SOURCE, "right": "10.0.0.1"}}], "pass", ""),
        (["0016"], [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth1"}}], "pass", ""),
        (["0016"], [], "pass", ""),
        (["0016", "0050"], [{"match": {"op": "==", "left": SOURCE, "right": "10.0.0.1"}}], "fail", "without_rule = 80"),
        ([], [{"match": {"op": "==", "left": SOURCE, "right": "10.0.0.1"}}], "fail", "rules_without_port = 22"),
    ],
)
def test_a_rule_that_names_a_source_is_a_rule_for_its_port(
    tmp_path: Path, listening: list[str], matches: list[dict[str, Any]], status: str, found: str
) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    rows = [f"  {n}: 00000000:{port} 00000000:0000 0A 0:0 0:0 0 0 0 {n + 7}" for n, port in enumerate(listening)]
    (tmp_path / "proc/net/tcp").write_text("\n".join(["  sl  local_address", *rows]) + "\n", encoding="utf-8")
    for name in ("tcp6", "udp", "udp6"):
        (tmp_path / "proc/net" / name).write_text("  sl\n", encoding="utf-8")
    machine = Answering(tmp_path, {"nft": ruleset(*matches), "systemctl": ""})
    (result,) = evaluate.evaluate(machine, [CONTROLS["FW-007"]])
    assert (result["status"], found in result["found"]) == (status, True), result
