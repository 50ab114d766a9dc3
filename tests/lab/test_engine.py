"""The engine on booted machines over SSH: with and without rights, running and mounted, and against systemd's word."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.conftest import BIN, ROOT, Lab

HOSTS = ("srv1", "web1")
# Holds what the unit files say against what systemd says, for each unit file of the machine.
UNITS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.sources import unit, unit_file
said = unit.files(Machine())
read = {name: (unit_file.find(Machine("/", offline=True), name) or {}).get("enabled") for name in said}
print(json.dumps([len(said), {n: [said[n], read[n]] for n in said if said[n] != read[n]}]))
"""
# What generators and systemd itself make at each start is in no file, and `indirect` needs systemd's own bookkeeping.
ONLY_RUNNING = ("enabled-runtime", "generated", "transient", "indirect", "alias")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Machines as they come, without the roles: the engine must tell what is wrong with them."""
    records = tmp_path_factory.mktemp("records")
    env = {**os.environ, "OPLEVER_LAB": "engine", "OPLEVER_RECORDS": str(records), "OPLEVER_JOURNAL": "0"}
    env["PATH"] = f"{BIN}:{env['PATH']}"
    found = Lab(records, env)
    try:
        found.ansible("playbooks/lab_up.yml")
        yield found
    finally:
        found.ansible("playbooks/lab_down.yml")


def checks(lab: Lab, place: Path, asked: list[dict[str, Any]], **more: Any) -> dict[str, list[dict[str, Any]]]:
    """Host -> results of the module, over SSH."""
    dest = f"{place}/{{{{ inventory_hostname }}}}.json"
    kept = {"content": "{{ asked.checks | to_json }}", "dest": dest, "mode": "0600"}
    play = {
        "hosts": ",".join(HOSTS), "gather_facts": False, **more.pop("play", {}),
        "tasks": [
            {"name": "Ask", "oplever.lab.checks": {"checks": asked, "fail": False, **more}, "register": "asked"},
            {"name": "Keep", "ansible.builtin.copy": kept, "delegate_to": "localhost", "become": False},
        ],
    }  # fmt: skip
    playbook = place / "ask.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    lab.ansible(str(playbook))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in place.glob("*1.json")}


def one(number: int, source: str, select: Any, expect: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(number), "title": "t", "source": source, "select": select, "expect": expect}


SECRETS = [
    one(1, "account", {"all": True}, {"empty_password": {"empty": True}}),
    one(2, "tree", "suid", {"count": {"at_least": 1}}),
    one(3, "sshd", "permitemptypasswords", {"value": "no"}),
    one(4, "sudoers", "rules", {"exists": True}),
    one(5, "process", {"all": True}, {"outdated": {"empty": True}}),
]


def test_without_become_nothing_passes_that_only_root_can_see(lab: Lab, tmp_path: Path) -> None:
    for play, status in (({"vars": {"ansible_become": False}}, "error"), ({}, "pass")):
        place = tmp_path / status
        place.mkdir()
        found = checks(lab, place, SECRETS, play=play)
        assert set(found) == set(HOSTS)
        for host, results in found.items():
            assert [(host, r["id"], r["status"]) for r in results] == [(host, r["id"], status) for r in results], (
                results
            )
            assert all(bool(r["reason"]) == (status == "error") for r in results)


def test_a_container_has_no_kernel_of_its_own(lab: Lab, tmp_path: Path) -> None:
    condition = {"source": "context", "expect": {"container": False}}
    asked = one(1, "sysctl", "kernel.randomize_va_space", {"running": 2})
    reason = {"nl": "de kernel is van een ander", "en": "the kernel is somebody else's"}
    for results in checks(lab, tmp_path, [{**asked, "when": condition, "reason": reason}]).values():
        assert (results[0]["status"], results[0]["reason"]) == ("not_applicable", reason["en"])


def test_unit_files_say_what_systemd_says(lab: Lab, tmp_path: Path) -> None:
    code = tmp_path / "code.tar.gz"
    with tarfile.open(code, "w:gz") as archive:
        archive.add(ROOT / "plugins/module_utils", "ansible_collections/oplever/lab/plugins/module_utils")
    place = "/var/tmp/oplever-engine"  # noqa: S108
    lab.shell(":".join(HOSTS), f"mkdir -p {place}")
    lab.command("ansible", ":".join(HOSTS), "-b", "-m", "ansible.builtin.unarchive", "-a", f"src={code} dest={place}")
    for host in HOSTS:
        script = json.dumps({"argv": ["/usr/bin/python3", "-c", UNITS, place]})
        out = lab.command("ansible", host, "-b", "-m", "ansible.builtin.command", "-a", script)
        count, different = json.loads(out[out.index("[") :])
        assert count > 100
        assert {name: pair for name, pair in different.items() if pair[0] not in ONLY_RUNNING} == {}


def test_a_mounted_system_is_judged_like_the_running_one(lab: Lab, tmp_path: Path) -> None:
    """The base tree of a machine, asked on localhost; what must run to be asked says so."""
    trees = sorted(Path("/var/cache/oplever/base").glob("*-*"))
    assert trees
    asked = [
        one(1, "package", "openssh-server", {"exists": True, "status": "install ok installed"}),
        one(2, "unit", "ssh", {"load": "loaded", "enabled": {"one_of": ["enabled", "disabled"]}}),
        one(3, "account", {"all": True}, {"uid0": ["root"]}),
        one(4, "tree", "suid", {"unpackaged": {"empty": True}, "count": {"at_least": 3}}),
        one(5, "unit", "ssh", {"active": "active"}),
        one(6, "socket", 22, {"exists": True}),
    ]
    for tree in trees:
        play = {"hosts": "localhost", "connection": "local", "vars": {"ansible_become": False}}
        place = tmp_path / tree.name
        place.mkdir()
        checks(lab, place, asked, play=play, root=str(tree))
        results = json.loads((place / "localhost.json").read_text(encoding="utf-8"))
        assert [r["status"] for r in results] == ["pass"] * 4 + ["not_applicable"] * 2, results
