"""Where a task stands among blocks: what rescues it when it fails, and which block it rescues."""

from __future__ import annotations

from typing import Any


def rescued_by(task: Any) -> str | None:
    """uuid of the nearest block whose `rescue` takes over when the task fails, by the rule that Ansible counts with:
    the task stands in the `block` part, directly or deeper, of a block that has a `rescue`."""
    for block, part in _surroundings(task):
        if part == "block" and block.rescue:
            return str(block._uuid)
    return None


def rescue_of(task: Any) -> str | None:
    """uuid of the nearest block in whose `rescue` the task stands."""
    return next((str(block._uuid) for block, part in _surroundings(task) if part == "rescue"), None)


def is_for_some(task: Any) -> bool:
    """Whether machines that are still in the play may go without this task: those that a block rescued meanwhile, or
    that did not include the file or role that it comes from."""
    if any(block.rescue for block, _ in _surroundings(task)):
        return True
    parent = getattr(task, "_parent", None)
    while parent is not None:
        if not hasattr(parent, "rescue") and not getattr(parent, "statically_loaded", True):
            return True
        parent = getattr(parent, "_parent", None)
    return False


def _surroundings(task: Any) -> list[tuple[Any, str]]:
    """The blocks around a task from the inside out, each with the part of it that the task is in."""
    blocks = []
    child, parent = task, getattr(task, "_parent", None)
    while parent is not None:
        # Parents that include files or roles have no parts; what they brought stands where they stand.
        if hasattr(parent, "rescue"):
            blocks.append((parent, _part(parent, child)))
        child, parent = parent, getattr(parent, "_parent", None)
    return blocks


def _part(block: Any, child: Any) -> str:
    # By uuid: Ansible copies blocks and tasks when it filters by tags and adds what was included.
    for part in ("rescue", "always"):
        if any(member._uuid == child._uuid for member in getattr(block, part)):
            return part
    return "block"
