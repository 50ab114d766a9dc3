#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.apt_upgrade: newer packages from approved places, and whether the machine must restart for them."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: apt_upgrade
short_description: Upgrade packages from approved places
version_added: "0.1.0"
description:
  - Upgrades what is installed, as C(apt-get upgrade --with-new-pkgs) would, as far as it comes from where the packages
    of this machine came from, or from O(origins). These are the updates that a comparison with a delivery does not
    call drift. Nothing is removed, and settings that somebody changed stay.
  - What is not upgraded is named in C(held) with the reason.
options:
  origins:
    description: Other approved places. Each is a site with a suite, as C(apt-cache policy) shows it.
    type: list
    elements: str
    default: []
  blocked:
    description: Regular expressions on names of packages that stay as they are.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Tells what would be upgraded, by the lists that the machine has.
    support: full
  diff_mode:
    description: Returns no diff.
    support: none
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Upgrade the packages
  oplever.lab.apt_upgrade:
    origins: ["security.debian.org bookworm-security"]
    blocked: ["mariadb-.*"]
"""

RETURN = r"""
upgraded:
  description: Packages that were upgraded or came along, or would be in check mode, each with C(name) and C(version).
  returned: success
  type: list
  elements: dict
held:
  description: Package that waits to the reason.
  returned: success
  type: dict
restart:
  description: Why the machine must restart to use what is installed; empty when it need not.
  returned: success
  type: list
  elements: str
"""

import glob
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import apt_sources, machine
from ansible_collections.oplever.lab.plugins.module_utils.files import text_of
from ansible_collections.oplever.lab.plugins.module_utils.sources import package

ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
APT = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120"]
SETTINGS = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
STEP = re.compile(r"(?m)^(Inst|Remv) (\S+)(?: \[([^\]]*)\])?(?: \((\S+))?")
MAPPED = re.compile(r"(?m)^\S+ ..x. .* (/(?:usr|lib|opt)\S*) \(deleted\)$")
REQUIRED = "/run/reboot-required"
UNKNOWN_PLACE = "it comes from %s, which is not approved"
BLOCKED = "it is blocked"
NEEDS_MORE = "it needs %s"


def main():
    module = AnsibleModule(
        argument_spec={
            "origins": {"type": "list", "elements": "str", "default": []},
            "blocked": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = ENVIRONMENT
    if not module.get_bin_path("apt-get"):
        module.fail_json(msg=apt_sources.NO_APT)
    if not apt_sources.has_programs_of_root():
        module.fail_json(msg=apt_sources.NO_PROGRAMS)

    def run(*words):
        done, out, err = module.run_command(list(words))
        if done:
            module.fail_json(msg="%s: %s" % (" ".join(words), (err or out).strip()[-2000:]))
        return out

    if not module.check_mode:
        if wrong := apt_sources.problems_of_machine():
            module.fail_json(msg=" ".join([*wrong, "Nothing was upgraded."]))
        run(*APT, "update")
    try:
        steps, held = plan(
            run, package.places(machine.Machine()), set(module.params["origins"]), module.params["blocked"]
        )
    except re.error as error:
        module.fail_json(msg="blocked: %r is no regular expression: %s" % (error.pattern, error))
    if steps and not module.check_mode:
        automatic = apt_sources.only_as_dependency()
        run(*APT, *SETTINGS, "install", *wishes(steps))
        if again := sorted(automatic & {name for name, _, _ in steps}):
            run("apt-mark", "auto", *again)  # apt takes what it is told by name for asked for
    upgraded = [{"name": name, "version": version} for name, _, version in steps]
    module.exit_json(changed=bool(steps), upgraded=upgraded, held=held, restart=reasons_to_restart())


def plan(run, places, origins, blocked):
    """(what apt would do, as (name, version before or "", version after); package that waits -> reason). `run` gives
    the output of a command; `places` of each package are those of its installed version and of its candidate."""
    approved = {site for present, _ in places.values() for site in present} | origins
    waiting = [step for step in simulated(run(*APT, "--simulate", "--with-new-pkgs", "upgrade")) if step[1]]
    held = {name: reason for name, _, _ in waiting if (reason := _reason(name, places, approved, blocked))}
    chosen = [step for step in waiting if step[0] not in held]
    if not chosen:
        return [], held
    steps = simulated(run(*APT, "--simulate", "install", *wishes(chosen)))
    if _unapproved(steps, chosen, approved, run):
        for step in chosen:
            alone = simulated(run(*APT, "--simulate", "install", *wishes([step])))
            if more := _unapproved(alone, [step], approved, run):
                held[step[0]] = NEEDS_MORE % ", ".join(more)
        chosen = [step for step in chosen if step[0] not in held]
        steps = simulated(run(*APT, "--simulate", "install", *wishes(chosen))) if chosen else []
    return steps, held


def simulated(output):
    """What apt would install or remove: (name, version before or "", version after, or "" when it goes)."""
    return [(name, before, after if verb == "Inst" else "") for verb, name, before, after in STEP.findall(output)]


def wishes(steps):
    return ["%s=%s" % (name, version) for name, _, version in steps]


def _reason(name, places, approved, blocked):
    if any(re.match(pattern, name) for pattern in blocked):
        return BLOCKED
    candidate = places.get(name.partition(":")[0], ((), ()))[1]
    return "" if approved & set(candidate) else UNKNOWN_PLACE % (", ".join(candidate) or "no server")


def _unapproved(steps, chosen, approved, run):
    """What would go, or come from a place that is not approved, with the chosen packages."""
    extra = [step for step in steps if step not in chosen]
    new = package.parse_places(run("apt-cache", "policy", *[name for name, _, _ in extra])) if extra else {}
    return [name for name, _, after in extra if not after or not approved & set(new.get(name, ((), ()))[1])]


def reasons_to_restart(root="/"):
    """Why what is installed is not in use everywhere."""
    reasons = ["a package asks for it"] if os.path.exists(os.path.join(root, REQUIRED[1:])) else []
    started = _status_changed(os.path.join(root, "proc/1"))
    kernels = glob.glob(os.path.join(root, "boot/vmlinuz-*"))
    reasons += ["%s came since the start" % os.path.basename(k) for k in kernels if _status_changed(k) > started]
    names = sorted({_name(maps) for maps in glob.glob(os.path.join(root, "proc/[0-9]*/maps")) if _is_replaced(maps)})
    return reasons + (["still in use, though replaced, by: %s" % ", ".join(names)] if names else [])


def _status_changed(path):
    try:
        return os.stat(path).st_ctime
    except OSError:
        return 0.0


def _is_replaced(maps):
    return bool(MAPPED.search(text_of(maps)))


def _name(maps):
    return text_of(os.path.join(os.path.dirname(maps), "comm")).strip() or "a process that ended"


if __name__ == "__main__":
    main()
