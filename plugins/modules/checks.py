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
    description:
      - The checks, each with C(id), C(title) and C(source), C(select), C(expect). Either these, O(baseline),
        O(suites) or O(role).
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
  suites:
    description: Several suites at once, each with C(checks) and C(suite). The result then has a list of that name.
    type: list
    elements: dict
    suboptions:
      checks: {description: The checks of the suite., type: list, elements: dict, required: true}
      suite: {description: Its name., type: str, default: ""}
  role:
    description:
      - A role with tests, as C(name) and C(tasks), its entry point (default C(verify)). Instead of checks of this task,
        those of the role are evaluated, as its own task C(oplever.lab.checks) in that entry point has them, after its
        C(oplever.lab.preflight). Nothing of it makes the task fail but a preflight that refuses.
      - A role whose entry point has more than these two tasks is skipped, and the result has C(left).
    type: dict
    suboptions:
      name: {description: Name of the role., type: str, required: true}
      tasks: {description: The entry point., type: str, default: verify}
  together:
    description: All the roles of a loop over O(role), so that the first item evaluates all of them in one round trip.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the role., type: str, required: true}
      tasks: {description: The entry point., type: str, default: verify}
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
suites:
  description: With O(suites), what the module returns for each of them, in their order, and nothing else.
  returned: with O(suites)
  type: list
  elements: dict
left:
  description: That the tests of O(role) have to run as tasks.
  returned: when so
  type: bool
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
ROLE = {"name": {"type": "str", "required": True}, "tasks": {"type": "str", "default": "verify"}}
OPTIONS = {
    "checks": CHECKS,
    "baseline": {"type": "dict", "options": BASELINE},
    "suites": {
        "type": "list",
        "elements": "dict",
        "options": {"checks": dict(CHECKS, required=True), "suite": {"type": "str", "default": ""}},
    },
    # These two are for the action plugin alone.
    "role": {"type": "dict", "options": ROLE},
    "together": {"type": "list", "elements": "dict", "default": [], "options": ROLE},
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
        required_one_of=[("checks", "baseline", "suites")],
        mutually_exclusive=[("baseline", "checks", "suites")],
    )
    if module.params["suites"] is None:
        module.exit_json(**_result({**module.params, **(module.params["baseline"] or {})}))
    module.exit_json(changed=False, suites=[_result({**module.params, **suite}) for suite in module.params["suites"]])


def _result(options):
    """What the module returns for one suite."""
    labels = {key: options[key] for key in LABELS}
    about = {"changed": False, "invocation": {"module_args": labels}}
    wrong = language.problems(options["checks"], options["parameters"]) + waivers.problems(options["exceptions"])
    if wrong:
        more = " (and %d more)" % (len(wrong) - SHOWN) if len(wrong) > SHOWN else ""
        return {**about, "failed": True, "msg": "Invalid checks: %s%s" % ("; ".join(wrong[:SHOWN]), more)}
    if not os.path.isdir(options["root"]):
        return {**about, "failed": True, "msg": "root: there is no directory %s" % options["root"]}
    today = time.strftime("%Y-%m-%d")
    root = os.path.realpath(options["root"])
    machine = Machine(root, options["timeout"], offline=root != "/")
    checks = language.resolve(options["checks"], options["parameters"])
    results = evaluate.evaluate(machine, checks, options["exceptions"], options["host"], today)
    wrong = [result["id"] for result in results if result["status"] in ("fail", "error")]
    return {
        **about,
        **labels,
        "failed": bool(wrong) and options["fail"],
        "summary": evaluate.summary(results),
        "checks": results,
        "exceptions": waivers.grants(options["exceptions"], options["host"], today),
        "reference": options["reference"],
        "msg": evaluate.message(results),
        "ansible_facts": {"oplever_checks_%s_%s" % (options["suite"] or "checks", options["stage"]): wrong},
    }


if __name__ == "__main__":
    main()
