"""Mistakes in files of checks, with their line and column, before any machine is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from oplever import yaml_nodes
from oplever.checks.rules import grammar
from oplever.errors import OpleverError
from oplever.files import bounded, unreadable
from oplever.messages import M_
from oplever.yaml_nodes import mark_of, problem_of, reason_of

MODULE: Final = "oplever.lab.checks"
TEMPLATE: Final = "{{"
SUFFIXES: Final = (".yml", ".yaml")
LARGEST: Final = 8 << 20


class Finding(msgspec.Struct, frozen=True):
    """One mistake: `line` and `column` from 1, `check` (its id, or empty), `message`."""

    path: Path
    line: int
    column: int
    check: str
    message: str


class _Loader(yaml.CSafeLoader):
    """Reads tags of Ansible, such as `!vault`, as a template: their value is not known here, so it is not judged."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: TEMPLATE)


def sources() -> dict[str, grammar.Source]:
    """What may be written about each source, as the engine of this version has it."""
    table = json.loads(resources.files("oplever.checks").joinpath("vocabulary.json").read_text(encoding="utf-8"))
    return {
        name: grammar.Source(row["main"], tuple(row["selectors"]), tuple(row["attributes"]), tuple(row["needs"]))
        for name, row in table.items()
    }


def files(paths: list[Path]) -> list[Path]:
    """Each named file, and the YAML files below each named directory; each once."""
    every: list[Path] = []
    for path in paths:
        if path.is_dir():
            every += sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        else:
            every.append(path)
    return list(dict.fromkeys(every))


def lint(path: Path, parameters: Mapping[str, Any] | None = None) -> tuple[int, list[Finding]]:
    """How many checks a file has, and what is wrong with it. Raises OpleverError when it cannot be read."""
    try:
        root = _compose(path)
        lists = list(_lists(root)) if root else []
        findings = [
            _at(path, mark, "", f"'{name}' stands here twice; only the last would count")
            for mark, name in yaml_nodes.repeated_keys(lists)
        ]
        by_name = sources()
        for node in lists:
            findings += _findings(path, node, by_name, parameters)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date or a number that cannot be
        return 0, [_at(path, mark_of(error), "", f"this is not YAML: {reason_of(error)}")]
    return sum(len(node.value) for node in lists), sorted(findings, key=lambda finding: (finding.line, finding.column))


def read_parameters(path: Path) -> dict[str, Any]:
    """Name -> value: a mapping, or the mapping `parameters` in it."""
    try:
        value = _plain(_compose(path))
    except (yaml.YAMLError, ValueError) as problem:
        raise OpleverError(
            "checks-parameters",
            M_("{path} is no YAML: {problem}", path=path, problem=problem_of(problem)),
            M_("Write it as a mapping of names to values."),
        ) from None
    value = value.get("parameters", value) if isinstance(value, dict) else value
    if not isinstance(value, dict):
        raise OpleverError(
            "checks-parameters",
            M_("{path} has no parameters", path=path),
            M_("Write it as a mapping of names to values."),
        )
    return value


def _compose(path: Path) -> yaml.Node | None:
    try:
        data = bounded(path, LARGEST)
    except OSError as error:
        raise unreadable(path, error) from None
    return yaml_nodes.compose(data, _Loader)


def _plain(node: yaml.Node | None) -> Any:
    return yaml_nodes.plain(node, _Loader)


def _lists(node: yaml.Node, top: bool = True) -> Iterator[yaml.SequenceNode]:
    """Every list of checks: a file that is one, what the module is given, and variables named `..._checks`."""
    if isinstance(node, yaml.SequenceNode):
        if top and any(_looks_like_a_check(item) for item in node.value):
            yield node
            return
        for item in node.value:
            yield from _lists(item, top=False)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            checks = _child(value, "checks") if key.value == MODULE else value
            named = key.value == MODULE or str(key.value).endswith("_checks")
            if named and isinstance(checks, yaml.SequenceNode) and checks.value:
                yield checks
            else:
                yield from _lists(value, top=False)


def _looks_like_a_check(node: yaml.Node) -> bool:
    names = {str(key.value) for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    return bool(names & {"source", "expect", *grammar.GROUPS}) and not names & {"hosts", "tasks", "block", MODULE}


def _findings(
    path: Path, node: yaml.SequenceNode, by_name: Mapping[str, grammar.Source], parameters: Mapping[str, Any] | None
) -> Iterator[Finding]:
    for mistake in grammar.mistakes(_plain(node), by_name, parameters):
        at, value = _locate(node, mistake.place)
        if isinstance(value, yaml.ScalarNode) and TEMPLATE in value.value:
            continue  # only Ansible knows what will stand there
        check = _child(node.value[mistake.place[0]], "id") if mistake.place else None
        yield _at(path, at.start_mark, check.value if isinstance(check, yaml.ScalarNode) else "", mistake.message)


def _locate(node: yaml.Node, place: grammar.Place) -> tuple[yaml.Node, yaml.Node]:
    """Where to point, and the value there; of what is missing, the deepest that is there."""
    at, value = node, node
    for step in place:
        if isinstance(value, yaml.SequenceNode) and isinstance(step, int) and step < len(value.value):
            at = value = value.value[step]
        elif isinstance(value, yaml.MappingNode):
            pair = next((pair for pair in value.value if pair[0].value == str(step)), None)
            if pair is None:
                break
            at, value = pair
        else:
            break
    return at, value


def _child(node: yaml.Node, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _at(path: Path, mark: yaml.Mark | None, check: str, message: str) -> Finding:
    return Finding(path, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, check, message)
