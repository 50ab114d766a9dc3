# Copyright: The Oplever team; MIT licence
"""Files that a task changed before it failed: Ansible then tells no handler of them, and the next run finds nothing to
change. They are noted on the machine until a run has told of them, or until it starts again, when all is read anew.
"""

from __future__ import annotations

import json
import os

from ansible_collections.oplever.lab.plugins.module_utils import files

PLACE = os.environ.get("OPLEVER_UNTOLD", "/run/oplever/untold.json")


def note(paths):
    """Note these paths as well."""
    if paths:
        _put({*noted(), *paths})


def told(paths):
    """Forget these paths, of which a handler is told now."""
    left = noted() - set(paths)
    if left != noted():
        _put(left)


def noted():
    """The paths; a file that cannot be read has none."""
    try:
        with open(PLACE, encoding="utf-8") as stream:
            return {str(path) for path in json.load(stream)}
    except (OSError, TypeError, ValueError):
        return set()


def _put(paths):
    os.makedirs(os.path.dirname(PLACE), 0o755, exist_ok=True)
    files.put(PLACE, json.dumps(sorted(paths)), 0o600)
