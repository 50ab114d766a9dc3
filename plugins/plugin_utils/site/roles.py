"""The roles that a site file can name: those of this collection, of other collections, and the admin's own.

A role says what it can by its argument specification (meta/argument_specs.yml), and what it is to a site by
meta/oplever.yml (docs/reference/site.md describes its keys).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml
from ansible_collections.oplever.lab.plugins.plugin_utils import yaml_text
from ansible_collections.oplever.lab.plugins.plugin_utils.site import declaration, options, problems
from ansible_collections.oplever.lab.plugins.plugin_utils.site.declaration import RoleError

COLLECTION = FilePath(__file__).resolve().parents[3]
LAYERS = ("servers", "workstations")
OF_THE_LAB = "lab"  # boots the machines of the tests; not something that a machine gets


@dataclass(frozen=True)
class Role:
    """What a site file needs to know of a role. `include` is what include_role gets."""

    name: str
    prefix: str
    include: str
    options: Mapping[str, options.Option]
    client_options: frozenset[str] = frozenset()
    kinds: Mapping[str, str] = field(default_factory=dict)
    declaration: Mapping[str, Any] = field(default_factory=dict)
    everywhere: bool = False
    layers: frozenset[str] = frozenset()
    without_clients: frozenset[str] = frozenset()
    """Layers whose machines do not use what the role serves."""
    group: str | None = None
    foreign: bool = False
    has_tests: bool = True
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """The value of each variable when nobody says one (defaults/main.yml); templates among them."""

    @property
    def serving(self) -> bool:
        """Whether every machine has the role, and those that serve the others are told apart by a group."""
        return self.everywhere and self.group is not None

    @property
    def short(self) -> str:
        """The name without that of its collection."""
        return self.name.rpartition(".")[2]

    def variable(self, option: str) -> str:
        return f"{self.prefix}{option}"


class Roles:
    """Finds roles by name, each once."""

    def __init__(
        self, entries: Sequence[Mapping[str, Any]], own_paths: Iterable[str], collections: Iterable[str]
    ) -> None:
        """`entries` is the one list of roles (playbooks/vars/roles.yml); the paths are where Ansible looks."""
        self.entries = entries
        self.own_paths = [FilePath(path) for path in own_paths]
        self.collections = [FilePath(path) for path in collections]
        self._roles: dict[str, Role | RoleError] = {}

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(str(entry["stage"]) for entry in self.entries))

    def names(self) -> list[str]:
        """Names that can be meant: roles of this collection and the admin's own."""
        directories = [COLLECTION / "roles", *self.own_paths]
        names = {path.parents[1].name for directory in directories for path in directory.glob("*/meta/*.yml")}
        return sorted(names - {OF_THE_LAB})

    def all(self) -> list[Role]:
        """The roles of this collection."""
        return [self.get(name) for name in dict.fromkeys(str(entry["role"]) for entry in self.entries)]

    def get(self, name: str) -> Role:
        """Raises RoleError when there is no such role, or its files are wrong."""
        if name not in self._roles:
            try:
                self._roles[name] = self._read(name)
            except RoleError as problem:
                self._roles[name] = problem
        role = self._roles[name]
        if isinstance(role, RoleError):
            raise RoleError(role.message, role.place)
        return role

    def owner_of(self, option: str) -> list[str]:
        """Roles of this collection that have an option of this name."""
        return [role.name for role in self.all() if option in role.options]

    def _read(self, name: str) -> Role:
        plain = name.removeprefix("oplever.lab.")
        if "." not in plain and plain != OF_THE_LAB and (COLLECTION / "roles" / plain).is_dir():
            directory, include = COLLECTION / "roles" / plain, f"oplever.lab.{plain}"
            return _role(directory.name, directory, include, self.entries, self.stages)
        directory = self._foreign_directory(name)
        return _role(name, directory, name if name.count(".") == 2 else str(directory), [], self.stages)

    def _foreign_directory(self, name: str) -> FilePath:
        """Where a role of another collection, or the admin's own, is. Raises RoleError when there is none."""
        if name.count(".") == 2:
            namespace, collection, role = name.split(".")
            inside = FilePath("ansible_collections") / namespace / collection / "roles" / role
            directories = [path / inside for path in self.collections]
        else:
            directories = [path / name for path in self.own_paths]
        for directory in directories:
            if "/" not in name and (directory / "tasks").is_dir():
                return directory
        raise RoleError(f"there is no role of this name{problems.meant(name, self.names())}")


def _role(
    name: str,
    directory: FilePath,
    include: str,
    entries: Sequence[Mapping[str, Any]],
    stages: Sequence[str],
) -> Role:
    """The Role in a directory. `entries` is the one list of roles; of a role of somebody else it is empty."""
    content, report = declaration.read(directory, stages)
    short = name.rpartition(".")[2].replace("-", "_")
    prefix = f"{short}_"
    by_point = _options_by_entry_point(directory, prefix, content.get("by_name", {}))
    role_options = {option: value for point in by_point.values() for option, value in point.items()}
    declaration.check_options(content, role_options, report)
    foreign = not entries
    role_entries = [entry for entry in entries if entry["role"] == name]
    client_entries = [entry for entry in role_entries if "tasks" in entry]
    client_points = {entry["tasks"] for entry in client_entries}
    groups = [group for entry in role_entries for group in entry["groups"]]
    own_groups = [group for group in groups if group not in ("all", *LAYERS)]
    return Role(
        name=name,
        prefix=prefix,
        include=include,
        options=role_options,
        client_options=frozenset(option for point in client_points for option in by_point.get(point, {})),
        kinds=_kinds(directory),
        declaration=content,
        everywhere="all" in groups,
        layers=frozenset(groups) & frozenset(LAYERS),
        without_clients=frozenset(LAYERS) & {group for entry in client_entries for group in entry.get("except", ())},
        group=f"role_{short}" if foreign else next(iter(own_groups), None),
        foreign=foreign,
        has_tests=(directory / "tasks/verify.yml").is_file(),
        defaults=declaration.load_mapping(path) if (path := directory / "defaults/main.yml").is_file() else {},
    )


def _options_by_entry_point(
    directory: FilePath, prefix: str, keys: Mapping[str, Any]
) -> dict[str, dict[str, options.Option]]:
    """Entry point -> its options, by name without `prefix`; `keys` names the key of lists that a site file writes by
    name."""
    specs = _specs(directory).items()
    return {point: options.from_spec((spec or {}).get("options") or {}, prefix, keys) for point, spec in specs}


def _specs(directory: FilePath) -> Mapping[str, Any]:
    """The argument specification of each entry point. Raises RoleError for a role without any."""
    for path in (directory / "meta/argument_specs.yml", directory / "meta/argument_specs.yaml"):
        if path.is_file():
            return declaration.load_mapping(path).get("argument_specs") or {}
    main = directory / "meta/main.yml"
    specs = declaration.load_mapping(main).get("argument_specs") if main.is_file() else None
    if not specs:
        raise RoleError(
            f"the role in {directory} has no meta/argument_specs.yml, so that its options cannot be checked; "
            "describe them there"
        )
    return dict(specs)


def _kinds(directory: FilePath) -> Mapping[str, str]:
    """The kinds that the first task of the role asks of its variables (the module oplever.lab.preflight)."""
    path = directory / "tasks/main.yml"
    try:
        tasks = yaml_text.parse(path.read_text(encoding="utf-8")) if path.is_file() else []
    except yaml.YAMLError:  # a tag of Ansible; without kinds the role itself checks its values
        return {}
    arguments = tasks[0].get("oplever.lab.preflight") if tasks and isinstance(tasks[0], dict) else None
    return dict((arguments or {}).get("kinds") or {})
