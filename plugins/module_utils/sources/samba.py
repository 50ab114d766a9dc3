"""The configuration of Samba as it understands it itself, defaults with it: `testparm -sv`."""

from __future__ import annotations

import re

MAIN = "option"
SELECTORS = ("option", "share")
NEEDS = ("option", "share")
ATTRIBUTES = ("exists", "value", "shares")
RUNNING = True
SECTION = re.compile(r"\[(.+)\]\Z")
GLOBAL = "global"


def describe(select):
    return "testparm -sv, [%s] %s" % (select.get("share", GLOBAL), select.get("option", ""))


def look_up(machine, select):
    sections = machine.once(configuration)
    section = sections.get(str(select.get("share", GLOBAL)).lower())
    facts = {"shares": sorted(name for name in sections if name != GLOBAL)}
    if section is None or not select.get("option"):
        return dict(facts, exists=section is not None)
    key = _key(str(select["option"]))
    # What a share does not set itself holds as it stands in [global].
    value = section.get(key, sections.get(GLOBAL, {}).get(key))
    return dict(facts, exists=value is not None, value=value)


def configuration(machine):
    """Section (lower case) -> option -> value."""
    return parse(machine.output(["testparm", "--suppress-prompt", "--verbose"]))


def parse(text):
    """The output of testparm."""
    sections, section = {}, {}
    for line in (line.strip() for line in text.splitlines()):
        heading = SECTION.match(line)
        if heading:
            section = sections.setdefault(heading.group(1).lower(), {})
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section[_key(key)] = value.strip()
    return sections


def _key(name):
    """Samba knows no difference between cases and between blanks."""
    return "".join(name.lower().split())
