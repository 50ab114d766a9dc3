"""Photos and other files of a record: each is beside it under its digest, for which the chain of entries answers."""

from __future__ import annotations

import errno
import hashlib
import re
from pathlib import Path

from oplever import clock
from oplever.app import record_files
from oplever.app.add import admit
from oplever.app.annex_content import LARGEST, examined, too_large
from oplever.files import bounded, unreadable
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record.entries.annex import SUFFIXES, place, place_of
from oplever.record.entries.base import invalid
from oplever.record.model import Annex, Record
from oplever.text import printable

_LONGEST_NAME = 120
_LONGEST_TEXT = 1000


def attach(directory: Path, by: str, content: bytes, name: str, what: str, *, after: str = "") -> Record:
    """The record with this file as an annex; `name` is what it was called, `what` what it shows; `after` as of
    `add.admit`.

    Raises OpleverError: `annex-type`, `annex-size`, `extra-missing`, `entry-invalid`, and what `admit` raises.
    """
    what = " ".join(what.split())[:_LONGEST_TEXT]
    if not what:
        raise invalid(M_("it does not say what the file shows"), M_("write in a few words what it shows"))
    kind, kept = examined(content)
    digest = hashlib.sha256(kept).hexdigest()
    data = {
        "name": _plain_name(name) or f"annex.{SUFFIXES[kind]}",
        "type": kind,
        "digest": digest,
        "size_bytes": len(kept),
        "what": printable(what),
    }
    entry = registry.LOG.make("annex", by, clock.now(), data)
    return admit(directory, [entry], after=after, files={place(digest, kind): kept})


def attach_file(directory: Path, by: str, path: Path, what: str) -> Record:
    """As `attach`, of a file on this machine. Raises OpleverError, as `attach` and `file-unreadable`."""
    try:
        content = bounded(path, LARGEST)
    except OSError as problem:
        raise (too_large() if problem.errno == errno.EFBIG else unreadable(path, problem)) from None
    return attach(directory, by, content, path.name, what)


def _plain_name(name: str) -> str:
    """The last part of a path of any system, on one line."""
    last = re.split(r"[/\\]", name)[-1]
    return " ".join(printable(last).split())[:_LONGEST_NAME]


def read(directory: Path, annex: Annex) -> bytes:
    """The file of an annex. Raises OpleverError: `file-unreadable`, `record-altered` when it is not what was added."""
    altered = M_("{name} is not the file that was added", name=annex.name)
    return record_files.read(directory, place_of(annex), annex.sha256, altered)
