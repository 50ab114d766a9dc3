"""Mails on disk: in the record of a case as they came, and what was done with each that came in, one line a mail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, structs

from oplever.files import append_line, unreadable, unwritable, write
from oplever.messages import Message, kept

PLACE = "mail"
"""Directory of the mails in a record, and beside the records the one of what is going out."""
LOG = "mail.jsonl"

Outcome = Literal["new", "added", "returned", "present", "aside", "receipt"]


class Logged(Struct, frozen=True, omit_defaults=True):
    """What was done with a mail: `sender` is a pseudonym of the address, `reason` why it was set aside, in English.
    With `pattern` and its `values` it can be said in another language."""

    at: str
    outcome: Outcome
    digest: str
    sender: str = ""
    case: str = ""
    reason: str = ""
    pattern: str = ""
    values: dict[str, str] = {}

    def with_reason(self, reason: str) -> Logged:
        """The line with why."""
        if not isinstance(reason, Message):
            return structs.replace(self, reason=reason)
        values = {name: str(value) for name, value in reason.params.items()}
        return structs.replace(self, reason=str(reason), pattern=reason.pattern, values=values)

    def why(self) -> str:
        """The reason as a sentence that can be translated, where its pattern is known."""
        return kept(self.pattern, self.values, self.reason)


def digest_of(content: bytes) -> str:
    """What a message is named after: SHA-256 of its bytes."""
    return hashlib.sha256(content).hexdigest()


def forget(directory: Path) -> None:
    """Take the messages out of a record; what is known of them stays in the entries. Raises OSError."""
    folder = directory / PLACE
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def log(base: Path, logged: Logged) -> None:
    """One line in mail.jsonl beside the records. Raises OpleverError (`file-unwritable`)."""
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        append_line(base / LOG, msgspec.json.encode(logged) + b"\n")
    except OSError as problem:
        raise unwritable(base / LOG, problem) from None


def logged(base: Path) -> Iterator[Logged]:
    """The lines of mail.jsonl, the oldest first; a line that cannot be read is passed over, for nothing depends on one.

    Raises OpleverError (`file-unreadable`).
    """
    try:
        lines = (base / LOG).read_bytes().splitlines()
    except FileNotFoundError:
        return
    except OSError as problem:
        raise unreadable(base / LOG, problem) from None
    decode = msgspec.json.Decoder(Logged).decode
    for line in lines:
        try:
            yield decode(line)
        except msgspec.DecodeError:
            continue


def aside(base: Path) -> list[Logged]:
    """The mails that were set aside and are so still, each by its last line; of one without a digest, which was not
    read, each line. Raises OpleverError (`file-unreadable`)."""
    last: dict[str, Logged] = {}
    for number, line in enumerate(logged(base)):
        if line.outcome in ("aside", "new", "added", "returned"):
            last[line.digest or str(number)] = line
    return [line for line in last.values() if line.outcome == "aside"]


def replace_log(base: Path, lines: Iterable[Logged]) -> None:
    """These lines in the place of all of mail.jsonl. Raises OSError."""
    write(base / LOG, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def outgoing(base: Path) -> Path:
    """The directory of mails that are on their way out. Raises OpleverError (`file-unwritable`)."""
    directory = base / PLACE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(directory, problem) from None
    return directory


def unfinished(base: Path) -> list[Path]:
    """Mails that may have gone out and that are in no record: a process was stopped just then."""
    directory = base / PLACE
    return sorted(directory.glob("*.eml")) if directory.is_dir() else []
