"""The redactor of the run that is being recorded. Workers are forked from the process that records, so an action plugin
sees what the callback knew when its task began."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor, secret_values

_current: list[Redactor] = []


def begin(redactor: Redactor) -> None:
    _current[:] = [redactor]


def redactor() -> Redactor:
    """That of the journal; without a journal one that knows the secrets of the environment."""
    return _current[0] if _current else Redactor(secret_values(dict(os.environ)))
