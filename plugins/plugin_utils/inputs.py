"""What is wrong with the variables of a role: values that cannot be, each with its place.

A role declares the kinds of its variables by path: `base_users.*.name: account`, where `*` stands for every item of a
list. A kind with `?` at its end may be empty as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.kinds_of_values import KINDS, SECRET

SHOWN = 60  # characters of a wrong value


def problems(values: Mapping[str, Any], kinds: Mapping[str, str], unique: Sequence[Sequence[str]]) -> list[str]:
    """What is wrong with `values` (variable -> value): a sentence for each value that cannot be, with its place, and
    for each that stands twice among the paths of one item of `unique`. Raises KeyError for an unknown kind."""
    wrong = []
    for path, name in kinds.items():
        kind = KINDS[name.removesuffix("?")]
        for place, value in at(values, path):
            if value is None or (value == "" and name.endswith("?")):
                continue
            if problem := kind(str(value)):
                wrong.append(f"{place} {problem}{shown(name, str(value))}.")
    for paths in unique:
        first: dict[str, str] = {}
        for path in paths:
            for place, value in at(values, path):
                if value is not None and first.setdefault(str(value), place) != place:
                    is_secret = kinds.get(path, "").removesuffix("?") in SECRET
                    wrong.append(
                        f"{place} has the same value as {first[str(value)]}{'' if is_secret else f': {value}'}."
                    )
    return wrong


def shown(kind: str, value: str) -> str:
    """The wrong value as part of a sentence, unless it may be a secret."""
    if kind.removesuffix("?") in SECRET or "PRIVATE KEY" in value:
        return ""
    return f": {value[:SHOWN]!r}{'...' if len(value) > SHOWN else ''}"


def at(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Every place that `path` stands for, as `base_users[2].name`, with its value. What is not there has no place."""
    name, *steps = path.split(".")
    if name in values:
        yield from _below(name, values[name], steps)


def _below(place: str, value: Any, steps: list[str]) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield place, value
    elif steps[0] == "*":
        if not isinstance(value, list):  # a single value where a list is possible too
            yield from _below(place, value, steps[1:])
            return
        for number, item in enumerate(value):
            yield from _below(f"{place}[{number}]", item, steps[1:])
    elif isinstance(value, Mapping) and steps[0] in value:
        yield from _below(f"{place}.{steps[0]}", value[steps[0]], steps[1:])
