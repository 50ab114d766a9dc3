"""Code in a mount namespace of its own: what it mounts nobody else sees, and nothing stays behind. Needs root."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
HEAD = """
import ctypes, json, os, resource, sys, time
from ansible_collections.oplever.lab.plugins.module_utils import filesystems
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate
from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import tree
LIBC = ctypes.CDLL(None, use_errno=True)
def mount(source, target, kind, flags=0, options=""):
    os.makedirs(target, exist_ok=True)
    if LIBC.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)
place = sys.argv[1]
"""


def run(code: str, place: Path, seconds: int = 60) -> Any:
    """The JSON that the code prints; `mount` and `place` are there for it."""
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", HEAD + textwrap.dedent(code), place],
        env={"PYTHONPATH": str(ROOT / "collections"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)
    return json.loads(done.stdout)
