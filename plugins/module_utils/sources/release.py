"""How long the release of Debian still gets security support."""

from __future__ import annotations

import calendar
import time

from ansible_collections.oplever.lab.plugins.module_utils.sources import context

MAIN = "what"
SELECTORS = ("what",)
ATTRIBUTES = ("exists", "codename", "supported_until", "days_left")
# Last day of LTS, by VERSION_ID of os-release; https://wiki.debian.org/LTS
SUPPORTED_UNTIL = {"11": "2026-08-31", "12": "2028-06-30", "13": "2030-06-30"}


def describe(select):
    return "release in /etc/os-release, and the day its support ends"


def look_up(machine, select):
    """`exists` is False for a release whose last day is not known here."""
    system = machine.once(context.os_release)
    until = SUPPORTED_UNTIL.get(system.get("VERSION_ID", "")) if system.get("ID") == "debian" else None
    if until is None:
        return {"exists": False, "codename": system.get("VERSION_CODENAME")}
    end = calendar.timegm(time.strptime(until, "%Y-%m-%d"))
    return {
        "exists": True,
        "codename": system.get("VERSION_CODENAME"),
        "supported_until": until,
        "days_left": int((end - time.time()) // 86400),
    }
