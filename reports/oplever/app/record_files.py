"""Files that entries brought into a record; the chain of entries answers for their digests."""

from __future__ import annotations

import hashlib
from pathlib import Path

from oplever.errors import OpleverError
from oplever.files import open_file, unreadable
from oplever.messages import M_


def read(directory: Path, place: str, digest: str, altered: str) -> bytes:
    """The file at `place` in the record, with this SHA-256. Raises OpleverError: `file-unreadable` when it is gone or a
    link has its place; `record-altered`, with the sentence `altered`, when it is another one."""
    path = directory / place
    try:
        if path.is_symlink():
            raise FileNotFoundError(2, "No such file or directory")
        with open_file(path) as file:
            content = file.read()
    except OSError as problem:
        raise unreadable(path, problem) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise refusal(directory, altered)
    return content


def refusal(directory: Path, altered: str) -> OpleverError:
    """The refusal of a file that is not what was added."""
    return OpleverError(
        "record-altered", altered, M_("see what changed: oplever verify {record}", record=directory.name)
    )
