"""Which machines of a room a teacher watches: those whose role `classroom` says so, from those of teachers there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site.model import Level, Machine, Room, Site

ROLE = "classroom"
WATCHED, TEACHER = "watched", "teacher"
"""Options of the role that say it of a machine, at any level."""


@dataclass(frozen=True)
class Watching:
    """Of each machine in a room the name of that, and of each room the machines that are watched and those that watch
    them. Nobody watches another room."""

    rooms: Mapping[str, str] = field(default_factory=dict)
    watched: Mapping[str, Sequence[Machine]] = field(default_factory=dict)
    teachers: Mapping[str, Sequence[Machine]] = field(default_factory=dict)

    def rooms_of(self, machine: Machine | None) -> dict[str, Any]:
        """The room that this machine watches, by name, with its machines; nothing for one that is not a teacher's."""
        room = self._room(machine, self.teachers)
        machines = {other.name: _place(other) for other in self.watched.get(room, ()) if other != machine}
        return {room: {"machines": machines}} if machines else {}

    def teachers_of(self, machine: Machine | None) -> dict[str, Any]:
        """The machines of teachers that watch this one, by name; nothing for one that is not watched."""
        room = self._room(machine, self.watched)
        return {other.name: {"address": other.address} for other in self.teachers.get(room, ()) if other != machine}

    def _room(self, machine: Machine | None, among: Mapping[str, Sequence[Machine]]) -> str:
        room = self.rooms.get(machine.name, "") if machine else ""
        return room if machine in among.get(room, ()) else ""


def watching(site: Site) -> Watching:
    """What the levels of a site say of it. A template says nothing here: the inventory itself is made from it."""
    rooms = {machine.name: room.name for room in site.rooms for machine in room.machines}
    watched = {room.name: _machines(site, room, WATCHED) for room in site.rooms}
    return Watching(rooms, watched, {room.name: _machines(site, room, TEACHER) for room in site.rooms})


def _machines(site: Site, room: Room, option: str) -> list[Machine]:
    wide = [site.level, site.workstations, room.level]
    return [machine for machine in room.machines if _options([*wide, machine.level]).get(option) is True]


def _options(levels: Sequence[Level]) -> Mapping[str, Any]:
    """Options of the role, those of a narrow level over those of a wide one; none where it is taken away."""
    options: dict[str, Any] = {}
    for level in levels:
        if ROLE in level.roles:
            own = level.roles[ROLE]
            options = {} if own is None else {**options, **own}
    return {} if options.get("state") == "absent" else options


def _place(machine: Machine) -> dict[str, str]:
    return {"address": machine.address, **({"mac": machine.mac} if machine.mac else {})}
