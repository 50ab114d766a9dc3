"""The machines as built and what changed on them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.words import Text


class Recap(Struct, frozen=True):
    """Counts per host exactly as Ansible's own PLAY RECAP."""

    ok: int = 0
    changed: int = 0
    unreachable: int = 0
    failed: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


class Interface(Struct, frozen=True):
    name: str
    mac: str = ""
    addresses: tuple[str, ...] = ()
    mtu: int | None = None
    state: str = ""


class Volume(Struct, frozen=True):
    target: str
    source: str
    fstype: str
    size_mb: int | None = None
    free_mb: int | None = None


class GroupTask(Struct, frozen=True):
    """What the machines of a group are for, in a few words."""

    group: str
    text: Text


class System(Struct, frozen=True):
    """One machine as built (from its last snapshot) with its counts. `handout` is what its roles give a user to
    check, those of its applications first: they come last in a run. `tasks` are what roles say that machines of its
    groups are for."""

    name: str
    recap: Recap
    groups: tuple[str, ...] = ()
    address: str = ""
    reachable: bool = True
    os: str = ""
    os_id: str = ""
    kernel: str = ""
    architecture: str = ""
    virtualization: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    uuid: str = ""
    firmware: str = ""
    cpu: str = ""
    cpu_count: int | None = None
    memory_mb: int | None = None
    default_gateway: str = ""
    dns_servers: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    volumes: tuple[Volume, ...] = ()
    roles: tuple[str, ...] = ()
    package_count: int | None = None
    upgradable_count: int | None = None
    machine_seconds: float = 0.0
    snapshot_before: str | None = None
    snapshot_after: str | None = None
    handout: tuple[Text, ...] = ()
    tasks: tuple[GroupTask, ...] = ()


class Component(Struct, frozen=True):
    """What came, went or changed version; `kind` is `package` today, hardware parts come as entries. `asked` is whether
    a package was asked for or came with another one, as the machine's own list says (None: it is not known)."""

    host: str
    kind: str
    name: str
    change: Literal["installed", "removed", "upgraded", "downgraded", "used"]
    before: str = ""
    after: str = ""
    origin: str = ""
    by: str = "machine"
    asked: bool | None = None


class Setting(Struct, frozen=True):
    """One setting that differs between the snapshots, whatever task or hand changed it. `kind` is one of the kinds of
    docs/reference/snapshot.md; `lines` are the changed lines of a text, each with `-` or `+` before it."""

    host: str
    kind: str
    name: str
    change: Literal["added", "removed", "changed"]
    before: str = ""
    after: str = ""
    lines: tuple[str, ...] = ()
