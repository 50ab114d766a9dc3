"""Files of ours with an inventory: found where people put them, and not taken for inventory by Ansible."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from system.recorder.runs import BIN, ROOT, Place, lines

WORK = [{"hosts": "localhost", "gather_facts": False, "tasks": []}]
HOSTS = "localhost ansible_connection=local\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "project").mkdir()
    settings = {"ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"), "HOME": str(tmp_path), "OPLEVER_RECORDS": ""}
    return Place(tmp_path / "project", settings)


def play(place: Place, inventory: str, **env: str) -> subprocess.CompletedProcess[str]:
    place.write("work.yml", WORK)
    done = place.run(str(BIN / "ansible-playbook"), "-i", inventory, "work.yml", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def title(place: Place) -> str | None:
    assignment = lines(place.record)[0]["assignment"]
    return assignment and assignment["title"]


@pytest.mark.parametrize(("name", "machine"), [("lab/", "web1"), ("example/site.yml", "pc-101-01")])
def test_our_own_inventories_are_read_from_anywhere_without_a_word(place: Place, name: str, machine: str) -> None:
    done = place.run(str(BIN / "ansible-inventory"), "-i", f"{ROOT}/inventories/{name}", "--list")
    assert (done.returncode, done.stderr) == (0, "")
    inventory = json.loads(done.stdout)
    variables = inventory["_meta"]["hostvars"]
    assert machine in variables
    assert set(inventory) & {"title", "people", "control", "oplever_assignment"} == set()
    assert variables[machine]["oplever_assignment"]["principal"].startswith("School De Linde")
    assert [row["owner"] for row in variables[machine]["oplever_exceptions"]] == ["Hoofd ICT"]


OF_ALL = "oplever_assignment: {title: of all}\n"


@pytest.mark.parametrize(
    ("files", "inventory", "expected"),
    [
        ({"inv/group_vars/all/work.yml": OF_ALL}, "inv/", "of all"),
        ({"inv/group_vars/all.yml": OF_ALL}, "inv/", "of all"),
        ({"inv/group_vars/all.yml": OF_ALL}, "inv/hosts", "of all"),
        ({"inv/group_vars/all/a.yml": "password: !vault x\n" + OF_ALL}, "inv/", "of all"),
        ({"inv/group_vars/all/a.yml": "# oplever_assignment: {title: no}\n"}, "inv/", None),
        ({"inv/group_vars/all/a.yml": "# oplever_assignment\n", "inv/group_vars/all/b.yml": OF_ALL}, "inv/", "of all"),
        ({"inv/group_vars/other.yml": OF_ALL}, "inv/", None),
        ({"assignment.yml": "title: of the project\n"}, "inv/", "of the project"),
        ({"assignment.yml": "title: of the project\n"}, "localhost,", "of the project"),
        ({"assignment.yml": "title: of the project\n", "inv/group_vars/all.yml": OF_ALL}, "inv/", "of all"),
        ({"inv/assignment.yml": "title: beside\n", "inv/group_vars/all.yml": OF_ALL}, "inv/hosts", "beside"),
        ({"inv/assignment.yml": "title: beside\n"}, "inv/hosts", "beside"),
    ],
    ids=[
        "variable",
        "one file",
        "file as inventory",
        "beside a secret",
        "comment",
        "comment and variable",
        "another group",
        "project",
        "project, no file",
        "variable before project",
        "beside before variable",
        "beside a file",
    ],
)
def test_the_assignment_is_found(place: Place, files: dict[str, str], inventory: str, expected: str | None) -> None:
    for name, content in {"inv/hosts": HOSTS, **files}.items():
        place.write(name, content)
    done = play(place, inventory)
    assert title(place) == expected
    assert "WARNING" not in done.stderr


@pytest.mark.parametrize("content", ["oplever_assignment: [1]\n", "oplever_assignment: {title: [\n"])
def test_an_assignment_that_is_none_is_named(place: Place, content: str) -> None:
    place.write("inv/hosts", HOSTS)
    place.write("inv/group_vars/other/x.yml", content)  # Ansible itself stops at variables that it cannot read
    place.write("assignment.yml", content.partition(": ")[2])
    message = " ".join(play(place, "inv/").stderr.split())
    assert "Oplever cannot read the assignment" in message
    assert "record is made without it" in message
    assert title(place) is None


def test_an_assignment_that_everybody_could_have_put_there_is_not_taken(place: Place) -> None:
    place.write("inv/hosts", HOSTS)
    place.write("assignment.yml", "title: planted\n")
    place.path.chmod(0o777)
    play(place, "inv/")
    assert title(place) is None


def test_files_that_ansible_takes_for_inventory_are_named_with_the_way_out(place: Place) -> None:
    place.write("hosts", HOSTS)
    place.write("group_vars/all/x.yml", "a: 1\n")
    place.write("assignment.yml", "title: in the directory\n")
    place.write("exceptions.yml", "[]\n")
    message = " ".join(play(place, ".").stderr.split())
    patterns = r"^assignment\.yml$, ^exceptions\.yml$, ^records$"
    assert "as inventory. Move it to the directory of ansible.cfg, or write there:" in message
    assert f"[inventory] ignore_patterns = {patterns}" in message
    place.write("ansible.cfg", f"[inventory]\nignore_patterns = {patterns}, ^work\\.yml$\n")
    assert play(place, ".").stderr == ""
    assert title(place) == "in the directory"
    listed = place.run(str(BIN / "ansible-inventory"), "-i", ".", "--list")
    assert (listed.stderr, list(json.loads(listed.stdout)["_meta"]["hostvars"])) == ("", ["localhost"])


EXCEPTION = """
- {id: U-9, control: SUDO-004, hosts: [localhost], reason: r, owner: o, approver: a, expires: 2099-01-01}
"""


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [
        ("inv/exceptions.yml", 0o755, ["U-9"]),
        ("exceptions.yml", 0o755, ["U-9"]),
        ("exceptions.yml", 0o777, []),
        ("other/exceptions.yml", 0o755, []),
    ],
)
def test_exceptions_are_found_likewise(place: Place, name: str, mode: int, expected: list[str]) -> None:
    place.write("inv/hosts", HOSTS)
    place.write(name, EXCEPTION)
    place.path.chmod(mode)
    granted = "{{ lookup('oplever.lab.baseline', 'exceptions') | map(attribute='id') }}"
    place.write("work.yml", [{**WORK[0], "tasks": [{"debug": {"msg": granted}}]}])
    done = place.run(str(BIN / "ansible-playbook"), "-i", "inv/hosts", "work.yml")
    output = "".join(done.stdout.split())
    assert f'"msg":{json.dumps(expected)}' in output, done.stdout + done.stderr


def test_collections_of_the_user_are_seen_from_this_project(place: Place) -> None:
    home = place.path / "home"
    place.write("mine/galaxy.yml", "{namespace: mine, name: tools, version: 1.0.0, readme: README.md, authors: [me]}\n")
    place.write("mine/README.md", "mine\n")
    place.write(
        "mine/plugins/filter/shout.py", "class FilterModule:\n    def filters(self): return {'shout': str.upper}\n"
    )
    env = {"HOME": str(home), "OPLEVER_JOURNAL": "0", "ANSIBLE_COLLECTIONS_PATH": str(home / ".ansible/collections")}
    galaxy = str(BIN / "ansible-galaxy")
    for words in (("build", "mine"), ("install", "--offline", "mine-tools-1.0.0.tar.gz")):
        done = place.run(galaxy, "collection", *words, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
    task = {"debug": {"msg": "{{ 'hello' | mine.tools.shout }}"}}
    playbook = place.write("work.yml", [{**WORK[0], "tasks": [task]}])
    settings = {key: value for key, value in place.env(**env).items() if key != "ANSIBLE_COLLECTIONS_PATH"}
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", "localhost,", str(playbook)],
        cwd=ROOT, env=settings, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "HELLO" in done.stdout, done.stdout + done.stderr
