"""Sources that ask a server or the system, each against the real thing as Debian installs it: as it is set up, after
somebody changed it by hand, and when it is stopped or broken. `servers.yml` says what is done and what must be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.module_utils.engine import language

from lab.planted.machine import LabMachine
from lab.planted.suite import EACH_RELEASE, TESTED, Suite

SUITE = Suite("servers", TESTED)
SERVERS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("servers.yml").read_text(encoding="utf-8"))
WAYS = max(len(server.get("broken", [])) for server in SERVERS.values())
CASES = [(server, check) for server, entry in SERVERS.items() for check in entry["checks"]]
State = dict[str, dict[str, Any]]
"""Check -> result of the engine, in one state of a machine."""


def controls() -> list[dict[str, Any]]:
    """Every check in the language of the engine, named by its server and its key."""
    made = [
        {"id": f"{server}.{key}", "title": "t", "source": entry.get("source", server), **entry["checks"][key]}
        for server, entry in SERVERS.items() for key in entry["checks"]
    ]  # fmt: skip
    assert language.problems(made) == []
    return made


def go_through(machine: LabMachine) -> list[State]:
    """What the engine says of a machine as it was set up, as it was changed, and in each way in which it breaks."""
    machine.bring_engine()
    packages = [package for entry in SERVERS.values() for package in entry.get("packages", [])]
    done = machine.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    steps = [{s: e[step] for s, e in SERVERS.items() if step in e} for step in ("set_up", "change")]
    steps += [
        {s: e["broken"][way]["do"] for s, e in SERVERS.items() if len(e.get("broken", [])) > way} for way in range(WAYS)
    ]
    states_of_machine = []
    for scripts in steps:
        wrong = machine.shell(scripts)
        assert not wrong, wrong
        states_of_machine.append(machine.audit(controls()))
    return states_of_machine


@pytest.fixture(scope="module")
def states() -> Iterator[dict[str, list[State]]]:
    """Release -> what the engine says in each state, all machines at once."""
    try:
        SUITE.play("playbooks/lab_up.yml", lab_fresh=True)
        with ThreadPoolExecutor() as pool:
            yield dict(zip(TESTED, pool.map(go_through, SUITE.machines.values()), strict=True))
    finally:
        SUITE.down()


@pytest.mark.parametrize("release", EACH_RELEASE)
@pytest.mark.parametrize(("server", "check"), CASES, ids=lambda word: word)
def test_what_is_there_is_read_and_a_change_by_hand_is_seen(
    states: dict[str, list[State]], server: str, check: str, release: str
) -> None:
    as_set_up, changed = (state[f"{server}.{check}"] for state in states[release][:2])
    assert as_set_up["status"] == "pass", as_set_up
    assert changed["status"] == "fail", changed
    assert re.search(SERVERS[server]["found"][check], changed["found"]), changed


@pytest.mark.parametrize("release", EACH_RELEASE)
@pytest.mark.parametrize("server", [server for server, entry in SERVERS.items() if "broken" in entry])
def test_nothing_passes_of_a_server_that_is_stopped_or_broken(
    states: dict[str, list[State]], server: str, release: str
) -> None:
    entry = SERVERS[server]
    for way, state in zip(entry["broken"], states[release][2:], strict=False):
        for check in way.get("checks", entry["checks"]):
            result = state[f"{server}.{check}"]
            assert result["status"] == "error", (way, result)
            assert re.search(way["reason"], result["reason"]), (way, result)
