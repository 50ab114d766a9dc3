"""The engine on booted machines over SSH: with and without rights, running and mounted, and against systemd's word."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import language

from lab.conftest import BIN, ROOT, Lab
from lab.planted.plants import controls

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
# Holds what the files and what is built in say, as in a tree that does not run, against what sshd and apt say of them,
# as they are and with each of these files in turn.
COMPARED = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import apt, apt_conf, sshd, sshd_builtin
def ask(source, machine, select):
    try:
        found = source.look_up(machine, select)
        return found.get("values", found.get("value")) if found["exists"] else "absent"
    except UnreadableError as problem:
        return str(problem)
def held(source, selects):
    here, tree = Machine(), Machine("/", offline=True)
    pairs = {json.dumps(select): (ask(source, here, select), ask(source, tree, select)) for select in selects}
    return pairs
count, different, unknown = 0, {}, set()
for kind, place, texts in (("sshd", "/etc/ssh/sshd_config.d/00-said.conf", json.loads(sys.argv[2])),
                           ("apt", "/etc/apt/apt.conf.d/99said", json.loads(sys.argv[3]))):
    for text in ["", *texts]:
        pathlib.Path(place).write_text(text + chr(10))
        if kind == "sshd":
            names = {*sshd._options(Machine(), (), None), *sshd_builtin.SEVERAL, "nosuchoption"}
            pairs = held(sshd, [{"option": name} for name in sorted(names)])
        else:
            names = {*apt_conf.in_force(Machine()), *apt_conf.in_force(Machine("/", offline=True)), "apt::no::such"}
            pairs = held(apt, [{"what": "settings", "key": name.upper()} for name in sorted(names)])
        for select, (said, read) in pairs.items():
            count += 1
            if isinstance(read, str) and ("cannot run here" in read or "only sshd" in read):
                unknown |= set() if text else {json.loads(select).get("option")}
            elif said != read and not (said == "" and read == "absent"):
                different[kind + ": " + text + ": " + select] = (said, read)
    pathlib.Path(place).unlink()
print(json.dumps([count, different, sorted(map(str, unknown))]))
"""
SSHD = [
    "PermitRootLogin prohibit-password\nLoginGraceTime 1m30s\nClientAliveInterval 5m\nLogLevel verbose",
    "MaxAuthTries 03\nX11Forwarding YES\nUsePAM=no\nPermitRootLogin no\nPermitRootLogin yes",
    "Ciphers +3des-cbc\nMACs -umac-64*,hmac-sha1\nKexAlgorithms ^ecdh-sha2-nistp256\nPubkeyAcceptedAlgorithms -ssh-*",
    "Ciphers aes256-ctr,aes128-ctr\nAllowUsers jan piet@host\nAllowUsers klaas\nDenyGroups games",
    "AcceptEnv LANG LC_*\nAcceptEnv FOO\nAuthorizedKeysFile /etc/keys/%u .ssh/keys\nPubkeyAcceptedAlgorithms +ssh-rsa*",
    "IgnoreRhosts shosts-only\nGatewayPorts clientspecified\nCompression delayed\nAllowTcpForwarding local",
    "Banner /etc/issue.net\nSyslogFacility auth\nFingerprintHash md5\nMaxStartups 10\nRekeyLimit 1G 1h",
    "PermitTunnel point-to-point",
]
# What the baseline asks of sshd: nothing of that may be unknown.
OPTIONS = {
    part["select"]["option"] if isinstance(part["select"], dict) else part["select"]
    for control in controls().values() for part in language.expectations(control) if part["source"] == "sshd"
}  # fmt: skip
APT = [
    'APT::Get::AllowUnauthenticated "true";\napt::periodic::UNATTENDED-UPGRADE "1";\nDir::Log "/x";',
    'APT { Periodic { Update-Package-Lists "1"; Enable 0; }; NeverAutoRemove { "^a"; "^b"; }; }; // a "comment";\n'
    '/* more\n */ # and more;\nAcquire::AllowWeakRepositories yes; Acquire::http::Proxy "http://x:1/";',
    'APT::Periodic::Enable "1"; APT::Periodic { A "1"; };\n#clear APT::Periodic;\nAPT::Install-Recommends "false";',
]
# What generators and systemd itself make at each start is in no file, and `indirect` needs systemd's own bookkeeping.
ONLY_RUNNING = ("enabled-runtime", "generated", "transient", "indirect", "alias")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Machines as they come, without the roles: the engine must tell what is wrong with them."""
    records = tmp_path_factory.mktemp("records")
    env = {**os.environ, "OPLEVER_LAB": "engine", "OPLEVER_RECORDS": str(records), "OPLEVER_JOURNAL": "0"}
    env["PATH"] = f"{BIN}:{env['PATH']}"
    engine_lab = Lab(records, env)
    try:
        engine_lab.ansible("playbooks/lab_up.yml")
        yield engine_lab
    finally:
        engine_lab.ansible("playbooks/lab_down.yml")


def checks(lab: Lab, place: Path, questions: list[dict[str, Any]], **more: Any) -> dict[str, list[dict[str, Any]]]:
    """Host -> results of the module, over SSH."""
    dest = f"{place}/{{{{ inventory_hostname }}}}.json"
    kept = {"content": "{{ asked.checks | to_json }}", "dest": dest, "mode": "0600"}
    play = {
        "hosts": ",".join(HOSTS), "gather_facts": False, **more.pop("play", {}),
        "tasks": [
            {"name": "Ask", "oplever.lab.checks": {"checks": questions, "fail": False, **more}, "register": "asked"},
            {"name": "Keep", "ansible.builtin.copy": kept, "delegate_to": "localhost", "become": False},
        ],
    }  # fmt: skip
    playbook = place / "ask.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    lab.ansible(str(playbook))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in place.glob("*1.json")}


def check_of(number: int, source: str, select: Any, expect: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(number), "title": "t", "source": source, "select": select, "expect": expect}


SECRETS = [
    check_of(1, "account", {"all": True}, {"empty_password": {"empty": True}}),
    check_of(2, "tree", "suid", {"count": {"at_least": 1}}),
    check_of(3, "sshd", "permitemptypasswords", {"value": "no"}),
    check_of(4, "sudoers", "rules", {"exists": True}),
    check_of(5, "process", {"all": True}, {"outdated": {"empty": True}}),
]


def test_without_become_nothing_passes_that_only_root_can_see(lab: Lab, tmp_path: Path) -> None:
    for play, status in (({"vars": {"ansible_become": False}}, "error"), ({}, "pass")):
        place = tmp_path / status
        place.mkdir()
        by_host = checks(lab, place, SECRETS, play=play)
        assert set(by_host) == set(HOSTS)
        for host, results in by_host.items():
            assert [(host, r["id"], r["status"]) for r in results] == [(host, r["id"], status) for r in results], (
                results
            )
            assert all(bool(r["reason"]) == (status == "error") for r in results)


def test_a_container_has_no_kernel_of_its_own(lab: Lab, tmp_path: Path) -> None:
    condition = {"source": "context", "expect": {"container": False}}
    question = check_of(1, "sysctl", "kernel.randomize_va_space", {"running": 2})
    reason = {"nl": "de kernel is van een ander", "en": "the kernel is somebody else's"}
    for results in checks(lab, tmp_path, [{**question, "when": condition, "reason": reason}]).values():
        assert (results[0]["status"], results[0]["reason"]) == ("not_applicable", f"not measured: {reason['en']}")


@pytest.fixture(scope="module")
def place(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the engine lies on the machines, to be called by scripts there."""
    code = tmp_path_factory.mktemp("code") / "code.tar.gz"
    with tarfile.open(code, "w:gz") as archive:
        archive.add(ROOT / "plugins/module_utils", "ansible_collections/oplever/lab/plugins/module_utils")
    place, hosts = "/var/tmp/oplever-engine", ":".join(HOSTS)  # noqa: S108
    for host in HOSTS:
        lab.shell(host, f"mkdir -p {place}")
    lab.adhoc(hosts, "-b", "-m", "ansible.builtin.unarchive", "-a", f"src={code} dest={place}")
    return place


def scripted(lab: Lab, host: str, *words: str) -> Any:
    """The list that a script of Python prints as JSON on a machine."""
    argv = json.dumps({"argv": ["/usr/bin/python3", "-c", *words]})
    out = lab.adhoc(host, "-b", "-m", "ansible.builtin.command", "-a", argv)
    return json.loads(out[out.index("[") :])


@pytest.mark.parametrize("host", HOSTS)
def test_unit_files_say_what_systemd_says(lab: Lab, place: str, host: str) -> None:
    count, different = scripted(lab, host, UNITS, place)
    assert count > 100
    assert {name: pair for name, pair in different.items() if pair[0] not in ONLY_RUNNING} == {}


@pytest.mark.parametrize("host", HOSTS)
def test_files_say_what_sshd_and_apt_say(lab: Lab, place: str, host: str) -> None:
    count, different, unknown = scripted(lab, host, COMPARED, place, json.dumps(SSHD), json.dumps(APT))
    assert count > 1000
    assert different == {}
    assert not set(unknown) & OPTIONS


def test_a_mounted_system_is_judged_like_the_running_one(lab: Lab, tmp_path: Path) -> None:
    """The base tree of a machine, asked on localhost; what must run to be asked says so."""
    trees = sorted(Path("/var/cache/oplever/base").glob("*-*"))
    assert trees
    question = [
        check_of(1, "package", "openssh-server", {"exists": True, "status": "install ok installed"}),
        check_of(2, "unit", "ssh", {"load": "loaded", "enabled": {"one_of": ["enabled", "disabled"]}}),
        check_of(3, "account", {"all": True}, {"uid0": ["root"]}),
        check_of(4, "tree", "suid", {"unpackaged": {"empty": True}, "count": {"at_least": 3}}),
        check_of(5, "unit", "ssh", {"active": "active"}),
        check_of(6, "socket", 22, {"exists": True}),
        check_of(7, "sshd", "permitemptypasswords", {"value": "no"}),
        check_of(8, "apt", {"what": "settings", "key": "APT::Get::AllowUnauthenticated"}, {"exists": False}),
    ]
    for tree in trees:
        play = {"hosts": "localhost", "connection": "local", "vars": {"ansible_become": False}}
        place = tmp_path / tree.name
        place.mkdir()
        checks(lab, place, question, play=play, root=str(tree))
        results = json.loads((place / "localhost.json").read_text(encoding="utf-8"))
        assert [r["status"] for r in results] == ["pass"] * 4 + ["not_applicable"] * 2 + ["pass"] * 2, results
