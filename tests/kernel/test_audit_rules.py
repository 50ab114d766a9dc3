"""Controls of the audit on a kernel that loads rules, which the machines of the lab cannot: auditd as Debian installs
it, with the rules of the role harden, and each way to set it up wrongly that tests/lab/truth has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab.truth.misconfigurations import Misconfiguration, misconfigurations, named

from kernel.image import image
from kernel.machine import ROOT, VirtualMachine

RULES = "/etc/audit/rules.d/50-oplever.rules"
FINAL = "/etc/audit/rules.d/99-oplever-final.rules"
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-download --no-install-recommends auditd"
FAULTS = misconfigurations(kernel=True)
Results = dict[str, dict[str, Any]]
"""Control -> result."""


def lines_of_the_role(path: str) -> str:
    """What the role harden writes in a file."""
    variables = yaml.safe_load((ROOT / "roles/harden/vars/main.yml").read_text(encoding="utf-8"))
    (entry,) = [entry for entry in variables["__harden_files"] if entry["path"] == path]
    return "".join(f"{line['line']}\n" for line in entry["lines"])


@pytest.fixture(scope="class")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMachine]:
    """A machine with auditd and the rules, which are loaded and not locked."""
    virtual = VirtualMachine(image(request.cls.release), tmp_path_factory.mktemp("audit"), request.cls.release)
    try:
        virtual.start()
        virtual.shell(f"{INSTALL}\nchmod 0750 /var/log/audit\ncat >{RULES} <<'END'\n{lines_of_the_role(RULES)}END\n")
        virtual.shell("augenrules --load")
        yield virtual
    finally:
        virtual.stop()


def audit(machine: VirtualMachine, place: Path, name: str) -> Results:
    path = place / f"{name}.json"
    machine.run("tests/kernel/controls.yml", {"area": "AUD", "results_to": str(path)})
    return {result["id"]: result for result in json.loads(path.read_text(encoding="utf-8"))}


def failing(results: Results) -> dict[str, str]:
    return {name: result["found"] for name, result in results.items() if result["status"] != "pass"}


class Audited:
    """The journey of one release; the tests of a class are run in this order, for the last one locks the rules."""

    def test_the_rules_of_the_role_pass_but_for_the_lock(self, machine: VirtualMachine, tmp_path: Path) -> None:
        results = audit(machine, tmp_path, "loaded")
        assert failing(results) == {"AUD-037": "locked = false and locked_on_disk = false"}
        machine.shell("touch /etc/sudoers")
        events = machine.shell(
            "ausearch --input-logs --key scope,identity --interpret || ausearch --input-logs -k scope"
        )
        assert "/etc/sudoers" in events

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
    def test_what_is_set_up_wrongly_is_named(
        self, machine: VirtualMachine, tmp_path: Path, fault: Misconfiguration
    ) -> None:
        """One at a time: what loads the rules takes away what was changed in the kernel alone."""
        machine.shell(f"set -eu\n{fault.plant}")
        try:
            results = audit(machine, tmp_path, "planted")
        finally:
            machine.shell(f"set -eu\n{fault.undo}")
        assert named(fault, results) == []

    def test_nothing_is_named_when_all_is_undone(self, machine: VirtualMachine, tmp_path: Path) -> None:
        assert failing(audit(machine, tmp_path, "undone")).keys() == {"AUD-037"}

    def test_rules_that_are_locked_stay_until_the_next_boot(self, machine: VirtualMachine, tmp_path: Path) -> None:
        machine.shell(f"cat >{FINAL} <<'END'\n{lines_of_the_role(FINAL)}END\naugenrules --load")
        assert failing(audit(machine, tmp_path, "locked")) == {}
        machine.shell(f"echo '-e 1' >{FINAL}; sed -i '/sudoers/d' {RULES}; augenrules --load", check=False)
        found = failing(audit(machine, tmp_path, "edited"))
        assert found["AUD-037"] == "locked = true and locked_on_disk = false"
        assert found.keys() == {"AUD-009", "AUD-037", "AUD-039"}
        assert found["AUD-039"].startswith("not_loaded = 0 and not_on_disk = 2")


class TestDebian12(Audited):
    release = "debian12"


class TestDebian13(Audited):
    release = "debian13"
