"""Homes of people and services, as /etc/passwd has them."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources import account


def homes(machine):
    """Homes of accounts, each once, without directories of the system, which accounts of services have."""
    directories = {facts["home"].rstrip("/") for facts in machine.once(account.accounts).values()}
    system = ("/bin", "/sbin", "/dev", "/proc", "/usr/sbin", "/usr/bin", "/nonexistent", "/var/run", "/run", "/etc")
    below_system = tuple(directory + "/" for directory in system)
    return sorted(path for path in directories - {"", *system} if not path.startswith(below_system))
