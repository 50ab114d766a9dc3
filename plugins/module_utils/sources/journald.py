"""The journal: how journald keeps it, with its drop-ins, and whether it outlives a restart."""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.sources import systemd_setting

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = (
    "exists", "storage", "persistent", "compress", "forward_to_syslog", "max_use", "seal", "lowest_level",
    "max_use_bytes", "kept_days",
)  # fmt: skip
FILE, SECTION, KEPT = "journald.conf", "Journal", "/var/log/journal"
# What holds when no file sets it; where Debian was built with another default, the comments of its own file say so.
SHIPPED = re.compile(r"^#(\w+)=(\S+)$", re.MULTILINE)
SETTINGS = {
    "storage": ("Storage", "auto"),
    "compress": ("Compress", "yes"),
    "forward_to_syslog": ("ForwardToSyslog", "no"),
    "max_use": ("SystemMaxUse", None),
    "seal": ("Seal", "yes"),
    "lowest_level": ("MaxLevelStore", "debug"),
    "kept_days": ("MaxRetentionSec", None),
}
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
DAY = 86400
# systemd.time(7); a month and a year are those of the calendar on average.
SECONDS = {
    "us": 1e-6, "usec": 1e-6, "ms": 1e-3, "msec": 1e-3, "": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60, "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600,
    "d": DAY, "day": DAY, "days": DAY, "w": 7 * DAY, "week": 7 * DAY, "weeks": 7 * DAY,
    "M": 2629800, "month": 2629800, "months": 2629800, "y": 31557600, "year": 31557600, "years": 31557600,
}  # fmt: skip
BYTES = {letter: 1024**power for power, letter in enumerate(("", "K", "M", "G", "T", "P", "E"))}
BYTES["B"] = 1
PART = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]*)")


def describe(select):
    return "journald.conf with its drop-ins, and %s" % KEPT


def look_up(machine, select):
    """`persistent`: the journal is written to disk; with storage `auto` that is where its directory exists."""
    settings = {name: _setting(machine, key) for name, (key, _) in SETTINGS.items()}
    shipped = dict(SHIPPED.findall(machine.read("/etc/systemd/" + FILE) or ""))
    facts = {
        name: settings[name].get("value") or shipped.get(key) or default for name, (key, default) in SETTINGS.items()
    }
    level = facts["lowest_level"]
    facts["lowest_level"] = LEVELS[int(level)] if level.isdigit() and int(level) < len(LEVELS) else level
    facts["max_use_bytes"] = total(facts["max_use"], BYTES)
    seconds = total(facts["kept_days"], SECONDS)
    facts["kept_days"] = round(seconds / DAY, 2) if seconds else None  # 0: as long as there is room
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


def total(value, units):
    """The sum of the parts of a value, as of `1h 30min` or `1G 500M`; None of one that systemd does not take."""
    amount, at = 0.0, 0
    text = (value or "").strip()
    text = text[1:] if re.match(r"\+\d", text) else text
    while at < len(text):
        part = PART.match(text, at)
        if part is None or part.group(2) not in units:
            return None
        amount, at = amount + float(part.group(1)) * units[part.group(2)], part.end()
    return amount if text else None


def _setting(machine, key):
    return systemd_setting.look_up(machine, {"file": FILE, "section": SECTION, "key": key})
