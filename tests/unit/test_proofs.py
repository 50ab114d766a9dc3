"""A scenario that passed runs again when a file changes that it depends on."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[2]
UTILS = "ansible_collections.oplever.lab.plugins.module_utils"
TREE = {
    "extensions/molecule/playbooks/converge.yml": "---\n",
    "extensions/molecule/print/vars.yml": "---\n",
    "roles/print/tasks/main.yml": "- oplever.lab.queues:\n- oplever.lab.checks:\n- name: oplever.lab.paper\n",
    "roles/paper/tasks/main.yml": "- oplever.lab.print:\n",
    "roles/print/README.md": "# print\n",
    "roles/print/meta/handout.yml": "---\n",
    "roles/nginx/tasks/main.yml": "- name: Install nginx\n",
    "plugins/modules/queues.py": f"import os\nfrom {UTILS}.cups import QUEUE\nfrom {UTILS} import paper, files\n",
    "plugins/module_utils/cups.py": "from .deep import QUEUE\n",
    "plugins/module_utils/deep.py": "QUEUE = 1\n",
    "plugins/module_utils/paper/__init__.py": "",
    "plugins/module_utils/files.py": "",
    "plugins/modules/checks.py": f"from {UTILS} import files\n",
}
NOT_USED = re.compile(r"nginx|files\.py|checks\.py|README|handout")
USED = {name for name in TREE if not NOT_USED.search(name)}


@pytest.fixture
def proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """With a small collection, in which the scenario `print` uses a role and a module."""
    for name, text in TREE.items():
        (path := tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    module: ModuleType = program(ROOT / "tools/proofs.py")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PROOFS", tmp_path / "proofs.txt")
    return module


@pytest.mark.parametrize("name", sorted(TREE))
def test_what_it_uses_counts_and_nothing_else(proofs: ModuleType, tmp_path: Path, name: str) -> None:
    before = proofs.digest("print")
    (tmp_path / name).write_text(TREE[name] + "# other\n", encoding="ascii")
    assert (proofs.digest("print") != before) == (name in USED)


def test_a_file_that_comes_or_has_another_name_counts(proofs: ModuleType, tmp_path: Path) -> None:
    before = proofs.digest("print")
    (tmp_path / "roles/print/tasks/other.yml").write_text("", encoding="ascii")
    after = proofs.digest("print")
    (tmp_path / "roles/print/tasks/other.yml").rename(tmp_path / "roles/print/tasks/another.yml")
    assert len({before, after, proofs.digest("print")}) == 3


def test_the_scenarios_that_are_named_are_there() -> None:
    module = program(ROOT / "tools/proofs.py")
    assert module.proofs()
    assert [name for name in module.proofs() if not (module.scenario(name) / "molecule.yml").is_file()] == []
    assert all(len(module.files(name)) > 15 for name in module.proofs())


def test_what_every_scenario_uses_is_shown_by_those_that_always_run() -> None:
    module = program(ROOT / "tools/proofs.py")
    page = (ROOT / "docs/decisions/0156-what-every-test-run-holds.md").read_text(encoding="utf-8")
    sentence = page.partition("always run: ")[2].partition(".")[0]
    names = set(sentence.replace(",", " ").replace(" and ", " ").split())
    assert len(names) == 6
    assert names & module.proofs().keys() == set()
    texts = [path.read_text(encoding="utf-8") for name in names for path in (ROOT / "roles" / name).rglob("*.yml")]
    assert {name for name in module.SHARED if not any(f"oplever.lab.{name}:" in text for text in texts)} == set()
