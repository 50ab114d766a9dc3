"""What one level of a site file says about roles, users and connection, checked against the roles themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils import inputs, kinds_of_values
from ansible_collections.oplever.lab.plugins.plugin_utils.site import addresses, checking
from ansible_collections.oplever.lab.plugins.plugin_utils.site.declaration import RoleError
from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Level
from ansible_collections.oplever.lab.plugins.plugin_utils.site.options import Option
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report, meant
from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Path
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Role, Roles

OPEN_TO = "open_to"
STATE = "state"
REACH = ("site", "network", "everyone", "nobody")
_OF_BASE = ("users", "groups")
"""Keys of a level that are options of the role base."""


def read(values: Mapping[Any, Any], path: Path, roles: Roles, report: Report) -> Level:
    """The level whose keys stand in `values`."""
    options = _roles(values.get("roles"), (*path, "roles"), roles, report)
    of_base = dict(_options_of_base(values, options.get("base", {}), path, roles.get("base"), report))
    if of_base:
        options["base"] = {**(options.get("base") or {}), **of_base}
    connection, variables = values.get("connection"), values.get("vars")
    if isinstance(variables, Mapping):
        _check_variables(variables, (*path, "vars"), roles, report)
    return Level(
        path=path,
        roles=options,
        connection=connection if isinstance(connection, Mapping) else {},
        variables=variables if isinstance(variables, Mapping) else {},
        option_paths={("base", key): (*path, key) for key in of_base},
    )


def _roles(entries: Any, path: Path, roles: Roles, report: Report) -> dict[str, dict[str, Any] | None]:
    """Role -> its options at this level, None where the level takes it away. A role that cannot be used is reported."""
    options: dict[str, dict[str, Any] | None] = {}
    for name, entry in entries.items() if isinstance(entries, Mapping) else ():
        role_path = (*path, name)
        try:
            role = roles.get(str(name))
        except RoleError as problem:
            if problem.place:
                report.add_at(problem.place, problem.message)
            else:
                report.add(role_path, _indented_too_little(str(name), entries, roles) or problem.message)
            continue
        if str(name) != role.name:
            report.add(role_path, f'is written as "{role.name}"')
        else:
            options[role.name] = _role(role, entry, role_path, roles, report)
    return options


def _options_of_base(
    values: Mapping[Any, Any], under_roles: Mapping[str, Any] | None, path: Path, base: Role, report: Report
) -> Iterator[tuple[str, Any]]:
    """The options of the role base that are keys of the level itself. `under_roles` are those below roles.base, None
    where that role is taken away."""
    for key in _OF_BASE:
        value, key_path = values.get(key), (*path, key)
        if value is None:
            continue
        if under_roles is None or key in under_roles:
            report.add(key_path, f"stands also as roles.base.{key}; keep one of them")
            continue
        checking.check_value(value, base.options[key], key_path, report)
        if not report.has(key_path):
            _check_kinds(base, key, value, key_path, report)
        yield key, value


def _indented_too_little(name: str, entries: Mapping[Any, Any], roles: Roles) -> str:
    """A sentence where `name` is an option of a role that stands beside it without any; else an empty text."""
    owners = [owner for owner in roles.owner_of(name) if owner in entries and entries[owner] is None]
    return f"is an option of {owners[0]}; put more spaces before it, for it stands below that name" if owners else ""


def _role(role: Role, entry: Any, path: Path, roles: Roles, report: Report) -> dict[str, Any] | None:
    """The options of a role at this level; None when the level takes it away."""
    if not isinstance(entry, Mapping):
        return None
    # Every role has these two keys, whether or not they are options of its own.
    state_is_ours = STATE in entry and STATE not in role.options
    reach_is_ours = OPEN_TO in entry and OPEN_TO not in role.options
    if state_is_ours and _is_taken_away(entry, path, report):
        return None
    ours = {STATE: state_is_ours, OPEN_TO: reach_is_ours}
    options = {key: value for key, value in entry.items() if not ours.get(key)}
    checking.check_mapping(options, role.options, path, report, _hints(role, options, roles))
    for name, value in options.items():
        if name in role.options and not report.has((*path, name)):
            _check_kinds(role, str(name), value, (*path, name), report)
    if reach_is_ours:
        _check_reach(role, entry[OPEN_TO], (*path, OPEN_TO), report)
        options[OPEN_TO] = entry[OPEN_TO]
    return options


def _is_taken_away(entry: Mapping[Any, Any], path: Path, report: Report) -> bool:
    state = entry[STATE]
    if state not in checking.STATES:
        report.add((*path, STATE), f"cannot be {checking.shown(state)}{meant(state, checking.STATES)}")
    if state != "absent":
        return False
    if others := [key for key in entry if key != STATE]:
        report.add(path, f"a role that is taken away has no options, such as {others[0]}")
    return True


def _hints(role: Role, options: Mapping[Any, Any], roles: Roles) -> dict[str, str]:
    """For unknown options: the option without prefix, or the role that has it."""
    hints = {}
    for name in map(str, options):
        plain = name.removeprefix(role.prefix)
        if name in role.options:
            continue
        if plain in role.options:
            hints[name] = f'; the name of the role is not repeated: did you mean "{plain}"?'
        elif not meant(name, role.options).startswith("; did") and (owners := roles.owner_of(name)):
            hints[name] = f"; it is an option of {' and '.join(owners)}, not of {role.name}"
    return hints


def _check_reach(role: Role, value: Any, path: Path, report: Report) -> None:
    if not role.declaration.get("ports"):
        report.add(path, f"{role.name} opens no port")
    elif isinstance(value, str) and not checking.is_template(value):
        if value not in REACH:
            report.add(path, f'cannot be "{value}"{meant(value, REACH)}')
    elif isinstance(value, list):
        networks = [str(key) for top, key, *_ in _keys(report, "networks")]
        for index, item in enumerate(value):
            if str(item) in networks or checking.is_template(item):
                continue
            try:
                addresses.network(str(item)) if "/" in str(item) else addresses.address(str(item))
            except ValueError:
                report.add(
                    (*path, index), f'"{item}" is neither a network of this site nor an address{meant(item, networks)}'
                )
    else:
        report.add(path, f"must be one of {', '.join(REACH)}, or a list of networks")


def _keys(report: Report, top: str) -> Iterator[Path]:
    return (path for path in report.places.by_path if len(path) == 2 and path[0] == top)


def _check_variables(variables: Mapping[Any, Any], path: Path, roles: Roles, report: Report) -> None:
    owners = {role.variable(option): (role.name, option) for role in roles.all() for option in role.options}
    for name in variables:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            report.add((*path, name), "is not the name of a variable: letters, digits and underscores, no digit first")
        elif str(name) in owners:
            role, option = owners[str(name)]
            report.add(
                (*path, name), f"is an option of the role {role}; write it as roles: {{{role}: {{{option}: ...}}}}"
            )


def _check_kinds(role: Role, option: str, value: Any, path: Path, report: Report) -> None:
    """Ask what the role itself would ask of its values when it starts (the module oplever.lab.preflight)."""
    for kind_path, name in role.kinds.items():
        variable, *steps = kind_path.split(".")
        kind = kinds_of_values.KINDS.get(name.removesuffix("?"))
        if kind is None or variable != role.variable(option):
            continue
        for item_path, item in _items(value, role.options[option], steps, path):
            if not _is_plain(item) or item_path in report.places.vaulted:
                continue
            text = str(item)
            if text == "" and name.endswith("?"):
                continue
            if problem := kind(text):
                report.add(item_path, f"{problem}{inputs.shown(name, text)}")


def _is_plain(item: Any) -> bool:
    """Whether a value is there and known now: no template, and nothing with values inside it."""
    return item is not None and not isinstance(item, (Mapping, list)) and not checking.is_template(item)


def _items(value: Any, option: Option | None, steps: list[str], path: Path) -> Iterator[tuple[Path, Any]]:
    """The values in a site file that a path of kinds stands for, such as `sites.*.name`, each with its own path.
    `option` is known at the top of an option alone."""
    if not steps:
        yield path, value
    elif steps[0] != "*":
        if isinstance(value, Mapping) and steps[0] in value:
            yield from _items(value[steps[0]], None, steps[1:], (*path, steps[0]))
    elif isinstance(value, Mapping) and option is not None and option.named:
        for name, entry in value.items():
            if _is_name(entry, option, steps[1:]):
                yield (*path, name), name
            elif entry is not None:
                yield from _items(entry, None, steps[1:], (*path, name))
    elif isinstance(value, Mapping):  # add, remove or replace
        for word, items in value.items():
            yield from _items(items, None, steps, (*path, word))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _items(item, None, steps[1:], (*path, index))
    else:
        yield from _items(value, None, steps[1:], path)


def _is_name(entry: Any, option: Option, steps: list[str]) -> bool:
    """Whether the steps lead to the name of an item, which a site file writes as the key of its entry."""
    key = option.options.get(option.key or "")
    if key is None or steps not in ([key.name], [key.name, "*"]):
        return False
    return not (isinstance(entry, Mapping) and key.name in entry)
