"""The switches of the playbooks as people give them, on every supported version of ansible-core; and how these end."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path, PurePath

import pytest
import yaml
from oplever.text import to_json

from system.recorder.runs import LOCAL, ROOT, Place
from system.recorder.test_versions import CORES, EACH, environment

WAYS = ("oplever_audit=false", '{"oplever_audit": false}', "oplever_audit=no")
AUDIT = "Audit against the security baseline"
PLAYBOOKS = ROOT / "playbooks"
LIST = str(PLAYBOOKS / "vars/roles.yml")

WORK = """
- hosts: a
  gather_facts: false
  tasks:
    - oplever.lab.snapshot: {{stage: before, files: [{watched}]}}
    - oplever.lab.checks:
        stage: after
        checks: [{{id: a.b, title: t, source: file, select: {watched}, expect: {{exists: true}}}}]
    - oplever.lab.snapshot: {{stage: after, files: [{watched}]}}
"""
LOOK = """
- hosts: a
  gather_facts: false
  tasks:
    - oplever.lab.reference:
    - oplever.lab.snapshot:
        files: [{watched}]
        reference: "{{{{ ansible_facts['oplever_reference'] }}}}"
"""
REGISTERED = """
- hosts: a
  gather_facts: false
  tasks:
    - oplever.lab.reference:
      register: delivery
    - ansible.builtin.set_fact:
        kept: {now: "{{ delivery.snapshot }}"}
    - oplever.lab.reference:
      register: hidden_delivery
      no_log: true
- hosts: a
  gather_facts: false
  tasks:
    - oplever.lab.reference:
"""
WORDS = "0644, as package passwd brought it"
SNAPSHOT = {
    "format": 2,
    "host": {"os": "Debian GNU/Linux 12"},
    "packages": {"passwd": ["1:4.13+dfsg1-1", "deb.debian.org bookworm/main"]},
    "state": {
        "file": {"/etc/pam.d/passwd": WORDS, "/etc/pam.d/login": WORDS},
        "setting": {"sudo.passwd_tries": "many"},
    },
    "texts": {"file": {"/etc/pam.d/passwd": "@include common-password"}},
    "unseen": {},
    "digest_key": "a1b2c3d4e5f6a7b8",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.inventory({"a": {**LOCAL, "ansible_become": False}})
    return made


def bin_of(core: str) -> Path:
    return environment(core) if core in CORES else Path(sys.executable).parent


def audits(place: Place, core: str, *options: str) -> dict[str, str]:
    """Host -> what became of the audit in verify.yml."""
    command = [str(bin_of(core) / "ansible-playbook"), "-i", "hosts.json", str(PLAYBOOKS / "verify.yml"), "--tags"]
    done = place.run(*command, "audit", "-e", "oplever_drift=false", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    (step,) = (step for step in place.derived().steps if step.name == AUDIT)
    return {result.host: result.status for result in step.results}


@pytest.mark.parametrize("way", WAYS)
def test_no_audit_when_it_is_switched_off(way: str, place: Place) -> None:
    assert audits(place, "pinned", "-e", way) == {"a": "skipped"}


@pytest.mark.parametrize("core", EACH)
def test_on_every_version_each_of_these_values_switches_it_off(core: str, place: Place) -> None:
    """One start for all, each on a machine of its own: the values are those that the command line gives."""
    values = {"text": "false", "false": False, "no": "no"}
    place.inventory({
        host: {**LOCAL, "ansible_become": False, "oplever_audit": value} for host, value in values.items()
    })  # fmt: skip
    assert audits(place, core) == dict.fromkeys(values, "skipped")


@pytest.mark.parametrize(
    ("options", "code"), [((), 2), (("-e", "audit_fail=false"), 0), (("-e", '{"audit_fail": false}'), 0)]
)
def test_an_audit_in_which_a_control_fails_ends_with_an_error_unless_told_not_to(
    options: tuple[str, ...], code: int, place: Place
) -> None:
    done = place.play(str(PLAYBOOKS / "audit.yml"), *options, "-e", '{"harden_areas": ["LOG", "PAM", "SSH"]}')
    assert done.returncode == code, done.stdout + done.stderr
    record = place.derived()
    assert any(control.after == "fail" for control in record.baseline.controls)
    assert record.faults == (), "the controls tell it"


@pytest.mark.truth
def test_work_between_before_and_after_has_its_changes_and_the_baseline_in_one_record(place: Place) -> None:
    watched = place.path / "authorized_keys"
    tasks = [{"name": "Write", "ansible.builtin.copy": {"content": "x\n", "dest": str(watched)}}]
    place.write("work.yml", [{"hosts": "a", "gather_facts": False, "tasks": tasks}])
    check = {"id": "site.a", "title": "t", "source": "file", "select": str(watched), "expect": {"size": 9}}
    few = ("-e", json.dumps({"harden_areas": ["LOG"], "site_checks": [check]}))
    done = place.play("oplever.lab.before", "work.yml", "oplever.lab.after", *few)
    assert done.returncode == 2, done.stdout + done.stderr
    record = place.derived()
    (system,) = record.systems
    assert "-work-" in record.id
    assert [PurePath(name).name for name in record.document.playbooks] == ["before.yml", "work.yml", "after.yml"]
    assert system.snapshot_before
    assert system.snapshot_after
    assert system.roles == ()
    assert {control.before for control in record.baseline.controls} & {"pass", "fail"}
    assert all(control.after == control.before for control in record.baseline.controls)
    assert [(test.id, test.status) for test in record.tests] == [("site.a", "fail")]
    assert "1 tests did not pass: site.a" in done.stdout


@pytest.mark.truth
def test_a_play_and_its_record_name_the_same_drift_again_and_again(place: Place) -> None:
    watched = place.write("watched/file", "one\ntwo\n").parent
    for name, play in (("work.yml", WORK), ("look.yml", LOOK)):
        place.write(name, play.format(watched=watched))
    assert place.play("work.yml").returncode == 0
    (place.record / "record.json").write_bytes(to_json(place.derived()))
    (watched / "file").write_text("one\n2\n", encoding="utf-8")
    for _ in range(2):
        assert place.play("look.yml").returncode == 0
        (data,) = (line["data"] for line in place.journal() if "not_compared" in line.get("data", {}))
        record = place.derived()
        failing = {test.id for test in record.tests if test.suite == "drift" and test.status in ("fail", "error")}
        assert f"drift.file.{watched}/file" in data["drift"]
        assert {*data["drift"], *data["not_compared"]} == failing
        (place.record / "record.json").write_bytes(to_json(record))


NAMES = [f"drift.file./{number}" for number in range(12)]
SHOWN = ", ".join(NAMES[:10])
ENDS: dict[str, tuple[list[str], list[str], str]] = {
    "well": ([], [], ""),
    "test": (["a.b"], [], "1 tests did not pass: a.b; 0 differences with the delivery"),
    "drift": ([], NAMES, f"0 tests did not pass; 12 differences with the delivery: {SHOWN} and 2 more"),
    "both": (
        NAMES,
        NAMES[:10],
        f"12 tests did not pass: {SHOWN} and 2 more; 10 differences with the delivery: {SHOWN}",
    ),
}
"""Machine -> its tests that did not pass, its differences with the delivery, and what the last task says of it."""


@pytest.mark.parametrize("core", ["pinned", *EACH])
def test_the_last_task_of_verify_names_the_first_ten_and_counts_the_others(core: str, place: Place) -> None:
    last = yaml.safe_load((PLAYBOOKS / "verify.yml").read_text(encoding="utf-8"))[-1]["tasks"][-1]
    place.inventory({
        host: {**LOCAL, "ansible_become": False, "failing": failing, "differing": differing}
        for host, (failing, differing, _) in ENDS.items()
    })  # fmt: skip
    facts = {"oplever_checks_x_after": "{{ failing }}", "oplever_checks_drift_after": "{{ differing }}"}
    others = {"oplever_checks_harden_after": ["SSH-001"], "oplever_checks_x_during": ["x.0"], "cacheable": True}
    setting = {"name": "Set", "ansible.builtin.set_fact": {**facts, **others}}
    place.write("end.yml", [{"hosts": "all", "gather_facts": False, "vars_files": [LIST], "tasks": [setting, last]}])
    command = (str(bin_of(core) / "ansible-playbook"), "-i", "hosts.json", "end.yml")
    assert place.run(*command).returncode == 2
    lines = place.journal()
    messages = {line["host"]: line["message"] for line in lines if line.get("status") == "failed"}
    assert messages == {host: message for host, (_, _, message) in ENDS.items() if message}
    if core == "pinned":  # no message, so a command that ends well; once will do
        assert place.run(*command, "--limit", "well").returncode == 0


def test_what_a_play_registers_of_a_machine_is_no_secret_of_the_run(place: Place) -> None:
    """The names of what is on a machine sound like secrets, as `/etc/pam.d/passwd`: taken for values of secrets, what
    is said of them would be masked in every later look, and differ from the delivery."""
    recap = {"name": "a", "snapshot_before": True, "snapshot_after": True}
    tests = [{"host": "a", "id": "a.b", "suite": "a", "status": "pass"}]
    record = {"verdict": "delivered", "stage": "tested", "systems": [recap], "tests": tests}
    delivery = f"records/{datetime.now(UTC):%Y%m%dT%H%M%SZ}-work-aaaaaa"
    place.write(f"{delivery}/record.json", record)
    line = {"seq": 0, "t": "", "kind": "result", "host": "a", "data": {"stage": "after", "snapshot": SNAPSHOT}}
    place.write(f"{delivery}/journal.jsonl", json.dumps(line) + "\n")
    place.write("look.yml", REGISTERED)
    done = place.play("look.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    looks = [line["data"]["snapshot"] for line in place.journal() if "snapshot" in (line.get("data") or {})]
    assert looks == [SNAPSHOT, SNAPSHOT]
