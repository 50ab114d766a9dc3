"""What a module says when it has not the rights of root."""

from __future__ import annotations

import os

MISSING = "this account has no rights of root here: become does not work, or is not asked for"


def advice():
    """The end of a message about a failure; empty for root, whose rights are not the cause."""
    return "" if os.geteuid() == 0 else " (%s)" % MISSING
