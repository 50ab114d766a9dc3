"""The machines, of Debian 12 and 13 or of one of them, that faults are planted in: what is done is done to each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from scope import TRUTH

from lab.planted.machine import ROOT, LabMachine
from lab.planted.plants import Plant, controls, plants

INVENTORY = "extensions/molecule/inventory"
PLAY = "tests/lab/planted/remedy.yml"
NAMES = {"debian12": "m12", "debian13": "m13"}
CODENAMES = {"debian12": "bookworm", "debian13": "trixie"}
TESTED = NAMES if TRUTH else {"debian13": NAMES["debian13"]}
"""`make test` plants on one release, `make truth` on both."""
EACH_RELEASE = [pytest.param("debian12", marks=pytest.mark.truth), pytest.param("debian13")]
ROLES = ("sshd", "firewall", "timesync", "nginx", "harden")
Results = dict[tuple[str, str], dict[str, Any]]
"""(machine, control) -> result of the audit."""
CONTROLS, PLANTS = controls(), plants()
ROUNDS = [[plant for plant in PLANTS if plant.round == number] for number in sorted({p.round for p in PLANTS})]


@dataclass(frozen=True)
class Suite:
    """The machines of the lab that is called `name`: release -> its machine in the inventory."""

    name: str
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)

    @property
    def machines(self) -> dict[str, LabMachine]:
        return {release: LabMachine(self.name, host) for release, host in self.names.items()}

    def play(self, playbook: str, **variables: Any) -> None:
        """Run a playbook on them, as an admin would; its output is the message when it fails."""
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", INVENTORY, playbook]
        command += ["-e", json.dumps(variables)]
        release = "" if len(self.names) > 1 else CODENAMES[next(iter(self.names))]
        env = {**os.environ, "OPLEVER_LAB": self.name, "OPLEVER_JOURNAL": "0", "OPLEVER_RELEASE": release}
        done = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=1800, check=False)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    def up(self) -> None:
        """Fresh machines, as Debian installs them, with the engine on them."""
        self.play("playbooks/lab_up.yml", lab_fresh=True)
        for machine in self.machines.values():
            machine.bring_engine()

    def down(self) -> None:
        self.play("playbooks/lab_down.yml")

    def mend(self, *roles: str) -> None:
        """Run the roles that hold remedies, in the order of ROLES; all of them when none is named."""
        self.play(
            PLAY,
            planted_roles=[role for role in ROLES if not roles or role in roles],
            planted_needs=sorted({package for plant in PLANTS for package in plant.needs}),
            planted_packages=sorted({package for plant in PLANTS for package in plant.absent}),
        )

    def run_on_each(self, scripts: dict[str, str]) -> dict[tuple[str, str], str]:
        """Run shell lines by control on each machine; what went wrong, by machine and control."""
        ran = {name: machine.shell(scripts) for name, machine in self.machines.items()}
        return {(name, control): text for name, failed in ran.items() for control, text in failed.items()}

    def audit(self, names: list[str], *view: str) -> Results:
        chosen = [CONTROLS[name] for name in names]
        results_of = {name: machine.audit(chosen, *view) for name, machine in self.machines.items()}
        return {(name, control): result for name, results in results_of.items() for control, result in results.items()}

    def go_through(self, chosen: list[Plant]) -> tuple[Results, Results, dict[tuple[str, str], str]]:
        """What the audit says with faults planted, what it says when they are mended, and shell lines that failed."""
        names = [plant.control for plant in chosen]
        wrong = self.run_on_each({plant.control: plant.plant for plant in chosen})
        planted = self.audit(names)
        if roles := {plant.role for plant in chosen if plant.role}:
            self.mend(*roles)
        wrong |= self.run_on_each({plant.control: plant.undo for plant in chosen if plant.undo})
        return planted, self.audit(names), wrong
