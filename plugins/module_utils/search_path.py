"""Directories in which programs and libraries are looked for, and whether somebody else than root may put one there."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils import writable

KEPT = ("$PATH", "${PATH}")


def wrong(machine, value):
    """What is wrong with the directories of a value of PATH, in words."""
    for entry in value.split(":"):
        if entry in KEPT:
            continue
        if entry in ("", "."):
            yield "the directory one happens to be in"
        elif not entry.startswith("/"):
            yield "%s is not a full path" % entry
        else:
            yield from writable.by_others(machine, entry, new_entry=True)
