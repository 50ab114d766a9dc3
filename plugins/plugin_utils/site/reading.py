"""A site file as text: where each value stands, and the mistakes of YAML itself.

Ansible's own loader makes the values (with vault and templates); this module only finds their places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"

VAULT_TAGS = ("!vault", "!vault-encrypted")
OTHER_TAGS = ("!unsafe",)

Path = tuple[Any, ...]
"""Keys and indexes from the top of the file to a value."""


@dataclass(frozen=True)
class Place:
    """Line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass
class Places:
    """The place of each key (for a value in a dictionary) or item (in a list) of a file."""

    file: str
    by_path: dict[Path, Place] = field(default_factory=dict)
    vaulted: set[Path] = field(default_factory=set)
    duplicates: list[tuple[Path, Place, Place]] = field(default_factory=list)

    def of(self, path: Path) -> Place:
        """The place of the value at `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if place := self.by_path.get(path[:length]):
                return place
        return Place(self.file, 1, 1)


class YamlError(Exception):
    """The file is not YAML. `place` is where the parser stopped."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


class _Loader(yaml.SafeLoader):
    """Nodes alone: tags such as !vault are kept and nothing is made of them."""


# Of a mistake it says less than the other, and of what is no mistake the same, in a tenth of the time.
_FAST = yaml.CSafeLoader if yaml.__with_libyaml__ else _Loader


def find_places(file: str, text: str, *, parsed: bool = False) -> Places:
    """Where each value of `text` stands; `parsed` is that it is known to be YAML. Raises YamlError."""
    _refuse_tabs(file, text)
    try:
        # The composer asks for no values, so that it is as safe as it is fast.
        node = yaml.compose(text, Loader=_FAST if parsed else _Loader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise YamlError(place, _sentence(problem, text)) from None
    except yaml.YAMLError as problem:  # a character that YAML does not allow
        raise YamlError(_place_of_character(file, text, problem), "a character that YAML does not allow") from None
    places = Places(file)
    try:
        if node is not None:
            _walk(node, (), places)
    except RecursionError:
        raise YamlError(Place(file, 1, 1), "an anchor (&name) that contains itself") from None
    return places


def _refuse_tabs(file: str, text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if indent := re.match(r" *\t", line):
            raise YamlError(Place(file, number, len(indent[0])), "a tab; YAML is indented with spaces")


def _sentence(problem: yaml.MarkedYAMLError, text: str) -> str:
    sentence = problem.problem or "the file is not YAML"
    mark = problem.problem_mark
    if "mapping values are not allowed" in sentence:
        return 'a ":" too many; put a value with ": " in it in quotes, and check the indentation of this line'
    if mark and "found character" in sentence:
        character = text[mark.index : mark.index + 1]
        return f'a value cannot begin with "{character}"; put it in quotes'
    if mark and "could not find expected ':'" in sentence:
        return 'a line without ":" between a key and its value'
    if "expected <block end>" in sentence:
        return "the indentation does not match that of the lines above, or a line misses its key"
    if "expected ',' or" in sentence:
        opening = problem.context_mark
        where = f" that open on line {opening.line + 1}" if opening else ""
        return f'a "," or the closing bracket is missing in the brackets{where}'
    if "unexpected end of stream" in sentence:
        opening = problem.context_mark
        where = f" that open on line {opening.line + 1}" if opening else ""
        return f"the quotes{where} are not closed"
    return sentence


def _place_of_character(file: str, text: str, problem: yaml.YAMLError) -> Place:
    before = text[: getattr(problem, "position", 0)]
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _walk(node: yaml.Node, path: Path, places: Places) -> None:
    if node.tag in VAULT_TAGS:
        places.vaulted.add(path)
    elif node.tag.startswith("!") and node.tag not in OTHER_TAGS:
        possible = ", ".join((*VAULT_TAGS[:1], *OTHER_TAGS))
        raise YamlError(_place(places.file, node), f'an unknown tag "{node.tag}"; possible are {possible}')
    if isinstance(node, yaml.MappingNode):
        _walk_mapping(node, path, places)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            item_path = (*path, index)
            places.by_path[item_path] = _place(places.file, item)
            _walk(item, item_path, places)


def _walk_mapping(node: yaml.MappingNode, path: Path, places: Places) -> None:
    merges = [value for key, value in node.value if key.tag == _MERGE]
    for merged in merges:  # `<<: *defaults` first: the keys of the mapping itself go before those
        for mapping in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
            _walk(mapping, path, places)
    first: dict[Any, Place] = {}
    for key_node, value_node in node.value:
        if key_node.tag == _MERGE:
            continue
        key, place = _key(key_node), _place(places.file, key_node)
        key_path = (*path, key)
        if key in first:
            places.duplicates.append((key_path, place, first[key]))
        first.setdefault(key, place)
        places.by_path[key_path] = place
        _walk(value_node, key_path, places)


def _key(node: yaml.Node) -> Any:
    """As Ansible's loader makes it: 101 is a number, "101" a text."""
    if not isinstance(node, yaml.ScalarNode):
        return str(node.value)
    return node.value if node.tag == "tag:yaml.org,2002:str" else yaml.safe_load(node.value)


def _place(file: str, node: yaml.Node) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
