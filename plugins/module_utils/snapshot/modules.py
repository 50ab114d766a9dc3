"""Kernel modules: those that are loaded, and those of them that are not of the kernel's own tree."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind
from ansible_collections.oplever.lab.plugins.module_utils.sources import context

KINDS = {
    "module": Kind(
        "kernelmodule", "kernel module", "loaded modules; hardware and filters load them by themselves", drift=False
    ),
    "foreign_module": Kind(
        "kernelmodule van elders", "foreign kernel module", "loaded modules that are not of the kernel's own tree"
    ),
}
TAINT = re.compile(r"\(([A-Z+-]*[OEF][A-Z+-]*)\)\s*$")


def collect(machine, places):
    for line in (machine.read("/proc/modules", limit=4 << 20) or "").splitlines():
        name = line.split(" ", 1)[0]
        taint = TAINT.search(line)
        yield Fact("module", name, "loaded")
        # In a container these are the modules of the machine around it.
        if taint and machine.once(context.virtualization) not in context.CONTAINERS:
            yield Fact("foreign_module", name, "loaded, marked %s" % taint.group(1))
