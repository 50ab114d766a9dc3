"""Ansible in one virtual environment, the package in another: each finds the other, or says what to do."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from system.recorder.runs import LOCAL, ROOT, Place
from system.recorder.test_versions import INSTALL, PIP

CORE = "ansible-core~=2.19.0"
OPTIONAL = {"ansible-runner", "pexpect", "psycopg", "typst"}
"""What the extras of the package bring."""


def environment(name: str, packages: list[str], *, package: bool = False) -> Path:
    """The bin directory of a virtual environment with these packages, and with ours; made once for each list."""
    key = hashlib.sha256(repr((sys.version, packages)).encode()).hexdigest()[:8]
    place = ROOT / ".cache" / f"apart-{name}-{key}"
    place.parent.mkdir(exist_ok=True)
    pip = [*PIP, "--python", str(place / "bin/python"), *INSTALL]
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, timeout=170)
            subprocess.run([*pip, *packages], check=True, timeout=300)
            (place / "complete").touch()
        if package:
            subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=True, timeout=170)
    return place / "bin"


@pytest.fixture(scope="module")
def ansible() -> Path:
    return environment("ansible", [CORE])


@pytest.fixture(scope="module")
def package() -> Path:
    """Ours without what its extras bring."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [name for name in project["dependencies"] if not name.startswith(tuple(OPTIONAL))]
    return environment("package", ["setuptools>=68", *needed], package=True)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path, {"OPLEVER_DOCUMENTS": "1", "PATH": "/usr/bin:/bin"})
    place.inventory({"one": LOCAL})
    place.write("work.yml", [{"hosts": "all", "gather_facts": False, "tasks": [{"command": "true"}]}])
    return place


def play(place: Place, ansible: Path, **env: str) -> subprocess.CompletedProcess[str]:
    done = place.run(str(ansible / "ansible-playbook"), "-i", "hosts.json", "work.yml", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def documents(place: Place) -> list[str]:
    return sorted(path.name for path in place.record.glob("report.*"))


FOUR = ["report.en.html", "report.en.md", "report.nl.html", "report.nl.md"]


def test_the_command_is_found_on_the_path(place: Place, ansible: Path, package: Path) -> None:
    done = play(place, ansible, PATH=f"/usr/bin:/bin:{package}")
    assert "verdict: with remarks" in done.stdout
    assert "documents: without PDF, which needs: pip install 'oplever[pdf]'" in done.stdout
    assert "WARNING" not in done.stderr
    assert documents(place) == FOUR


def test_the_command_is_the_one_that_is_named(place: Place, ansible: Path, package: Path) -> None:
    play(place, ansible, OPLEVER_COMMAND=str(package / "oplever"))
    assert documents(place) == FOUR


def test_the_command_is_named_from_the_project(place: Place, ansible: Path, package: Path) -> None:
    place.write("site/ansible.cfg", "[oplever]\ncommand = tools/oplever\n")
    (place.path / "site/tools").symlink_to(package)
    play(place, ansible, ANSIBLE_CONFIG="site/ansible.cfg")
    assert documents(place) == FOUR


def test_a_command_that_is_not_there_is_named(place: Place, ansible: Path, package: Path) -> None:
    done = play(place, ansible, OPLEVER_COMMAND="absent/oplever", PATH=f"/usr/bin:/bin:{package}")
    message = " ".join(done.stderr.split())
    assert (
        f"{place.path}/absent/oplever is not an executable file; correct `command` in ansible.cfg or OPLEVER_COMMAND"
        in message
    )
    assert documents(place) == []


def test_without_the_package_it_says_once_what_to_do(place: Place, ansible: Path) -> None:
    output = play(place, ansible).stdout
    assert output.count("pip install oplever, then: oplever report") == 1
    assert documents(place) == []


@pytest.mark.parametrize("path", [".:/usr/bin:/bin", ":/usr/bin:/bin", "bin:/usr/bin:/bin", "/usr/bin:/bin"])
def test_nothing_in_the_working_directory_is_run(place: Place, ansible: Path, path: str) -> None:
    for name in ("oplever", "bin/oplever"):
        place.write(name, "#!/bin/sh\ntouch hostile\n").chmod(0o755)
    done = play(place, ansible, PATH=path)
    assert "pip install oplever" in done.stdout
    assert not (place.path / "hostile").exists()


def test_a_directory_of_that_name_is_not_the_package(place: Place, ansible: Path) -> None:
    place.write("oplever/__main__.py", "open('hostile', 'w')")
    place.write("oplever/__init__.py", "open('hostile', 'w')")
    words = ("-m", "ansible", "playbook", "-i", "hosts.json", "work.yml")  # looks in the working directory too
    done = place.run(str(ansible / "python"), *words)
    assert "pip install oplever" in done.stdout, done.stdout + done.stderr
    assert not (place.path / "hostile").exists()


def test_a_run_without_ansible_says_what_to_do(place: Place, package: Path) -> None:
    done = place.run(str(package / "oplever"), "run", "-K", "-i", "hosts.json", "work.yml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "oplever: ansible-playbook is neither beside" in done.stderr
    assert "-> pip install ansible-core, or put" in done.stderr
    assert done.stderr.endswith("[ansible-missing]\n")


def test_a_run_without_runner_names_the_extra(place: Place, ansible: Path, package: Path) -> None:
    done = place.run(
        str(package / "oplever"), "run", "-K", "-i", "hosts.json", "work.yml", env={"PATH": f"/usr/bin:/bin:{ansible}"}
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "this needs ansible_runner" in done.stderr
    assert "-> pip install 'oplever[run]'\n[extra-missing]\n" in done.stderr


def test_a_database_without_its_driver_names_the_extra(place: Place, package: Path) -> None:
    done = place.run(str(package / "oplever"), "list", env={"OPLEVER_STORE": "postgresql://x@127.0.0.1:9/x"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "-> pip install 'oplever[postgresql]'\n[extra-missing]\n" in done.stderr


def test_an_older_pdf_does_not_stay_beside_newer_documents(place: Place, ansible: Path, package: Path) -> None:
    play(place, ansible, OPLEVER_DOCUMENTS="0")
    for name in ("report.nl.pdf", "report.en.pdf"):
        (place.record / name).write_bytes(b"%PDF old")
    done = place.run(str(package / "oplever"), "report", str(place.record))
    assert "documents: without PDF" in done.stdout
    assert documents(place) == FOUR
    verified = place.run(str(package / "oplever"), "verify", str(place.record))
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("list",), ("checks", "--help")])
def test_the_rest_works_without_the_extras(place: Place, package: Path, words: tuple[str, ...]) -> None:
    done = place.run(str(package / "oplever"), *words)
    assert (done.returncode, done.stderr) == (0, "")
