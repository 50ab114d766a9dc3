"""Whether values fit their options: keys, types, choices. What is required is asked after merging, in `merging`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site.options import Option, item_option, missing_names
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report, meant
from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Path

STATES = ("present", "absent")
LIST_WORDS = ("add", "remove", "replace")
_BOOLEANS = {"yes", "no", "true", "false", "on", "off", "1", "0"}
_ARTICLES = {
    "bool": "true or false",
    "dict": "a dictionary",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "path": "a path",
    "str": "a text",
}
SHOWN = 40  # characters of a wrong value


def is_template(value: Any) -> bool:
    """Whether Ansible fills in the value later, so that nothing can be said about it now."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def check_mapping(
    value: Any, options: Mapping[str, Option], path: Path, report: Report, hint: Mapping[str, str] | None = None
) -> bool:
    """Report unknown keys and wrong values of a dictionary with fixed keys. `hint` says more about an unknown key.

    Gives False when it is no dictionary at all.
    """
    if not isinstance(value, Mapping):
        # A text is not shown: what stands where an account should be may be its password.
        report.add(path, f"must be a dictionary, not {'a text' if isinstance(value, str) else shown(value)}")
        return False
    for key, item in value.items():
        item_path = (*path, key)
        if key in options:
            check_value(item, options[key], item_path, report)
        else:
            more = (hint or {}).get(str(key))
            report.add(item_path, f"unknown key{more or meant(key, options)}")
    return True


def check_value(value: Any, option: Option, path: Path, report: Report) -> None:
    """Report what is wrong with a value. `~` takes away what a wider level gave and fits everywhere."""
    if value is None or path in report.places.vaulted or (is_template(value) and not option.literal):
        return
    if option.named:
        _check_named(value, option, path, report)
    elif option.type == "list":
        _check_list(value, option, path, report)
    elif option.type == "dict":
        if not isinstance(value, Mapping):
            report.add(path, f"must be a dictionary, not {_wrong(value, option)}")
        elif option.options:
            check_mapping(value, option.options, path, report)
    else:
        _check_scalar(value, option, path, report)


def _check_named(value: Any, option: Option, path: Path, report: Report) -> None:
    if not isinstance(value, Mapping):
        example = "{" + next(iter(_names_of(value)), "name") + ": {...}}"
        report.add(path, f"must be a dictionary by name, as {example}, not {_wrong(value, option)}")
        return
    item = item_option(option)
    options = dict(item.options)
    if option.key is not None:
        options.setdefault("state", Option("state", choices=STATES))
    for name, entry in value.items():
        entry_path = (*path, name)
        if entry is None or (is_template(entry) and not option.literal):
            continue
        if isinstance(entry, str) and entry == "absent" and option.key is not None:
            report.add(entry_path, "write {state: absent}, or ~ to take it away")
        elif options or option.key is not None:
            check_mapping(entry, options, entry_path, report, _key_hint(option, name))
        else:
            check_value(entry, item, entry_path, report)


def _key_hint(option: Option, name: Any) -> dict[str, str]:
    key = option.options.get(option.key or "")
    return {} if key is None or key.type == "list" else {key.name: f'; the name is already said: "{name}"'}


def _names_of(value: Any) -> list[str]:
    """Names in a list that should have been a dictionary, for the example in the message."""
    rows = value if isinstance(value, list) else []
    return [str(row.get("name", "name")) if isinstance(row, Mapping) else str(row) for row in rows[:1]]


def _check_list(value: Any, option: Option, path: Path, report: Report) -> None:
    if isinstance(value, Mapping):
        for key, items in value.items():
            if key not in LIST_WORDS:
                report.add((*path, key), f"is nothing that can be done with a list{meant(key, LIST_WORDS)}")
            else:
                _check_list(items, option, (*path, key), report)
        return
    if not isinstance(value, list):
        hint = f", as [{value}]" if isinstance(value, str) and not option.secret else ""
        report.add(path, f"must be a list{hint}, not {_wrong(value, option)}")
        return
    item = item_option(option)
    for index, entry in enumerate(value):
        entry_path = (*path, index)
        if entry is None:
            report.add(entry_path, "is empty")
        check_value(entry, item, entry_path, report)
        if isinstance(entry, Mapping) and (missing := missing_names(item, entry)):
            report.add(entry_path, f"misses {', '.join(missing)}")


def _check_scalar(value: Any, option: Option, path: Path, report: Report) -> None:
    if option.type == "raw":
        return
    wrong = _wrong(value, option)
    if not _fits(value, option.type):
        more = "" if option.secret else _quotes(value, option)
        report.add(path, f"must be {_ARTICLES.get(option.type, option.type)}, not {wrong}{more}")
    elif option.choices and str(value) not in [str(choice) for choice in option.choices]:
        report.add(path, f"cannot be {wrong}{meant('' if option.secret else value, option.choices)}")


def _quotes(value: Any, option: Option) -> str:
    """YAML reads `no` as false and 12:30 as a number."""
    if option.type not in ("str", "path") or isinstance(value, (Mapping, list)):
        return ""
    return "; put it in quotes"


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, (Mapping, list)):
        return kind in ("json", "jsonarg")
    if kind == "bool":
        return isinstance(value, bool) or str(value).lower() in _BOOLEANS
    if isinstance(value, bool):
        return False
    if kind == "int":
        return isinstance(value, int) or re.fullmatch(r"[+-]?[0-9]+", str(value)) is not None
    if kind == "float":
        return isinstance(value, (int, float)) or re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", str(value)) is not None
    return True


def _wrong(value: Any, option: Option) -> str:
    """A wrong value for in a sentence, unless it may be a secret."""
    return "what stands here" if option.secret else shown(value)


def shown(value: Any) -> str:
    """A wrong value for in a sentence."""
    if isinstance(value, Mapping):
        return "a dictionary"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return short if isinstance(value, (int, float)) else f'"{short}"'
