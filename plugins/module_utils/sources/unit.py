"""Units of systemd: one `systemctl show` over all that checks ask for; of a tree that does not run, its unit files."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import unit_file

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "active", "sub", "enabled", "load", "result", "fragment", "drop_ins")
KINDS = ("service", "socket", "timer", "mount", "path", "target")
PROPERTIES = (
    "Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "FragmentPath", "DropInPaths",
    "Transient",
)  # fmt: skip
PROBLEM = re.compile(
    r"error|emerg|crit|fail|fatal|alert|cannot|can't|could not|unable|invalid|unknown|denied|refused", re.I
)
LINES, LAST = 30, 3  # read from the log of a unit that failed, and shown
SHOW = ["systemctl", "show", "--no-pager", "--property=" + ",".join(PROPERTIES)]


def describe(select):
    return "systemctl show %s" % select.get("name")


def prepare(machine, selects):
    """All names are asked at once: systemd answers a hundred as fast as one."""
    machine.once(_selected_names).update(_full(select["name"]) for select in selects)


def look_up(machine, select):
    name = _full(select["name"])
    return _on_disk(machine, name) if machine.offline else _shown(machine, name)


def starts(machine, name):
    """Whether a unit runs, or starts with the machine."""
    on_disk = unit_file.find(machine, name) or {}
    if on_disk.get("enabled") == "enabled":
        return True
    return not machine.offline and look_up(machine, {"name": name}).get("active") == "active"


def _full(name):
    return str(name) if "." in str(name) else "%s.service" % name


def _shown(machine, name):
    units = machine.once(_properties)
    if name not in units:
        units[name] = (_parse(machine.output([*SHOW, "--", name])) or [{}])[0]
    facts = units[name]
    if facts.get("LoadState", "not-found") == "not-found":
        return {"exists": False}
    return {
        "exists": True,
        "active": facts.get("ActiveState"),
        "sub": facts.get("SubState"),
        "enabled": facts.get("UnitFileState"),
        "load": facts.get("LoadState"),
        "result": facts.get("Result"),
        "fragment": facts.get("FragmentPath"),
        "drop_ins": facts.get("DropInPaths", "").split(),
        "evidence": facts.get("FragmentPath"),
        "error": lambda: _last_words(machine, name) if facts.get("ActiveState") == "failed" else "",
    }


def _last_words(machine, name):
    """What the program itself wrote before it failed, as far as it looks like a reason; empty when it wrote nothing."""
    command = ["journalctl", "--no-pager", "--output=cat", "--lines=%d" % LINES, "_SYSTEMD_UNIT=%s" % name]
    try:
        lines = [line.strip() for line in machine.output(command).splitlines() if line.strip()]
    except UnreadableError:
        return ""
    return " / ".join(([line for line in lines if PROBLEM.search(line)] or lines)[-LAST:])


def _on_disk(machine, name):
    facts = unit_file.find(machine, name)
    if facts is None:
        return {"exists": False}
    running = InapplicableError("whether %s runs needs a running system; this one is only mounted" % name)
    return dict(facts, exists=True, evidence=facts["fragment"], **dict.fromkeys(("active", "sub", "result"), running))


def _selected_names(machine):
    """Names that checks ask for."""
    return set()


def _properties(machine):
    """Name -> properties of what was asked at once; a template is no unit and would spoil the question."""
    names = sorted(name for name in machine.once(_selected_names) if "@." not in name and not name.startswith("-"))
    units = _parse(machine.output([*SHOW, "--", *names])) if names else []
    by_name = {name: unit for unit in units for name in unit.get("Names", unit["Id"]).split()}
    return {name: by_name.get(name, {}) for name in names}


def loaded(machine):
    """Every name of every loaded unit (aliases too) -> its properties as systemd writes them."""
    units = _parse(machine.output(SHOW + ["--all", "--"] + ["*." + kind for kind in KINDS]))
    return {name: unit for unit in units for name in unit.get("Names", unit.get("Id", "")).split()}


def files(machine):
    """Unit file -> its state (enabled, disabled, static, ...), loaded or not."""
    command = ["systemctl", "list-unit-files", "--no-legend", "--no-pager", "--type=" + ",".join(KINDS)]
    rows = (line.split() for line in machine.output(command).splitlines())
    return {row[0]: row[1] for row in rows if len(row) > 1}


def _parse(text):
    """Blocks of KEY=value, separated by a blank line."""
    blocks = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in text.split("\n\n"))
    return [block for block in blocks if block.get("Id")]
