"""The same playbook on every supported version of ansible-core: the journals say the same."""

from __future__ import annotations

import fcntl
import functools
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from system.pythons import program
from system.recorder.rich import SECRET, fill
from system.recorder.runs import ROOT, Place, invalid, recap, recaps

CORES = {"2.17": "3.11", "2.18": "3.13", "2.20": "3.13", "2.21": "3.14"}
"""Versions beside the one the project pins, each with a Python that Debian has and that can run it."""
OLDEST, *BETWEEN, NEWEST = CORES
EACH = [OLDEST, *(pytest.param(core, marks=pytest.mark.truth) for core in BETWEEN), NEWEST]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
INSTALL = ("install", "-q", "--no-compile")
"""What is imported is compiled then; most of it never is."""
DIFFERS = frozenset({"seq", "t", "duration", "message", "warnings", "play", "path", "job", "item", "items"})
"""What is not the same in two runs, or what Ansible words differently from version to version."""


def environment(core: str) -> Path:
    """The bin directory of a virtual environment with this ansible-core, made once."""
    python = program(CORES[core])
    place = ROOT / ".cache" / f"ansible-core-{core}-python{CORES[core]}"
    place.parent.mkdir(exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            for argv in (
                # pip comes from here: Debian keeps that of a Python in a package of its own.
                [python, "-m", "venv", "--without-pip", str(place)],
                [*PIP, "--python", str(place / "bin/python"), *INSTALL, f"ansible-core~={core}.0"],
            ):
                subprocess.run(argv, check=True, timeout=600)
            (place / "complete").touch()
    return place / "bin"


def run(directory: Path, bin_directory: Path) -> tuple[Place, subprocess.CompletedProcess[str]]:
    place = Place(directory)
    # The modules run with one Python, so that what they say does not depend on the version of Ansible.
    fill(place, sys.executable)
    done = place.run(str(bin_directory / "ansible-playbook"), "-i", "hosts.json", "rich.yml", "--diff")
    assert "PLAY RECAP" in done.stdout, done.stdout + done.stderr
    return place, done


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    place, done = run(tmp_path_factory.mktemp("pinned"), Path(sys.executable).parent)
    check(place, done)
    return content(place)


@pytest.mark.parametrize("core", EACH)
def test_the_journal_says_the_same(core: str, tmp_path: Path, expected: Counter[str]) -> None:
    place, done = run(tmp_path, environment(core))
    assert place.journal()[0]["versions"]["ansible"].startswith(core)
    check(place, done)
    journal = content(place)
    assert sorted((expected - journal).elements()) == sorted((journal - expected).elements()) == []


def check(place: Place, done: subprocess.CompletedProcess[str]) -> None:
    """What holds on every version: complete, as the schema says, counts as Ansible's, no secret, no complaint."""
    assert invalid(place.record) == []
    assert recaps(place.derived()) == recap(done.stdout)
    assert SECRET.encode() not in (place.record / "journal.jsonl").read_bytes()
    assert "oplever" not in "".join(line for line in done.stderr.splitlines(True) if "records/" not in line).lower()
    assert place.journal()[-1]["lost"] == 0


def content(place: Place) -> Counter[str]:
    """The lines of a journal without what differs, in no order: the free strategy has none."""
    journal = place.journal()
    names = {line["task"]: line["name"] for line in journal if line["kind"] == "task_start"}
    return Counter(map(functools.partial(_line, names, place), journal[1:-1]))


def _line(names: dict[str, str], place: Place, line: dict[str, Any]) -> str:
    kept = {key: value for key, value in line.items() if key not in DIFFERS}
    kept |= {key: bool(kept[key]) for key in ("rescues", "rescued_by") if key in kept}
    if "task" in kept:
        kept["task"] = names.get(kept["task"], kept["task"])
    if isinstance(kept.get("hosts"), list):
        kept["hosts"] = sorted(kept["hosts"])  # in the order in which they answered
    # The key of the marks is another one in each run.
    kept["diff"] = [{**part, "mark": bool(part.get("mark"))} for part in line.get("diff", ())]
    kept["items"] = [(item["item"], item["status"]) for item in line.get("items", ())]
    return repr(sorted(kept.items())).replace(str(place.path), "")
