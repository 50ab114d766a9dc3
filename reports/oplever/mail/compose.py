"""A message that goes out: an answer of a person, or a receipt of a machine. Says the number of the case, and is
written so that what comes back finds its way. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from msgspec import Struct

from oplever import clock
from oplever.mail.nature import MARK
from oplever.mail.plain import SEPARATOR
from oplever.mail.threads import bare, tag
from oplever.text import printable

_MOST_REFERENCES = 20
_POLICY = SMTP.clone(max_line_length=400)
"""An identifier of a message stays on the line of its header; some programs do not read it on the next."""
_MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")


class Outgoing(Struct, frozen=True):
    """`thread` are the messages before it, the oldest first. A machine wrote it when it `is_automatic`."""

    case: str
    message_id: str
    own_address: str
    own_name: str
    address: str
    name: str
    subject: str
    text: str
    thread: tuple[str, ...] = ()
    is_automatic: bool = False
    at: str = ""


def message_id(case: str, ending: str, domain: str) -> str:
    """Of a message about a case; `ending` makes it unique."""
    return f"<{case}.{ending}@{domain}>"


def subject(case: str, title: str, *, is_answer: bool) -> str:
    """What stands above a message: the title, and the number of the case."""
    text = printable(bare(title)).strip()[:150]
    return " ".join(part for part in ("Re:" if is_answer else "", text, tag(case)) if part)


def compose(outgoing: Outgoing) -> EmailMessage:
    """Everything in it that others wrote is on one line where a header is. `address` is one that mail can go to."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(outgoing.own_name, outgoing.own_address)
    message["To"] = _address(outgoing.name if outgoing.name != outgoing.address else "", outgoing.address)
    message["Subject"] = outgoing.subject
    message["Date"] = format_datetime(clock.moment(outgoing.at))
    message["Message-ID"] = outgoing.message_id
    thread = [name for name in outgoing.thread if _MESSAGE_ID.fullmatch(name) and name.isascii()]
    if thread:
        message["In-Reply-To"] = thread[-1]
        message["References"] = " ".join(thread[-_MOST_REFERENCES:])
    message[MARK] = "answer"
    message["X-Loop"] = outgoing.own_address
    message["X-Auto-Response-Suppress"] = "All"
    if outgoing.is_automatic:
        message.replace_header(MARK, "receipt")
        message["Auto-Submitted"] = "auto-replied"
        message["Precedence"] = "bulk"
    message.set_content(outgoing.text)
    return message


def _address(name: str, address: str) -> Address:
    return Address(display_name=printable(name)[:100], addr_spec=address)


def with_separator(text: str, line: str, history: Sequence[str] = ()) -> str:
    """The text of an answer below the line above which an answer is written."""
    return "\n".join([f"{SEPARATOR} {line} {SEPARATOR}", "", text.strip(), *history, ""])
