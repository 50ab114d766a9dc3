#!/usr/bin/python
# Copyright: The Oplever team; MIT licence
"""oplever.lab.checks: the one check engine, as a module."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: checks
short_description: Check a machine against declared expectations
version_added: "0.1.0"
description:
  - Evaluates tests of a role and controls of a security baseline alike, all in one round trip, and tells of
    each what was expected and what was found.
  - Changes nothing, also without check mode. C(docs/reference/checks.md) describes the syntax of checks.
options:
  checks:
    description: The checks, each with C(id), C(title) and C(source), C(select), C(expect). Either these or O(baseline).
    type: list
    elements: dict
  baseline:
    description:
      - What the lookup C(oplever.lab.baseline) gives. It stands for the options of the same names.
    type: dict
    suboptions:
      checks: {description: The controls., type: list, elements: dict, required: true}
      parameters: {description: Values of the profile., type: dict, default: {}}
      profile: {description: Name of the profile., type: str, default: ""}
      profile_version: {description: Its version., type: str, default: ""}
      exceptions: {description: Exceptions for this machine., type: list, elements: dict, default: []}
      reference: {description: How the controls stood at the last delivery., type: dict, default: {}}
      host: {description: Name of this machine in the inventory., type: str, default: ""}
      remedied: {description: Controls whose remedy is wanted; not used here., type: list, elements: str, default: []}
  suite:
    description: Name of the role or profile that the checks belong to.
    type: str
    default: ""
  stage:
    description: When the checks run, before, during or after the work.
    type: str
    choices: [before, during, after]
    default: after
  profile:
    description: Name of the security profile, when the checks are one.
    type: str
    default: ""
  profile_version:
    description: Version of that profile.
    type: str
    default: ""
  exceptions:
    description:
      - Exceptions that somebody approved, each with C(id), C(control), C(reason), C(owner), C(approver), C(expires) and
        optionally C(values) (what was approved), C(hosts) and C(compensating).
    type: list
    elements: dict
    default: []
  host:
    description: Name of this machine in the inventory, for the C(hosts) of exceptions.
    type: str
    default: ""
  parameters:
    description: Values of the profile, for each place in the checks where a mapping C(param) names one.
    type: dict
    default: {}
  root:
    description:
      - Directory in which the system to check is mounted, as an image or the disk of another machine. Nothing of it is
        run; what only a running system can tell is C(not_applicable).
    type: path
    default: /
  reference:
    description:
      - How the controls stood when the machine was last delivered, as the lookup C(oplever.lab.baseline) gives it.
      - It is returned unchanged, so that the record can show what got worse.
    type: dict
    default: {}
  fail:
    description: Whether a check that does not pass makes the task fail.
    type: bool
    default: true
  timeout:
    description: Seconds that one command of a source may take.
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
- name: Test the web server
  oplever.lab.checks:
    suite: nginx
    checks:
      - id: nginx.answers
        title: {nl: de webserver antwoordt, en: the web server answers}
        source: http
        select: {url: "http://127.0.0.1/", host: wiki.lab.example}
        expect: {status: 200, body: {contains: DokuWiki}}
"""

RETURN = r"""
summary:
  description: How many checks have each status.
  returned: always
  type: dict
  sample: {pass: 4, fail: 1, error: 0, not_applicable: 0, waived: 0}
checks:
  description: Each check with C(status), C(expected), C(found), C(evidence), C(reason) and C(duration) in seconds.
  returned: always
  type: list
  elements: dict
exceptions:
  description: The exceptions about this host, each with C(valid), and C(problem) when it does not count.
  returned: always
  type: list
  elements: dict
reference:
  description: The reference as it was given.
  returned: always
  type: dict
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language, waivers
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine

CHECKS = {"type": "list", "elements": "dict", "no_log": False}
OF_BASELINE = {
    "parameters": {"type": "dict", "default": {}, "no_log": False},
    "profile": {"type": "str", "default": ""},
    "profile_version": {"type": "str", "default": ""},
    "exceptions": {"type": "list", "elements": "dict", "default": []},
    "reference": {"type": "dict", "default": {}},
    "host": {"type": "str", "default": ""},
}
BASELINE = {
    "checks": dict(CHECKS, required=True),
    "remedied": {"type": "list", "elements": "str", "default": []},
    **OF_BASELINE,
}
OPTIONS = {
    "checks": CHECKS,
    "baseline": {"type": "dict", "options": BASELINE},
    "suite": {"type": "str", "default": ""},
    "stage": {"type": "str", "choices": ["before", "during", "after"], "default": "after"},
    "root": {"type": "path", "default": "/"},
    "fail": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 30},
    **OF_BASELINE,
}
LABELS = ("suite", "stage", "profile", "profile_version")
SHOWN = 20


def main():
    # Checks may hold passwords to log in with, so neither the log of the machine nor the result tells what was asked.
    module = AnsibleModule(
        argument_spec=OPTIONS,
        supports_check_mode=True,
        no_log=True,
        required_one_of=[("checks", "baseline")],
        mutually_exclusive=[("baseline", "checks")],
    )
    options = {**module.params, **(module.params["baseline"] or {})}
    invocation = {"module_args": {key: options[key] for key in LABELS}}
    wrong = language.problems(options["checks"], options["parameters"]) + waivers.problems(options["exceptions"])
    if wrong:
        more = " (and %d more)" % (len(wrong) - SHOWN) if len(wrong) > SHOWN else ""
        module.fail_json(
            msg="Invalid checks: %s%s" % ("; ".join(wrong[:SHOWN]), more),
            invocation=invocation,
        )
    today = time.strftime("%Y-%m-%d")
    if not os.path.isdir(options["root"]):
        module.fail_json(msg="root: there is no directory %s" % options["root"], invocation=invocation)
    root = os.path.realpath(options["root"])
    machine = Machine(root, options["timeout"], offline=root != "/")
    checks = language.resolve(options["checks"], options["parameters"])
    results = evaluate.evaluate(machine, checks, options["exceptions"], options["host"], today)
    wrong = [result["id"] for result in results if result["status"] in ("fail", "error")]
    module.exit_json(
        changed=False,
        failed=bool(wrong) and options["fail"],
        summary=evaluate.summary(results),
        checks=results,
        exceptions=waivers.grants(options["exceptions"], options["host"], today),
        reference=options["reference"],
        msg=evaluate.message(results),
        ansible_facts={"oplever_checks_%s_%s" % (options["suite"] or "checks", options["stage"]): wrong},
        invocation=invocation,
        **invocation["module_args"],
    )


if __name__ == "__main__":
    main()
