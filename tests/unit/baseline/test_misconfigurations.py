"""The misconfigurations of tests/lab/truth that a tree of files can show: planted, named, undone.

Their lines write to /etc and the like: they run in a mount namespace in which those are the directories of a tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml_files
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from lab.planted.plants import controls

ROOT = Path(__file__).resolve().parents[3]
PLACE = ROOT / "tests/lab/truth/misconfigurations"
DATA = ROOT / "tests/unit/engine/data"
PACKAGES = {"sudo": "1.9.13p3-1", "openssh-server": "1:9.2p1-2+deb12u3", "cron": "3.0", "chrony": "4.3"}
FILES = {
    "etc/sudoers": 'Defaults use_pty, secure_path="/usr/sbin:/usr/bin"\n'
    "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
    "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\nMaxAuthTries 4\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\ngames:x:5:60:games:/usr/games:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\ngames:x:60:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\ngames:*:19000:0:99999:7:::\n",
    "etc/default/ssh": "SSHD_OPTS=\n",
    "etc/hostname": "srv1\n",
}
SHOWN = ("etc", "opt", "var/spool/cron", "var/lib/dpkg")  # what the lines may touch, and the test reads
HARMLESS = [entry for entry in yaml_files.load(PLACE.with_name("harmless.yml")) if not entry.get("booted")]
KEYS = {"id", "kind", "plant", "undo", "must_name", "booted", "kernel", "releases"}
PARAMETERS: dict[str, Any] = yaml_files.load(ROOT / "roles/harden/files/profiles/debian-basis.yml")["parameters"]
CONTROLS = controls()


def entries() -> Iterator[dict[str, Any]]:
    for path in sorted(PLACE.glob("*.yml")):
        for entry in yaml_files.load(path):
            assert entry["kind"] == path.stem
            yield entry


ENTRIES = list(entries())


def test_the_list_is_as_its_page_says() -> None:
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES) >= 60
    for entry in ENTRIES:
        assert set(entry) <= KEYS
        assert {"id", "kind", "plant", "undo", "must_name"} <= set(entry)
        assert entry["must_name"], entry["id"]
        assert {name["control"] for name in entry["must_name"]} <= CONTROLS.keys(), entry["id"]


@pytest.fixture(params=["debian12", "debian13"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Files of a release as it is installed, with the packages that the controls ask for."""
    root = tmp_path / "root"
    shutil.copytree(DATA / request.param, root, ignore=shutil.ignore_patterns("hardened", "recorded"), symlinks=True)
    for directory in (*SHOWN, "var/lib/dpkg/info"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    status = "\n".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n" for name, version in PACKAGES.items()
    )
    (root / "var/lib/dpkg/status").write_text(status, encoding="utf-8")
    for name in ("etc/sudoers.d", "etc/ssh/sshd_config.d", "etc/cron.d", "etc/systemd/system", "etc/default"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (root / name).write_text(text, encoding="utf-8")
    for path in (root / "etc/pam.d").iterdir():  # what the role harden takes out
        path.write_text(path.read_text(encoding="utf-8").replace(" nullok", ""), encoding="utf-8")
    return root


def run(root: Path, lines: str) -> None:
    mounts = "".join(f"mount --bind {root / place} /{place}\n" for place in SHOWN if (Path("/") / place).is_dir())
    script = f"set -eu\n{mounts}{lines}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def named(root: Path, control: str) -> tuple[str, str]:
    """(status, found) of a control on the tree."""
    asked = language.resolve(CONTROLS[control], PARAMETERS)
    (result,) = evaluate.evaluate(Machine(str(root), offline=True), [asked])
    return result["status"], result["found"] or result["reason"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a mount namespace of its own")
@pytest.mark.parametrize("entry", [e for e in ENTRIES if not e.get("booted")], ids=lambda entry: entry["id"])
def test_it_is_named_and_no_longer_when_it_is_undone(tree: Path, entry: dict[str, Any]) -> None:
    before = {name["control"]: named(tree, name["control"]) for name in entry["must_name"]}
    run(tree, entry["plant"])
    for name in entry["must_name"]:
        status, found = named(tree, name["control"])
        assert (status, name["text"] in found) == ("fail", True), (name["control"], found)
    run(tree, entry["undo"])
    assert {name["control"]: named(tree, name["control"]) for name in entry["must_name"]} == before
    for name in entry["must_name"]:
        assert name["text"] not in before[name["control"]][1], before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a mount namespace of its own")
@pytest.mark.parametrize("entry", HARMLESS, ids=lambda entry: entry["id"])
def test_what_does_no_harm_is_not_named(tree: Path, entry: dict[str, Any]) -> None:
    run(tree, entry["plant"])
    answers = {control: named(tree, control) for control in entry["must_pass"]}
    assert {status for status, _ in answers.values()} == {"pass"}, answers
