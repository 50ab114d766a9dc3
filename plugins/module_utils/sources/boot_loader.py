"""The boot loader GRUB: who may change a boot, and what it gives to the kernel."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "superusers", "password", "secure_boot")
CONFIG = "/boot/grub/grub.cfg"
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
KERNEL = re.compile(r"\s*linux(?:efi|16)?\s+(\S+)\s*(.*)\Z")
ENTRY = re.compile(r"\s*menuentry\s+(['\"])(.*?)\1")
SUPERUSERS = re.compile(r"^[ \t]*set\s+superusers\s*=\s*[\"']?([^\"'\n]*)", re.MULTILINE)
PASSWORD = re.compile(r"^[ \t]*password_pbkdf2\s+(\S+)\s+grub\.pbkdf2\.", re.MULTILINE)


def describe(select):
    return "boot loader, %s" % CONFIG


def look_up(machine, select):
    text = machine.text(CONFIG)
    facts = {"secure_boot": secure_boot(machine)}
    if text is None:
        return dict(facts, exists=False)
    users = [name for line in SUPERUSERS.findall(text)[-1:] for name in re.split(r"[\s,;|&]+", line) if name]
    return dict(
        facts, exists=True, superusers=users, password=bool(users) and set(users) <= set(PASSWORD.findall(text))
    )


def secure_boot(machine):
    """Whether the firmware only starts what is signed; False without EFI."""
    try:
        return (machine.read(SECURE_BOOT) or "")[-1:] == "\x01"
    except UnreadableError:
        return False


def arguments(machine):
    """Words that every ordinary entry gives to its kernel; None when there is no GRUB that could tell."""
    text = machine.text(CONFIG)
    if text is None:
        return None
    entries, entry = [], ""
    for line in text.splitlines():
        heading, kernel = ENTRY.match(line), KERNEL.match(line)
        if heading:
            entry = heading.group(2)
        elif kernel and "recovery mode" not in entry:
            entries.append(kernel.group(2).split())
    if not entries:
        return None
    return [word for word in entries[0] if all(word in other for other in entries)]
