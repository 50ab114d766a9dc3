"""A YAML file as a tree of nodes, which have places, and as values. The tree may be walked through: it does not hold
itself, and its aliases do not blow it up. What is wrong with it is said in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import yaml
from yaml.reader import ReaderError

from oplever.messages import M_

_DEEPEST = 100
_MOST_NODES = 200_000


def problem_of(error: Exception) -> str:
    """What a reader of YAML found wrong, in one line and with its place."""
    mark = mark_of(error)
    if mark is None:
        return reason_of(error)
    line, column = mark.line + 1, mark.column + 1
    return M_("line {line}, column {column}: {reason}", line=line, column=column, reason=reason_of(error))


def mark_of(error: Exception) -> yaml.Mark | None:
    return (error.problem_mark or error.context_mark) if isinstance(error, yaml.MarkedYAMLError) else None


def reason_of(error: Exception) -> str:
    """What is wrong without its place, and without how the reader calls what it read."""
    if isinstance(error, yaml.MarkedYAMLError):
        return error.problem or error.context or ""
    if isinstance(error, ReaderError):
        return M_("the character U+{code} cannot be in it", code=f"{error.character:04X}")
    return " ".join(str(error).split())


class _Size(NamedTuple):
    nodes: int
    height: int


def compose(content: str | bytes, loader: type[yaml.CSafeLoader] = yaml.CSafeLoader) -> yaml.Node | None:
    """The tree of a file; None when there is nothing in it. Raises yaml.YAMLError or ValueError."""
    reader = loader(content)
    try:
        root = reader.get_single_node()
    finally:
        reader.dispose()
    _check_size(root)
    return root


def plain(node: yaml.Node | None, loader: type[yaml.CSafeLoader] = yaml.CSafeLoader) -> Any:
    """The values of a tree that `compose` gave. Raises yaml.YAMLError or ValueError, as for a date that cannot be."""
    return None if node is None else loader("").construct_document(node)


def repeated_keys(roots: Iterable[yaml.Node]) -> Iterator[tuple[yaml.Mark, str]]:
    """Every key below these nodes that stands in its mapping already, with its place: readers of YAML keep the last of
    them, so that what stands at the first would silently not count."""
    waiting = list(roots)
    visited: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        waiting += _children(node)
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in names:
                        yield key.start_mark, str(key.value)
                    names.add(key.value)


def _check_size(root: yaml.Node | None) -> None:
    """Raises yaml.MarkedYAMLError for a tree that a walk would never, or hardly, get to the end of: each alias counts
    as all that it stands for."""
    if root is not None:
        _size(root, 1, {})


def _size(node: yaml.Node, depth: int, sizes: dict[int, _Size]) -> _Size:
    alias_size = sizes.get(id(node))
    if depth + (alias_size.height if alias_size else 0) > _DEEPEST:
        problem = M_("what is in it goes deeper than {depth} levels", depth=_DEEPEST)
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    if alias_size:
        return alias_size
    below = [_size(child, depth + 1, sizes) for child in _children(node)]
    size = _Size(1 + sum(part.nodes for part in below), 1 + max((part.height for part in below), default=0))
    if size.nodes > _MOST_NODES:
        problem = M_("it has more than {count} values", count=_MOST_NODES)
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    sizes[id(node)] = size
    return size


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
