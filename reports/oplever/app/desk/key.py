"""The SSH key with which the desk signs what somebody decided there."""

from __future__ import annotations

from pathlib import Path

from oplever import config, store
from oplever.files import locked, unreadable, unwritable
from oplever.store import ssh_keygen
from oplever.store.signatures import DESK

NAME = "desk_key"


def key() -> Path:
    """The key as configured, else one beside the records, made when there is none. Raises OpleverError
    (`signing-failed`, `ssh-keygen-missing`, `file-unwritable`, `config-invalid`)."""
    configured = config.load().desk.key
    if configured:
        return config.path_beside(configured)
    base = store.records_directory()
    path = base / NAME
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(base):
            if not path.exists():
                ssh_keygen.make(path, DESK)
    except OSError as problem:
        raise unwritable(path, problem) from None
    return path


def allowed_line() -> str:
    """The line of the file of allowed signers by which signatures of the desk are checked. Raises OpleverError."""
    path = key()
    public = path.with_name(path.name + ".pub")
    try:
        words = public.read_text(encoding="utf-8").split()
    except OSError as problem:
        raise unreadable(public, problem) from None
    return f'{DESK} namespaces="oplever" {" ".join(words[:2])}'
