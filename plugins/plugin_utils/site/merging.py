"""What holds at a level: the values of all wider levels with its own over them.

Dictionaries by name merge, item by item and key by key. A list never replaces another in silence: a second level says
`add`, `remove` or `replace`. `~` and `state: absent` take away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site.checking import LIST_WORDS, is_template
from ansible_collections.oplever.lab.plugins.plugin_utils.site.levels import OPEN_TO
from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Level
from ansible_collections.oplever.lab.plugins.plugin_utils.site.options import Option, item_option, missing_names
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report
from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Path
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Role, Roles

_MISSING = object()


@dataclass
class Merged:
    """The roles that hold, with the values of their options as the site file writes them, and those taken away."""

    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    origins: dict[tuple[str, str], list[Path]] = field(default_factory=dict)
    """(role, option) -> where the file says it, the widest level first."""


@dataclass(frozen=True)
class _Spot:
    """Where a value is merged: its path in the file, and the same at the wider levels that have the option."""

    path: Path
    wider: tuple[Path, ...]
    derived: bool
    report: Report

    def inside(self, key: Any) -> _Spot:
        return _Spot((*self.path, key), tuple((*path, key) for path in self.wider), self.derived, self.report)

    def earlier_line(self) -> int | None:
        """The line of the value of the nearest wider level; None when it is only derived from the site."""
        places = self.report.places
        written = [path for path in self.wider if path in places.by_path]
        return places.of(written[-1]).line if written and not self.derived else None


def merge(levels: Sequence[Level], roles: Roles, implied: set[str], report: Report) -> Merged:
    """The levels from wide to narrow. `implied` are the roles that machines get without being asked."""
    merged = Merged(present=set(implied))
    for level in levels:
        for name, options in level.roles.items():
            path = (*level.path, "roles", name)
            role_name = roles.get(name).name
            if options is None:
                _take_away(merged, role_name, path, report)
                continue
            if not level.derived:
                merged.present.add(role_name)
                merged.absent.discard(role_name)
            values = merged.options.setdefault(role_name, {})
            options_of_role = {OPEN_TO: Option(OPEN_TO, "raw"), **roles.get(name).options}
            for option_name, value in options.items():
                option = options_of_role.get(option_name)
                if option is None:
                    continue  # reported as unknown
                key = (role_name, option_name)
                option_path = level.place(name, option_name)
                origins = merged.origins.setdefault(key, [])
                spot = _Spot(option_path, tuple(origins), level.derived, report)
                result = _value(values.get(option_name, _MISSING), value, option, spot)
                if result is _MISSING:
                    values.pop(option_name, None)
                else:
                    values[option_name] = result
                if not level.derived:
                    origins.append(option_path)
    return merged


def _take_away(merged: Merged, role: str, path: Path, report: Report) -> None:
    if role not in merged.present:
        report.add(path, "no wider level has this role, so there is nothing to take away; a role without options is {}")
    merged.present.discard(role)
    merged.absent.add(role)
    merged.options.pop(role, None)


def _value(below: Any, value: Any, option: Option, spot: _Spot) -> Any:
    """`value` over `below`; _MISSING when nothing is left."""
    if value is None:
        if below is _MISSING:
            spot.report.add(spot.path, "is empty, and no wider level has a value to take away")
        return _MISSING
    if is_template(value) or is_template(below):
        line = spot.earlier_line() if isinstance(below, (Mapping, list)) or isinstance(value, (Mapping, list)) else None
        if line is not None:
            spot.report.add(spot.path, f"cannot be merged with line {line}, because one of them is a template")
        return value
    if option.named and isinstance(value, Mapping):
        return _named(below, value, option, spot)
    if option.type == "list":
        return _list(below, value, spot)
    if option.type == "dict" and isinstance(value, Mapping):
        return _dictionary(below, value, option.options, spot)
    return value


def _named(below: Any, value: Mapping[Any, Any], option: Option, spot: _Spot) -> dict[Any, Any]:
    result = dict(below) if isinstance(below, Mapping) else {}
    item = item_option(option)
    for name, entry in value.items():
        inner = spot.inside(name)
        merged_entry = _value(result.get(name, _MISSING), entry, item, inner)
        taken = isinstance(entry, Mapping) and entry.get("state") == "absent" and "state" not in option.options
        if taken and name not in result:
            spot.report.add((*inner.path, "state"), "no wider level has this, so there is nothing to take away")
        if merged_entry is _MISSING or taken:
            result.pop(name, None)
        else:
            result[name] = merged_entry
    return result


def _dictionary(below: Any, value: Mapping[Any, Any], options: Mapping[str, Option], spot: _Spot) -> dict[Any, Any]:
    result = dict(below) if isinstance(below, Mapping) else {}
    for key, entry in value.items():
        option = options.get(str(key)) or _free_option(str(key), result.get(key), entry)
        merged_entry = _value(result.get(key, _MISSING), entry, option, spot.inside(key))
        if merged_entry is _MISSING:
            result.pop(key, None)
        else:
            result[key] = merged_entry
    return result


def _free_option(name: str, below: Any, value: Any) -> Option:
    """What a key is in a dictionary whose keys the role leaves free: its values tell."""
    is_change = isinstance(below, list) and isinstance(value, Mapping) and value.keys() <= set(LIST_WORDS)
    if is_change or isinstance(value, list):
        return Option(name, "list")
    return Option(name, "dict" if isinstance(value, Mapping) else "raw")


def _list(below: Any, value: Any, spot: _Spot) -> Any:
    base = list(below) if isinstance(below, list) else []
    if isinstance(value, list):
        line = spot.earlier_line()
        if base and line is not None:
            ways = "{add: [...]}, {remove: [...]} or {replace: [...]}"
            spot.report.add(spot.path, f"line {line} has this list too; say what you mean: {ways}")
        return list(value)
    if not isinstance(value, Mapping):
        return value
    if isinstance(value.get("replace"), list):
        base = list(value["replace"])
    for item in value.get("remove") or []:
        if item in base:
            base.remove(item)
        else:
            spot.report.add((*spot.path, "remove"), f'no wider level has "{item}" in this list')
    return base + [item for item in value.get("add") or [] if item not in base]


def variables(role: Role, values: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the variables of the role: a dictionary by name becomes the list that the role takes."""
    return {
        role.variable(name): _as_role_takes(value, role.options[name])
        for name, value in values.items()
        if name in role.options
    }


def _as_role_takes(value: Any, option: Option) -> Any:
    """At every depth: the items of a dictionary by name may have such dictionaries themselves."""
    if not isinstance(value, Mapping):
        return value
    if option.key is None:
        return value if option.by_name else _options_as_role_takes(value, option)
    key = option.options[option.key]
    rows = []
    for name, entry in value.items():
        if not isinstance(entry, Mapping):
            continue  # reported
        text = name if isinstance(name, str) else str(name)
        named = [text] if key.type == "list" else text
        values = {sub: item for sub, item in entry.items() if sub != "state" or "state" in option.options}
        rows.append({key.name: named, **_options_as_role_takes(values, option)})
    return rows


def _options_as_role_takes(values: Mapping[Any, Any], option: Option) -> dict[Any, Any]:
    return {
        name: _as_role_takes(entry, option.options[name]) if name in option.options else entry
        for name, entry in values.items()
    }


def require(role: Role, merged: Merged, report: Report) -> None:
    """Report required keys that no level gives, at the widest place that has the item."""
    values = merged.options.get(role.name, {})
    for option in role.options.values():
        paths = merged.origins.get((role.name, option.name), [])
        value = values.get(option.name)
        if value is not None and paths:
            _require(option, value, paths, report)


def absent_options(role: Role, merged: Merged) -> list[str]:
    """Required options of the role itself that no level gives; those of a client depend on the site."""
    values = merged.options.get(role.name, {})
    return [
        option.name
        for option in role.options.values()
        if option.required and option.name not in role.client_options and option.name not in values
    ]


def _require(option: Option, value: Any, paths: Sequence[Path], report: Report) -> None:
    if is_template(value) or not isinstance(value, Mapping):
        return
    if not option.named:
        _require_keys(option, value, paths, report)
        return
    item = item_option(option)
    for name, entry in value.items():
        if isinstance(entry, Mapping) and entry.get("state") != "absent":
            _require_keys(item, entry, [(*path, name) for path in paths], report)


def _require_keys(option: Option, value: Mapping[Any, Any], paths: Sequence[Path], report: Report) -> None:
    names = missing_names(option, value)
    path = next((path for path in paths if path in report.places.by_path), paths[-1])
    if names and not report.has(path):
        report.add(path, f"misses {', '.join(names)}")
    for sub in option.options.values():
        if value.get(sub.name) is not None:
            _require(sub, value[sub.name], [(*path, sub.name) for path in paths], report)
