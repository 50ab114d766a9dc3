"""Several files at once, as host keys or lists of sources: what holds for all of them together.

`mode` has every bit that any of them has, and `owners` and `groups` every name, so that a limit for all is one matcher.
"""

from __future__ import annotations

import stat

from ansible_collections.oplever.lab.plugins.module_utils.sources import file

MAIN = "path"
SELECTORS = ("path", "type", "except")
NEEDS = ("path",)
ATTRIBUTES = ("exists", "paths", "count", "mode", "owners", "groups")
SHOWN = 20


def describe(select):
    return "files %s" % ", ".join(_listed(select.get("path")))


def look_up(machine, select):
    chosen = []
    for path in _paths(machine, select):
        status = machine.status(path, follow=False)
        if status is not None and select.get("type", file.kind(status)) == file.kind(status):
            chosen.append((path, status))
    if not chosen:
        return {"exists": False, "paths": [], "count": 0}
    bits = 0
    for _, status in chosen:
        # The mode of a link means nothing: everybody may follow it.
        bits |= 0 if stat.S_ISLNK(status.st_mode) else stat.S_IMODE(status.st_mode)
    return {
        "exists": True,
        "paths": [path for path, _ in chosen],
        "count": len(chosen),
        "mode": "%04o" % bits,
        "owners": sorted({file.owner(machine, status.st_uid) for _, status in chosen}),
        "groups": sorted({file.group(machine, status.st_gid) for _, status in chosen}),
        "evidence": _evidence(machine, chosen),
    }


def _listed(value):
    return [str(pattern) for pattern in (value if isinstance(value, list) else [value])]


def _paths(machine, select):
    left_out = {path for pattern in _listed(select.get("except") or []) for path in machine.glob(pattern)}
    paths = {path for pattern in _listed(select["path"]) for path in machine.glob(pattern)}
    return sorted(paths - left_out)


def _evidence(machine, chosen):
    """The loosest first: they are what somebody looks for."""
    ordered = sorted(chosen, key=lambda pair: -bin(stat.S_IMODE(pair[1].st_mode)).count("1"))
    rows = [
        "%s %s %s:%s"
        % (path, file.mode(status), file.owner(machine, status.st_uid), file.group(machine, status.st_gid))
        for path, status in ordered[:SHOWN]
    ]
    more = len(chosen) - len(rows)
    return "; ".join(rows) + ("; and %d more" % more if more > 0 else "")
