"""Which tests a run takes in, and what it makes of those that cannot run; see conftest.py."""

from __future__ import annotations

import os


def _is_on(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


TRUTH = _is_on("OPLEVER_TRUTH")
STRICT = _is_on("OPLEVER_STRICT")
