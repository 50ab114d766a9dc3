"""The redactor and the name of the run that is being recorded. Workers are forked from the process that records, so an
action plugin sees what the callback knew when its task began."""

from __future__ import annotations

import os

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor, secret_values

_current: list[Redactor] = []
_name: list[str] = []


def begin(redactor: Redactor, name: str = "") -> None:
    _current[:] = [redactor]
    _name[:] = [name]


def name() -> str:
    """That of the record; empty without one."""
    return _name[0] if _name else ""


def redactor() -> Redactor:
    """That of the journal; without a journal one that knows the secrets of the environment."""
    return _current[0] if _current else Redactor(secret_values(dict(os.environ)))
