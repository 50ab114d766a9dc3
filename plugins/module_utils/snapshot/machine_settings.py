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
BOOT = re.compile(r"^\s*linux(?:16|efi)?\s+\S+[ \t]+(.*)$", re.MULTILINE)
OTHER_SYSTEMS = re.compile(r"^\s*((?:chainloader|configfile|multiboot2?|module2?|loopback)[ \t].*)$", re.MULTILINE)
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
    if facts.get("machine_id_digest"):
        yield Fact("host", "machine_id", "has the digest %s" % facts["machine_id_digest"])
    menu = machine.read("/boot/grub/grub.cfg", limit=4 << 20) or ""
    for line in OTHER_SYSTEMS.findall(menu):
        yield Fact("host", "boot_other", masked(" ".join(line.split())))
    lines = sorted({arguments(line) for line in BOOT.findall(menu)})
    for number, line in enumerate(lines, 1):
        yield Fact("host", "boot_arguments %d" % number, line)


def arguments(line):
    """Arguments of a kernel, without those that name its file: they differ with each version."""
    return masked(" ".join(word for word in line.split() if not word.startswith(("BOOT_IMAGE=", "initrd="))))
