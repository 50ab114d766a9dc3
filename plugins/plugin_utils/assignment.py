"""What was asked, by whom and for whom: found in the project and its inventory, copied into the first line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from ansible.inventory.manager import IGNORED
from ansible_collections.oplever.lab.plugins.plugin_utils import variable_files
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import project
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.command_line import redact_mapping
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line, plain

NAME = "assignment.yml"
VARIABLE = "oplever_assignment"
EXCEPTIONS = "exceptions.yml"
_SHAPE = "it has to be a list of names with values, as `title: ...`"


def load(
    option: str | None,
    current_project: project.Project,
    inventories: list[str],
    loader: Any,
    *,
    redactor: Redactor,
    display: Any,
) -> dict[str, Any] | None:
    """The assignment without secrets; None, and a warning when it cannot be read, without one."""
    for path, name in _places(option, current_project, inventories):
        try:
            content = _content(path, name, loader)
        except Exception as problem:  # Ansible's own loader has errors of many kinds
            display.warning(
                f"Oplever cannot read the assignment {path}; the record is made without it: {_reason(problem)}"
            )
            return None
        if content is not None:
            assignment: dict[str, Any] | None = redact_mapping(plain(_dates_as_text(content)), redactor) or None
            return assignment
    return None


def _places(option: str | None, current_project: project.Project, inventories: list[str]) -> Iterator[tuple[str, str]]:
    """(file, variable in it or '' for the whole), the first that has an assignment counts."""
    if option:
        yield os.path.join(current_project.directory, os.path.expanduser(option)), ""
        return
    if inventories and "," not in inventories[0]:
        directory = _directory(inventories[0])
        if os.path.isfile(path := os.path.join(directory, NAME)):
            yield path, ""
        for path in variable_files.variables_of_all(directory):
            if VARIABLE.encode() in (variable_files.read(path) or b""):
                yield path, VARIABLE
    path = project.beside(current_project, NAME) or ""
    if os.path.isfile(path):
        yield path, ""


def _content(path: str, name: str, loader: Any) -> dict[str, Any] | None:
    """None when it is not there after all. Raises OSError, ValueError, and what YAML and Ansible raise."""
    if name:
        variables = loader.load_from_file(path, cache="none")
        if not isinstance(variables, dict) or name not in variables:
            return None  # in a comment, say
        content = variables[name]
    else:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
    if content is not None and not isinstance(content, dict):
        raise ValueError(_SHAPE)
    return content or {}


def work_process(assignment: Mapping[str, Any] | None, option: str | None) -> str | None:
    """What was assigned, else what is set for all runs; None when nobody said, since a playbook alone does not."""
    process = (assignment or {}).get("work_process") or option
    return (
        one_line(str(process), 20) if isinstance(process, str | int | float) and not isinstance(process, bool) else None
    )


def taken_for_inventory(inventories: list[str], records: str) -> list[str]:
    """Files and directories of ours that Ansible reads as inventory, since they are in an inventory directory."""
    mistaken = []
    for directory in (os.path.abspath(source) for source in inventories if "," not in source):
        if not os.path.isdir(directory):
            continue
        inside = os.path.relpath(os.path.realpath(records), os.path.realpath(directory)).split(os.sep)[0]
        names = [NAME, EXCEPTIONS, *([inside] if inside not in (os.curdir, os.pardir) else [])]
        paths = [os.path.join(directory, name) for name in names if not IGNORED.search(os.fsencode(name))]
        mistaken += [path for path in paths if os.path.exists(path)]
    return mistaken


def advice(mistaken: list[str]) -> str:
    patterns = ", ".join(f"^{os.path.basename(path)}$".replace(".", r"\.") for path in mistaken)
    return (
        f"Ansible reads {', '.join(mistaken)} as inventory. Move it to the directory of ansible.cfg, or write there: "
        f"[inventory] ignore_patterns = {patterns}"
    )


def _directory(inventory: str) -> str:
    path = os.path.abspath(inventory)
    return path if os.path.isdir(path) else os.path.dirname(path)


def _reason(problem: Exception) -> str:
    """Why, without the lines of the file that a YAML error quotes: the secret may be in them."""
    mark = getattr(problem, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}: {one_line(str(getattr(problem, 'problem', '') or 'no YAML'), 200)}"
    if isinstance(problem, OSError) and problem.strerror:
        return one_line(problem.strerror, 300)
    if isinstance(problem, ValueError) and str(problem) == _SHAPE:
        return _SHAPE
    return "it is no YAML in UTF-8"


def _dates_as_text(value: Any) -> Any:
    """YAML reads `2026-11-23` as a date; the record wants what was written."""
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
