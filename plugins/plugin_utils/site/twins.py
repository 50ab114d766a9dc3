"""What may stand in a site only once: machines, addresses, names and groups."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Machine, Site
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import Report
from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Place
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import LAYERS, Roles


def report_twins(site: Site, roles: Roles, report: Report) -> None:
    """Report machines, addresses, names and groups that stand in the site twice."""
    names: dict[str, tuple[str, Place]] = {}
    homes = [("the servers", machine) for machine in site.servers]
    homes += [(f"room {room.name}", machine) for room in site.rooms for machine in room.machines]
    owners: dict[tuple[str, str], Machine] = {}
    for home, machine in homes:
        if machine.name in names:
            other, first = names[machine.name]
            where = f"in {other} (line {first.line})" if other != home else f"on line {first.line}"
            report.add_at(machine.place, f"{machine.name}: this machine stands also {where}")
            continue
        names[machine.name] = (home, machine.place)
        for kind, value in (("address", machine.address), ("MAC address", machine.mac)):
            owner = owners.setdefault((kind, value or machine.name), machine)
            if value and owner is not machine:
                report.add_at(machine.place, f"{machine.name}: {owner.name} has the same {kind}, {value}")
    _report_aliases(site, names, report)
    _report_groups(site, roles, report)


def _report_aliases(site: Site, names: Mapping[str, tuple[str, Place]], report: Report) -> None:
    owners: dict[str, str] = {}
    for machine in site.machines():
        for index, alias in enumerate(machine.aliases):
            owner = alias if alias in names else owners.setdefault(alias, machine.name)
            if owner != machine.name:
                path = (*machine.level.path, "aliases", index)
                report.add(path, f'"{alias}" is already the name of {owner}')


def _report_groups(site: Site, roles: Roles, report: Report) -> None:
    """Ansible cannot tell a group from a machine of the same name."""
    taken = dict.fromkeys(("all", "ungrouped"), "a group that Ansible makes")
    taken |= dict.fromkeys(LAYERS, "the group of a layer")
    taken |= {role.group: f"the group of the role {role.name}" for role in roles.all() if role.group}
    for room in site.rooms:
        if room.group in taken:
            report.add(room.level.path, f"its group {room.group} is already {taken[room.group]}")
        taken.setdefault(room.group, f"the group of the room {room.name}")
    for machine in site.machines():
        if machine.name in taken:
            report.add_at(machine.place, f"{machine.name} is already {taken[machine.name]}; give it another name")
