"""All sections of a snapshot (docs/reference/snapshot.md). A section that cannot be read is empty and named in
`problems`; the others are there."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import files, hardware, host, network, state

FORMAT = 1
# section -> (function of the machine, what stands there when it cannot be read)
SECTIONS = {
    "host": (host.host, {}),
    "hardware": (hardware.hardware, {}),
    "packages": (state.packages, {}),
    "manual": (state.manual, []),
    "upgradable": (state.upgradable, None),
    "units": (state.units, {}),
    "sockets": (state.sockets, []),
    "accounts": (state.accounts, {}),
    "groups": (state.groups, {}),
    "mounts": (state.mounts, {}),
    "sysctl": (state.sysctl, {}),
    "modules": (state.modules, []),
    "network": (network.network, {}),
}


def snapshot(machine, patterns=(), exclude=()):
    """What is on a machine, as plain data. `patterns`: paths or globs beside /etc; `exclude`: globs to leave out."""
    problems = []
    found = {"format": FORMAT}
    for name, (section, nothing) in SECTIONS.items():
        try:
            found[name] = section(machine)
        except (UnreadableError, OSError, ValueError, KeyError, IndexError) as problem:
            found[name] = nothing
            problems.append({"source": name, "reason": str(problem) or type(problem).__name__})
    found["files"], unread = files.digests(machine, patterns, exclude)
    problems += [{"source": "files", "reason": reason} for reason in unread]
    problems += state.hidden(machine)
    return dict(found, problems=problems)
