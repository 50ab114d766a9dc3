"""Files in the mails of a case, out of the messages as they came."""

from __future__ import annotations

import hashlib
from pathlib import Path

from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.kinds.incident.entries.mail import place as mail_place
from oplever.mail.message import UnreadableError, attachments
from oplever.messages import M_
from oplever.record.model import Mail
from oplever.store import mails


def attachment(directory: Path, mail: Mail, place: int) -> bytes:
    """The content of one attachment of a mail of this case. Raises OpleverError: `file-unreadable` when the message is
    gone, `record-altered` when it is not what came in."""
    path = directory / mail_place(mail.digest)
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise unreadable(path, problem) from None
    if mails.digest_of(content) == mail.digest:
        try:
            file = attachments(content)[place]
        except (IndexError, UnreadableError):
            file = b""
        if hashlib.sha256(file).hexdigest() == mail.attachments[place].sha256:
            return file
    raise OpleverError(
        "record-altered",
        M_("{path} is not the mail that came in", path=path.name),
        M_("see what changed: oplever verify {record}", record=directory.name),
    )
