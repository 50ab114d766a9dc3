"""All sources of truth by name. Imports are written out, so that Ansible finds them when it packs the module."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources import (
    account,
    acl,
    apt,
    certificate,
    command,
    context,
    dns,
    file,
    files,
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
# given) and RUNNING (all of it needs a running system), look_up(machine, select) -> attributes with `exists`,
# describe(select) -> one line of evidence, and perhaps prepare(machine, selects), called once with all that checks ask.
# An attribute that could not be read has an UnreadableError as its value; one that costs something is a function
# without arguments, called when a check names it. `evidence` among them says where exactly: file:line, value.
SOURCES = {
    "account": account,
    "acl": acl,
    "apt": apt,
    "certificate": certificate,
    "command": command,
    "context": context,
    "dns": dns,
    "file": file,
    "files": files,
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
