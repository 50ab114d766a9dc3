"""Whether something that a role declares in meta/oplever.yml applies, by the values of its options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def holds(item: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the option in `when` of an item is set, and to another value than those in `unless`."""
    if "when" not in item:
        return True
    settings = [value for value in at(values, str(item["when"])) if value not in (None, "", [], {}, False)]
    return any(str(value) not in item.get("unless", ()) for value in settings)


def at(values: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The values at a path as `sites.*.tls`, where `*` stands for every item."""
    return _at(values, path.split("."))


def _at(value: Any, steps: Sequence[str]) -> Iterator[Any]:
    if not steps:
        yield value
    elif steps[0] == "*":
        for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
            yield from _at(item, steps[1:])
    elif isinstance(value, Mapping) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])
