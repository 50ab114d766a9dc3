"""Where records are: the callback and the command answer alike, in every surrounding that Ansible runs in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from system.recorder.runs import BIN, ROOT

PLAY = "- {hosts: localhost, gather_facts: false, tasks: []}\n"
CONFIG = "[oplever]\nrecords = kept/here\n"


@dataclass
class Surroundings:
    """Files below `root`, and a process that starts in `cwd` with this environment; `~` is `root`/home."""

    root: Path
    cwd: str = "project"
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "OPLEVER_"))}
        settings = {
            "ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_LOCAL_TEMP": str(self.root / "tmp"),
            "HOME": str(self.root / "home"),
            "OPLEVER_DOCUMENTS": "0",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "TZ": "UTC",
        }
        environment = {**inherited, **settings, **self.environment}
        return subprocess.run(
            argv,
            cwd=self.root / self.cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def play(self) -> str:
        """What Ansible printed."""
        done = self.run("ansible-playbook", "-i", "localhost,", str(self.write("play.yml", PLAY)))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    def journals(self) -> list[Path]:
        return [path for path in self.root.rglob("journal.jsonl") if "latest" not in path.parts]

    def listed(self) -> list[str]:
        done = self.run("oplever", "list", "--format", "json")
        assert done.returncode == 0, done.stderr
        return [line["name"] for line in json.loads(done.stdout)]


@pytest.fixture
def place(tmp_path: Path) -> Surroundings:
    for name in ("project/sub", "home", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    return Surroundings(tmp_path)


def nothing(place: Surroundings) -> None:
    pass


def beside(place: Surroundings) -> None:
    place.write("project/ansible.cfg", CONFIG)


def without_section(place: Surroundings) -> None:
    place.write("project/ansible.cfg", "[defaults]\nforks = 3\n")


def with_comment_and_quotes(place: Surroundings) -> None:
    place.write("project/ansible.cfg", '[oplever]\nrecords = "kept/here" ; ours\n')


def with_a_percent(place: Surroundings) -> None:
    place.write("project/ansible.cfg", "[oplever]\nrecords = kept/%here\n")


def named_file(place: Surroundings) -> None:
    beside(place)
    place.environment["ANSIBLE_CONFIG"] = str(place.write("elsewhere/my.cfg", CONFIG))


def named_relative(place: Surroundings) -> None:
    place.write("elsewhere/my.cfg", CONFIG)
    place.environment["ANSIBLE_CONFIG"] = "../elsewhere/my.cfg"


def named_by_home(place: Surroundings) -> None:
    place.write("home/mine/ansible.cfg", CONFIG)
    place.environment["ANSIBLE_CONFIG"] = "~/mine/ansible.cfg"


def named_by_variable(place: Surroundings) -> None:
    place.write("elsewhere/ansible.cfg", CONFIG)
    place.environment |= {"ANSIBLE_CONFIG": "$SITE/ansible.cfg", "SITE": str(place.root / "elsewhere")}


def named_directory(place: Surroundings) -> None:
    place.write("elsewhere/ansible.cfg", CONFIG)
    place.environment["ANSIBLE_CONFIG"] = str(place.root / "elsewhere")


def named_link(place: Surroundings) -> None:
    (place.root / "project/linked.cfg").symlink_to(place.write("elsewhere/ansible.cfg", CONFIG))
    place.environment["ANSIBLE_CONFIG"] = str(place.root / "project/linked.cfg")


def named_and_absent(place: Surroundings) -> None:
    beside(place)
    place.environment["ANSIBLE_CONFIG"] = str(place.root / "elsewhere/absent.cfg")


def of_home(place: Surroundings) -> None:
    place.write("home/.ansible.cfg", CONFIG)


def of_home_named(place: Surroundings) -> None:
    beside(place)
    place.environment["ANSIBLE_CONFIG"] = str(place.write("home/.ansible.cfg", CONFIG))


def of_home_linked(place: Surroundings) -> None:
    (place.root / "project/ansible.cfg").symlink_to(place.write("home/.ansible.cfg", CONFIG))


def in_home(place: Surroundings) -> None:
    of_home(place)
    place.cwd = "home"


def subdirectory(place: Surroundings) -> None:
    beside(place)
    place.cwd = "project/sub"


def through_a_link(place: Surroundings) -> None:
    beside(place)
    (place.root / "link").symlink_to(place.root / "project")
    place.cwd = "link"


def variable(value: str) -> Callable[[Surroundings], None]:
    def arrange(place: Surroundings) -> None:
        beside(place)
        place.environment["OPLEVER_RECORDS"] = value.format(root=place.root)

    return arrange


def open_to_all(place: Surroundings) -> None:
    beside(place)
    (place.root / "project").chmod(0o777)


def open_to_all_and_named(place: Surroundings) -> None:
    open_to_all(place)
    place.environment["ANSIBLE_CONFIG"] = "ansible.cfg"


@pytest.mark.parametrize(
    ("arrange", "records"),
    [
        (nothing, "project/records"),
        (beside, "project/kept/here"),
        (without_section, "project/records"),
        (with_comment_and_quotes, "project/kept/here"),
        (with_a_percent, "project/kept/%here"),
        (named_file, "elsewhere/kept/here"),
        (named_relative, "elsewhere/kept/here"),
        (named_by_home, "home/mine/kept/here"),
        (named_by_variable, "elsewhere/kept/here"),
        (named_directory, "elsewhere/kept/here"),
        (named_link, "project/kept/here"),
        (named_and_absent, "project/kept/here"),
        (of_home, "project/records"),
        (of_home_named, "project/records"),
        (of_home_linked, "project/kept/here"),
        (in_home, "home/records"),
        (subdirectory, "project/sub/records"),
        (through_a_link, "project/kept/here"),
        (variable("mine"), "project/mine"),
        (variable("{root}/mine"), "mine"),
        (variable("~/mine"), "home/mine"),
        (variable(""), "project/kept/here"),
        (open_to_all, "project/records"),
        (open_to_all_and_named, "project/kept/here"),
    ],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_callback_and_command_agree(place: Surroundings, arrange: Callable[[Surroundings], None], records: str) -> None:
    arrange(place)
    place.play()
    (journal,) = place.journals()
    assert journal.parent.parent == place.root / records
    assert place.listed() == [journal.parent.name]


def test_a_directory_that_everybody_may_write_to_is_named_by_both(place: Surroundings) -> None:
    open_to_all(place)
    message = f"{place.root}/project/ansible.cfg is not read, because everybody may write to its directory"
    assert message in " ".join(place.play().split())
    assert message in place.run("oplever", "list").stderr
    (place.root / "project").chmod(0o755)
    assert message not in " ".join(place.play().split())
    assert place.run("oplever", "list").stderr == ""


def test_runner_has_its_project_directory(place: Surroundings) -> None:
    beside(place)
    place.write("project/play.yml", PLAY)
    place.write("inventory/hosts", "localhost\n")
    place.cwd = "elsewhere"
    done = place.run("ansible-runner", "run", str(place.root), "-p", "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    (journal,) = place.journals()
    assert journal.parent.parent == place.root / "project/kept/here"
    place.cwd = "project"
    assert place.listed() == [journal.parent.name]


def test_pull_has_what_it_pulled(place: Surroundings) -> None:
    place.write("project/ansible.cfg", CONFIG)
    place.write("project/local.yml", PLAY)
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.test")
    for words in (("init", "-q", "."), ("add", "."), ("commit", "-q", "-m", "x")):
        assert place.run(*git, *words).returncode == 0
    place.cwd = "elsewhere"
    place.environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
    pulled = place.root / "home/pulled"
    done = place.run(
        "ansible-pull", "-U", str(place.root / "project"), "-d", str(pulled), "-i", "localhost,", "local.yml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (journal,) = place.journals()
    assert journal.parent.parent == pulled / "kept/here"
    place.cwd = "home/pulled"
    assert place.listed() == [journal.parent.name]
