#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.apt_purge: packages with their settings go, and what was there for them alone."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: apt_purge
short_description: Purge packages and what was there for them alone
version_added: "0.1.0"
description:
  - Purges packages with what came along only for them. What nothing needed already before stays, unlike with
    C(apt autoremove).
  - A group of which nobody is a member any more because its package is gone goes too, where the package leaves it.
  - A package on which another one depends that somebody asked for stays, and is named in C(kept).
options:
  packages:
    description:
      - Names of packages, or patterns such as C(hunspell-*) for all that the machine has. Those that are not there are
        passed over.
    type: list
    elements: str
    required: true
  keep_settings:
    description: Remove the packages and leave their settings.
    type: bool
    default: false
attributes:
  check_mode:
    description: Tells what would be purged.
    support: full
  diff_mode:
    description: Returns no diff.
    support: none
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Remove the web server
  oplever.lab.apt_purge:
    packages: [nginx, nginx-common]
"""

RETURN = r"""
purged:
  description: Packages that were purged, or would be in check mode.
  returned: success
  type: list
  elements: str
kept:
  description: Package that stays to the packages that need it.
  returned: success
  type: dict
"""

import fnmatch
import re

from ansible.module_utils.basic import AnsibleModule

GONE = re.compile(r"(?m)^(?:Purg|Remv) (\S+) ")
LEFT_GROUPS = {"ssl-cert": {"ssl-cert"}, "lpadmin": {"cups-client", "cups-daemon"}}
"""Group to the packages that make it and leave it behind when they are purged."""
TAKEN_ALONG = {"locales": "/etc/default/locale"}
"""Package to a link of systemd that it takes along; systemd makes it again at the next start, or when asked."""
# A package that another one only suggests was not there for that one: apt installs no suggestions by itself.
SIMULATE = ["--simulate", "-o", "APT::AutoRemove::SuggestsImportant=false"]
APT = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=60"]
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def main():
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "required": True},
            "keep_settings": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = ENVIRONMENT

    def run(*argv):
        done, out, err = module.run_command(list(argv))
        if done:
            module.fail_json(msg="%s: %s" % (" ".join(argv), (err or out).strip()))
        return out

    verb = "remove" if module.params["keep_settings"] else "purge"
    names, kept = plan(module.params["packages"], verb, run)
    if names and not module.check_mode:
        run(*APT, verb, *names)
        for group in groups_left(names, states_of_packages(run)) if verb == "purge" else ():
            if module.run_command(["getent", "group", group])[0] == 0:
                run("groupdel", group)
        for path in [TAKEN_ALONG[name] for name in names if verb == "purge" and name in TAKEN_ALONG]:
            run("systemd-tmpfiles", "--create", "--prefix=" + path)
    module.exit_json(changed=bool(names), purged=names, kept=kept)


def states_of_packages(run):
    """Package -> its state in dpkg's words."""
    lines = run("dpkg-query", "--show", "--showformat=${Package}\t${db:Status-Status}\n").splitlines()
    return dict(line.split("\t", 1) for line in lines)


def groups_left(purged, states):
    """Groups of these packages that no package on the machine has any more."""
    present = {name for name, state in states.items() if state != "not-installed"}
    return [group for group, makers in LEFT_GROUPS.items() if makers & set(purged) and not makers & present]


def expanded(names, states):
    """The names, with each pattern as the packages that it fits."""
    fitting = ([name] if name in states else fnmatch.filter(sorted(states), name) for name in names)
    return list(dict.fromkeys(name for group in fitting for name in group))


def plan(packages, verb, run):
    """(packages that go, package that stays -> packages that need it); `run` gives the output of a command."""
    states = states_of_packages(run)
    packages = expanded(packages, states)
    absent = ("not-installed", "config-files") if verb == "remove" else ("not-installed",)
    present = [name for name in packages if states.get(name, "not-installed") not in absent]
    if not present:
        return [], {}
    asked_for = set(run("apt-mark", "showmanual").split())
    orphans = set(GONE.findall(run(*APT, *SIMULATE, "autoremove")))
    kept, chosen = {}, []
    for name in present:
        needed = (set(GONE.findall(run(*APT, *SIMULATE, verb, name))) & asked_for) - set(packages)
        if needed:
            kept[name] = sorted(needed)
        else:
            chosen.append(name)
    if not chosen:
        return [], kept
    gone = set(GONE.findall(run(*APT, *SIMULATE, "--auto-remove", verb, *chosen)))
    return sorted((gone - orphans) | set(chosen)), kept


if __name__ == "__main__":
    main()
