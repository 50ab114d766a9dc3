"""Packages with their version and origin: what a record describes a machine with, beside the facts."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import package


def begin(machine):
    """Start what takes long: apt works its cache out anew for each question."""
    machine.begin(["apt-mark", "showmanual"])
    try:
        names = package.names(machine)
    except UnreadableError:
        return
    machine.begin(["apt-cache", "policy", *names], user="nobody" if os.geteuid() == 0 else None)


def packages(machine):
    """name -> [version, origin]."""
    try:
        origins = machine.once(package.origins)
    except UnreadableError:
        origins = {}
    return {
        name: [version, origins[name].origin if name in origins else ""]
        for name, (version, status) in machine.once(package.installed).items()
        if status.endswith(" installed")
    }


def manual(machine):
    return package.manual(machine)


def upgradable(machine):
    return sum(origin.candidate is not None for origin in machine.once(package.origins).values())
