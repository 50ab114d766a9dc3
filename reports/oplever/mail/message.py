"""One message, read from its bytes. Pure. Nothing in a message is believed: its headers and parts are what somebody
else wrote, in any charset, well formed or not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message

from msgspec import Struct

from oplever import messages
from oplever.mail import addresses
from oplever.mail.charsets import decoded, tidy
from oplever.mail.plain import from_html, unflowed, without_quotes
from oplever.messages import M_

MOST_PARTS = 500
MOST_TEXT = 200_000
"""Characters of the text that are looked at; the message itself is kept whole."""
_LONGEST_HEADER = 1000
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_NOT_ENCODED = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?([^?]*[^\x00-\x7f?][^?]*)\?=")
"""What looks like an encoded word and holds what none can hold."""
_BARE_ID = re.compile(r"[^<>\s@]{1,120}@[^<>\s@,;]{1,120}")
_LONGEST_NAME = 120
_MOST_REFERENCES = 200
_BODIES = frozenset({"text/plain", "text/html"})
"""What is text to read; an invitation, a table and such are files."""
_FORWARDED = re.compile(r"^\s*(?:fw|fwd|doorst|wg|tr)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_ANSWER = re.compile(r"^\s*(?:re|antw|aw|betr|r\u00e9f)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


_TOO_DEEP = M_("its parts are nested too deep")


class UnreadableError(Exception):
    """The bytes are no message that can be read; `sentence` says why, and can be translated."""

    def __init__(self, sentence: messages.Message) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Attachment(Struct, frozen=True):
    """A file in a message. `name` is only for reading: no file is ever named after it."""

    name: str
    type: str
    size_bytes: int
    sha256: str


class Mail(Struct, frozen=True):
    """`message_id` is made of the content when the message has none. `address` is where an answer goes, `references`
    are the messages that it answers, the nearest first; `reported` are those that the report of a server is about, with
    `actions`, what became of them (failed, delayed, delivered, ...), and `reason` why. `headers` are all of them by
    name in lower case, each with its first value."""

    digest: str
    size_bytes: int
    message_id: str
    sender: str
    sender_address: str
    address: str
    subject: str
    date: str
    text: str
    attachments: tuple[Attachment, ...]
    references: tuple[str, ...]
    reported: tuple[str, ...]
    actions: tuple[str, ...]
    reason: str
    hops: int
    headers: dict[str, str]


def parse(content: bytes) -> Mail:
    """Raises UnreadableError."""
    try:
        return _parse(content)
    except UnreadableError:
        raise
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None
    except Exception as problem:  # the library has many ways to stumble over what is not well formed
        # Not what the library says of it: that may quote the mail, and the reason goes into a log.
        raise UnreadableError(M_("it cannot be read: {problem}", problem=type(problem).__name__)) from problem


def _parse(content: bytes) -> Mail:
    message = message_from_bytes(content, policy=policy.compat32)
    # As they came: `items` has a sign for every byte beyond ASCII that no charset goes with.
    raw = {name.lower(): str(value) for name, value in reversed(list(message.raw_items()))}
    headers = {name: header(value) for name, value in raw.items()}
    if not {"from", "sender", "return-path", "subject", "message-id", "to"} & headers.keys():
        raise UnreadableError(M_("it has no headers of a mail"))
    parts = _parts(message)
    sender, sender_address = _sender(raw.get("from") or raw.get("sender", ""))
    _, reply_to = _sender(raw.get("reply-to", ""))
    subject, date = headers.get("subject", ""), headers.get("date", "")
    whole, references = _text(parts), _references(message)
    is_answer = bool(references or _ANSWER.match(subject))
    text = whole.strip() if _FORWARDED.match(subject) else without_quotes(whole, is_answer=is_answer)
    text = text[:MOST_TEXT]
    is_report = message.get_content_type() == "multipart/report"
    reported, actions, reason = _report(parts) if is_report else ((), (), "")
    return Mail(
        digest=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        message_id=_message_id(headers.get("message-id", ""), (sender_address, date, subject, text)),
        sender=sender or sender_address,
        sender_address=sender_address,
        address=reply_to or sender_address,
        subject=subject,
        date=date,
        text=text,
        attachments=tuple(_attachments(parts)),
        references=references,
        reported=reported,
        actions=actions,
        reason=reason,
        hops=len(message.get_all("received", [])),
        headers=headers,
    )


def _parts(message: Message) -> list[Message]:
    parts = []
    for part in message.walk():
        parts.append(part)
        if len(parts) > MOST_PARTS:
            raise UnreadableError(M_("it has more than {count} parts", count=MOST_PARTS))
    return parts


def header(raw: str) -> str:
    """A header as people read it, on one line; one that is not well formed as it is."""
    raw = " ".join(_surrogates_read(raw[: 4 * _LONGEST_HEADER]).splitlines())  # else the blanks of a fold are lost
    raw = _NOT_ENCODED.sub(r"\1", raw)
    try:
        pieces = decode_header(raw)
        text = "".join(
            piece if isinstance(piece, str) else decoded(piece, charset or "ascii") for piece, charset in pieces
        )
    except Exception:  # bad base64, unknown charsets, and what older versions of the library do not expect
        text = raw
    return " ".join(tidy(text).split())[:_LONGEST_HEADER]


def _surrogates_read(text: str) -> str:
    """Bytes beyond ASCII that stand in a header without saying in which charset."""
    if text.isascii():
        return text
    try:
        return decoded(text.encode("ascii", "surrogateescape"), "utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")


def _sender(raw: str) -> tuple[str, str]:
    """Name and address, the address in lower case; empty where there is none."""
    mailbox = addresses.first(_surrogates_read(raw))
    name = _printable(header(mailbox.name))[:_LONGEST_NAME].strip()
    return name, mailbox.address if addresses.is_address(mailbox.address) else ""


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _message_id(raw: str, content: tuple[str, ...]) -> str:
    if names := _identifiers(raw):
        return names[0]
    digest = hashlib.sha256("\0".join(content).encode("utf-8", "replace")).hexdigest()
    return f"<{digest[:40]}@no-message-id.invalid>"


def _identifiers(text: str) -> list[str]:
    """The messages that a header names; some programs leave out the brackets."""
    return _MESSAGE_ID.findall(text) or [f"<{word}>" for word in text.split() if _BARE_ID.fullmatch(word)]


def _references(message: Message) -> tuple[str, ...]:
    """Of headers as they came: those of a long thread are longer than what people read of a header."""
    near, far = (
        _identifiers(" ".join(str(value) for value in message.get_all(name, [])))
        for name in ("in-reply-to", "references")
    )
    return tuple(dict.fromkeys([*near, *reversed(far)]))[:_MOST_REFERENCES]


def _text(parts: list[Message]) -> str:
    """What is written in it: every text, HTML without tags; where there is HTML or plain text to choose from, the plain
    text."""
    replaced = {id(part) for part in parts for part in _replaced(part)}
    bodies = [part for part in parts if _is_body(part) and id(part) not in replaced]
    texts = (from_html(_content(part)) if _is_html(part) else _content(part) for part in bodies)
    return "\n\n".join(text.strip() for text in texts if text.strip())


def _replaced(part: Message) -> list[Message]:
    """The HTML in a choice that has plain text as well."""
    if part.get_content_type() != "multipart/alternative":
        return []
    bodies = [inside for inside in part.walk() if _is_body(inside)]
    has_plain = any(_content(body).strip() for body in bodies if not _is_html(body))
    return [body for body in bodies if _is_html(body)] if has_plain else []


def _is_body(part: Message) -> bool:
    return not part.is_multipart() and part.get_content_type() in _BODIES and not _is_attachment(part)


def _is_html(part: Message) -> bool:
    return part.get_content_type() == "text/html"


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = part.get_param("charset", "utf-8")
    text = decoded(content[: 4 * MOST_TEXT], charset if isinstance(charset, str) else "utf-8")
    if part.get_content_type() == "text/plain" and str(part.get_param("format", "")).lower() == "flowed":
        return unflowed(text, deletes_blank=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def attachments(content: bytes) -> list[bytes]:
    """What is in the attachments of a message, in the order of `Mail.attachments`. Raises UnreadableError."""
    try:
        return [_bytes(part) for part in _attachment_parts(_parts(message_from_bytes(content, policy=policy.compat32)))]
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None


def _attachment_parts(parts: list[Message]) -> Iterator[Message]:
    """Every part that is not the text itself; of a message within a message only the whole."""
    inner: set[int] = set()
    for part in parts:
        if id(part) in inner:
            continue
        if part.get_content_type() == "message/rfc822":
            inner |= {id(inside) for inside in part.walk()}
            yield part
        elif not part.is_multipart() and not _is_body(part):
            yield part


def _attachments(parts: list[Message]) -> Iterator[Attachment]:
    for part in _attachment_parts(parts):
        content = _bytes(part)
        name = _printable(header(str(part.get_filename() or "")))[:_LONGEST_NAME]
        yield Attachment(name, part.get_content_type(), len(content), hashlib.sha256(content).hexdigest())


def _bytes(part: Message) -> bytes:
    if part.is_multipart():
        return b"".join(inside.as_bytes() for inside in part.get_payload() if isinstance(inside, Message))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _report(parts: list[Message]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The messages that the report of a server is about, what became of them, and what the server said."""
    reported: list[str] = []
    actions: list[str] = []
    reason = ""
    for part in parts[1:]:
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            status = _status(part)
            actions += [action for action, _ in status]
            reason = reason or next((text for action, text in status if action in ("failed", "delayed")), "")
        elif kind == "text/rfc822-headers":
            reported += _MESSAGE_ID.findall(str(message_from_bytes(_bytes(part)).get("message-id", "")))
        elif kind != "message/rfc822":  # the original within it is walked as a part of its own
            for name in ("message-id", "original-message-id"):
                reported += _MESSAGE_ID.findall(str(part.get(name, "")))
    return tuple(dict.fromkeys(reported)), tuple(dict.fromkeys(actions)), reason


def _status(part: Message) -> list[tuple[str, str]]:
    """What became of the message for each receiver, and what the server said of it."""
    payload = part.get_payload()
    blocks = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    return [(action, _diagnosis(block)) for block in blocks if (action := str(block.get("action", "")).strip().lower())]


def _diagnosis(block: Message) -> str:
    text = header(str(block.get("diagnostic-code") or block.get("status") or ""))
    return text.partition(";")[2].strip() or text
