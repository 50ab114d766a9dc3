"""What a paper says of the record it was made of, short enough to be typed: `oplever:<id>:<revision>:<fingerprint>`.

The fingerprint is of the last line of the entries of that revision, or of the journal when there was none yet. Each
line names the one before it, and the first one the journal, so it answers for all that the revision was made of.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.store import chain, manifest
from oplever.store.places import ENTRIES, JOURNAL

_CODE = re.compile(r"oplever:([^:/]+):(\d{1,9}):([0-9a-f]{24})")


class Printed(NamedTuple):
    """What a paper says; `text` is how it says that."""

    record: str
    revision: int
    fingerprint: str

    @property
    def text(self) -> str:
        return f"oplever:{self.record}:{self.revision}:{self.fingerprint}"


def is_printed(text: str) -> bool:
    return text.startswith("oplever:")


def parse(text: str) -> Printed:
    """Raises OpleverError (`code-invalid`)."""
    match = _CODE.fullmatch(re.sub(r"\s", "", text))
    if match is None:
        advice = M_("type it as it stands under the square: oplever:RECORD:REVISION:FINGERPRINT")
        raise OpleverError("code-invalid", M_("this is not the code of a document: {text}", text=text), advice)
    return Printed(match[1], int(match[2]), match[3])


def of(directory: Path, revision: int) -> Printed:
    """What a document of this revision says. Raises OSError, ValueError when there is no such revision."""
    path = directory / ENTRIES
    lines = path.read_bytes().splitlines() if path.exists() else []
    count = revision - manifest.first_revision(directory)
    if not 0 <= count <= len(lines):
        raise ValueError(f"there is no revision {revision}")
    fingerprint = chain.fingerprint(lines[:count], directory / JOURNAL)
    return Printed(directory.resolve().name, revision, fingerprint)


def problem(directory: Path, printed: Printed) -> str:
    """Why a paper is not of this record as it is here; empty when it is. Raises OSError."""
    try:
        here = of(directory, printed.revision)
    except ValueError:
        return M_("the document is of revision {revision}, which this record does not have", revision=printed.revision)
    if here == printed:
        return ""
    return M_(
        "the document is of another revision {revision} than this record has: its fingerprint differs",
        revision=printed.revision,
    )
