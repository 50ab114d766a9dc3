"""The groups, machines and variables of Ansible that follow from a site."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site import deriving, merging, upkeep, watching
from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Level, Machine, Site
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Role, Roles
from ansible_collections.oplever.lab.plugins.plugin_utils.site.trust import trusted

STAGE = "Applications"
"""Of a role of the admin's own that declares no other."""


_CONNECTION = {"user": "ansible_user", "port": "ansible_port", "become_password": "ansible_become_password"}


@dataclass
class Inventory:
    """What Ansible gets. Groups have machines and children by name."""

    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)

    def group(self, name: str, members: Sequence[str] = ()) -> dict[str, Any]:
        """The variables of a group, which exists from now on."""
        self.members.setdefault(name, []).extend(member for member in members if member not in self.members[name])
        return self.groups.setdefault(name, {})


def inventory(site: Site, roles: Roles, directory: str, report: Report) -> Inventory:
    """Everything for Ansible; `directory` is where the site file is. What cannot be merged goes to the report."""
    return _Writer(site, roles, directory, report).write()


def stage_group(stage: str) -> str:
    """The group of machines with roles of the admin's own in a stage; playbooks/stage.yml makes the same name."""
    return "stage_" + re.sub(r"[^a-z0-9]", "_", stage.lower())


class _Writer:
    def __init__(self, site: Site, roles: Roles, directory: str, report: Report) -> None:
        self.site, self.roles, self.directory, self.report = site, roles, directory, report
        self.result = Inventory()
        self.serving = {
            machine.name: [role for role in self._chosen_roles(machine) if role.serving and self._serves(machine, role)]
            for machine in site.machines()
        }
        self.servers: dict[str, list[Machine]] = {}
        for machine in site.machines():
            for role in self.serving[machine.name]:
                if not _is_removed(machine.level.roles.get(role.name)):
                    self.servers.setdefault(role.name, []).append(machine)
        self.watching = watching.watching(site)
        self.foreign: dict[str, Role] = {}

    def write(self) -> Inventory:
        """From wide to narrow: all, workstations, rooms with their machines, servers."""
        site, everywhere = self.site, [deriving.site_level(self.site, self.servers, self.roles), self.site.level]
        variables = self.result.group("all")
        networks = {name: network.cidr for name, network in site.networks.items()}
        variables["oplever_site"] = {"organisation": site.organisation, "domain": site.domain, "networks": networks}
        self._write_levels(variables, everywhere, everywhere, "")
        workstations = [*everywhere, site.workstations]
        self._write_levels(self.result.group("workstations"), workstations, [site.workstations], "workstations")
        for room in site.rooms:
            self.result.children.setdefault("workstations", []).append(room.group)
            group = self.result.group(room.group, [machine.name for machine in room.machines])
            narrow = [self._network(room.network), room.level]
            self._write_levels(group, [*workstations, *narrow], narrow, "workstations")
            for machine in room.machines:
                if room.network:
                    around, own = [*workstations, *narrow], []
                else:  # each machine of such a room can be in a network of its own
                    around, own = [*workstations, room.level], [self._network(machine.network)]
                self._write_machine(machine, around, own, "workstations")
        self.result.group("servers", [machine.name for machine in site.servers])
        for machine in site.servers:
            self._write_machine(machine, everywhere, [self._network(machine.network)], "servers")
        self._write_foreign()
        return self.result

    def _network(self, name: str | None) -> Level:
        return deriving.network_level(self.site, self.servers, self.roles, name)

    def _implied(self, layer: str) -> set[str]:
        """Roles that machines of this layer get without being asked."""
        return {role.name for role in self.roles.all() if role.everywhere or layer in role.layers}

    def _chosen_roles(self, machine: Machine) -> list[Role]:
        return [self.roles.get(name) for name, options in machine.level.roles.items() if options is not None]

    def _serves(self, machine: Machine, role: Role) -> bool:
        """Whether the machine serves the others, and does not only say how it is a client itself."""
        options = machine.level.roles.get(role.name) or {}
        set_options = {name for name, value in options.items() if value is not None}
        return not options or bool(set_options - role.client_options)

    def _write_levels(
        self, variables: dict[str, Any], levels: Sequence[Level], narrow: Sequence[Level], layer: str
    ) -> merging.Merged:
        """Variables of what the levels `narrow` say, with the values of all `levels`. What is derived gives way."""
        ordered = [*(level for level in levels if level.derived), *(level for level in levels if not level.derived)]
        merged = merging.merge(ordered, self.roles, self._implied(layer), self.report)
        for level in narrow:
            variables |= _connection(level, self.directory)
            for name, options in level.roles.items():
                role = self.roles.get(name)
                values = merged.options.get(role.name, {})
                for option in sorted((options or {}).keys() & role.options.keys()):
                    if option in values:
                        variables |= merging.variables(role, {option: values[option]})
                    elif role.name not in merged.absent:
                        self._write_default(variables, role, option, level)
            variables |= level.variables
        return merged

    def _write_default(self, variables: dict[str, Any], role: Role, option: str, level: Level) -> None:
        """A variable that a wider group has cannot be undefined; the default of the role takes its place."""
        name = role.variable(option)
        if name in role.defaults:
            variables[name] = trusted(role.defaults[name])
        else:
            self.report.add(level.place(role.name, option), "the role has no default for it; give another value")

    def _write_machine(self, machine: Machine, around: Sequence[Level], own: Sequence[Level], layer: str) -> None:
        """`around` are the levels of its groups, `own` those that hold for this machine besides its level."""
        serving = self.serving[machine.name]
        facts = deriving.Facts(self.site, self.servers, machine=machine, watching=self.watching)
        narrow = [
            *own,
            deriving.own_level(facts, self.roles),
            deriving.server_level(self.site, self.servers, serving),
            machine.level,
        ]
        # The last level follows from the roles that the others give the machine, so they are merged twice.
        merged = merging.merge([*around, *narrow], self.roles, self._implied(layer), Report(self.report.places))
        present = [self.roles.get(name) for name in sorted(merged.present)]
        served = [role for role in present if not role.everywhere or role in serving]
        narrow.append(deriving.machine_level(merged, present, served, machine, facts))
        variables: dict[str, Any] = {"ansible_host": machine.address}
        if machine.mac:
            variables["oplever_mac"] = machine.mac
        merged = self._write_levels(variables, [*around, *narrow], narrow, layer)
        if merged.absent:
            variables["oplever_without"] = sorted(self.roles.get(name).short for name in merged.absent)
        variables |= upkeep.variables(present, {role.name for role in serving}, merged.options, layer)
        for role in present:
            self._require(role, merged, [*around, *narrow])
        self._write_groups_of_roles(machine, served, present, merged)
        self.result.machines[machine.name] = variables

    def _write_groups_of_roles(
        self, machine: Machine, served: Sequence[Role], present: Sequence[Role], merged: merging.Merged
    ) -> None:
        """The machine in the group of each role whose main entry point runs on it: those that it serves, and those that
        are stopped. A client sends to a server, and stops that, by the main entry point."""
        stopped = [
            role
            for role in present
            if role.everywhere and "state" in role.client_options and _is_removed(merged.options.get(role.name))
        ]
        for role in [*served, *(role for role in stopped if role not in served)]:
            if role.group:
                self.result.group(role.group, [machine.name])
            if role.foreign:
                self.foreign[role.name] = role

    def _require(self, role: Role, merged: merging.Merged, levels: Sequence[Level]) -> None:
        merging.require(role, merged, self.report)
        names = [] if role.everywhere else merging.absent_options(role, merged)
        if names:
            paths = [
                (*level.path, "roles", name) for level in levels for name in level.roles if self.roles.get(name) is role
            ]
            self.report.add(paths[0] if paths else (), f"misses {', '.join(names)}")

    def _write_foreign(self) -> None:
        """The admin's own roles, for playbooks/stage.yml and verify.yml."""
        if not self.foreign:
            return
        entries = []
        for _, role in sorted(self.foreign.items()):
            stage = role.declaration.get("stage", STAGE)
            entry = {"stage": stage, "role": role.short, "include": role.include, "groups": [role.group]}
            entries.append(entry if role.has_tests else {**entry, "tests": ""})
            self.result.group(stage_group(stage))
            self.result.children.setdefault(stage_group(stage), []).append(str(role.group))
        self.result.group("all")["oplever_own_roles"] = entries


def _is_removed(options: Mapping[str, Any] | None) -> bool:
    """Whether the role itself takes away what it installed: such a machine has the role, and serves nobody."""
    return (options or {}).get("state") == "absent"


def _connection(level: Level, directory: str) -> dict[str, Any]:
    """Variables of Ansible for the keys of `connection`. Paths are beside the site file."""
    values = level.connection
    if not values:
        return {}
    variables = {variable: values[key] for key, variable in _CONNECTION.items() if values.get(key) is not None}
    if level.path == () or "become" in values:
        variables["ansible_become"] = values.get("become", True)
    if values.get("key") is not None:
        variables["ansible_ssh_private_key_file"] = os.path.join(directory, os.path.expanduser(values["key"]))
    if values.get("known_hosts") is not None:
        file = os.path.join(directory, os.path.expanduser(values["known_hosts"]))
        # By name: a machine keeps its key when it gets another address. In a task that another machine is delegated to,
        # inventory_hostname is still the first one; the short name is that of the machine that is reached.
        variables["ansible_ssh_common_args"] = trusted(
            f"-o {shlex.quote(f'UserKnownHostsFile={file}')} -o HostKeyAlias={{{{ inventory_hostname_short }}}}"
        )
    return variables
