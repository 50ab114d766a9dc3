"""What a value may be: the argument specification of a role as types, with the names that a site file uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NAMES = ("name", "id")
"""Options that name an item of a list, when the role declares no other."""


@dataclass(frozen=True)
class Option:
    """One option, as an argument specification declares it.

    `key` is set for a list of dictionaries that a site file writes as a dictionary by name: the option of an item that
    gets the name. `by_name` is set for what is a dictionary by name in the role too.
    A `literal` cannot be a template, since the inventory itself is made from it.
    """

    name: str
    type: str = "str"
    elements: str | None = None
    choices: tuple[Any, ...] = ()
    required: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)
    key: str | None = None
    by_name: bool = False
    secret: bool = False
    literal: bool = False
    description: str = ""
    default: Any = None

    @property
    def named(self) -> bool:
        """Whether a site file takes a dictionary by name."""
        return self.key is not None or self.by_name


def from_spec(
    spec: Mapping[str, Any], prefix: str = "", keys: Mapping[str, str] | None = None, *, literal: bool = False
) -> dict[str, Option]:
    """Options of an argument specification, by name without `prefix`; `keys` names the key of lists by name.

    `literal` says that dictionaries and lists cannot be templates.
    """
    return {
        name.removeprefix(prefix): _option(name.removeprefix(prefix), entry or {}, keys or {}, literal)
        for name, entry in spec.items()
        if name.startswith(prefix)
    }


def _option(name: str, entry: Mapping[str, Any], keys: Mapping[str, str], literal: bool) -> Option:
    nested = from_spec(entry.get("options") or {}, literal=literal)
    kind = str(entry.get("type", "str"))
    elements = entry.get("elements")
    is_rows = kind == "list" and elements == "dict" and bool(nested)
    return Option(
        name=name,
        type=kind,
        elements=elements,
        choices=tuple(entry.get("choices") or ()),
        required=bool(entry.get("required", False)),
        options=nested,
        key=(keys.get(name) if keys.get(name) in nested else None) or (_name_of_items(nested) if is_rows else None),
        by_name=bool(entry.get("by_name", False)),
        literal=literal and kind in ("dict", "list"),
        secret=bool(entry.get("no_log", False)),
        description=sentences(entry.get("description")),
        default=entry.get("default"),
    )


def _name_of_items(options: Mapping[str, Option]) -> str | None:
    required = [name for name in NAMES if name in options and options[name].required and options[name].type == "str"]
    return required[0] if required else None


def sentences(text: Any) -> str:
    """The description of an option: one text or a list of them."""
    return " ".join(text) if isinstance(text, list) else str(text or "")


def item_option(option: Option) -> Option:
    """What one item of a list or dictionary by name may be; the name itself stands in the key."""
    if option.named:
        key = option.options.get(option.key or "")
        options = dict(option.options)
        if key is not None:
            del options[key.name]
            if key.type == "list":  # the name itself is only its default
                options[key.name] = replace(key, required=False)
        return Option(option.name, "dict", options=options, literal=option.literal)
    return Option(option.name, option.elements or "raw", choices=option.choices, options=option.options)


def missing_names(option: Option, values: Mapping[Any, Any]) -> list[str]:
    """What an item has to have and `values` does not."""
    return [sub.name for sub in option.options.values() if sub.required and values.get(sub.name) is None]
