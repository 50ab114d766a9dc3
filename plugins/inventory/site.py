# Copyright: The Oplever team; MIT licence
"""oplever.lab.site: an inventory of Ansible from one file that describes a site as people think of it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: site
short_description: Inventory from one file that describes a site
version_added: "0.1.0"
description:
  - Reads a file whose name ends in C(site.yml) or C(site.yaml), with networks, users, rooms with machines and servers
    with their roles. The options of a role are those of its argument specification, without the name of the role.
  - Every key is checked before a machine is touched. All mistakes are listed with file, line, column and what was
    probably meant, and the command ends with exit code 4; it never goes on without these machines.
  - Makes a group for each room, layer and role, and the variables of the roles. What differs at a narrower level is
    merged by name. Files in C(group_vars) and C(host_vars) beside the file work as always.
  - The whole format is in C(docs/reference/site.md).
options:
  plugin:
    description: Tells that the file is for this plugin.
    type: str
    required: true
    choices: [oplever.lab.site]
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
# school/site.yml
plugin: oplever.lab.site
organisation: School De Linde
domain: school.example
networks:
  school: {cidr: 192.0.2.0/24, gateway: 192.0.2.1}
users:
  beheer: {groups: [sudo], sudo: password}
servers:
  srv1:
    address: 192.0.2.11
    aliases: [wiki]
    roles:
      dns: {forwarders: [192.0.2.1]}
      dokuwiki: {title: Wiki, server_names: [wiki.school.example]}
rooms:
  "101": {machines: "pc-101-[01-20]", address: 192.0.2.101}
"""

import re
from typing import Any

from ansible import constants
from ansible.plugins.inventory import BaseFileInventoryPlugin
from ansible.utils.display import Display
from ansible_collections.oplever.lab.plugins.plugin_utils.site import load, output, problems

NAMES = ("site.yml", "site.yaml")
PLUGIN = re.compile(r"^\s*plugin\s*:\s*\S*(oplever|site)", re.M)
THIS = re.compile(r"^plugin\s*:\s*[\"']?oplever\.lab\.site\b", re.M)
PARTS = [re.compile(rf"^{key}\s*:", re.M) for key in ("networks", "(rooms|servers)")]
REFUSED = 4
"""Exit code of Ansible for what it cannot parse."""


class InventoryModule(BaseFileInventoryPlugin):
    """Asks for the model of the site and gives it to Ansible."""

    NAME = "oplever.lab.site"

    def verify_file(self, path: str) -> bool:
        """Any site.yml that names the plugin, or tries to: with a typing error in it nobody else should guess.
        Under another name a file that names it is taken as well, to say what is wrong."""
        if not super().verify_file(path) or not path.endswith((".yml", ".yaml")):
            return False
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            return False
        if not path.endswith(NAMES):
            return THIS.search(text) is not None
        is_named = PLUGIN.search(text) is not None or all(part.search(text) for part in PARTS)
        return is_named or text.startswith("$ANSIBLE_VAULT;")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Nothing is taken from a cache: the file is read in milliseconds."""
        super().parse(inventory, loader, path, cache)
        if not path.endswith(NAMES):
            place = f"{load.shown_path(path)}:1:1"
            self._refuse(
                problems.SiteError([f"{place}: the name of a site file ends in {NAMES[0]}; give it such a name"])
            )
        try:
            result = load.site_file(path, loader)
        except problems.SiteError as problem:
            self._refuse(problem)
        else:
            self._fill(result)

    def _refuse(self, problem: problems.SiteError) -> None:
        """End the command. Ansible would try its other plugins, say that of each in turn, and go on without hosts."""
        display = Display()
        lines = [f"ERROR! {line}" for line in problem.lines]
        for line in [*lines, problems.ADVICE]:
            display.display(line, color=constants.COLOR_ERROR, stderr=True)
        raise SystemExit(REFUSED)

    def _fill(self, result: output.Inventory) -> None:
        for name, variables in result.groups.items():
            self.inventory.add_group(name)
            for variable, value in variables.items():
                self.inventory.set_variable(name, variable, value)
        for name, variables in result.machines.items():
            self.inventory.add_host(name)
            for variable, value in variables.items():
                self.inventory.set_variable(name, variable, value)
        for name, members in result.members.items():
            for member in members:
                self.inventory.add_child(name, member)
        for name, children in result.children.items():
            for child in children:
                self.inventory.add_child(name, child)
