"""What is set for the machine itself: names, time zone, language."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.snapshot import host
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind, masked

KINDS = {
    "host": Kind(
        "machine-instelling",
        "machine setting",
        "names, system, time zone, language, keyboard, and arguments of the kernel",
    )
}
BOOT = re.compile(r"^\s*linux\s+\S+[ \t]+(.*)$", re.MULTILINE)
NAMES = ("hostname", "fqdn", "os_id", "timezone", "locale", "keyboard")


def collect(machine, places):
    facts = machine.once(host.host)
    for name in NAMES:
        if facts.get(name):
            yield Fact("host", name, str(facts[name]))
    # The first lines of adjtime are measured anew all the time; the third is a choice.
    if (machine.read("/etc/adjtime") or "").split("\n")[2:3] == ["LOCAL"]:
        yield Fact("host", "hardware_clock", "keeps local time")
    yield Fact("host", "kernel_arguments", arguments(machine.read("/proc/cmdline") or "") or "none")
    lines = sorted({arguments(line) for line in BOOT.findall(machine.read("/boot/grub/grub.cfg", limit=4 << 20) or "")})
    for number, line in enumerate(lines, 1):
        yield Fact("host", "boot_arguments %d" % number, line)


def arguments(line):
    """Arguments of a kernel, without those that name its file: they differ with each version."""
    return masked(" ".join(word for word in line.split() if not word.startswith(("BOOT_IMAGE=", "initrd="))))
