"""The main job end to end, in the order a technician does it: deliver, deliver again, break, verify, repair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import ROOT, Lab  # type: ignore[import-not-found]

LIST = yaml.safe_load((ROOT / "playbooks/vars/roles.yml").read_text(encoding="utf-8"))["oplever_roles"]
DOCUMENTS = [f"report.{language}.{form}" for language in ("nl", "en") for form in ("html", "pdf", "md")]


def failed(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [test for test in record["tests"] if test["status"] in ("fail", "error")]


def record_of(directory: Path) -> tuple[Path, dict[str, Any]]:
    return directory, json.loads((directory / "record.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def demo(lab: Lab) -> str:
    """What the demo said; it delivers twice, so it leaves two records."""
    done = lab.demo(fresh=True)
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def delivered(lab: Lab, demo: str) -> tuple[Path, dict[str, Any]]:
    """The first run: it installed everything."""
    return record_of(lab.all()[0])


def test_the_demo_says_what_it_did_and_where_the_record_is(lab: Lab, demo: str) -> None:
    for part in ("1/5", "2/5", "3/5", "4/5", "5/5"):
        assert f"=== {part}" in demo
    assert "The second run changed nothing" in demo
    directory = lab.all()[0]
    assert f"{directory.name}/report.nl.html" in demo.replace("\n", "")


def test_three_machines_are_delivered(delivered: tuple[Path, dict[str, Any]]) -> None:
    _, record = delivered
    assert record["verdict"] in ("delivered", "delivered_with_remarks"), record["document"]["reasons"]
    assert {system["name"] for system in record["systems"]} == {"srv1", "web1", "ws1"}
    assert all(system["recap"]["failed"] == system["recap"]["unreachable"] == 0 for system in record["systems"])
    assert failed(record) == []


def test_the_record_tells_what_came_onto_each_machine(delivered: tuple[Path, dict[str, Any]]) -> None:
    _, record = delivered
    installed = {(c["host"], c["name"]) for c in record["components"] if c["change"] == "installed"}
    assert {("web1", "nginx"), ("web1", "dokuwiki"), ("srv1", "mariadb-server"), ("ws1", "firefox-esr")} <= installed
    settings = {(s["host"], s["kind"], s["name"]) for s in record["settings"]}
    assert ("web1", "file", "/etc/nftables.conf") in settings


def test_tests_ran_during_and_after(delivered: tuple[Path, dict[str, Any]]) -> None:
    _, record = delivered
    groups = {"all", *(group for system in record["systems"] for group in system["groups"])}
    entries = [entry for entry in LIST if groups & set(entry["groups"]) and "needs" not in entry]
    tested = {entry["role"] for entry in entries if entry.get("tests", "verify")}
    assert {"base", "nginx", "workstation"} <= tested
    for stage in ("during", "after"):
        suites = {test["suite"] for test in record["tests"] if test["stage"] == stage}
        assert suites >= tested


def test_the_baseline_got_better(delivered: tuple[Path, dict[str, Any]]) -> None:
    _, record = delivered
    for host in record["baseline"]["hosts"]:
        assert host["after"]["score"] > host["before"]["score"], host
    high = [c["id"] for c in record["baseline"]["controls"] if c["severity"] == "high" and c["after"] == "fail"]
    assert high == []


def test_every_document_is_there(delivered: tuple[Path, dict[str, Any]]) -> None:
    directory, _ = delivered
    for name in [*DOCUMENTS, "journal.jsonl", "record.json", "manifest.json"]:
        path = directory / name
        assert path.stat().st_size > 200, name
        assert path.stat().st_mode & 0o077 == 0, f"{name} can be read by others"


def test_a_second_run_is_tested_at_its_end(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    """All of it, as the first one: what nobody changed was not tested on the way."""
    _, first = delivered
    _, second = record_of(lab.all()[1])
    measured = [{(t["host"], t["id"]) for t in record["tests"] if t["stage"] == "after"} for record in (first, second)]
    assert measured[0] == measured[1]
    assert [test["suite"] for test in second["tests"] if test["stage"] == "during"] == []


def test_a_second_run_changes_nothing(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    _, record = record_of(lab.all()[1])
    changed = {
        (step["name"], result["host"])
        for step in record["steps"]
        for result in step["results"]
        if result["status"] == "changed"
    }
    assert changed == set()
    assert record["components"] == []


def test_check_mode_of_a_delivered_lab_is_clean(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    lab.ansible("playbooks/site.yml", "--check", "--diff")
    _, record = lab.latest()
    assert sum(system["recap"]["changed"] for system in record["systems"]) == 0
    assert record["document"]["check_mode"] is True


def test_the_created_user_can_log_in(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    out = lab.shell("ws1", "su - docent -c 'id -un; test -w ~ && echo home'")
    assert "docent" in out
    assert "home" in out


def test_verify_ends_with_an_error_for_one_line_and_looking_accepts_nothing(
    lab: Lab, delivered: tuple[Path, dict[str, Any]]
) -> None:
    """A change that no test notices, beside the tests of one role."""
    name = "drift.file./etc/environment"
    verify = ("playbooks/verify.yml", "--limit", "web1", "-e", "oplever_audit=false", "-e", "oplever_verify=timesync")
    lab.shell("web1", "echo '# by hand' >> /etc/environment")
    for _ in range(2):
        done = lab.ansible(*verify, check=False)
        assert done.returncode == 2, done.stdout[-3000:]
        assert f"1 differences with the delivery: {name}" in done.stdout
        _, record = lab.latest()
        assert [test["id"] for test in failed(record)] == [name]
        assert record["faults"] == []
        assert [reason["code"] for reason in record["document"]["reasons"]] == ["tests_failed"]
    lab.ansible(*verify, "-e", "oplever_drift=false")
    lab.shell("web1", "sed -i '$d' /etc/environment")
    lab.ansible(*verify)


@pytest.mark.truth
def test_what_a_person_accepted_fails_no_more_and_any_other_change_does(
    lab: Lab, delivered: tuple[Path, dict[str, Any]]
) -> None:
    """Accepted is the state that was seen: the file as it is now, and no later change of it."""
    verify = ("playbooks/verify.yml", "--limit", "web1", "-e", "oplever_audit=false", "-e", "oplever_verify=timesync")
    lab.shell("web1", "cp -a /etc/environment /root/environment.kept; echo '# of the school' >> /etc/environment")
    assert lab.ansible(*verify, check=False).returncode == 2
    words = ("--item", "file//etc/environment", "--reason", "line of the school", "--by", "S. Yilmaz")
    done = lab.oplever("add", "accept-drift", *words)
    assert done.returncode == 0, done.stdout + done.stderr

    lab.ansible(*verify)
    record = lab.latest()[1]
    assert {test["id"]: test["status"] for test in record["tests"] if test["suite"] == "drift"} == {
        "drift": "pass",
        "drift.file./etc/environment": "waived",
    }
    page = " ".join(lab.oplever("show", "latest").stdout.split())
    assert "in order" in page
    assert "line of the school" in page
    assert "S. Yilmaz" in page

    lab.shell("web1", "echo '# by hand' >> /etc/hosts")
    assert lab.ansible(*verify, check=False).returncode == 2
    assert [test["id"] for test in failed(lab.latest()[1])] == ["drift.file./etc/hosts"]
    lab.shell("web1", "sed -i '$d' /etc/hosts; echo '# of somebody else' >> /etc/environment")
    assert lab.ansible(*verify, check=False).returncode == 2
    assert [test["id"] for test in failed(lab.latest()[1])] == ["drift.file./etc/environment"]
    lab.shell("web1", "cp -a /root/environment.kept /etc/environment; rm /root/environment.kept")
    lab.ansible(*verify)


def test_verify_names_what_was_broken_by_hand(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    lab.shell("web1", "systemctl stop nginx")
    lab.shell("web1", "echo '# by hand' >> /etc/ssh/sshd_config")
    lab.shell("srv1", "nft add rule inet oplever_filter input tcp dport 8081 accept || nft list ruleset")
    lab.shell("ws1", "useradd --create-home intruder")
    done = lab.ansible("playbooks/verify.yml", "-e", "oplever_audit=false", check=False)
    assert done.returncode == 2, done.stdout[-3000:]
    _, record = lab.latest()
    assert record["verdict"] == "not_delivered"
    failures = {(test["host"], test["id"]): test for test in failed(record)}

    service = failures["web1", "nginx.service"]
    assert "active = active" in service["expected"]
    assert "inactive" in service["found"]
    assert ("web1", "drift.file./etc/ssh/sshd_config") in failures
    assert ("ws1", "drift.account.intruder") in failures
    assert any(host == "srv1" and "8081" in test["found"] for (host, _), test in failures.items())
    assert {host for host, _ in failures} == {"web1", "srv1", "ws1"}


def test_site_repairs_what_it_manages(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    lab.shell("web1", "systemctl stop nginx")
    chosen = ("--tags", "nginx,verify", "-e", "oplever_verify=nginx", "-e", "oplever_audit=false")
    lab.ansible("playbooks/site.yml", "--limit", "web1", *chosen)
    _, record = lab.latest()
    assert {test["stage"] for test in record["tests"] if test["suite"] == "nginx"} == {"during", "after"}
    assert [test["id"] for test in failed(record) if test["suite"] == "nginx"] == []


def ran(record: dict[str, Any]) -> set[str]:
    """Roles of the steps that ran."""
    return {step["role"].removeprefix("oplever.lab.") for step in record["steps"] if step["role"]}


@pytest.mark.truth
def test_a_tag_runs_one_role_and_tests_it_where_it_changed_something(
    lab: Lab, delivered: tuple[Path, dict[str, Any]]
) -> None:
    lab.ansible("playbooks/site.yml", "--tags", "nginx")
    _, record = lab.latest()
    assert (ran(record), record["tests"]) == ({"nginx"}, [])
    lab.shell("web1", "systemctl stop nginx")
    lab.ansible("playbooks/site.yml", "--tags", "nginx")
    _, record = lab.latest()
    assert ran(record) == {"nginx"}
    assert {(test["host"], test["suite"], test["stage"]) for test in record["tests"]} == {("web1", "nginx", "during")}


@pytest.mark.truth
def test_an_unknown_tag_runs_nothing(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    lab.ansible("playbooks/site.yml", "--tags", "nosuch")
    _, record = lab.latest()
    assert ran(record) == set()
    assert record["tests"] == []


@pytest.mark.truth
def test_verify_takes_the_tests_of_one_role(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    options = ("-e", "oplever_audit=false", "-e", "oplever_drift=false")
    lab.ansible("playbooks/verify.yml", "-e", "oplever_verify=nginx", *options)
    _, record = lab.latest()
    assert {(test["host"], test["suite"]) for test in record["tests"]} == {("web1", "nginx")}
    assert record["baseline"]["controls"] == []
    done = lab.ansible("playbooks/verify.yml", "-e", "oplever_verify=nginx,ngnix", *options, check=False)
    assert done.returncode == 2
    assert "oplever_verify must name roles with tests, not ngnix" in done.stdout


@pytest.mark.truth
def test_a_playbook_written_elsewhere_gives_a_complete_record(lab: Lab, tmp_path: Path) -> None:
    """Blocks with rescue, loops, handlers, serial and a host that does not answer, counted as Ansible does."""
    playbook = tmp_path / "elsewhere.yml"
    playbook.write_text(ELSEWHERE, encoding="utf-8")
    inventory = tmp_path / "extra.yml"
    inventory.write_text(
        json.dumps({"all": {"hosts": {"gone": {"ansible_host": "127.0.0.9", "ansible_port": 9}}}}), encoding="utf-8"
    )
    done = lab.ansible("-i", "inventories/lab/", "-i", str(inventory), str(playbook), check=False)
    _, record = lab.latest()
    recap = parse_recap(done.stdout)
    assert set(recap) == {"srv1", "web1", "ws1", "gone"}
    assert {system["name"]: system["recap"] for system in record["systems"]} == recap
    assert record["verdict"] == "not_delivered"
    assert any(fault["host"] == "gone" and fault["kind"] == "unreachable" for fault in record["faults"])
    rescued = [fault for fault in record["faults"] if fault["status"] == "solved"]
    assert {fault["host"] for fault in rescued} == {"srv1", "web1", "ws1"}


def test_entries_complete_the_record(lab: Lab, delivered: tuple[Path, dict[str, Any]]) -> None:
    directory, record = delivered
    before = {missing["code"] for missing in record["completeness"]["missing"]}
    name = directory.name
    for arguments in (
        ["hours", "--record", name, "--by", "S. Yilmaz", "--hours", "2.5", "--activity", "installatie"],
        ["none", "--record", name, "--by", "S. Yilmaz", "rest_points"],
    ):
        done = lab.oplever("add", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((directory / "record.json").read_text(encoding="utf-8"))
    after = {missing["code"] for missing in record["completeness"]["missing"]}
    assert after < before
    assert record["hours"]["hands_on"] == 2.5
    lab.oplever("report", name)  # waits for the documents
    assert "2,5" in (directory / "report.nl.md").read_text(encoding="utf-8")


def parse_recap(stdout: str) -> dict[str, dict[str, int]]:
    """Ansible's own PLAY RECAP: host -> counts."""
    lines = stdout.rsplit("PLAY RECAP", 1)[1].splitlines()[1:]
    rows = [line.split(":", 1) for line in lines if " : ok=" in line]
    return {
        host.strip(): {key: int(value) for key, _, value in (pair.partition("=") for pair in counts.split())}
        for host, counts in rows
    }


ELSEWHERE = """
- name: Written elsewhere
  hosts: all
  gather_facts: false
  serial: 2
  become: true
  tasks:
    - name: Reach
      ansible.builtin.ping:
    - name: Try and recover
      block:
        - name: This fails
          ansible.builtin.command: /bin/false
      rescue:
        - name: Recovered
          ansible.builtin.debug: {msg: recovered}
      always:
        - name: Always
          ansible.builtin.debug: {msg: always}
    - name: A loop
      ansible.builtin.copy:
        content: "{{ item }}"
        dest: "/run/elsewhere-{{ item }}"
        mode: "0600"
      loop: [a, b, c]
      notify: Tell
    - name: May fail
      ansible.builtin.command: /bin/false
      ignore_errors: true
    - name: Skipped
      ansible.builtin.debug: {msg: no}
      when: false
  handlers:
    - name: Tell
      ansible.builtin.debug: {msg: told}
"""
