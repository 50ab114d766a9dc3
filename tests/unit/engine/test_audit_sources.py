"""Rules of the audit as they are on disk and as the kernel has them, and AppArmor."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.module_utils import kernel_audit
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    apparmor,
    audit_rule,
)

from .trees import commands, write

ROOT = Path(__file__).resolve().parents[3]
LOADED = """-w /etc/sudoers -p wa -k scope
-w /etc/passwd -p w
-a always,exit -F arch=b64 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-a always,exit -F arch=b32 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-a always,exit -S init_module,delete_module -F key=modules
-a always,exit -F arch=b64 -S finit_module -F uid=33
-a always,exit -F path=/etc/shadow -F perm=wa -F auid>=1000
-a always,exit -F dir=/etc/sudoers.d/ -F perm=wa
-a never,exit -F arch=b64 -S all
"""


def audit(tmp_path: Path, on_disk: str, loaded: str | None = None, status: str = "enabled 1\n") -> Machine:
    write(tmp_path, "/etc/audit/rules.d/10-x.rules", on_disk)
    answers = {} if loaded is None else {"auditctl -l": loaded, "auditctl -s": status}
    machine = commands(Machine(str(tmp_path)), **answers)
    lines = [line for line in (loaded or "").splitlines() if line.startswith("-")]
    machine.audit_rules = lambda: [("never" in line, False) for line in lines]
    return machine


@pytest.mark.parametrize(
    ("select", "found"),
    [
        ({"path": "/etc/sudoers"}, "wa"),
        ({"path": "/etc/sudoers.d"}, "wa"),
        ({"path": "/etc/passwd"}, "w"),
        ({"path": "/etc/shadow"}, ""),  # only of some people
        ({"syscall": "execve", "field": "euid!=uid"}, ["b32", "b64"]),
        ({"syscall": "execve"}, []),
        ({"syscall": "init_module"}, ["b32", "b64"]),
        ({"syscall": "finit_module"}, []),  # only of one account
        ({"syscall": "open"}, []),  # a rule that never records covers nothing
    ],
)
def test_audit_rule_counts_what_rules_cover(tmp_path: Path, select: dict[str, str], found: object) -> None:
    facts = audit_rule.look_up(audit(tmp_path, LOADED, LOADED), select)
    assert facts["loaded"] == facts["on_disk"] == found


def test_audit_rule_knows_what_is_not_loaded_and_what_is_locked(tmp_path: Path) -> None:
    same = "-w /etc/sudoers -p aw -k other\n-e 2\n"
    facts = audit_rule.look_up(audit(tmp_path, same, "-w /etc/sudoers -p wa\n", "enabled 2\n"), {"what": "state"})
    assert (facts["locked"], facts["locked_on_disk"]) == (True, True)
    assert (facts["not_loaded"], facts["not_on_disk"]) == (0, 0)
    facts = audit_rule.look_up(audit(tmp_path, same, "-w /etc/hosts -p wa\n"), {"what": "state"})
    assert (facts["locked"], facts["not_loaded"], facts["not_on_disk"]) == (False, 1, 1)


# What auditctl -l says, on Debian 12 and on Debian 13 alike, of the rules that the role harden writes.
SAID = """-w /etc/sudoers -p wa -k scope
-w /etc/sudoers.d -p wa -k scope
-a always,exit -F arch=b64 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-a always,exit -F arch=b32 -S execve -C uid!=euid -F auid!=-1 -F key=user_emulation
-w /etc/passwd -p wa -k identity
-w /etc/group -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/gshadow -p wa -k identity
-a always,exit -F arch=b64 -S init_module,delete_module,finit_module -F auid>=1000 -F auid!=-1 -F key=kernel_modules
"""


def test_audit_rule_knows_the_rules_of_the_role_as_the_kernel_tells_them(tmp_path: Path) -> None:
    role = yaml.safe_load((ROOT / "roles/harden/vars/main.yml").read_text(encoding="utf-8"))
    files = [file for file in role["__harden_files"] if file["path"].startswith("/etc/audit/rules.d/")]
    written = "\n".join(line["line"] for file in files for line in file["lines"])
    facts = audit_rule.look_up(audit(tmp_path, written, SAID, "enabled 2\n"), {"what": "state"})
    assert (facts["not_loaded"], facts["not_on_disk"], facts["locked"], facts["locked_on_disk"]) == (0, 0, True, True)


def test_what_auditctl_does_not_print_is_asked_of_the_kernel(tmp_path: Path) -> None:
    """It prints `-a never,exit -F path=/etc/shadow -F perm=wa` as a watch, and one of /etc as one of a single file."""
    listed = "-w /etc/shadow -p wa\n-w /etc -p wa -k etc\n-w /etc/shadow -p wa -k identity\n"
    machine = audit(tmp_path, "", listed)
    machine.audit_rules = lambda: [(True, False), (False, True), (False, False)]
    assert audit_rule.look_up(machine, {"path": "/etc/shadow"})["loaded"] == "wa"
    machine = audit(tmp_path, "", listed.replace("-w /etc -p wa -k etc\n", ""))
    machine.audit_rules = lambda: [(True, False), (False, False)]
    assert audit_rule.look_up(machine, {"path": "/etc/shadow"})["loaded"] == ""
    machine = audit(tmp_path, "", listed)
    machine.audit_rules = lambda: [(True, False)]
    assert isinstance(audit_rule.look_up(machine, {"path": "/etc/shadow"})["loaded"], UnreadableError)


def test_no_rule_counts_while_the_audit_is_switched_off(tmp_path: Path) -> None:
    machine = audit(tmp_path, "", "-w /etc/shadow -p wa\n", "enabled 0\n")
    assert audit_rule.look_up(machine, {"path": "/etc/shadow"})["loaded"] == ""


def test_rules_on_disk_are_put_together_as_augenrules_does(tmp_path: Path) -> None:
    """By version, the last switch at the end; audit.rules counts only where there is no directory of rules."""
    write(tmp_path, "/etc/audit/audit.rules", "-w /etc/passwd -p wa\n-e 2\n")
    machine = Machine(str(tmp_path), offline=True)
    assert audit_rule.look_up(machine, {"path": "/etc/passwd"})["on_disk"] == "wa"
    write(tmp_path, "/etc/audit/rules.d/10-late.rules", "-e 1\n-w /etc/shadow -p wa\nnonsense\n-w /etc/group -p wa\n")
    write(tmp_path, "/etc/audit/rules.d/9-early.rules", "-e 2\n-a never,exit -F path=/etc/shadow -F perm=wa\n")
    machine = Machine(str(tmp_path), offline=True)
    watched = {name: audit_rule.look_up(machine, {"path": f"/etc/{name}"})["on_disk"] for name in ("passwd", "shadow")}
    assert watched == {"passwd": "", "shadow": ""}
    state = audit_rule.look_up(machine, {"what": "state"})
    assert (state["locked_on_disk"], state["refused"]) == (False, "nonsense")


def test_the_kernel_s_answers_are_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a kernel sends them: several messages in one packet, each in whole words, then one that ends."""

    def rule(action: int, *fields: int) -> bytes:
        numbers = [*fields, *[0] * (64 - len(fields))]
        body = kernel_audit.RULE.pack(4, action, len(fields), *numbers) + bytes(129 * 4) + b"odd"
        size = kernel_audit.HEAD.size + len(body)
        return kernel_audit.HEAD.pack(size, 1013, 2, 1, 0) + body + bytes(-size % 4)

    end = kernel_audit.HEAD.pack(16, 3, 2, 1, 0)
    packets = [rule(0, 105, 106) + rule(2, 107, 106, 210), rule(2, 11), end]

    class Kernel:
        def __init__(self, *family: int) -> None:
            assert family[-1] == 9

        def __enter__(self) -> Kernel:
            return self

        def __exit__(self, *problem: object) -> None:
            """Nothing to close."""

        def settimeout(self, seconds: float) -> None:
            assert seconds

        def sendto(self, data: bytes, address: tuple[int, int]) -> None:
            assert (len(data), address) == (16, (0, 0))

        def recv(self, size: int) -> bytes:
            return packets.pop(0)

    monkeypatch.setattr(kernel_audit.socket, "socket", Kernel)
    assert kernel_audit.rules() == [(True, False), (False, True), (False, False)]
    packets.append(kernel_audit.HEAD.pack(20, 2, 0, 1, 0) + struct.pack("=i", -1))
    with pytest.raises(OSError, match="not permitted"):
        kernel_audit.rules()


def test_audit_rule_without_auditctl_cannot_tell(tmp_path: Path) -> None:
    assert isinstance(audit_rule.look_up(audit(tmp_path, LOADED), {"path": "/etc/sudoers"})["loaded"], UnreadableError)


def test_apparmor_tells_the_modes_apart(tmp_path: Path) -> None:
    assert apparmor.look_up(Machine(str(tmp_path)), {}) == {"exists": False, "enabled": False}
    write(tmp_path, "/sys/module/apparmor/parameters/enabled", "Y\n")
    assert isinstance(apparmor.look_up(Machine(str(tmp_path)), {})["profiles"], UnreadableError)
    write(tmp_path, apparmor.LOADED, "/usr/bin/man (enforce)\nman_groff (complain)\nx (y) (unconfined)\n")
    write(tmp_path, "/proc/1/attr/current", "unconfined\n")
    (tmp_path / "proc/1/exe").symlink_to("/usr/bin/man")
    facts = apparmor.look_up(Machine(str(tmp_path)), {})
    assert (facts["enforcing"], facts["complaining"], facts["unconfined"]) == (
        ["/usr/bin/man"],
        ["man_groff"],
        ["x (y)"],
    )
    assert facts["escaped"] == ["1 /usr/bin/man"]
