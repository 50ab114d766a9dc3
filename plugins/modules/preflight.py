#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.preflight: documentation; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: preflight
short_description: Check the options of a role and the release of the machine, and gather the facts that the role needs
version_added: "0.1.0"
description:
  - For the first task of a role. In this order it validates the argument specification of the entry point, refuses
    values that cannot be, and fails with one sentence on a release that the role does not support. Nothing but facts is
    asked of the machine, so it works the same in check mode.
  - Where the argument specification tells that a value is text, O(kinds) tell that the text is an address, a public key
    or the hash of a password. Every wrong value is named with its place, as C(base_users[2].name), and what is wrong
    with it. Values that may be secret are not shown.
  - The role works with C(gather_facts=false). Facts that were gathered before are used as they are; the machine is
    asked only for those that are missing. The supported releases are the C(platforms) in C(meta/main.yml) of the role.
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
  facts:
    description: Names of the facts that the role needs, as C(default_ipv4). Those of the distribution are always there.
    type: list
    elements: str
    default: []
  login:
    description:
      - Whether to ask the machine, each time, as whom and by which way Ansible is logged in, because the inventory does
        not always know; the account may stand in C(ssh_config), and behind a forwarded port the machine has another
        port than the inventory. With C(oplever_login) among O(facts) it is asked only when nobody asked before.
      - The question is asked as the login account, whatever C(become) says.
    type: bool
    default: false
  mistakes:
    description:
      - Names of variables of the role that each hold a list of sentences, of what the options say together that cannot
        be. With any, the role ends here. They may use the facts that this task gathers.
    type: list
    elements: str
    default: []
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Check the options of the role and the release
  oplever.lab.preflight:
    kinds:
      base_users.*.name: account
      base_users.*.password_hash: password_hash
    unique: [[base_users.*.name]]
    facts: [default_ipv4]
    mistakes: [__base_mistakes]
"""

RETURN = r"""
ansible_facts:
  description: The facts that were missing; empty when all of them were there.
  returned: always
  type: dict
  contains:
    oplever_login:
      description:
        - C(account), C(groups) and C(home) of the login account, and C(remote), whether it came in by SSH. If so,
          C(client) is the address from which it came as the machine sees it, and C(address) and C(port) are those of
          the machine. Otherwise these are empty and 0.
      returned: when asked
      type: dict
"""
