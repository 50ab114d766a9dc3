"""Files in the mails of a case, out of the messages as they came."""

from __future__ import annotations

import hashlib
from pathlib import Path

from oplever.app import record_files
from oplever.kinds.incident.entries.mail import place as mail_place
from oplever.mail.message import UnreadableError, attachments
from oplever.messages import M_
from oplever.record.model import Mail


def attachment(directory: Path, mail: Mail, place: int) -> bytes:
    """The content of one attachment of a mail of this case. Raises OpleverError: `file-unreadable` when the message is
    gone, `record-altered` when it is not what came in."""
    path = Path(mail_place(mail.digest))
    altered = M_("{path} is not the mail that came in", path=path.name)
    content = record_files.read(directory, str(path), mail.digest, altered)
    try:
        file = attachments(content)[place]
    except (IndexError, UnreadableError):
        file = b""
    if hashlib.sha256(file).hexdigest() != mail.attachments[place].sha256:
        raise record_files.refusal(directory, altered)
    return file
