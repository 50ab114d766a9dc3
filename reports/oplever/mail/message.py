"""One message, read from its bytes. Pure. Nothing in a message is believed: its headers and parts are what somebody
else wrote, in any charset, well formed or not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header
from email.headerregistry import Address
from email.message import Message
from email.utils import getaddresses

from msgspec import Struct

from oplever import messages
from oplever.mail.plain import decoded, from_html, tidy, without_quotes
from oplever.messages import M_

MOST_PARTS = 500
MOST_TEXT = 200_000
"""Characters of the text that are looked at; the message itself is kept whole."""
_LONGEST_HEADER = 1000
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_LONGEST_NAME, _LONGEST_ADDRESS = 120, 254


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
    are the messages that it answers, the nearest first; `returned` are those that a notice of non-delivery is about,
    with `reason` why. `headers` are all of them by name in lower case, each with its first value."""

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
    returned: tuple[str, ...]
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
    headers = {name.lower(): header(str(value)) for name, value in reversed(list(message.raw_items()))}
    if not {"from", "sender", "return-path", "subject", "message-id", "to"} & headers.keys():
        raise UnreadableError(M_("it has no headers of a mail"))
    parts = _parts(message)
    sender, sender_address = _first_address(headers.get("from") or headers.get("sender", ""))
    _, reply_to = _first_address(headers.get("reply-to", ""))
    text = without_quotes(_text(parts))[:MOST_TEXT]
    subject, date = headers.get("subject", ""), headers.get("date", "")
    returned, reason = _returned_messages(parts) if message.get_content_type() == "multipart/report" else ((), "")
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
        references=_references(headers),
        returned=returned,
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
    raw = _surrogates_read(raw[: 4 * _LONGEST_HEADER])
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


def _first_address(text: str) -> tuple[str, str]:
    """Name and address, the address in lower case; empty where there is none."""
    pairs = getaddresses([text.replace("\n", " ")])
    name, address = next(((name, address) for name, address in pairs if "@" in address), ("", ""))
    address = address.strip().lower()
    return _printable(name)[:_LONGEST_NAME].strip(), address if is_address(address) else ""


def is_address(text: str) -> bool:
    """Whether mail can be sent there: one address and nothing else."""
    if not text.isprintable() or len(text) > _LONGEST_ADDRESS:
        return False
    try:
        return Address(addr_spec=text).addr_spec == text
    except (MessageError, ValueError, LookupError):  # what the parser of the library raises
        return False


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _message_id(raw: str, content: tuple[str, ...]) -> str:
    if match := _MESSAGE_ID.search(raw):
        return match[0]
    digest = hashlib.sha256("\0".join(content).encode("utf-8", "replace")).hexdigest()
    return f"<{digest[:40]}@no-message-id.invalid>"


def _references(headers: dict[str, str]) -> tuple[str, ...]:
    near = _MESSAGE_ID.findall(headers.get("in-reply-to", ""))
    far = _MESSAGE_ID.findall(headers.get("references", ""))
    return tuple(dict.fromkeys([*near, *reversed(far)]))


def _text(parts: list[Message]) -> str:
    """What is written in it: its plain texts, else its HTML without tags."""
    bodies = [part for part in parts if not part.is_multipart() and not _is_attachment(part)]
    for kind, reading in (("text/plain", str), ("text/html", from_html)):
        texts = [reading(_content(part)) for part in bodies if part.get_content_type() == kind]
        if text := "\n\n".join(text.strip() for text in texts if text.strip()):
            return text
    return ""


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = part.get_param("charset", "utf-8")
    return decoded(content[: 4 * MOST_TEXT], charset if isinstance(charset, str) else "utf-8")


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
        elif not part.is_multipart() and (_is_attachment(part) or part.get_content_maintype() != "text"):
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


def _returned_messages(parts: list[Message]) -> tuple[tuple[str, ...], str]:
    """The messages that a notice of non-delivery is about, and what the server said."""
    returned: list[str] = []
    reason = ""
    for part in parts[1:]:
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            reason = reason or _status(part)
        elif kind == "text/rfc822-headers":
            returned += _MESSAGE_ID.findall(str(message_from_bytes(_bytes(part)).get("message-id", "")))
        elif kind != "message/rfc822":  # the original within it is walked as a part of its own
            returned += _MESSAGE_ID.findall(str(part.get("message-id", "")))
    return tuple(dict.fromkeys(returned)), reason


def _status(part: Message) -> str:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and block.get("action", "").strip().lower() in ("failed", "delayed"):
            diagnosis = block.get("diagnostic-code") or block.get("status") or ""
            return header(str(diagnosis)).partition(";")[2].strip() or header(str(diagnosis))
    return ""
