"""What systemd-networkd lets a machine pass on when it sets up an interface (systemd.network(5), networkd.conf(5))."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.sources import systemd_setting, unit, unit_file

UNIT = "systemd-networkd.service"
DIRECTORIES = tuple("%s/systemd/network" % place for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))
OF_PACKAGES = DIRECTORIES[-1]
YES = ("1", "yes", "y", "true", "t", "on")
BOTH = ("both", *YES)
# Key of the section Network -> values with which packets of the version of IP are passed on. Since systemd 256 there
# are two keys for what was one before; a machine that hides others behind its address passes their packets on.
FORWARDING = {
    4: {"IPForward": ("ipv4", *YES), "IPv4Forwarding": YES, "IPMasquerade": ("ipv4", *BOTH)},
    6: {"IPForward": ("ipv6", *YES), "IPv6Forwarding": YES, "IPMasquerade": ("ipv6", "both")},
}


def forwarding(machine, version):
    """`file:line key=value` of each setting by which packets of this version of IP are passed on, where the service
    starts; without those in files of packages, which are about containers alone."""
    if not unit.starts(machine, UNIT):
        return []
    places = [_settings(machine, path, drop_ins) for path, drop_ins in _networks(machine).items()]
    places.append({key: hits[-1] for key in FORWARDING[version]
                   if (hits := systemd_setting.values(machine, "networkd.conf", "Network", key))})  # fmt: skip
    return [
        "%s %s=%s" % (where, key, value)
        for settings in places
        for key, values in FORWARDING[version].items()
        for value, where in [settings.get(key, ("", ""))]
        if value.lower() in values and not where.startswith(OF_PACKAGES)
    ]


def _networks(machine):
    """Path of each file about interfaces -> its drop-ins."""
    paths = machine.first_by_name(place + "/*.network" for place in DIRECTORIES)
    return {path: unit_file.drop_ins_of(machine, name, DIRECTORIES) for name, path in paths.items()}


def _settings(machine, path, drop_ins):
    """Key of the section Network -> (value, file:line), of which the last counts."""
    return {
        key: (value, "%s:%d" % (place, number))
        for place in (path, *drop_ins)
        for number, section, key, value in systemd_setting.parse(machine.text(place) or "")
        if section == "Network"
    }
