"""The journal: how journald keeps it, with its drop-ins, and whether it outlives a restart."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import systemd_setting

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "storage", "persistent", "compress", "forward_to_syslog", "max_use", "seal")
FILE, SECTION, KEPT = "journald.conf", "Journal", "/var/log/journal"
# What holds when no file sets it; where Debian was built with another default, the comments of its own file say so.
SHIPPED = re.compile(r"^#(\w+)=(\S+)$", re.MULTILINE)
SETTINGS = {
    "storage": ("Storage", "auto"),
    "compress": ("Compress", "yes"),
    "forward_to_syslog": ("ForwardToSyslog", "no"),
    "max_use": ("SystemMaxUse", None),
    "seal": ("Seal", "yes"),
}


def describe(select):
    return "journald.conf with its drop-ins, and %s" % KEPT


def look_up(machine, select):
    """`persistent`: the journal is written to disk; with storage `auto` that is where its directory exists."""
    settings = {name: _setting(machine, key) for name, (key, _) in SETTINGS.items()}
    shipped = dict(SHIPPED.findall(machine.read("/etc/systemd/" + FILE) or ""))
    facts = {
        name: settings[name].get("value") or shipped.get(key) or default for name, (key, default) in SETTINGS.items()
    }
    kept = machine.status(KEPT) is not None
    places = [
        "%s sets %s" % (setting["source"], SETTINGS[name][0])
        for name, setting in settings.items()
        if setting.get("source")
    ]
    return dict(
        facts,
        exists=True,
        persistent=facts["storage"] == "persistent" or (facts["storage"] == "auto" and kept),
        evidence="%s %s; %s" % (KEPT, "exists" if kept else "does not exist", "; ".join(places) or "no file sets it"),
    )


def _setting(machine, key):
    return systemd_setting.look_up(machine, {"file": FILE, "section": SECTION, "key": key})
