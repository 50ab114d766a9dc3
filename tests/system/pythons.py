"""The Pythons that tests run code under; `tools/python-of` finds them here or fetches them from a Debian release."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_DEBIAN = ("3.9", "3.11", "3.13", "3.14")
"""Of Debian 11 to 14: a test that needs one of these and cannot have it has failed."""
OF_NO_DEBIAN = ("3.10", "3.12")
"""Run where the host has them, and nowhere else."""


class MissingPythonError(Exception):
    """There is no such Python here; the message is that of the tool."""


@functools.cache
def program(version: str) -> str:
    """The path of a Python of this version. Raises MissingPythonError."""
    done = subprocess.run([ROOT / "tools/python-of", version], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingPythonError(done.stderr.strip())
    return done.stdout.strip()


def on_this_host(version: str) -> bool:
    try:
        return bool(program(version))
    except MissingPythonError:
        return False
