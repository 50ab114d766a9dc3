#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.configure: packages, files and units of an application in one exchange."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: configure
short_description: Packages, files and units of an application at once
version_added: "0.1.0"
description:
  - Does for a list of packages, files and units what C(apt), C(copy), C(lineinfile), C(file) and C(systemd_service) do
    for one, in one round trip, and tells which changed. Packages come first, then the files in their order, then the
    units.
  - Calls apt only when a package is missing, after it has asked the proxy or the mirrors of apt for an answer, as
    M(oplever.lab.apt_sources) does; that takes two more round trips.
  - A file is replaced in one step, and only after C(validate) found nothing wrong with what is to be written. The first
    file that cannot be written ends the module with an error; those before it stay written and are told. Ansible tells
    no handler of a task that failed, so what those files notify is told by the next run that succeeds.
  - systemd reads its files again when one of them changed, also where no unit is named.
  - What a run changes is first kept on the machine, for root alone, as long as that run is one of the last five that
    changed files there; see M(oplever.lab.originals).
options:
  packages:
    description: Packages to install, without what they only recommend.
    type: list
    elements: str
    default: []
  answers:
    description: Answers to questions that packages ask when they install, as lines for C(debconf-set-selections).
    type: list
    elements: str
    default: []
  files:
    description:
      - Each with C(path) and any of C(state), C(content), C(lines), C(link), C(keep), C(owner), C(group), C(mode),
        C(directory_mode), C(validate), C(optional), C(once), C(early), C(serial) and C(notify).
      - C(content) is the whole text; with C(keep), lines of the present file that match this expression stay.
        C(lines) is a list of C(regexp) and C(line). The last line that matches is replaced, the line is added at the
        end when none does, and without C(line) all that match are removed.
      - C(state) is C(file), C(directory) or C(absent). With C(link) the path is a symbolic link to it.
      - What has a C(content), and what is new, belongs to root and has the mode C(0644), a directory C(0755), unless
        the entry says otherwise. Otherwise C(owner), C(group) and C(mode) stay.
      - A missing directory is made with C(directory_mode); without it such a file is left out. C(validate) is a command
        with C(%s) for the candidate. C(optional) says that only an existing file is changed, C(once) that only a
        missing one is written, C(early) that it is written before the packages are installed.
      - C(serial) is a word in C(content) that stands for a number, as that of a zone of a name server. The number stays
        while the rest of the text does, and grows when it changes.
      - C(notify) is a handler, or a topic of handlers, that runs when this file changed.
    type: list
    elements: dict
    default: []
  only:
    description: Globs of files that belong to this list alone. What fits and is not in C(files) is removed, at last.
    type: list
    elements: str
    default: []
  units:
    description: Units of systemd that must run, now and after the next start of the machine.
    type: list
    elements: str
    default: []
  run:
    description: Name of the record that is being made. Its action plugin fills it in; without it nothing is kept.
    type: str
    default: ""
attributes:
  check_mode:
    description: Tells what would change. While a package is missing, it has nothing to compare files with.
    support: full
  diff_mode:
    description: Shows the texts and rights before and after.
    support: full
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Install and configure the time service
  oplever.lab.configure:
    packages: [chrony]
    files:
      - path: /etc/chrony/chrony.conf
        content: "{{ lookup('ansible.builtin.template', 'chrony.conf.j2') }}"
        validate: /usr/sbin/chronyd -p -f %s
        notify: timesync_restart
    units: [chrony.service]
"""

RETURN = r"""
installed:
  description: Packages that were missing and are installed, or would be in check mode.
  returned: always
  type: list
  elements: str
changed_files:
  description: Paths that changed, or would in check mode.
  returned: always
  type: list
  elements: str
untold:
  description: Paths that are as they should be, and that an earlier run changed before it failed. They notify now.
  returned: success
  type: list
  elements: str
changed_units:
  description: What was done with units, as C(start nginx.service), or would be in check mode.
  returned: always
  type: list
  elements: str
"""

import os
import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import apt_sources, files, originals, rights, units, untold

NAMES = {"type": "list", "elements": "str", "default": []}
OF_UNITS = ("/etc/systemd/system/", "/lib/systemd/system/", "/usr/lib/systemd/system/")
OF_CONTAINERS = "/etc/containers/systemd/"
"""Descriptions of containers, of which systemd has a unit made when it reads its files again."""


def main():
    module = AnsibleModule(
        argument_spec={
            "packages": NAMES,
            "answers": NAMES,
            "files": {"type": "list", "elements": "dict", "default": []},
            "only": NAMES,
            "units": NAMES,
            "run": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    result = {"changed": False, "changed_files": [], "changed_units": [], "diff": [], "installed": [], "to_install": []}
    notifying = {entry.get("path") for entry in module.params["files"] if entry.get("notify")}
    try:
        _settle(module, result)
    except (OSError, KeyError, ValueError) as error:
        if not module.check_mode:
            untold.note(notifying.intersection(result["changed_files"]))
        module.fail_json(msg=str(error) + rights.advice(), **result)
    if not result["to_install"]:
        _tell(module, result, notifying)
    module.exit_json(**result)


def _tell(module, result, notifying):
    """Take what an earlier run could not tell its handlers as changed now."""
    noted = untold.noted().intersection(notifying)
    result["untold"] = sorted(noted.difference(result["changed_files"]))
    result["changed"] = result["changed"] or bool(result["untold"])
    if not module.check_mode:
        untold.told(noted)


def _settle(module, result):
    entries, packages = module.params["files"], module.params["packages"]
    for entry in entries:
        if wrong := files.problem(entry):
            raise ValueError(wrong)
    missing = apt_sources.missing(packages) if packages else []
    result["to_install"] = apt_sources.to_install(packages, missing) if packages else []
    if result["to_install"]:
        _settle_files(module, result, [entry for entry in entries if entry.get("early")])
        _prepare_installation(module, missing)
        return
    _settle_files(module, result, [*entries, *files.others(module.params["only"], entries)])
    _settle_units(module, result)


def _settle_files(module, result, entries):
    with originals.kept(module.params["run"], module.params["units"]) as keep:
        _settle_each(module, result, entries, keep)


def _settle_each(module, result, entries, keep):
    for entry in entries:
        try:
            difference = files.settle(entry, module.check_mode, keep)
        except (OSError, KeyError, ValueError) as error:
            raise ValueError("%s: %s" % (entry["path"], getattr(error, "strerror", None) or error)) from None
        if difference:
            result["changed"] = True
            result["changed_files"].append(entry["path"])
            result["diff"].append(difference)


def _settle_units(module, result):
    written = [path for path in result["changed_files"] if path.startswith((*OF_UNITS, OF_CONTAINERS))]
    if written and not module.check_mode:
        units.reload_manager()
    if not module.params["units"]:
        return
    made = [path for path in written if path.startswith(OF_CONTAINERS)]
    to_come = {os.path.basename(path): units.NEW for path in written}
    to_come.update({os.path.basename(path).replace(".container", ".service"): units.MADE for path in made})
    steps = units.settle(module.params["units"], module.check_mode, to_come)
    result["changed_units"] = ["%s %s" % (step, name) for name, step in steps]
    result["changed"] = result["changed"] or bool(steps)


def _prepare_installation(module, missing):
    """Answer the questions of the packages. Raises ValueError where apt would fail or wait for minutes."""
    if not module.get_bin_path("apt-get"):
        raise ValueError(apt_sources.NO_APT)
    if missing:
        if not apt_sources.has_programs_of_root():
            raise ValueError(apt_sources.NO_PROGRAMS)
        if wrong := apt_sources.problems_of_machine():
            raise ValueError(" ".join([*wrong, "Nothing was installed."]))
    if module.params["answers"] and not module.check_mode:
        text = "".join(line + "\n" for line in module.params["answers"])
        done = subprocess.run(
            ["debconf-set-selections"], input=text, capture_output=True, errors="replace", check=False
        )
        if done.returncode:
            raise ValueError("debconf-set-selections: %s" % done.stderr.strip())


if __name__ == "__main__":
    main()
