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
# The same settings where OpenSCAP looks, which is sshd_config without its drop-ins; and modules denied, which the role
# harden leaves to the host of a container.
MERGE = r"""
cp -a /etc/ssh /root/ssh.kept
cat /etc/ssh/sshd_config.d/*.conf >/root/merged
sed '/^Include/d' /etc/ssh/sshd_config >>/root/merged
cat /root/merged >/etc/ssh/sshd_config
rm /etc/ssh/sshd_config.d/*.conf
sshd -t
mkdir -p /etc/modprobe.d
for name in MODULES; do echo "install $name /bin/false"; done >/etc/modprobe.d/merged.conf
""".replace("MODULES", " ".join(MODULES))
UNMERGE = """
rm -r /etc/ssh /etc/modprobe.d/merged.conf
mv /root/ssh.kept /etc/ssh
"""


def compare(suite: Suite) -> list[Pair]:
    """Go through the states of STATES on fresh machines, and take those down."""
    found: list[Pair] = []
    try:
        suite.up()
        _prepare(suite)
        found += look(suite, "stock")
        suite.mend()
        found += look(suite, "delivered")
        _do(suite, MERGE)
        found += look(suite, "merged")
        _do(suite, UNMERGE)
        suite.each({plant.control: plant.plant for plant in ROUNDS[0]})
        return found + look(suite, "planted")
    finally:
        suite.down()


def look(suite: Suite, state: str) -> list[Pair]:
    """What both say now."""
    ours = suite.audit(list(CONTROLS), "machine")
    found = []
    for release, machine in suite.machines.items():
        mine = {control: ours[release, control] for control in CONTROLS}
        found += pairs(CONTROLS, release, state, mine, openscap.results(machine))
    return found


def _prepare(suite: Suite) -> None:
    wanted = {rule for control in CONTROLS.values() for rule in rules_of(control)}
    for release, machine in suite.machines.items():
        openscap.install(machine, openscap.content(release.removeprefix("debian")), wanted)
    _do(suite, KERNEL)


def _do(suite: Suite, script: str) -> None:
    wrong = suite.each({"all": script})
    assert not wrong, wrong
