#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.apt_sources: a dead proxy or mirror of apt is named before apt waits for it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: apt_sources
short_description: Check that the proxy and the mirrors of apt answer
version_added: "0.1.0"
description:
  - For a task before C(ansible.builtin.apt). When something has to be fetched and a proxy or mirror does not answer, it
    fails within 20 seconds and names the address, the file in which it is written, and the cause.
  - When all packages are installed and the lists are young enough, nothing has to be fetched and nothing is asked.
  - With C(uris) or C(proxy) it asks for what is about to be written, in place of what the machine has now.
  - Sources other than C(http) and C(https) are not looked at.
options:
  packages:
    description: Packages that are to be installed.
    type: list
    elements: str
    default: []
  uris:
    description: Addresses of sources that are about to be written; without any, those of the machine are asked.
    type: list
    elements: str
    default: []
  proxy:
    description: Proxy that is about to be written, or C(DIRECT) for none; default the one of the machine.
    type: str
  direct:
    description: Servers that are reached without that proxy.
    type: list
    elements: str
    default: []
  cache_valid_time:
    description: As in C(ansible.builtin.apt), where it also updates the lists; 0 where it does not.
    type: int
    default: 0
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Check that packages can be fetched
  oplever.lab.apt_sources:
    packages: [nginx]
    cache_valid_time: 3600
"""

RETURN = r"""
servers:
  description: The addresses that answered; empty when nothing has to be fetched.
  returned: success
  type: list
  elements: str
to_install:
  description:
    - The packages for which C(ansible.builtin.apt) has something to do. Those that are not installed, those that came
      only with another package, which apt then remembers, and those with a version or a pattern.
  returned: success
  type: list
  elements: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils import apt_sources


def main():
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "uris": {"type": "list", "elements": "str", "default": []},
            "proxy": {"type": "str"},
            "direct": {"type": "list", "elements": "str", "default": []},
            "cache_valid_time": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    valid = module.params["cache_valid_time"]
    if not module.get_bin_path("apt-get"):
        module.fail_json(msg=apt_sources.NO_APT)
    if module.params["uris"] or module.params["proxy"]:
        _ask_new(module)
    packages = module.params["packages"]
    missing = apt_sources.missing(packages)
    to_install = apt_sources.to_install(packages, missing)
    if not missing and not (valid and apt_sources.lists_are_older(valid)):
        module.exit_json(changed=False, servers=[], to_install=to_install)
    if not apt_sources.has_programs_of_root():
        module.fail_json(msg=apt_sources.NO_PROGRAMS)
    servers = apt_sources.targets(apt_sources.sources(), apt_sources.proxies(), os.environ)
    _ask(module, servers, "Nothing was installed.", to_install)


def _ask_new(module):
    """Ask for what is about to be written."""
    proxy, direct = module.params["proxy"], module.params["direct"]
    configured = apt_sources.proxies()
    if proxy:
        hosts = [(scheme, host) for scheme in apt_sources.PORTS for host in direct]
        configured = {**dict.fromkeys(hosts, "DIRECT"), ("http", ""): proxy, ("https", ""): proxy}
    places = dict.fromkeys(module.params["uris"], "") or apt_sources.sources()
    _ask(module, apt_sources.targets(places, configured, os.environ), "Nothing was changed.", [])


def _ask(module, servers, consequence, to_install):
    wrong = apt_sources.problems(servers)
    if wrong:
        module.fail_json(msg=" ".join([*wrong, consequence]))
    addresses = sorted(apt_sources.without_account(address) for address in servers)
    module.exit_json(changed=False, servers=addresses, to_install=to_install)


if __name__ == "__main__":
    main()
