#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.snapshot: what is on a machine, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot
short_description: Read the state of a machine
version_added: "0.1.0"
description:
  - Packages with version and origin, hardware, and facts of many kinds by key, each with its value in words - files
    that differ from their package, ways in, what starts by itself, content of roles, running state. Changes nothing
    but the list of runs at work on the machine (O(run)).
  - Lines of small text files are in it, so that a change can be shown. What looks like a secret is masked on the
    machine, and of files that not everybody there can read there is only a keyed digest.
  - Two snapshots of one run give the components and settings of its record; see
    C(docs/reference/snapshot.md).
options:
  stage:
    description: Whether this is before or after the work.
    type: str
    choices: [before, after]
    default: after
  label:
    description: A label of your own for this snapshot.
    type: str
    default: ""
  files:
    description: Files, trees or globs that are looked at beside C(/etc) and the trees of roles.
    type: list
    elements: str
    default: []
  exclude:
    description: Globs of paths to leave out.
    type: list
    elements: str
    default: []
  show:
    description: Files, trees or globs of which lines may be shown though not everybody on the machine can read them.
    type: list
    elements: str
    default: []
  hide:
    description: Files, trees or globs of which no line is ever shown.
    type: list
    elements: str
    default: []
  whole:
    description:
      - Compare every file of every package with the sums of dpkg. Otherwise those that changed since their package was
        unpacked and each day a thirtieth of the others.
    type: bool
    default: false
  tables:
    description:
      - Tables of applications, each with C(name), C(columns), C(key) and either C(path) with C(separator), or
        C(command) with C(needs). Those in C(vars/watch.yml) of the roles of this collection come by themselves.
    type: list
    elements: dict
    default: []
  reference:
    description:
      - Name of a record to compare this snapshot with, as M(oplever.lab.reference) finds it. The comparison is made on
        the controller, by the rules by which the record tells drift. Empty to compare nothing.
    type: str
    default: ""
  rules:
    description:
      - What is no drift, as M(oplever.lab.reference) gives it - C(accepted), the states that people accepted, and
        C(origins), where updates may come from.
    type: dict
    default: {}
  run:
    description:
      - The run that takes this snapshot. Its action plugin fills it in. With O(stage=before) the machine keeps, in
        C(/run/oplever/runs), that this run began, with O(stage=after) that it ended; both tell which others are there
        at the same time. A look without a snapshot before, and check mode, leave nothing.
    type: dict
    default: {}
  timeout:
    description: Seconds that one command may take.
    type: int
    default: 30
attributes:
  action_group:
    description: Takes the defaults that C(module_defaults) sets for the group C(oplever.lab.evidence).
    support: full
    membership: [oplever.lab.evidence]
extends_documentation_fragment: oplever.lab.looking
author:
  - The Oplever team (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Snapshot before the work
  oplever.lab.snapshot:
    stage: before
    files: [/srv/site]

- name: Snapshot that is compared with the last delivery
  oplever.lab.snapshot:
    reference: "{{ ansible_facts['oplever_reference'] }}"
    rules: "{{ ansible_facts['oplever_reference_rules'] }}"
"""

RETURN = r"""
snapshot:
  description: The snapshot; what could not be read is named in its C(problems) and C(unseen).
  returned: always
  type: dict
runs:
  description:
    - Other runs that are, or were, at work on this machine at the time of this one - C(run) (name of the record),
      C(controller), C(begun) and whether it is C(certain). Otherwise that run had begun before and nobody saw its end.
  returned: when they can be known
  type: list
  elements: dict
runs_unseen:
  description: Why other runs are not known.
  returned: when they cannot be known
  type: str
drift:
  description: Names of the tests that fail because something changed since the delivery, as C(drift.file./etc/motd).
  returned: when there is a reference
  type: list
  elements: str
not_compared:
  description: Names of the tests that are an error, because what the delivery could see cannot be compared now.
  returned: when there is a reference
  type: list
  elements: str
accepted:
  description: Names of the differences that a person accepted. They do not fail.
  returned: when there is a reference
  type: list
  elements: str
updates:
  description: Names of the differences that updates made. They do not fail.
  returned: when there is a reference
  type: list
  elements: str
ansible_facts:
  description:
    - The names in C(drift) and C(not_compared) together, as C(oplever_checks_drift_after) or
      C(oplever_checks_drift_before).
  returned: always
  type: dict
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.runs import Runs
from ansible_collections.oplever.lab.plugins.module_utils.snapshot.collect import Places, snapshot

OPTIONS = {
    "stage": {"type": "str", "choices": ["before", "after"], "default": "after"},
    "label": {"type": "str", "default": ""},
    "files": {"type": "list", "elements": "str", "default": []},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "show": {"type": "list", "elements": "str", "default": []},
    "hide": {"type": "list", "elements": "str", "default": []},
    "whole": {"type": "bool", "default": False},
    "tables": {"type": "list", "elements": "dict", "default": []},
    "reference": {"type": "str", "default": ""},
    "rules": {"type": "dict", "default": {}},
    "run": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 30},
}


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options = module.params
    names = {
        "files": "trees",
        "exclude": "exclude",
        "tables": "tables",
        "show": "show",
        "hide": "hide",
        "whole": "whole",
    }
    places = Places(**{place: options[name] for name, place in names.items()})
    beside = runs_beside(options["run"], options["stage"], module.check_mode)
    state = snapshot(Machine(timeout=options["timeout"]), places)
    module.exit_json(changed=False, stage=options["stage"], label=options["label"], snapshot=state, **beside)


def runs_beside(run, stage, check_mode):
    """`runs`, or `runs_unseen` with why they are not known."""
    if not run.get("run"):
        return {}
    runs = Runs()
    try:
        if check_mode:
            return {"runs": runs.look(run["run"])}
        return {"runs": runs.begin(run) if stage == "before" else runs.end(run["run"])}
    except OSError as problem:
        return {"runs_unseen": str(problem)}


if __name__ == "__main__":
    main()
