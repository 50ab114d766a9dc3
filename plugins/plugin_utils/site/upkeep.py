"""What of a machine is to be backed up and to be watched, as its roles declare it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site import conditions
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Role

CONDITIONS = frozenset({"at", "when", "unless"})


def variables(
    roles: Iterable[Role], serving: Container[str], options: Mapping[str, Mapping[str, Any]], layer: str = ""
) -> dict[str, list[dict[str, Any]]]:
    """`oplever_backup` (rows with `role`, `path` and what else is declared) and `oplever_monitoring` (rows with `role`
    and one of `unit`, `port` and `url`) of a machine with these roles. `serving` names those of them that it serves to
    others, `options` are the values of each, `layer` is that of the machine."""
    backup: list[dict[str, Any]] = []
    monitoring: list[dict[str, Any]] = []
    for role in roles:
        values = {**_defaults(role), **options.get(role.name, {})}
        if values.get("state") == "absent":
            continue
        is_server = not role.serving or role.name in serving
        uses = "servers" if is_server else "" if layer in role.without_clients else "clients"
        for item in _applying(role, "backup", values, uses):
            backup += [{**item, "path": path} for path in _paths(item.pop("path", ""), item.pop("option", ""), values)]
        for item in _applying(role, "monitoring", values, uses):
            if item not in monitoring:
                monitoring.append(item)
    return {"oplever_backup": backup, "oplever_monitoring": monitoring}


def _applying(role: Role, key: str, values: Mapping[str, Any], uses: str) -> Iterator[dict[str, Any]]:
    for item in role.declaration.get(key, ()):
        where = item.get("at", "all")
        if where in ("all", uses) and conditions.holds(item, values):
            yield {"role": role.name, **{name: value for name, value in item.items() if name not in CONDITIONS}}


def _paths(path: str, option: str, values: Mapping[str, Any]) -> list[Any]:
    """The path itself, or those that an option names, each once. What is no text is reported elsewhere."""
    if path:
        return [path]
    return list(dict.fromkeys(value for value in conditions.at(values, option) if isinstance(value, str) and value))


def _defaults(role: Role) -> dict[str, Any]:
    names = {option: role.variable(option) for option in role.options}
    return {option: role.defaults[variable] for option, variable in names.items() if variable in role.defaults}
