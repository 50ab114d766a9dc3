"""What is set for the machine itself: names, time zone, language."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.snapshot import host
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.facts import Fact, Kind

KINDS = {"host": Kind("machine-instelling", "machine setting", "names, system, time zone, language and keyboard")}
NAMES = ("hostname", "fqdn", "os_id", "timezone", "locale", "keyboard")


def collect(machine, places):
    facts = machine.once(host.host)
    for name in NAMES:
        if facts.get(name):
            yield Fact("host", name, str(facts[name]))
