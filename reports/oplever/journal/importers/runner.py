"""ansible-runner: the artifacts of one run, `artifacts/<ident>/` with `job_events/<counter>-<uuid>.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oplever._shared.command_line import extra_variables, redact_command
from oplever._shared.redact import Redactor, secret_values
from oplever._shared.text import plain
from oplever.journal.importers.imported_run import Source, broken, decode, digest, foreign, read
from oplever.journal.importers.job_events import JobEvent, Translator, job_event, survey
from oplever.journal.importers.playbook_options import playbook_options
from oplever.messages import M_

_FORMAT = M_("a directory of artifacts of ansible-runner (artifacts/<ident>/ with job_events/)")
_NAME = re.compile(r"(\d+)-[0-9a-f-]{36}\.json")


def sources(path: Path) -> list[Source]:
    """The run in a directory of artifacts; a private data directory will do when it holds one run."""
    directory = _artifacts(path)
    files = sorted(
        (int(match[1]), file)
        for file in (directory / "job_events").iterdir()
        if (match := _NAME.fullmatch(file.name)) and file.is_file() and not file.is_symlink()
    )
    if not files:
        raise foreign(path, _FORMAT)
    paths = [file for _, file in files]
    overview = survey(_events(paths))
    begun = _command_file(directory)
    command = [word for word in _listed(begun.get("command")) if isinstance(word, str)]
    redactor = Redactor(secret_values(extra_variables(command)))
    options = {"check_mode": overview.is_trial or None, **playbook_options(command, redactor)}
    half = len(list((directory / "job_events").glob("*-partial.json")))  # begun and never finished: it was killed
    return [
        Source(
            tool="ansible-runner",
            version=None,
            digest=digest(paths),
            playbook=overview.playbook,
            start={
                "t": overview.first,
                "command": [plain(word) for word in redact_command(command, redactor)],
                "cwd": plain(str(begun.get("cwd") or "")),
                **options,
            },
            lines=Translator(overview, redactor, is_trial=options["check_mode"] is True).lines(_events(paths)),
            lost=overview.missing + half,
            run=overview.play,
            outcome=_kept(directory / "status"),
            exit_code=int(code) if re.fullmatch(r"-?\d{1,4}", code := _kept(directory / "rc")) else None,
        )
    ]


def _artifacts(path: Path) -> Path:
    if (path / "job_events").is_dir():
        return path
    if path.name == "job_events" and path.is_dir():
        return path.parent
    runs = [directory.parent for directory in path.glob("artifacts/*/job_events")] or [
        directory.parent for directory in path.glob("*/job_events")
    ]
    if len(runs) > 1:
        raise broken(str(path), M_("there are {count} runs here: name one, as {runs}", count=len(runs), runs=runs[0]))
    if not runs:
        raise foreign(path, _FORMAT)
    return runs[0]


def _events(paths: list[Path]) -> Iterator[JobEvent]:
    for path in paths:
        yield job_event(decode(read(path, _FORMAT), path), str(path))


def _kept(path: Path) -> str:
    """A word that ansible-runner leaves when the run is over; empty when it was killed itself, or writes no files."""
    return read(path, _FORMAT)[:100].decode("utf-8", "replace").strip() if path.is_file() else ""


def _command_file(directory: Path) -> dict[str, Any]:
    """The command line and where it was given; the environment that stands in the same file is not looked at."""
    path = directory / "command"
    value = decode(read(path, _FORMAT), path) if path.is_file() else None
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
