"""Real programs that parsers of the baseline are held against; `tools/setup dev` installs their packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Each example starts a program, so that none is thrown away for being slow. The same examples each time: what a new one
# finds is for whoever looks for it, with OPLEVER_FUZZ=1, and not for whoever changed something else.
FUZZ = os.environ.get("OPLEVER_FUZZ", "") not in ("", "0")
EXAMPLES = settings(max_examples=2000 if FUZZ else 150, derandomize=not FUZZ, suppress_health_check=list(HealthCheck))


def needs(program: str) -> pytest.MarkDecorator:
    missing = shutil.which(program, path=PLACES) is None
    return pytest.mark.skipif(missing, reason=f"{program} is not installed (tools/setup dev)")


def run(*argv: str | Path, text: str = "", env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A program with its standard input, in the C.UTF-8 locale."""
    clean = {"PATH": PLACES, "LC_ALL": "C.UTF-8", "HOME": os.sep, **(env or {})}
    command = [str(word) for word in argv]
    return subprocess.run(command, input=text, env=clean, capture_output=True, text=True, check=False, timeout=60)
