# Copyright: The Oplever team; MIT licence
"""Units of systemd that run now and after the next start of the machine."""

from __future__ import annotations

import subprocess

NEW = ("enable", "start")
"""What a unit needs that is not there yet."""
MADE = ("start",)
"""The same of a unit that is made at every start of the machine, as that of a container: nobody can enable it."""
OFF = ("disabled", "masked", "masked-runtime", "enabled-runtime", "linked", "linked-runtime")
"""States of a unit file with which the unit does not start with the machine, though it could."""


def settle(names, check_mode, to_come=None):
    """Start and enable these units; what was done for each of those that needed something. In check mode `to_come` are
    the steps for those that systemd will know only when their files are written. Raises ValueError when systemd does
    not know a unit, or cannot start it."""
    new = (to_come or {}) if check_mode else {}
    steps = [
        (name, step)
        for name, properties in _properties(names).items()
        for step in (new[name] if name in new and _is_unknown(properties) else _steps(name, properties))
    ]
    if not check_mode:
        for name, step in steps:
            done = _systemctl(step, name)
            if done.returncode:
                raise ValueError("%s: systemctl %s: %s" % (name, step, (done.stderr or done.stdout).strip()))
    return steps


def reload_manager():
    """Let systemd read unit files again."""
    _systemctl("daemon-reload")


def _properties(names):
    """Name -> properties, asked for in one call."""
    show = _systemctl("show", "--property=LoadState,ActiveState,UnitFileState", *names)
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in show.stdout.split("\n\n")]
    if len(blocks) != len(names):
        raise ValueError("systemctl show: %s" % (show.stderr or show.stdout).strip())
    return {name: blocks[number] for number, name in enumerate(names)}


def _is_unknown(properties):
    return properties["LoadState"] not in ("loaded", "masked")


def _steps(name, properties):
    if _is_unknown(properties):
        raise ValueError("%s: systemd does not have this unit (%s)" % (name, properties["LoadState"]))
    if properties["UnitFileState"].startswith("masked"):
        yield "unmask"
    if properties["UnitFileState"] in OFF:
        yield "enable"
    if properties["ActiveState"] not in ("active", "reloading", "activating"):
        yield "start"


def _systemctl(*words):
    return subprocess.run(
        ["systemctl", *words], stdin=subprocess.DEVNULL, capture_output=True, errors="replace", check=False
    )
