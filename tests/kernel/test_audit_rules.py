"""Controls of the audit on a kernel that loads rules, which the machines of the lab cannot: auditd as Debian installs
it, with the rules of the role harden, and each way to set it up wrongly that tests/lab/truth has.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from lab.planted.plants import controls
from lab.truth.misconfigurations import Misconfiguration, misconfigurations, named

from kernel.image import image
from kernel.machine import ROOT, VirtualMachine

RULES = "/etc/audit/rules.d/50-oplever.rules"
FINAL = "/etc/audit/rules.d/99-oplever-final.rules"
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-download --no-install-recommends auditd"
FAULTS = misconfigurations(kernel=True)
CONTROLS = [control for control in controls().values() if control["area"] == "AUD"]
PLACE = "/run/engine"
PACKAGE = "ansible_collections/oplever/lab/plugins/module_utils"
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
        bring_engine(virtual)
        yield virtual
    finally:
        virtual.stop()


def bring_engine(machine: VirtualMachine) -> None:
    """Put the check engine of this checkout on the machine: a playbook takes minutes there, and this some seconds."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", dereference=True) as tar:
        tar.add(
            ROOT / "plugins/module_utils", PACKAGE, filter=lambda entry: None if "__pycache__" in entry.name else entry
        )
        tar.add(ROOT / "tests/lab/planted/probe.py", "probe.py")
    text = base64.encodebytes(archive.getvalue()).decode()
    machine.shell(f"mkdir -p {PLACE}\nbase64 -d <<'END' | tar -C {PLACE} -xzf -\n{text}END\n")


def audit(machine: VirtualMachine) -> Results:
    """What the check engine says there of all controls of the audit."""
    answer = machine.shell(f"python3 -B {PLACE}/probe.py <<'END'\n{json.dumps(CONTROLS)}\nEND\n")
    return {result["id"]: result for result in json.loads(answer)}


def failing(results: Results) -> dict[str, str]:
    return {name: result["found"] for name, result in results.items() if result["status"] != "pass"}


class Audited:
    """The journey of one release; the tests of a class are run in this order, for the last one locks the rules."""

    def test_the_rules_of_the_role_pass_but_for_the_lock(self, machine: VirtualMachine) -> None:
        results = audit(machine)
        assert failing(results) == {"AUD-037": "locked = false and locked_on_disk = false"}
        machine.shell("touch /etc/sudoers")
        events = machine.shell(
            "ausearch --input-logs --key scope,identity --interpret || ausearch --input-logs -k scope"
        )
        assert "/etc/sudoers" in events

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
    def test_what_is_set_up_wrongly_is_named(self, machine: VirtualMachine, fault: Misconfiguration) -> None:
        """One at a time: what loads the rules takes away what was changed in the kernel alone."""
        machine.shell(f"set -eu\n{fault.plant}")
        try:
            results = audit(machine)
        finally:
            machine.shell(f"set -eu\n{fault.undo}")
        assert named(fault, results) == []

    def test_nothing_is_named_when_all_is_undone(self, machine: VirtualMachine) -> None:
        assert failing(audit(machine)).keys() == {"AUD-037"}

    def test_rules_that_are_locked_stay_until_the_next_boot(self, machine: VirtualMachine) -> None:
        machine.shell(f"cat >{FINAL} <<'END'\n{lines_of_the_role(FINAL)}END\naugenrules --load")
        assert failing(audit(machine)) == {}
        machine.shell(f"echo '-e 1' >{FINAL}; sed -i '/sudoers/d' {RULES}; augenrules --load", check=False)
        failures = failing(audit(machine))
        assert failures["AUD-037"] == "locked_on_disk = false"
        assert failures.keys() == {"AUD-009", "AUD-037", "AUD-039"}
        assert failures["AUD-039"] == "not_on_disk = 2"


class TestDebian12(Audited):
    release = "debian12"


class TestDebian13(Audited):
    release = "debian13"
