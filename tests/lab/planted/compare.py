"""Runs both on the machines of a lab, state after state; what they said, as pairs (see agreement.py)."""

from __future__ import annotations

from lab.planted import openscap
from lab.planted.agreement import Pair, pairs, rules_of
from lab.planted.suite import CONTROLS, ROUNDS, Suite

# The machines have no kernel packages; this names modules of Debian's kernels, so that denying them means something.
MODULES = sorted(
    {control["select"] if "select" in control else control["any"][0]["select"]
     for control in CONTROLS.values() if control["area"] == "KMOD"}
)  # fmt: skip
KERNEL = "\n".join(
    ["mkdir -p /lib/modules/$(uname -r)", "cd /lib/modules/$(uname -r)", ": >modules.dep"]
    + [f"echo 'kernel/planted/{name}.ko.xz:' >>modules.dep" for name in MODULES]
)
# The content walks what is mounted from a device below /dev, which the root of these machines is not; so the place of
# faults that are files is on a disk.
DISK = "/opt"
MERGE = f"MODULES='{' '.join(MODULES)}' bash /root/engine/merge.sh"
UNMERGE = "bash /root/engine/merge.sh undo"


def compare(suite: Suite) -> list[Pair]:
    """Go through the states of STATES on fresh machines, and take those down."""
    compared: list[Pair] = []
    try:
        suite.up()
        _prepare(suite)
        compared += look(suite, "stock")
        suite.mend()
        compared += look(suite, "delivered")
        _do(suite, MERGE)
        compared += look(suite, "merged")
        _do(suite, UNMERGE)
        suite.run_on_each({plant.control: plant.plant for plant in ROUNDS[0]})
        return compared + look(suite, "planted")
    finally:
        suite.down()


def look(suite: Suite, state: str) -> list[Pair]:
    """What both say now."""
    ours = suite.audit(list(CONTROLS), "machine")
    compared = []
    for release, machine in suite.machines.items():
        mine = {control: ours[release, control] for control in CONTROLS}
        compared += pairs(CONTROLS, release, state, mine, openscap.results(machine))
    return compared


def _prepare(suite: Suite) -> None:
    rules = {rule for control in CONTROLS.values() for rule in rules_of(control)}
    for release, machine in suite.machines.items():
        openscap.install(machine, openscap.content(release.removeprefix("debian")), rules)
        machine.attach(DISK)
    _do(suite, KERNEL)


def _do(suite: Suite, script: str) -> None:
    wrong = suite.run_on_each({"all": script})
    assert not wrong, wrong
