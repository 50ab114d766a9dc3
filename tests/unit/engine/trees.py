"""Trees of files of Debian 12 and 13 that tests read and change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError

DATA = Path(__file__).parent / "data"


def release_of(root: Path) -> str:
    return "13" if "trixie" in (root / "etc/os-release").read_text(encoding="utf-8") else "12"


def write(root: Path, path: str, text: str, mode: int = 0o644) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(mode)


def edit(root: Path, path: str, old: str, new: str) -> None:
    place = root / path.lstrip("/")
    text = place.read_text(encoding="utf-8")
    assert old in text
    place.write_text(text.replace(old, new), encoding="utf-8")


def commands(machine: Machine, **answers: str) -> Machine:
    """A machine whose commands, named by their words joined with spaces, answer this; others are missing."""

    def run(argv: list[str], *_: Any, **__: Any) -> Completed:
        words = " ".join(argv)
        if words not in answers:
            raise UnreadableError("there is no command " + argv[0])
        return Completed(0, answers[words])

    machine.run = run  # type: ignore[method-assign]
    return machine
