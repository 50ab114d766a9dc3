"""A site as people think of it: networks, rooms with machines, servers, and what is said at each level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.site.reading import Path, Place


@dataclass(frozen=True)
class Level:
    """What one level says: role -> its options (None takes the role away), connection and other variables."""

    path: Path = ()
    roles: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    connection: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    derived: bool = False
    option_paths: Mapping[tuple[str, str], Path] = field(default_factory=dict)

    def place(self, role: str, option: str) -> Path:
        return self.option_paths.get((role, option), (*self.path, "roles", role, option))


@dataclass(frozen=True)
class Network:
    name: str
    cidr: str
    gateway: str | None = None
    dns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """`place` is where its name stands: in the site file or in the table of its room."""

    name: str
    place: Place
    address: str
    mac: str | None = None
    aliases: tuple[str, ...] = ()
    network: str | None = None
    level: Level = field(default_factory=Level)


@dataclass(frozen=True)
class Room:
    name: str
    group: str
    machines: tuple[Machine, ...]
    network: str | None = None
    level: Level = field(default_factory=Level)


@dataclass(frozen=True)
class Site:
    organisation: str
    domain: str
    networks: Mapping[str, Network]
    level: Level
    workstations: Level
    rooms: tuple[Room, ...]
    servers: tuple[Machine, ...]

    def machines(self) -> Iterator[Machine]:
        yield from self.servers
        for room in self.rooms:
            yield from room.machines
