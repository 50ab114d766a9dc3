"""No control goes unproven: a fault for booted machines (tests/lab/test_planted.py), or a tree on which it fails."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError
from lab.planted.plants import Plant, Tree, controls, plants, plants_by_control, trees

CONTROLS = controls()
BY_ROLE = re.compile(r"the role (\w+) does|with the role (\w+)")


class TreeMachine(Machine):  # type: ignore[misc]
    """A tree of files, with what commands print there; every other command is missing."""

    def __init__(self, root: Path, commands: dict[str, str]) -> None:
        super().__init__(root=str(root))
        self.commands = commands

    def run(self, argv: list[str], **_: Any) -> Completed:
        known = [words for words in (shlex.join(map(str, argv)), str(argv[0])) if words in self.commands]
        if not known:
            raise UnreadableError(f"there is no command {argv[0]}")
        return Completed(0, self.commands[known[0]])

    def audit_rules(self) -> list[tuple[bool, bool]]:
        """The kernel has the rules that auditctl prints, none of them a `never`."""
        return [(False, False) for line in self.commands.get("auditctl -l", "").splitlines() if line]


def test_every_control_has_a_fault_or_a_tree() -> None:
    proven = {control: ("plant" in entry) + ("because" in entry) for control, entry in plants_by_control().items()}
    assert {control for control in CONTROLS if proven.get(control) != 1} == set()


@pytest.mark.parametrize("plant", plants(), ids=lambda plant: plant.control)
def test_a_remedy_that_names_a_role_is_tried_with_that_role(plant: Plant) -> None:
    named = BY_ROLE.search(CONTROLS[plant.control]["remedy"]["en"])
    assert not named or plant.role in named.groups()


@pytest.mark.parametrize("tree", trees(), ids=lambda tree: f"{tree.control}-{tree.status}")
def test_a_control_that_cannot_be_planted_comes_to_its_status_on_a_tree(tree: Tree, tmp_path: Path) -> None:
    for name, text in tree.files.items():
        path = tmp_path / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(int(tree.modes.get(name, "0644"), 8))
    for name, place in tree.links.items():
        (tmp_path / name.lstrip("/")).symlink_to(place)
    (result,) = evaluate.evaluate(TreeMachine(tmp_path, tree.commands), [CONTROLS[tree.control]])
    assert result["status"] == tree.status, result
    assert re.search(tree.found, result["found"]), result["found"]
