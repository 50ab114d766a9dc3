"""Runs on a machine of the lab: checks on standard input, results of the engine on standard output, both as JSON.

The engine lies beside this file as the package `ansible_collections`; it is the one that the module `checks` carries.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine

if __name__ == "__main__":
    json.dump(evaluate.evaluate(Machine(), json.load(sys.stdin)), sys.stdout)
