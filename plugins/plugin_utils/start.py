"""The first line of a journal: who runs what, where, with which versions, inventory and variables."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C  # noqa: N812 - the name everyone knows it by
from ansible import context
from ansible.release import __version__ as ansible_version
from ansible_collections.oplever.lab.plugins.plugin_utils import assignment, origin, variable_files
from ansible_collections.oplever.lab.plugins.plugin_utils.directory import RecordDirectory
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.command_line import redact_command
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.project import Project
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line, plain

FORMAT = "oplever-journal"
VERSION = 2
BEFORE = "oplever.lab.before"


def fields(
    place: RecordDirectory,
    options: Mapping[str, Any],
    playbook: Any,
    project: Project,
    *,
    redactor: Redactor,
    display: Any,
) -> dict[str, Any]:
    """Fields of `run_start`. Tells the redactor the secrets in files of variables, which are read for their digests."""
    arguments = context.CLIARGS
    inventories = [str(source) for source in arguments.get("inventory") or C.DEFAULT_HOST_LIST or []]
    directory = os.path.dirname(os.path.abspath(name_of_work(playbook)))
    if mistaken := assignment.taken_for_inventory(inventories, os.path.dirname(place.path)):
        display.warning(assignment.advice(mistaken))
    files = _files(inventories, directory, list(arguments.get("extra_vars") or []), playbook._loader, redactor)
    assigned = assignment.load(
        options["assignment"], project, inventories, playbook._loader, redactor=redactor, display=display
    )
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": place.id,
        "previous": place.previous,
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
        "work_process": assignment.work_process(assigned, options["work_process"]),
        "assignment": assigned,
    }


def _redacted(text: object, redactor: Redactor) -> str | None:
    return redactor.text(str(text)) if text is not None else None


def playbook_name(playbook: Any) -> str:
    name = str(playbook._file_name)
    return "adhoc" if name == "__adhoc_playbook__" else name


def name_of_work(playbook: Any) -> str:
    """The playbook that does the work: the first one, or the one after `oplever.lab.before`, which only looks."""
    playbooks = context.CLIARGS.get("args")
    is_look = isinstance(playbooks, list | tuple) and len(playbooks) > 1 and playbooks[0] == BEFORE
    return str(playbooks[1]) if is_look and os.path.isfile(playbooks[1]) else playbook_name(playbook)


def _files(
    inventories: list[str], directory: str, extra: list[Any], loader: Any, redactor: Redactor
) -> dict[str, str | None]:
    groups = [*variable_files.inventory_files(inventories, directory), variable_files.extra_files(extra)]
    contents = {path: variable_files.read(path) for group in groups for path in group}
    for path, content in contents.items():
        redactor.know(variable_files.secrets(path, content, loader))
    return {
        one_line(path, 1000, redactor.text): digest for path, digest in variable_files.digests(groups, contents).items()
    }
