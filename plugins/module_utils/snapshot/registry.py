"""All sources of the snapshot, in the order in which they are read; a new one is a file here and a line below."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.snapshot import (
    accounts,
    applications,
    files,
    kernel,
    keys,
    logs,
    machine_settings,
    modules,
    network,
    packages,
    packet_filter,
    processes,
    programs,
    storage,
    sudo,
    units,
)

# The walk comes first: others use what it found, and the slow commands run meanwhile.
SOURCES = (
    programs, files, keys, kernel, accounts, sudo, logs, modules, machine_settings, packages, applications, processes,
    storage, network, packet_filter, units,
)  # fmt: skip
KINDS = {name: kind for source in SOURCES for name, kind in source.KINDS.items()}
