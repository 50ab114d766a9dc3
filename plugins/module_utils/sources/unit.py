"""Units of systemd: one `systemctl show` over all that is loaded, one more for a unit that is not."""

from __future__ import annotations

MAIN = "name"
SELECTORS = ("name",)
NEEDS = ("name",)
ATTRIBUTES = ("exists", "active", "sub", "enabled", "load", "result", "fragment", "drop_ins")
KINDS = ("service", "socket", "timer", "mount", "path", "target")
PROPERTIES = (
    "Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "FragmentPath", "DropInPaths",
    "Transient",
)  # fmt: skip
SHOW = ["systemctl", "show", "--no-pager", "--property=" + ",".join(PROPERTIES)]


def describe(select):
    return "systemctl show %s" % select.get("name")


def look_up(machine, select):
    name = str(select["name"])
    name = name if "." in name else name + ".service"
    known = machine.once(loaded).get(name)
    if known is None:
        known = (_parse(machine.output([*SHOW, "--", name])) or [{}])[0]
    if known.get("LoadState", "not-found") == "not-found":
        return {"exists": False}
    return {
        "exists": True,
        "active": known.get("ActiveState"),
        "sub": known.get("SubState"),
        "enabled": known.get("UnitFileState"),
        "load": known.get("LoadState"),
        "result": known.get("Result"),
        "fragment": known.get("FragmentPath"),
        "drop_ins": known.get("DropInPaths", "").split(),
    }


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
