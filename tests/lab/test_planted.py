"""Each control passes on a delivered machine, fails for its planted fault, and passes when that is mended.

The cases are made from the control files and `planted/plants/*.yml`. Both machines, Debian 12 and 13, go through
the same rounds: plant, audit, mend (by the roles that hold the remedies, or by the plant's own shell lines), audit.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.planted.machine import LabMachine
from lab.planted.plants import Plant, controls, plants

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = "extensions/molecule/inventory"
PLAY = "tests/lab/planted/remedy.yml"
NAME = "planted"
CONTROLS, PLANTS = controls(), plants()
ROUNDS = [[plant for plant in PLANTS if plant.round == number] for number in sorted({p.round for p in PLANTS})]
MACHINES = {"debian12": LabMachine(NAME, "m12"), "debian13": LabMachine(NAME, "m13")}
Said = dict[tuple[str, str], dict[str, Any]]
"""(machine, control) -> result of the audit."""
ROLES = ("sshd", "firewall", "timesync", "nginx", "harden")


def play(playbook: str, **variables: Any) -> None:
    """Run a playbook on the two machines, as an admin would; its output is the message when it fails."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", INVENTORY, playbook]
    env = {**os.environ, "OPLEVER_LAB": NAME, "OPLEVER_JOURNAL": "0"}
    command += ["-e", json.dumps(variables)]
    done = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def mend(roles: tuple[str, ...]) -> None:
    play(
        PLAY,
        planted_roles=roles,
        planted_needs=sorted({package for plant in PLANTS for package in plant.needs}),
        planted_packages=sorted({package for plant in PLANTS for package in plant.absent}),
    )


def each(scripts: dict[str, str]) -> dict[tuple[str, str], str]:
    """Run shell lines by control on both machines; what went wrong, by machine and control."""
    return {(name, control): text for name in MACHINES for control, text in MACHINES[name].shell(scripts).items()}


def audit(chosen: list[Plant]) -> Said:
    wanted = [CONTROLS[plant.control] for plant in chosen]
    return {(name, control): result for name in MACHINES for control, result in MACHINES[name].audit(wanted).items()}


def go_through(rounds: list[list[Plant]]) -> tuple[Said, Said, dict[tuple[str, str], str]]:
    """What the audit says with the faults planted, what it says when they are mended, and shell lines that failed."""
    planted, mended, wrong = {}, {}, {}
    for chosen in rounds:
        wrong |= each({plant.control: plant.plant for plant in chosen})
        planted |= audit(chosen)
        needed = {plant.role for plant in chosen}
        if roles := tuple(role for role in ROLES if role in needed):
            mend(roles)
        wrong |= each({plant.control: plant.undo for plant in chosen if plant.undo})
        mended |= audit(chosen)
    return planted, mended, wrong


@pytest.fixture(scope="module")
def delivered() -> Iterator[Said]:
    """Two machines that the roles have delivered: what the audit says of them."""
    try:
        play("playbooks/lab_up.yml", lab_fresh=True)
        mend(ROLES)
        for machine in MACHINES.values():
            machine.bring_engine()
        yield audit(PLANTS)
    finally:
        play("playbooks/lab_down.yml")


@pytest.fixture(scope="module")
def rounds(delivered: Said) -> tuple[Said, Said, dict[tuple[str, str], str]]:
    return go_through(ROUNDS)


@pytest.mark.parametrize("release", MACHINES)
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.control)
def test_the_fault_is_found_and_its_remedy_helps(
    rounds: tuple[Said, Said, dict[tuple[str, str], str]], plant: Plant, release: str
) -> None:
    planted, mended, wrong = (said.get((release, plant.control)) for said in rounds)
    assert wrong is None, "its shell lines failed"
    assert planted["status"] == "fail", planted
    assert re.search(plant.found, planted["found"]), f"found {planted['found']!r}, not {plant.found!r}"
    assert mended["status"] == "pass", mended


@pytest.mark.parametrize("release", MACHINES)
def test_a_delivered_machine_passes_what_the_roles_can_mend(delivered: Said, release: str) -> None:
    wrong = {p.control: delivered[release, p.control]["status"] for p in PLANTS if not p.undo}
    assert {control for control, status in wrong.items() if status != "pass"} == set()
