"""Every way to start Ansible leaves a right record: runner, ad hoc, pull, molecule, an execution environment."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from system.recorder.runs import BIN, LOCAL, Place, invalid, recap, recaps

PLAY = [
    {
        "name": "work",
        "hosts": "all",
        "gather_facts": False,
        "vars_files": ["colours.yml"],
        "tasks": [
            {"name": "changes", "ansible.builtin.debug": {"msg": "{{ colour }}"}, "changed_when": True},
            {"name": "on the lab", "oplever.lab.checks": {"suite": "s", "checks": []}},
        ],
    }
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.inventory({"one": LOCAL, "two": LOCAL})
    place.write("group_vars/all.yml", "shade: dark\n")
    place.write("work.yml", PLAY)
    place.write("colours.yml", "colour: blue\n")
    return place


def results(place: Place) -> list[tuple[str, str, str]]:
    return [(r.host, step.name, r.status) for step in place.derived().steps for r in step.results]


def done_on(place: Place) -> list[tuple[str, str, str]]:
    """The work that was recorded, by machine: which answers first is chance."""
    return sorted(result for result in results(place) if result in WORK)


WORK = [("one", "changes", "changed"), ("two", "changes", "changed")]


def test_where_a_run_comes_from(place: Place) -> None:
    place.write("extra.yml", "size: 3\n")
    git(place.path, "init", "-q")
    git(place.path, "add", "work.yml", "hosts.json")
    git(place.path, "commit", "-q", "-m", "first")
    head = git(place.path, "rev-parse", "HEAD").strip()
    done = place.play(
        "work.yml", "-e", "@extra.yml", "--limit", "one", "--tags", "all", env={"OPLEVER_OPERATOR": "M. de Wit"}
    )
    assert recap(done.stdout) == recaps(place.derived())
    first, playbook, play = place.journal()[:3]
    digests = {Path(path).name: digest for path, digest in first["files"].items()}
    named = ("hosts.json", "all.yml", "extra.yml")
    below = {"all.yml": "group_vars/all.yml"}
    assert {name: digests[name] for name in named} == {name: sha256(place, below.get(name, name)) for name in named}
    assert play["files"] == {str(place.path / "colours.yml"): sha256(place, "colours.yml")}
    assert playbook["sha256"] == sha256(place, "work.yml")
    assert playbook["collections"]["oplever.lab"] == first["versions"]["collection"]
    assert (first["commit"], first["dirty"], first["person"], first["limit"]) == (head, True, "M. de Wit", "one")
    record = place.derived()
    assert record.document.tool_versions["oplever.lab"] == first["versions"]["collection"]
    assert record.scope.systems == ("one",)


def test_several_playbooks_are_one_record(place: Place) -> None:
    place.write("second.yml", PLAY)
    done = place.play("work.yml", "second.yml")
    assert recap(done.stdout) == recaps(place.derived())
    assert place.derived().document.playbooks == ("work.yml", "second.yml")
    assert [line["kind"] for line in place.journal()].count("stats") == 2
    assert len([path for path in place.records.iterdir() if not path.is_symlink()]) == 1


def test_start_at_task_and_tags_leave_out_what_did_not_run(place: Place) -> None:
    steps = [{"name": f"step {n}", "ansible.builtin.debug": {}, "tags": [f"t{n % 2}"]} for n in range(4)]
    place.write("steps.yml", [{"hosts": "one", "gather_facts": False, "tasks": steps}])
    place.play("steps.yml", "--start-at-task", "step 1", "--skip-tags", "t0")
    # Ansible gathers facts whatever the task to start at.
    assert [name for _, name, _ in results(place)] == ["Gathering Facts", "step 1", "step 3"]
    assert place.derived().scope.skip_tags == ("t0",)
    assert place.journal()[0]["start_at"] == "step 1"


def test_ad_hoc(place: Place) -> None:
    argv = (
        str(BIN / "ansible"),
        "all",
        "-i",
        "hosts.json",
        "-m",
        "ansible.builtin.command",
        "-a",
        "echo s3cret-argument",
    )
    done = place.run(*argv, env={"ANSIBLE_LOAD_CALLBACK_PLUGINS": "1"})
    assert done.returncode == 0, done.stderr
    assert place.record.name.split("-")[1] == "adhoc"
    assert {(host, status) for host, _, status in results(place)} == {("one", "changed"), ("two", "changed")}
    assert b"s3cret-argument" not in (place.record / "journal.jsonl").read_bytes()
    assert invalid(place.record) == []


def test_pull(place: Place) -> None:
    git(place.path, "init", "-q", "origin")
    for name in ("work.yml", "colours.yml", "hosts.json"):
        (place.path / name).rename(place.path / "origin" / name)
    git(place.path / "origin", "add", ".")
    git(place.path / "origin", "commit", "-q", "-m", "site")
    head = git(place.path / "origin", "rev-parse", "HEAD").strip()
    source, checkout = str(place.path / "origin"), str(place.path / "checkout")
    argv = (str(BIN / "ansible-pull"), "-U", source, "-d", checkout, "-i", f"{checkout}/hosts.json", "--limit", "one")
    done = place.run(*argv, "work.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done_on(place) == WORK[:1]
    assert (place.journal()[0]["commit"], place.journal()[0]["dirty"]) == (head, False)


def test_runner(place: Place) -> None:
    private = place.path / "private"
    for name, kind in (("work.yml", "project"), ("colours.yml", "project"), ("hosts.json", "inventory")):
        (private / kind).mkdir(parents=True, exist_ok=True)
        (place.path / name).rename(private / kind / name)
    done = place.run(str(BIN / "python"), "-m", "ansible_runner", "run", str(private), "-p", "work.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done_on(place) == WORK
    assert recap(done.stdout) == recaps(place.derived())
    assert invalid(place.record) == []


def test_an_execution_environment(place: Place) -> None:
    """No ansible.cfg, another directory, a mounted inventory, no home that can be written: settings by environment."""
    argv = (str(BIN / "ansible-playbook"), "-i", str(place.path / "hosts.json"), str(place.path / "work.yml"))
    env = place.env(HOME="/proc", ANSIBLE_HOME=str(place.path / "home"), USER="1000")
    done = subprocess.run(argv, cwd="/", env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done_on(place) == WORK
    assert place.journal()[0]["cwd"] == "/"


def test_molecule(place: Place) -> None:
    scenario = "molecule/default"
    (place.path / scenario).mkdir(parents=True)
    for name in ("work.yml", "colours.yml"):
        (place.path / name).rename(place.path / scenario / name.replace("work", "converge"))
    executor = {"args": {"ansible_playbook": [f"--inventory={place.path}/hosts.json"]}}
    settings = {"ansible": {"executor": executor, "env": place.env()}, "prerun": False,
                "scenario": {"test_sequence": ["converge", "idempotence"]}}  # fmt: skip
    settings["ansible"]["env"] = {k: v for k, v in place.env().items() if k.startswith(("ANSIBLE_", "OPLEVER_"))}
    place.write(f"{scenario}/molecule.yml", json.dumps(settings))
    done = place.run(str(BIN / "molecule"), "converge")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done_on(place) == WORK


def sha256(place: Place, name: str) -> str:
    return hashlib.sha256((place.path / name).read_bytes()).hexdigest()


def git(directory: Path, *argv: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.test")
    done = subprocess.run(["git", *identity, *argv], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout
