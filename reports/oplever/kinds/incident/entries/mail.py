"""Mail about a case: what came in, what went out, what came back, and that somebody read it. A mail changes no state:
what it means is for a person to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.kinds.incident.entries.base import Event, add
from oplever.record.entries.base import Declaration, Envelope, NonEmptyText
from oplever.record.model import Attachment, Incident, Mail, Record

_DIGEST = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


def place(digest: str) -> str:
    """Where a message is in its record. It is named after its content, never after what it says."""
    return f"mail/{digest}.eml"


class MailReceivedEntry(Event, frozen=True, tag="mail-received"):
    """A mail came in about the case; the message is kept with it."""

    declaration: ClassVar = Declaration(
        ("incident",), names=("by", "sender", "address"), term="hours_names", command="oplever incident mail",
        is_read=True,
    )  # fmt: skip
    is_reading = False

    message_id: Annotated[NonEmptyText, Meta(description="What the message is called.")]
    address: Annotated[str, Meta(description="Where an answer goes.")]
    digest: Annotated[_DIGEST, Meta(description="SHA-256 of the message.")]
    size_bytes: Annotated[int, Meta(ge=0, description="Size of the message.")]
    sender: Annotated[str, Meta(description="Who sent it, as the message says.")] = ""
    subject: Annotated[str, Meta(description="Its subject.")] = ""
    date: Annotated[str, Meta(description="When it was sent, as the message says.")] = ""
    text: Annotated[str, Meta(description="What is written in it, without what it quotes.")] = ""
    attachments: Annotated[tuple[Attachment, ...], Meta(description="Files in it.")] = ()
    automatic: Annotated[str, Meta(description="The header that shows that a machine wrote it.")] = ""
    is_report: Annotated[bool, Meta(description="The case was made of it.")] = False

    def files(self) -> Mapping[str, str]:
        return {place(self.digest): self.digest}

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        is_unread = not (self.automatic or self.is_report)
        case = structs.replace(case, unread=case.unread + is_unread)
        mail = Mail(
            "in", self.message_id, self.sender, self.address, self.subject, self.date, self.text, self.digest,
            self.size_bytes, self.attachments, bool(self.automatic), envelope.by, envelope.at,
        )  # fmt: skip
        return add(case, "mails", mail)


class MailSentEntry(Event, frozen=True, tag="mail-sent"):
    """A mail about the case went out."""

    declaration: ClassVar = Declaration(
        ("incident",), names=("by", "address"), term="hours_names", command="oplever incident tell", is_read=True
    )
    is_reading = False

    message_id: Annotated[NonEmptyText, Meta(description="What the message is called.")]
    address: Annotated[NonEmptyText, Meta(description="To which address.")]
    subject: Annotated[str, Meta(description="Its subject.")]
    text: Annotated[str, Meta(description="What was written in it.")]
    digest: Annotated[_DIGEST, Meta(description="SHA-256 of the message.")]
    size_bytes: Annotated[int, Meta(ge=0, description="Size of the message.")]
    is_receipt: Annotated[bool, Meta(description="It is the receipt that a machine sent.")] = False

    def files(self) -> Mapping[str, str]:
        return {place(self.digest): self.digest}

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        mail = Mail(
            "out", self.message_id, "", self.address, self.subject, envelope.at, self.text, self.digest,
            self.size_bytes, (), self.is_receipt, envelope.by, envelope.at,
        )  # fmt: skip
        return add(case, "mails", mail)


class MailReturnedEntry(Event, frozen=True, tag="mail-returned"):
    """A mail about the case did not arrive: whoever was told by it was not told."""

    declaration: ClassVar = Declaration(
        ("incident",), names=("by",), term="hours_names", command="oplever incident mail", is_read=True
    )
    is_reading = False

    message_id: Annotated[NonEmptyText, Meta(description="What the message that came back is called.")]
    digest: Annotated[_DIGEST, Meta(description="SHA-256 of the notice.")]
    reason: Annotated[str, Meta(description="What the server of the receiver said.")] = ""

    def files(self) -> Mapping[str, str]:
        return {place(self.digest): self.digest}

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        reason = self.reason or "?"
        sent = [mail for mail in case.mails if mail.direction == "out" and mail.message_id == self.message_id]
        if not sent:
            return case
        mails = tuple(structs.replace(mail, returned=reason) if mail in sent else mail for mail in case.mails)
        moments = {mail.at for mail in sent}
        contacts = tuple(
            structs.replace(contact, returned=reason) if contact.medium == "mail" and contact.at in moments else contact
            for contact in case.contacts
        )
        return structs.replace(case, mails=mails, contacts=contacts)


class MailReadEntry(Event, frozen=True, tag="mail-read"):
    """Somebody read the mails that came in, and there is nothing more to do about them."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    meaning: Annotated[NonEmptyText, Meta(description="What they say, in a few words.")]

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return case
