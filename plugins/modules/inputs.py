#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.inputs: documentation; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: inputs
short_description: Refuse values of variables that cannot be
version_added: "0.1.0"
description:
  - For the first task of a role. Where the argument specification tells that a value is text, this tells that the text
    is an address, a public key or the hash of a password. It looks at the variables on the controller, so that it works
    the same in check mode.
  - Every wrong value is named with its place, as C(base_users[2].name), and what is wrong with it. Values that may be
    secret are not shown.
options:
  kinds:
    description:
      - Path to kind. In a path C(*) stands for every item of a list. A C(?) at the end of a kind allows an empty value.
        A value that is not there is not looked at.
      - The kinds are C(account), C(address), C(clock), C(comment), C(control), C(days), C(domain), C(full_name),
        C(group), C(grub_hash), C(host), C(host_name), C(host_port), C(id), C(keyboard), C(locale), C(mac),
        C(name_server), C(network), C(package), C(password), C(password_hash), C(path), C(port), C(port_or_range),
        C(privilege), C(public_key), C(redirect), C(server_name), C(size), C(sql_host), C(sql_name), C(ssh_pattern),
        C(stratum), C(time_zone), C(unit), C(url), C(url_path), C(wiki_account), C(wiki_field) and C(wiki_page).
    type: dict
    default: {}
  unique:
    description: Lists of paths; among the values of one list, none may stand twice.
    type: list
    elements: list
    default: []
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Check the variables of the role
  oplever.lab.inputs:
    kinds:
      base_users.*.name: account
      base_users.*.password_hash: password_hash
    unique: [[base_users.*.name]]
"""

RETURN = "# nothing but changed, and msg when a value is wrong"
