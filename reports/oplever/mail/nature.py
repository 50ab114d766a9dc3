"""Who or what wrote a message, from its headers: nothing automatic is ever answered, and what goes round stops here.
Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

from oplever.mail.message import Mail

Kind = Literal["person", "list", "automatic", "bounce", "loop"]

MARK = "X-Oplever"
"""Header of every message that goes out from here."""
_MOST_HOPS = 25
_AUTOMATIC_SUBJECT = re.compile(
    r"^(?:automatic re(?:ply|sponse)|auto-?reply|auto-?response|out of (?:the )?office"
    r"|automatisch(?:e reactie| antwoord)|afwezigheid(?:s\w+)?"
    r"|automatische (?:antwort|antwortmail|r(?:ü|ue)ckmeldung)|abwesenheit(?:s\w+)?"
    r"|r(?:é|e)ponse automatique|absence du bureau|message d['\u2019]absence)\b",
    re.IGNORECASE,
)
"""As mail programs begin an automatic answer that has no header to say so, in Dutch, English, German and French."""
_DAEMONS = re.compile(r"^(mailer-daemon|postmaster)@", re.IGNORECASE)


class Nature(NamedTuple):
    """`kind`, and the header that shows it. `is_answered` is whether a machine may answer it."""

    kind: Kind
    shown_by: str = ""

    @property
    def is_answered(self) -> bool:
        return self.kind == "person" and not self.shown_by


def nature(mail: Mail, addresses: Collection[str]) -> Nature:
    """`addresses` are those of this desk, in lower case."""
    headers = mail.headers
    if loop := _loop(mail, addresses):
        return Nature("loop", loop)
    if bounce := _bounce(mail):
        return Nature("bounce", bounce)
    if automatic := _automatic(mail):
        return Nature("automatic", automatic)
    if name := next((name for name in ("list-id", "list-post", "list-unsubscribe") if name in headers), ""):
        return Nature("list", name)
    if headers.get("precedence", "").lower() == "list":
        return Nature("list", "precedence")
    if not mail.address:
        return Nature("person", "no address")
    return Nature("person", "x-auto-response-suppress" if "x-auto-response-suppress" in headers else "")


def _loop(mail: Mail, addresses: Collection[str]) -> str:
    """What shows that a message came from here, or went round; empty when nothing does."""
    loops = {address.strip().lower() for address in re.split(r"[\s,;<>]+", mail.headers.get("x-loop", ""))}
    if loops & set(addresses):
        return "x-loop"
    if MARK.lower() in mail.headers:
        return MARK.lower()
    if mail.sender_address in addresses:
        return "from"
    return "received" if mail.hops > _MOST_HOPS else ""


def _bounce(mail: Mail) -> str:
    """What shows that a mail did not arrive. That it is late, or did arrive, is no such notice, and neither is a report
    of another type."""
    headers = mail.headers
    content_type = headers.get("content-type", "").lower()
    if mail.actions and "failed" not in mail.actions:
        return ""
    if content_type.startswith("multipart/report"):
        is_of_delivery = "report-type" not in content_type or "delivery-status" in content_type
        return "content-type" if is_of_delivery else ""
    if "x-failed-recipients" in headers:
        return "x-failed-recipients"
    if _DAEMONS.match(mail.sender_address):
        return "from"
    return ""


def _automatic(mail: Mail) -> str:
    headers = mail.headers
    if headers.get("auto-submitted", "no").partition(";")[0].strip().lower() not in ("no", ""):
        return "auto-submitted"
    if headers.get("return-path", "-").strip() == "<>":
        return "return-path"
    if headers.get("precedence", "").strip().lower() in ("bulk", "junk", "auto_reply"):
        return "precedence"
    if headers.get("content-type", "").lower().startswith("multipart/report"):
        return "content-type"
    if name := next((name for name in ("x-autoreply", "x-autorespond", "x-auto-reply-from") if name in headers), ""):
        return name
    return "subject" if _AUTOMATIC_SUBJECT.match(mail.subject) else ""
