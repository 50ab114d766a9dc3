"""Controls and remedies that need a kernel, a boot loader and an audit of their own, on virtual machines that restart.

The lab's machines share the kernel of their host, so what a boot decides is tried here (`make kernel`): a machine as
Debian installs it is audited, hardened by playbooks/harden.yml, hardened again, restarted, and audited once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.image import image
from kernel.machine import VirtualMachine

AREAS = ("BOOT", "KMOD", "MNT", "AUD", "KRN", "MAC", "NET")
STRICT = {
    "harden_profile": "debian-hoog",
    "harden_grub_password": f"grub.pbkdf2.sha512.1000.{64 * 'A1'}.{64 * 'B2'}",
    "firewall_ssh_port": 22,  # Ansible comes in by a forwarded port
}
LEFT = {"BOOT-020", "MAC-004", "MAC-005"}
"""What no role mends: the processor, and profiles that Debian 13 ships without a limit or only to complain."""
SETTINGS = (
    "/etc/audit/",
    "/etc/default/grub.d/",
    "/etc/grub.d/",
    "/etc/modprobe.d/",
    "/etc/sysctl.d/",
    "/etc/systemd/system/tmp.mount.d/",
)
Statuses = dict[str, dict[str, Any]]


def controls(record: dict[str, Any]) -> Statuses:
    """The controls of AREAS by id."""
    return {c["id"]: c for c in record["baseline"]["controls"] if c["id"].partition("-")[0] in AREAS}


def changed_files(text: str) -> set[str]:
    """Files of the role harden, in these areas, that the output of `--diff` tells of: both headings are the path."""
    paths = {hit[1] for hit in re.finditer(r"^--- before: (/\S+)\n\+\+\+ after: \1$", text, re.MULTILINE)}
    return {path for path in paths if path.startswith(SETTINGS)}


@pytest.fixture(scope="class")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMachine]:
    release = request.cls.release
    virtual = VirtualMachine(image(release), tmp_path_factory.mktemp(release), release)
    try:
        virtual.start()
        yield virtual
    finally:
        virtual.stop()


@pytest.fixture(scope="class")
def stock(machine: VirtualMachine) -> Statuses:
    """What the audit says of a machine as Debian installs it."""
    machine.play("audit", {**STRICT, "audit_fail": False})
    return controls(machine.record())


@pytest.fixture(scope="class")
def foretold(machine: VirtualMachine, stock: Statuses) -> set[str]:
    return changed_files(machine.play("harden", STRICT, "--check", "--diff").stdout)


@pytest.fixture(scope="class")
def done(machine: VirtualMachine, foretold: set[str]) -> set[str]:
    return changed_files(machine.play("harden", STRICT, "--diff").stdout)


@pytest.fixture(scope="class")
def restarted(machine: VirtualMachine, done: set[str]) -> Statuses:
    """What the audit says after a second hardening, a menu made anew as an update of the kernel does, and a restart."""
    once_more(machine)
    machine.shell("update-grub")
    machine.restart()
    return once_more(machine)


def once_more(machine: VirtualMachine) -> Statuses:
    """Harden a hardened machine: nothing changes. What the audit says of it."""
    again = machine.play("harden", STRICT, "--diff")
    assert [system["recap"]["changed"] for system in machine.record()["systems"]] == [0], again.stdout[-6000:]
    return controls(machine.record())


def having(statuses: Statuses, *chosen: str) -> dict[str, str]:
    return {name: c["after"] for name, c in statuses.items() if c["after"] in chosen}


class Hardened:
    """The journey of one release; each class below has a machine of its own."""

    def test_every_control_can_be_judged_on_a_stock_machine(self, stock: Statuses) -> None:
        assert having(stock, "error") == {}
        assert {"BOOT-001", "KMOD-010", "MNT-013", "AUD-001", "KRN-002", "MAC-001"} <= having(stock, "fail").keys()

    def test_hardening_stops_before_it_shuts_itself_out(self, machine: VirtualMachine, stock: Statuses) -> None:
        """The inventory names the forwarded port, and rules that let only that one in would be the last ones."""
        refused = machine.play(
            "harden", {**STRICT, "harden_roles": ["firewall"], "firewall_ssh_port": machine.port}, check=False
        )
        assert "Set firewall_ssh_port to 22 for this machine." in refused.stdout
        assert machine.boot_id()

    def test_check_mode_foretells_what_hardening_changes(self, foretold: set[str], done: set[str]) -> None:
        assert foretold == done
        assert len(done) == len(SETTINGS) + 2, "two files of the audit, and two of the menu of the boot loader"

    def test_after_a_restart_every_control_passes(self, restarted: Statuses) -> None:
        assert having(restarted, "fail", "error").keys() - LEFT == set()

    def test_the_rules_hold_for_what_really_happens(self, machine: VirtualMachine, restarted: Statuses) -> None:
        """A module is refused, no program starts from where anybody writes, and the audit records."""
        assert "refused" in machine.shell("modprobe sctp 2>&1 || echo refused")
        assert "refused" in machine.shell("cp /usr/bin/true /dev/shm/x && { /dev/shm/x || echo refused; }")
        machine.shell("touch /etc/group")
        assert "/etc/group" in machine.shell("ausearch --input-logs --key identity --interpret")


class TestDebian12(Hardened):
    release = "debian12"


class TestDebian13(Hardened):
    release = "debian13"
