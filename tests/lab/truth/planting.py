"""Run shell lines on machines of the lab over SSH, as somebody with the rights of root would."""

from __future__ import annotations

from ..conftest import Lab  # type: ignore[import-not-found]
from .changes import failures, script


def run(lab: Lab, host: str, lines: list[tuple[str, str]]) -> dict[str, str]:
    """Run shell lines by id on a machine; id -> what went wrong."""
    return failures(lab.shell(host, script(lines)))
