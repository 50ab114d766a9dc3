"""Records of several runs, found without the index: which runs are in which."""

from __future__ import annotations

from pathlib import Path

from oplever.errors import OpleverError
from oplever.record.entries import RunEntry, withdrawal
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import read_entries

NAME = "job"
"""What the name of such a record has in the place of a playbook."""


def of_runs(base: Path) -> dict[str, list[Path]]:
    """By the name of each run that is in one the records that it is in, oldest first. One whose entries cannot be read
    counts for nothing: `oplever list` names it."""
    by_run: dict[str, list[Path]] = {}
    for directory in sorted(base.glob(f"*-{NAME}-*")):
        if (directory / JOURNAL).exists() or not (directory / ENTRIES).is_file():
            continue
        try:
            lines = withdrawal.lines(read_entries(directory))
        except OpleverError:
            continue
        contents = (line.content for line in lines if line.withdrawn_by is None)
        for run in dict.fromkeys(content.record for content in contents if isinstance(content, RunEntry)):
            by_run.setdefault(run, []).append(directory)
    return by_run
