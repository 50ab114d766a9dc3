"""What kind of machine this is, for conditions: container or not, release, init, rights."""

from __future__ import annotations

import os

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "container", "virtualization", "distribution", "release", "init", "root", "offline")
CONTAINERS = (
    "systemd-nspawn", "lxc", "lxc-libvirt", "docker", "podman", "openvz", "rkt", "wsl", "proot", "pouch",
    "container-other",
)  # fmt: skip


MARKS = ("/.dockerenv", "/run/.containerenv")


def describe(select):
    return "kind of machine"


def look_up(machine, select):
    system = machine.once(os_release)
    return {
        "exists": True,
        "container": lambda: _container(machine),
        "virtualization": lambda: machine.once(virtualization),
        "distribution": system.get("ID", ""),
        "release": system.get("VERSION_ID", ""),
        "init": lambda: _init(machine),
        "root": os.geteuid() == 0,
        "offline": machine.offline,
    }


def _container(machine):
    """A tree that does not run is judged as the disk of a machine, unless a container engine left its mark."""
    if machine.offline:
        return any(machine.status(mark) is not None for mark in MARKS)
    return machine.once(virtualization) in CONTAINERS


def _init(machine):
    return (machine.read("/proc/1/comm") or "").strip()


def virtualization(machine):
    """As systemd-detect-virt says it; `none` on bare metal."""
    return machine.run(["systemd-detect-virt"]).stdout.strip() or "none"


def os_release(machine):
    """os-release(5) as key -> value without quotes."""
    text = machine.text("/etc/os-release") or machine.text("/usr/lib/os-release") or ""
    return {key: value.strip("\"'") for key, _, value in (line.partition("=") for line in text.splitlines())}
