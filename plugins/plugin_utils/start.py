"""The first line of a journal: who runs what, where, with which versions, inventory and variables."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible import constants as C  # noqa: N812 - the name everyone knows it by
from ansible import context
from ansible.release import __version__ as ansible_version
from ansible_collections.oplever.lab.plugins.plugin_utils import origin, sources
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.command_line import redact_command, redact_mapping
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line, plain

FORMAT = "oplever-journal"
VERSION = 2


def fields(
    record: str, options: Mapping[str, Any], playbook: Any, base: str, *, redactor: Redactor, display: Any
) -> dict[str, Any]:
    """Fields of `run_start`. Tells the redactor the secrets in files of variables, which are read for their digests."""
    arguments = context.CLIARGS
    inventories = [str(source) for source in arguments.get("inventory") or C.DEFAULT_HOST_LIST or []]
    directory = playbook_directory(playbook)
    files = _files(inventories, directory, list(arguments.get("extra_vars") or []), playbook._loader, redactor)
    assignment = _assignment(options["assignment"], base, inventories, redactor, display)
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": record,
        **origin.run_facts(options["operator"], directory),
        "command": [plain(word) for word in redact_command(sys.argv, redactor)],
        "check_mode": bool(arguments.get("check")),
        "diff_mode": bool(arguments.get("diff")),
        "limit": _redacted(arguments.get("subset"), redactor),
        "tags": [redactor.text(str(tag)) for tag in arguments.get("tags") or []],
        "skip_tags": [redactor.text(str(tag)) for tag in arguments.get("skip_tags") or []],
        "start_at": _redacted(arguments.get("start_at_task"), redactor),
        "inventories": [one_line(source, 1000, redactor.text) for source in inventories],
        "files": files,
        "versions": {
            "ansible": ansible_version,
            "python": platform.python_version(),
            "collection": origin.collection_version(Path(__file__).resolve().parents[2]),
        },
        "work_process": _work_process(assignment, options["work_process"]),
        "assignment": assignment,
    }


def _redacted(text: object, redactor: Redactor) -> str | None:
    return redactor.text(str(text)) if text is not None else None


def playbook_name(playbook: Any) -> str:
    name = str(playbook._file_name)
    return "adhoc" if name == "__adhoc_playbook__" else name


def playbook_directory(playbook: Any) -> str:
    return os.path.dirname(os.path.abspath(str(playbook._file_name)))


def _files(
    inventories: list[str], directory: str, extra: list[Any], loader: Any, redactor: Redactor
) -> dict[str, str | None]:
    groups = [*sources.inventory_files(inventories, directory), sources.extra_files(extra)]
    contents = {path: sources.read(path) for group in groups for path in group}
    for path, content in contents.items():
        redactor.know(sources.secrets(path, content, loader))
    return {one_line(path, 1000, redactor.text): digest for path, digest in sources.digests(groups, contents).items()}


def _assignment(
    option: str | None, base: str, inventories: list[str], redactor: Redactor, display: Any
) -> dict[str, Any] | None:
    path = origin.assignment_path(option, base, inventories)
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            loaded = yaml.safe_load(file)
        if loaded is not None and not isinstance(loaded, dict):
            raise ValueError("it has to be a list of names with values, as `title: ...`")
    except (OSError, ValueError, yaml.YAMLError) as problem:
        display.warning(f"Oplever cannot read the assignment {path}, the record goes without: {_reason(problem)}")
        return None
    assignment: dict[str, Any] | None = redact_mapping(plain(_dates_as_text(loaded)), redactor) if loaded else None
    return assignment


def _work_process(assignment: Mapping[str, Any] | None, option: str | None) -> str | None:
    """What was assigned, else what is set for all runs; None when nobody said, since a playbook alone does not."""
    given = (assignment or {}).get("work_process") or option
    return one_line(str(given), 20) if isinstance(given, str | int | float) and not isinstance(given, bool) else None


def _reason(problem: Exception) -> str:
    """Why, without the lines of the file that a YAML error quotes: the secret may be in them."""
    mark = getattr(problem, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}: {one_line(str(getattr(problem, 'problem', '') or 'no YAML'), 200)}"
    if isinstance(problem, yaml.YAMLError | UnicodeError):
        return "it is no YAML in UTF-8"
    return one_line(getattr(problem, "strerror", None) or str(problem), 300)


def _dates_as_text(value: Any) -> Any:
    """YAML reads `2026-11-23` as a date; the record wants what was written."""
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
