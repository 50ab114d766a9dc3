"""Run shell lines on machines of the lab over SSH, as somebody with the rights of root would."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from ..conftest import Lab  # type: ignore[import-not-found]
from .changes import failures, script

ANSWER = re.compile(r"^(\w+) \| \w+ => ", re.MULTILINE)
"""What stands before the result of each machine."""


def run(lab: Lab, lines: dict[str, list[tuple[str, str]]]) -> dict[str, dict[str, str]]:
    """Run shell lines by id on each machine; machine -> id -> what went wrong. Through Ansible, which is logged in: of
    what is planted, some lets nobody in anew."""
    with tempfile.TemporaryDirectory() as place:
        for host, lines_of_host in lines.items():
            Path(place, f"{host}.sh").write_text(script(lines_of_host), encoding="utf-8")
        words = ("-b", "-m", "ansible.builtin.script", "-a", f"{place}/{{{{ inventory_hostname }}}}.sh")
        answers = ANSWER.split(lab.adhoc(",".join(lines), *words))[1:]
    return {
        host: failures(str(json.loads(answer)["stdout"]))
        for host, answer in zip(answers[::2], answers[1::2], strict=True)
    }
