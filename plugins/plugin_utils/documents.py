"""Build the documents of a record in a process of their own: the play's result never depends on it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import one_line

TIMEOUT = 600.0
LINES = 30


def package_is_there() -> bool:
    """Whether this Python can run `python -m oplever`, found without importing it."""
    try:
        spec = importlib.util.find_spec("oplever")
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None  # a bare directory of that name has no origin


def build(record: str) -> tuple[list[str], str]:
    """(lines to show, what went wrong or ''). Waits for the documents."""
    # -P: a directory called oplever where the user happens to stand is not the package.
    command = [sys.executable, "-P", "-m", "oplever", "report", record]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return [], f"not ready after {TIMEOUT:.0f} seconds"
    except OSError as problem:
        return [], problem.strerror or str(problem)
    lines = [_harmless(line) for line in done.stdout.decode("utf-8", "replace").splitlines()[:LINES]]
    # 0: all well; 1: the documents are there and the record says no. Anything else: no documents.
    if done.returncode in (0, 1) and os.path.exists(os.path.join(record, "record.json")):
        return lines, ""
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines, one_line(said[-1], 300) if said else f"exit code {done.returncode}"


def _harmless(line: str) -> str:
    """Molecule greps the output for `changed=1` to see whether a second run changed something: never look like it."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * min(indent, 8) + one_line(line, 300).replace("changed=", "changed ")
