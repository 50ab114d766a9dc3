"""The archives of Ansible's modules that the tests keep between commands: of the same sources, and only whole ones."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tests/callbacks/kept_modules.py"


@pytest.fixture(scope="module")
def kept() -> ModuleType:
    module: ModuleType = program(FILE)
    return module


@pytest.mark.parametrize("across", [False, True])
def test_whole_archives_of_known_origin_are_shared_also_across_file_systems(
    kept: ModuleType, tmp_path: Path, across: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    names = ["ansible.modules.stat-Z-none", "ansible_collections.oplever.lab.plugins.modules.checks-Z-none"]
    others = [f"{names[0]}.lock", f"{names[0]}.7-part", "ansible.legacy.mine-Z-none"]
    (tmp_path / "private").mkdir()
    for name in names + others:
        (tmp_path / "private" / name).write_text(name, encoding="ascii")
    if across:
        monkeypatch.setattr(os, "link", refuse)
    for _ in range(2):
        kept.share(tmp_path / "private", tmp_path / "kept")
    assert {path.name: path.read_text(encoding="ascii") for path in (tmp_path / "kept").iterdir()} == {
        name: name for name in names
    }
    kept.share(tmp_path / "nothing", tmp_path / "kept")


def run(place: Path, collections: Path, word: str) -> str:
    """What a module of a collection answers in a play, with this directory for what is kept."""
    module = collections / "ansible_collections/oplever/lab/plugins/modules/answer.py"
    module.parent.mkdir(parents=True, exist_ok=True)
    text = f"from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({{}}).exit_json(word='{word}')\n"
    if not module.exists() or module.read_text(encoding="ascii") != text:  # its time counts
        module.write_text(text, encoding="ascii")
    plugin = place / "tests/callbacks/kept_modules.py"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    plugin.write_bytes(FILE.read_bytes())
    task = {"name": "Ask", "oplever.lab.answer": {}, "register": "answer"}
    show = {"name": "Show", "ansible.builtin.debug": {"msg": "<{{ answer.word }}>"}}
    play = place / "play.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task, show]}]), "ascii")
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_CALLBACK_PLUGINS": str(plugin.parent)}
    words = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", str(play)]
    words += ["-e", f"ansible_python_interpreter={sys.executable}"]
    env = {**os.environ, **settings, "ANSIBLE_LOCAL_TEMP": str(place / "tmp"), "OPLEVER_JOURNAL": "0"}
    done = subprocess.run(words, cwd=place, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr.replace("implicit localhost", "").replace("provided hosts list", ""), (
        done.stderr
    )
    return done.stdout.partition("<")[2].partition(">")[0]


@pytest.mark.slow
def test_a_source_that_changes_is_sent_as_it_is_now(tmp_path: Path) -> None:
    """Three commands: the first makes the archive, the second takes it, the third must not."""
    collections = tmp_path / "collections"
    answers = [run(tmp_path, collections, word) for word in ("one", "one", "three")]
    assert answers == ["one", "one", "three"]
    archives = sorted((tmp_path / ".cache/modules").glob("*/ansible_collections.oplever.lab.plugins.modules.answer*"))
    assert len(archives) == 2, "one for each state of the source"
    assert len({path.read_bytes() for path in archives}) == 2
