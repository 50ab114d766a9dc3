"""All sources of truth by name. Imports are written out, so that Ansible finds them when it packs the module."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    apt,
    certificate,
    command,
    context,
    dns,
    file,
    group,
    http,
    kernel_module,
    mount,
    nftables,
    package,
    process,
    setting,
    socket,
    sshd,
    sudoers,
    sysctl,
    time,
    tree,
    unit,
)

# Each has MAIN (the selector that a plain value fills), SELECTORS, ATTRIBUTES, perhaps NEEDS (one of these must be
# given), look_up(machine, select) -> attributes with `exists`, and describe(select) -> one line of evidence.
# An attribute that could not be read has an UnreadableError as its value.
SOURCES = {
    "account": account,
    "apt": apt,
    "certificate": certificate,
    "command": command,
    "context": context,
    "dns": dns,
    "file": file,
    "group": group,
    "http": http,
    "kernel_module": kernel_module,
    "mount": mount,
    "nftables": nftables,
    "package": package,
    "process": process,
    "setting": setting,
    "socket": socket,
    "sshd": sshd,
    "sudoers": sudoers,
    "sysctl": sysctl,
    "time": time,
    "tree": tree,
    "unit": unit,
}
