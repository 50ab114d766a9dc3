"""What differs between two snapshots of a machine, and what one snapshot says of it."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from oplever.record import snapshots
from oplever.record.calls import Call, Snapshot
from oplever.record.model import Component, Interface, Setting, System, Volume
from oplever.record.snapshots import Changes


def changes(before: Snapshot, after: Snapshot) -> Changes:
    """What differs on machine a."""
    calls = (Call("t", "a", {"snapshot": snapshot}, "") for snapshot in (before, after))
    return snapshots.changes(*calls)


def setting(kind: str, before: Any, after: Any) -> list[tuple[str, str, str, str]]:
    """Name, change, before and after of what differs when only this part of the snapshot does."""
    actual = changes({kind: before}, {kind: after})[1]
    assert {item.host for item in actual} <= {"a"}
    return [(item.name, item.change, item.before, item.after) for item in actual]


def test_what_came_went_and_changed_in_the_order_of_names() -> None:
    before = {"/etc/b": ["0644", "root", "sha256:1"], "/etc/c": ["0644"], "/etc/d": ["0600"]}
    after = {"/etc/a": ["0644"], "/etc/b": ["0644", "root", "sha256:2"], "/etc/d": ["0600"]}
    assert setting("files", before, after) == [
        ("/etc/a", "added", "", "0644"),
        ("/etc/b", "changed", "0644 root sha256:1", "0644 root sha256:2"),
        ("/etc/c", "removed", "0644", ""),
    ]


@pytest.mark.parametrize(
    ("part", "kind", "value", "shown"),
    [
        ("files", "file", ["0644", "root"], "0644 root"),
        ("accounts", "account", {"uid": 1000, "groups": ["sudo", "adm"], "shell": "", "home": None, "locked": False},
         "uid=1000, groups=sudo adm, locked=False"),
        ("groups", "group", 27, "27"),
        ("mounts", "mount", {"source": "/dev/sda1", "fstype": "ext4", "options": ["rw", "noexec"], "free_mb": 5},
         "source=/dev/sda1, fstype=ext4, options=rw noexec"),
        ("sysctl", "sysctl", 1, "1"),
    ],
)  # fmt: skip
def test_each_kind_of_setting_has_one_line(part: str, kind: str, value: Any, shown: str) -> None:
    assert changes({part: {}}, {part: {"n": value}})[1] == [Setting("a", kind, "n", "added", "", shown)]  # type: ignore[arg-type]
    assert setting(part, {"n": value}, {"n": value}) == []


def test_free_space_of_a_mount_is_no_setting() -> None:
    mount = {"source": "/dev/sda1", "fstype": "ext4", "options": "rw"}
    assert setting("mounts", {"/": {**mount, "free_mb": 5}}, {"/": {**mount, "free_mb": 4}}) == []


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        (["loaded", "active", "running", "enabled"], "running, enabled"),
        (["loaded", "activating", "start", "enabled"], "running, enabled"),
        (["loaded", "reloading", "reload", "enabled"], "running, enabled"),
        (["loaded", "failed", "failed", "enabled"], "failed, enabled"),
        (["loaded", "inactive", "dead", "disabled"], "stopped, disabled"),
        (["masked", "inactive", "dead", "masked"], "stopped, masked, masked"),
        (["loaded", "active", "running", ""], "running"),
        (["loaded", "active"], "running"),
        ([], "stopped"),
        ("active", "stopped"),
    ],
)
def test_a_unit_is_shown_by_what_lasts(unit: Any, shown: str) -> None:
    assert setting("units", {}, {"x.service": unit}) == [("x.service", "added", "", shown)]


def test_a_socket_is_named_by_where_it_listens_and_shows_every_process() -> None:
    row = {"protocol": "tcp", "address": "0.0.0.0", "port": 80, "process": "nginx"}  # noqa: S104
    rows = [row, {**row, "process": "apache2"}, {**row, "port": 53, "protocol": "udp", "process": None}]
    assert setting("sockets", [], rows) == [
        ("tcp 0.0.0.0 80", "added", "", "apache2, nginx"),
        ("udp 0.0.0.0 53", "added", "", ""),
    ]


def test_kernel_modules_come_and_go() -> None:
    assert setting("modules", ["usb_storage", 1], [1, "dm_crypt"]) == [
        ("dm_crypt", "added", "", "loaded"),
        ("usb_storage", "removed", "loaded", ""),
    ]


def test_the_network_is_interfaces_and_what_is_set_for_the_machine() -> None:
    network = {
        "interfaces": [{"name": "lo", "addresses": ["127.0.0.1/8"]}, {"name": "eth0", "addresses": ["10.0.0.2/24"]}],
        "gateway": "10.0.0.1",
        "dns_servers": ["10.0.0.1", "10.0.0.3"],
        "search": [],
    }
    actual = changes({}, {"network": network})[1]
    assert {(item.kind, item.name, item.after) for item in actual} == {
        ("network", "eth0", "10.0.0.2/24"),
        ("network", "gateway", "10.0.0.1"),
        ("network", "dns_servers", "10.0.0.1 10.0.0.3"),
    }
    searched = changes({"network": network}, {"network": {**network, "search": ["school.example"]}})[1]
    assert [(item.name, item.after) for item in searched] == [("search", "school.example")]


def test_what_is_set_on_the_machine_itself() -> None:
    host = {name: f"the {name}" for name in ("hostname", "fqdn", "os", "timezone", "locale", "keyboard")}
    actual = changes({}, {"host": {**host, "kernel": "6.1", "uptime": 5}})[1]
    assert [(item.kind, item.name, item.after) for item in actual] == [("host", n, f"the {n}") for n in sorted(host)]
    assert changes({"host": host}, {"host": {**host, "locale": None}})[1][0].change == "removed"


def test_packages_that_came_went_and_changed_with_where_they_are_from() -> None:
    before = {"bash": ["5.2-1", "Debian"], "gone": ["1", "Debian"], "same": ["1", "Debian"], "vim": ["9.1", "Debian"]}
    after = {"bash": ["5.2-2", "security"], "new": ["2", "backports"], "same": ["1", "other"], "vim": ["9.0", "old"]}
    assert changes({"packages": before}, {"packages": after})[0] == [
        Component("a", "package", "bash", "upgraded", "5.2-1", "5.2-2", "security"),
        Component("a", "package", "gone", "removed", "1", "", "Debian"),
        Component("a", "package", "new", "installed", "", "2", "backports"),
        Component("a", "package", "vim", "downgraded", "9.1", "9.0", "old"),
    ]


HARDWARE = {"vendor": "QEMU", "model": "pc", "serial": "7XK2", "uuid": "u-1", "firmware": "SeaBIOS", "cpu": "EPYC"}
HOST = {"os": "Debian 13", "os_id": "debian", "kernel": "6.12", "architecture": "x86_64", "virtualization": "kvm"}
FULL: dict[str, Any] = {
    "host": HOST,
    "hardware": {**HARDWARE, "cpu_count": 4, "memory_mb": 2048.7},
    "network": {
        "gateway": "10.0.0.1",
        "dns_servers": ["10.0.0.3"],
        "interfaces": [
            {"name": "eth0", "mac": "02:00:00:00:00:01", "addresses": ["10.0.0.2/24"], "mtu": 1500, "state": "up"},
            {"name": "eth1"},
        ],
    },
    "mounts": {
        "/": {"source": "/dev/sda1", "fstype": "ext4", "size_mb": 100, "free_mb": 50},
        "/srv": {},
        "/odd": 1,
    },
    "packages": {"bash": ["5.2", ""], "vim": ["9", ""]},
    "upgradable": 3,
}


def described(snapshot: dict[str, Any]) -> System:
    (system,) = Journal().snapshot("after", **snapshot).finish().record().systems
    return system


def test_a_machine_is_described_by_its_snapshot() -> None:
    system = described(FULL)
    assert {name: getattr(system, name) for name in (*HOST, *HARDWARE)} == {**HOST, **HARDWARE}
    assert (system.cpu_count, system.memory_mb, system.package_count, system.upgradable_count) == (4, 2048, 2, 3)
    assert (system.default_gateway, system.dns_servers) == ("10.0.0.1", ("10.0.0.3",))
    assert system.interfaces == (
        Interface("eth0", "02:00:00:00:00:01", ("10.0.0.2/24",), 1500, "up"),
        Interface("eth1"),
    )
    assert system.volumes == (Volume("/", "/dev/sda1", "ext4", 100, 50), Volume("/srv", "", "", None, None))


def test_what_a_snapshot_does_not_say_stays_unknown() -> None:
    system = described({"hardware": {"cpu_count": True, "memory_mb": "2048"}})
    assert {getattr(system, name) for name in (*HOST, *HARDWARE, "default_gateway")} == {""}
    assert (system.cpu_count, system.memory_mb, system.package_count, system.upgradable_count) == (None,) * 4
    assert (system.interfaces, system.volumes, system.dns_servers) == ((), (), ())
    empty = described({"host": {"os": None}, "hardware": {"cpu": 0}})
    assert (empty.os, empty.cpu) == ("", "")


def test_the_first_snapshot_before_and_the_last_one_after_are_compared() -> None:
    journal = Journal()
    for stage, version in (("before", "1"), ("before", "2"), ("after", "3"), ("during", "4"), ("after", "5")):
        journal.snapshot(stage, packages={"bash": [version, ""]})
    record = journal.finish().record()
    assert [(item.before, item.after) for item in record.components] == [("1", "5")]
    system = record.systems[0]
    assert system.snapshot_before is not None
    assert system.snapshot_after is not None
    assert system.snapshot_before < system.snapshot_after


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0~~", "1.0~"),
        ("1.0~", "1.0"),
        ("1.0", "1.0-1"),
        ("1.0-9", "1.0-10"),
        ("1.0-1-1", "1.0-1-2"),
        ("1:9", "2:1"),
        ("1:1", "10:1"),
        ("1.0", "1.0a"),
        ("1.0a", "1.0b"),
        ("1.0z", "1.0+"),
        ("1.2", "1.2.1"),
        ("1.2.9-1", "1.2.10-1"),
        ("1.9", "1.10"),
        ("1.10", "1.20"),
    ],
)
def test_versions_are_ordered_as_dpkg_orders_them(older: str, newer: str) -> None:
    moves = [
        item.change
        for was, now in ((older, newer), (newer, older))
        for item in changes({"packages": {"x": [was, ""]}}, {"packages": {"x": [now, ""]}})[0]
    ]
    assert moves == ["upgraded", "downgraded"]


@pytest.mark.parametrize(("first", "second"), [("0:1.0", "1.0"), ("x:1.0", "1.0"), ("1.00", "1.0"), ("1.0-0", "1.0")])
def test_another_spelling_of_a_version_is_no_upgrade(first: str, second: str) -> None:
    for was, now in ((first, second), (second, first)):
        (actual,) = changes({"packages": {"x": [was, ""]}}, {"packages": {"x": [now, ""]}})[0]
        assert actual.change == "downgraded"
