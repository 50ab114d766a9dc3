"""A command, run without a shell. What it reads on standard input and from its environment is never told.

Checks that ask the same of the same command get the answer of one run of it.
"""

from __future__ import annotations

import json
import shlex

MAIN = "argv"
SELECTORS = ("argv", "user", "timeout", "stdin", "env")
NEEDS = ("argv",)
ATTRIBUTES = ("exists", "rc", "stdout", "stderr")
LIMIT = 65536
RUNNING = True


def describe(select):
    by = " (as %s)" % select["user"] if select.get("user") else ""
    return " ".join(shlex.quote(word) for word in _words(select)) + by


def look_up(machine, select):
    return dict(machine.once(_answer, json.dumps(select, sort_keys=True)))


def _answer(machine, text):
    select = json.loads(text)
    done = machine.run(
        _words(select),
        timeout=float(select.get("timeout", 10)),
        stdin=select.get("stdin"),
        user=select.get("user"),
        env={str(key): str(value) for key, value in (select.get("env") or {}).items()},
    )
    return {"exists": True, "rc": done.rc, "stdout": done.stdout[:LIMIT].strip(), "stderr": done.stderr[:LIMIT].strip()}


def _words(select):
    argv = select.get("argv")
    return [str(word) for word in argv] if isinstance(argv, list) else shlex.split(str(argv))
