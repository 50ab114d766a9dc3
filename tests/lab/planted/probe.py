"""Runs on a machine of the lab: checks on standard input, results of the engine on standard output, both as JSON.

The engine lies beside this file as the package `ansible_collections`; it is the one that the module `checks` carries.
With the argument `machine` it is told that this is no container, so that controls of the kernel are judged too.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine


class AsMachine(Machine):
    def run(self, argv, *args, **kwargs):
        return Completed(0, "none\n") if argv[0] == "systemd-detect-virt" else super().run(argv, *args, **kwargs)


if __name__ == "__main__":
    target = AsMachine() if sys.argv[1:] == ["machine"] else Machine()
    json.dump(evaluate.evaluate(target, json.load(sys.stdin)), sys.stdout)
