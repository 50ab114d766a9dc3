#!/usr/bin/python3 -I
"""Prepare the next start of the kiosk: `kiosk DIRECTORY HOME [--test]`, as root.

Writes its policies to DIRECTORY, which it sees instead of those of other users: those of the role browser (proxy,
authorities, language), with its own in their place; makes an empty profile in its HOME, which is new, and brings its
terminal to the front. Tests ask the browser over its remote protocol, which ends with the developer tools.
"""

import fcntl
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

SETTINGS = Path("/etc/oplever-classroom.json")
# Of the machine: the kiosk has its own in that place, and this program runs where the kiosk does.
OF_BROWSER = Path("/proc/1/root/etc/firefox/policies/policies.json")
TERMINAL = 7
VT_ACTIVATE = 0x5606  # of linux/vt.h


def main(directory, home, test):
    policies = merged(json.loads(SETTINGS.read_text(encoding="utf-8"))["kiosk"]["policies"], test)
    place = Path(directory)
    place.mkdir(exist_ok=True)
    (place / "policies.json").write_text(json.dumps({"policies": policies}), encoding="utf-8")
    make_profile(home, 'user_pref("marionette.port", 0);' if test else "")
    if not test:
        show_terminal()


def make_profile(home, preferences):
    profile = Path(home, "profile")
    profile.mkdir()
    (profile / "user.js").write_text(preferences, encoding="utf-8")
    owner = os.stat(home)
    for path in (profile, profile / "user.js"):
        os.chown(path, owner.st_uid, owner.st_gid)


def merged(own, test):
    others = json.loads(OF_BROWSER.read_text(encoding="utf-8"))["policies"] if OF_BROWSER.exists() else {}
    policies = dict(others, **own)
    if test:
        del policies["DisableDeveloperTools"]
    return policies


def show_terminal():
    """A browser on a terminal that is not in front gets neither the screen nor the keys."""
    with suppress(FileNotFoundError), open("/dev/tty0", "r+b", buffering=0) as terminal:
        fcntl.ioctl(terminal, VT_ACTIVATE, TERMINAL)


if __name__ == "__main__":
    main(*sys.argv[1:3], "--test" in sys.argv[3:])
