"""Mail goes out: what a person tells the user, and the receipt that a machine sends."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oplever import clock, store
from oplever.app.add import admit, with_entry
from oplever.app.incidents import case_of
from oplever.config import MailSettings
from oplever.errors import OpleverError
from oplever.files import unwritable, write
from oplever.kinds import registry
from oplever.kinds.incident.entries.mail import place as mail_place
from oplever.mail import compose, sending
from oplever.mail.addresses import is_address
from oplever.mail.compose import Outgoing
from oplever.mail.sources import own_domain
from oplever.mail.threads import tag
from oplever.messages import M_, N_, Message
from oplever.page.translator import Translator
from oplever.record.model import Incident, Record
from oplever.store import mails
from oplever.text import clean_text

_ADDRESS_ADVICE = N_("give it: --address; or tell the user in another way: --medium phone")


def tell(directory: Path, by: str, data: Mapping[str, Any], settings: MailSettings, address: str = "") -> Record:
    """The case, after its user was told something by mail: it is sent first and added then, so that a case never says
    that somebody was told who was not.

    Raises OpleverError: `mail-not-set`, `mail-unaddressed`, `mail-server`, `entry-invalid`, and what `admit` raises.
    """
    sources = store.sources(directory)
    record = sources.record()
    case = case_of(record)
    contact = registry.LOG.make("contact", by, clock.now(), {**data, "medium": "mail"})
    with_entry(sources, contact)
    receiver = address.strip() or _address(case)
    if not receiver:
        raise OpleverError(
            "mail-unaddressed",
            M_("{id} has no address to write to", id=record.id),
            M_(_ADDRESS_ADVICE),
            _writers(case),
        )
    if not is_address(receiver):
        raise OpleverError("mail-unaddressed", M_("{address} is no address", address=receiver), M_(_ADDRESS_ADVICE))
    t = Translator(settings.language)
    user = getattr(contact.entry, "user", "") or case.reporter
    lines = [
        t("Dear {name},", name=user) if user else t("Dear reader,"),
        getattr(contact.entry, "how", ""),
        t("This is or will be done on {day}.", day=t.day(getattr(contact.entry, "when", ""))),
        f"{t('Kind regards,')}\n{by}",
        t("Report {number}: {title}", number=tag(record.id), title=record.assignment.title),
    ]
    text = compose.with_separator("\n\n".join(clean_text(line) for line in lines), t("Please answer above this line"))
    outgoing = _outgoing(record, settings, receiver, user, text, at=contact.at)
    message, sent = _sent(directory.parent, settings, outgoing, sender=settings.address)
    entry = registry.LOG.make("mail-sent", by, contact.at, _data(outgoing, message))
    record = admit(directory, [contact, entry], files=_as_file(message))
    sent.unlink(missing_ok=True)
    return record


def receipt(directory: Path, record: Record, settings: MailSettings, by: str) -> str:
    """Tell who reported something the number of his case; what the message is called. Nobody gets it back when it does
    not arrive. Raises OpleverError, as `tell`."""
    case, t = case_of(record), Translator(settings.language)
    lines = [
        t("Dear {name},", name=case.reporter),
        t("Your report came in. Its number is {number}.", number=tag(record.id)),
        t("Do you want to add something? Then answer this mail and leave the number in the subject."),
        t("A machine sent this message."),
    ]
    text = "\n\n".join(clean_text(line) for line in lines) + "\n"
    outgoing = _outgoing(record, settings, _address(case), case.reporter, text, at=clock.now(), is_automatic=True)
    message, sent = _sent(directory.parent, settings, outgoing, sender="")
    data = _data(outgoing, message) | {"is_receipt": True}
    admit(directory, [registry.LOG.make("mail-sent", by, clock.now(), data)], is_drawn=True, files=_as_file(message))
    sent.unlink(missing_ok=True)
    return outgoing.message_id


def _as_file(message: bytes) -> dict[str, bytes]:
    """The message as a file of the record."""
    return {mail_place(mails.digest_of(message)): message}


def _address(case: Incident) -> str:
    """Where the mail came from that is the report; else where somebody wrote to before. Whoever writes the number of a
    case above a mail is not the reporter for that."""
    report = [mail.address for mail in case.mails if mail.direction == "in" and mail.at == case.reported_at]
    sent = [mail.address for mail in case.mails if mail.direction == "out" and not mail.is_automatic]
    return next(filter(None, (*report, *reversed(sent))), "")


def _writers(case: Incident) -> tuple[Message, ...]:
    """Who wrote mails about a case that was not reported by mail: a person has to say whether that is the reporter."""
    writers = dict.fromkeys(
        (mail.sender, mail.address)
        for mail in case.mails
        if mail.direction == "in" and mail.address and not mail.is_automatic
    )
    return tuple(
        M_("- a mail about it came from {name} ({address})", name=clean_text(name or "?"), address=address)
        for name, address in writers
    )


def _outgoing(
    record: Record, settings: MailSettings, address: str, name: str, text: str, *, at: str, is_automatic: bool = False
) -> Outgoing:
    case = case_of(record)
    ending = secrets.token_hex(8)
    return Outgoing(
        case=record.id,
        message_id=compose.message_id(record.id, ending, own_domain(settings.address)),
        own_address=settings.address,
        own_name=settings.name,
        address=address,
        name=name,
        subject=compose.subject(record.id, record.assignment.title, is_answer=bool(case.mails)),
        text=text,
        thread=tuple(mail.message_id for mail in case.mails),
        is_automatic=is_automatic,
        at=at,
    )


def _sent(base: Path, settings: MailSettings, outgoing: Outgoing, sender: str) -> tuple[bytes, Path]:
    """The message as it went out, and the file that says so until the case does."""
    if not sending.can_send(settings):
        raise OpleverError(
            "mail-not-set",
            M_("oplever.yml does not say how mail goes out"),
            M_("set mail.address, and mail.smtp or mail.sendmail: docs/reference/configuration.md"),
        )
    message = compose.compose(outgoing)
    content = message.as_bytes()
    path = mails.outgoing(base) / f"{outgoing.message_id.strip('<>').partition('@')[0]}.eml"
    try:
        write(path, content)
        sending.send(settings, message, sender, outgoing.address)
    except OSError as problem:
        raise unwritable(path, problem) from None
    except OpleverError:
        path.unlink(missing_ok=True)
        raise
    return content, path


def _data(outgoing: Outgoing, message: bytes) -> dict[str, Any]:
    return {
        "message_id": outgoing.message_id,
        "address": outgoing.address,
        "subject": outgoing.subject,
        "text": outgoing.text[:4000],
        "digest": mails.digest_of(message),
        "size_bytes": len(message),
    }
