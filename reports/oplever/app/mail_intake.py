"""Mail comes in: each message makes a case, belongs to one, or is set aside with the reason. None is lost and none
counts twice, whenever this is stopped: what was done is in the cases before a message leaves the mailbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct, structs, to_builtins

from oplever import clock, config, store
from oplever.app import incident_rules, incidents, mail_answers
from oplever.app.add import admit
from oplever.app.build import build
from oplever.config import MailSettings
from oplever.errors import OpleverError
from oplever.files import locked, unwritable
from oplever.kinds import registry
from oplever.kinds.incident.entries.mail import place as mail_place
from oplever.mail import message, threads
from oplever.mail.message import Mail, UnreadableError
from oplever.mail.nature import Nature, nature
from oplever.mail.sources import Source, Waiting
from oplever.messages import M_, N_
from oplever.page.translator import Translator
from oplever.record.entries.base import LONGEST
from oplever.record.model import Record
from oplever.store import mails
from oplever.store.cases import KnownMail, cases
from oplever.store.cases import mails as mails_of_cases
from oplever.store.index import open_index
from oplever.store.mails import Logged, Outcome
from oplever.store.pseudonyms import pseudonym
from oplever.store.retention import key

_HOUR = timedelta(hours=1)
_SECONDS_A_DAY = 24 * 3600
_MOST_MERGES = 10
_STAMP = len("20261124T080000Z")
"""How the name of a case begins: when it came in."""
_STOPPING = frozenset({"file-unwritable", "store-unusable", "rules-invalid", "config-invalid"})
"""Problems that the next message has too: everything waits in the mailbox until they are mended."""
_UNNAMED = N_("unknown sender")


class Handled(Struct, frozen=True):
    """What was done with a message. `is_problem` when somebody has to look at it; `notice` is what else went wrong.
    Reason and notice are sentences that can be translated."""

    outcome: Outcome
    digest: str = ""
    subject: str = ""
    case: str = ""
    reason: str = ""
    is_problem: bool = False
    notice: str = ""


def take_in(source: Source, settings: MailSettings, by: str, *, accepted: str = "") -> Iterator[Handled]:
    """Look at every message that waits and do what it takes; one `Handled` for each, when all of it is on disk. Other
    processes that take mail in wait. `accepted` is how the digest of a message begins that was set aside: that one
    alone is looked at, as if a person wrote it.

    Raises OpleverError: `mail-server`, `store-unusable`, `rules-invalid`, `file-unwritable`, `record-unknown` when no
    message has that digest, or several have it. The messages before it were handled.
    """
    base = store.records_directory()
    try:
        with locked(mails.outgoing(base)):
            intake = _Intake(base, settings, by, is_accepted=bool(accepted))
            intake.require_one(accepted)
            try:
                yield from _handle(intake, source, accepted)
            finally:
                intake.draw()
    except OSError as problem:
        raise unwritable(base, problem) from None


def _handle(intake: _Intake, source: Source, accepted: str) -> Iterator[Handled]:
    is_there = False
    for waiting in source.waiting("aside" if accepted else "inbox"):
        handled = intake.handle(source, waiting, accepted)
        if handled is not None:
            is_there = True
            source.put(waiting.key, "aside" if handled.outcome == "aside" else "done")
            yield handled
    if accepted and not is_there:
        raise OpleverError(
            "record-unknown",
            M_("no mail that was set aside is named {digest}", digest=accepted),
            M_("mail.jsonl beside the records has what was set aside, and why"),
        )


class _Intake:
    """What is known of earlier mail, and what one message adds to that."""

    def __init__(self, base: Path, settings: MailSettings, by: str, *, is_accepted: bool) -> None:
        self.base, self.settings, self.by, self.is_accepted = base, settings, by, is_accepted
        self.key = key(base)
        self.touched: dict[Path, None] = {}
        self.digests: set[str] = set()
        self.identities: set[tuple[str, str, str]] = set()
        self.by_message: dict[str, str] = {}
        self.sent: set[str] = set()
        self.returned: set[str] = set()
        self.endings: dict[str, list[str]] = defaultdict(list)
        with open_index(base) as index:
            for case in cases(index):
                self.endings[case.name[-6:].lower()].append(case.name)
            for earlier_mail in mails_of_cases(index):
                self._remember(earlier_mail)
        hour_ago = clock.written(datetime.now(UTC) - _HOUR)
        lines = list(mails.logged(base))
        self.aside = {line.digest for line in lines if line.outcome == "aside"}
        self.recent = [line for line in lines if line.at > hour_ago]

    def require_one(self, accepted: str) -> None:
        """Raises OpleverError (`record-unknown`) when the digests of several mails that were set aside begin so."""
        named = sorted(digest for digest in self.aside if accepted and digest.startswith(accepted))
        if len(named) > 1:
            raise OpleverError(
                "record-unknown",
                M_("{count} mails that were set aside are named {digest}", count=len(named), digest=accepted),
                M_("name it by more of its digest: {names}", names=", ".join(digest[:12] for digest in named)),
            )

    def _remember(self, mail: KnownMail) -> None:
        self.digests.add(mail.digest)
        # Somebody else may call his mail the same later: answers go on to the case that had it first.
        known = self.by_message.setdefault(mail.message, mail.case)
        if mail.case[:_STAMP] < known[:_STAMP]:
            self.by_message[mail.message] = mail.case
        if mail.direction == "in":
            self.identities.add((mail.message, mail.address, mail.date))
        else:
            self.sent.add(mail.message)
        if mail.returned:
            self.returned.add(mail.message)

    def draw(self) -> None:
        """The documents of every case that has something new, one after another: a storm of mail starts no storm of
        processes."""
        for directory in self.touched if config.makes_documents() else ():
            build(directory)

    def handle(self, source: Source, waiting: Waiting, accepted: str) -> Handled | None:
        """What was done with a message; None when it is gone, or another one than was asked for."""
        largest = self.settings.largest_mib << 20
        if waiting.size_bytes > largest and not accepted:
            return self._set_aside(
                "", M_("it is larger than {count} MiB", count=self.settings.largest_mib), is_problem=True
            )
        content = source.read(waiting.key)
        if content is None:
            return None
        digest = mails.digest_of(content)
        if accepted and not digest.startswith(accepted):
            return None
        if digest in self.digests or (digest in self.aside and not accepted):
            return Handled(
                "present" if digest in self.digests else "aside", digest, reason=M_("it was looked at before")
            )
        try:
            mail = message.parse(content)
        except UnreadableError as problem:
            return self._set_aside(digest, problem.sentence, is_problem=True)
        if mail.address in self.settings.own:  # an answer there would come back here and reach nobody
            mail = structs.replace(mail, address=mail.sender_address)
        try:
            return self._sort(mail, content)
        except OpleverError as problem:
            if problem.slug in _STOPPING:
                raise
            return self._set_aside(digest, problem.sentence, is_problem=True, mail=mail)

    def _sort(self, mail: Mail, content: bytes) -> Handled:
        kind = Nature("person") if self.is_accepted else nature(mail, self.settings.own)
        if (mail.message_id, mail.address, mail.date) in self.identities:
            return Handled("present", mail.digest, mail.subject, reason=M_("the same mail came in before"))
        match kind.kind:
            case "loop":
                reason = M_("it comes from this desk or goes round ({header})", header=kind.shown_by)
                return self._set_aside(mail.digest, reason, mail=mail)
            case "bounce":
                return self._take_bounce(mail, content, kind)
        name, earlier = self._case(mail)
        if kind.kind == "automatic":
            return self._automatic(mail, content, kind, name)
        if name:
            return self._add_mail(mail, content, name)
        return self._new(mail, content, kind, earlier)

    def _set_aside(self, digest: str, reason: str, *, is_problem: bool = False, mail: Mail | None = None) -> Handled:
        sender = self._sender(mail) if mail else ""
        mails.log(self.base, Logged(clock.now(), "aside", digest, sender).with_reason(reason))
        self.aside.add(digest)
        return Handled("aside", digest, mail.subject if mail else "", reason=reason, is_problem=is_problem)

    def _sender(self, mail: Mail) -> str:
        return pseudonym(mail.sender_address or _UNNAMED, self.key)

    def _case(self, mail: Mail) -> tuple[str, str]:
        """The case that takes the mail, and the one that it is about when that takes none any more; empty for none."""
        named = (*mail.references, *mail.reported)
        name = next((self.by_message[name] for name in named if name in self.by_message), "")
        for number in threads.numbers(mail.subject) if not name else ():
            names = self.endings.get(number, [])
            name = name or (names[0] if len(names) == 1 else "")
        for _ in range(_MOST_MERGES):
            if not name:
                break
            try:
                record = store.load(store.find(name))
            except OpleverError:
                return "", name  # it is of another desk, or cannot be read
            if record.status == "merged":
                name = record.case.merged_into
            else:
                return ("", name) if _is_past(record) else (name, "")
        return "", name

    def _take_bounce(self, mail: Mail, content: bytes, kind: Nature) -> Handled:
        sent = next((name for name in (*mail.reported, *mail.references) if name in self.sent), "")
        if not sent:
            reason = M_("a notice about no mail of this desk ({header})", header=kind.shown_by)
            return self._set_aside(mail.digest, reason, mail=mail)
        if sent in self.returned:
            return self._set_aside(mail.digest, M_("that mail came back before"), mail=mail)
        said_by_server = mail.reason or mail.subject
        data = {"message_id": sent, "digest": mail.digest, "reason": said_by_server[:LONGEST]}
        self.returned.add(sent)
        return self._add(mail, content, self.by_message[sent], "mail-returned", data)

    def _automatic(self, mail: Mail, content: bytes, kind: Nature, name: str) -> Handled:
        """An automatic answer belongs to its case, once for each sender; other automatic mail is nobody's report."""
        if not name or _has_automatic(name, mail):
            return self._set_aside(mail.digest, M_("a machine wrote it ({header})", header=kind.shown_by), mail=mail)
        return self._add(mail, content, name, "mail-received", _received_fields(mail) | {"automatic": kind.shown_by})

    def _add_mail(self, mail: Mail, content: bytes, name: str) -> Handled:
        return self._add(mail, content, name, "mail-received", _received_fields(mail))

    def _add(self, mail: Mail, content: bytes, name: str, kind: str, data: dict[str, Any]) -> Handled:
        outcome: Outcome = "returned" if kind == "mail-returned" else "added"
        directory = store.find(name)
        entry = registry.LOG.make(kind, self.by, clock.now(), data)
        admit(directory, [entry], is_drawn=True, files={mail_place(mail.digest): content})
        self._log_outcome(outcome, mail, directory)
        return Handled(outcome, mail.digest, mail.subject, name)

    def _log_outcome(self, outcome: Outcome, mail: Mail, directory: Path) -> None:
        """Remember it, and write it to the log: the case has it already."""
        self.touched[directory] = None
        self.digests.add(mail.digest)
        if outcome != "returned":
            name, date = mail.message_id, mail.date
            self._remember(KnownMail(directory.name, "in", name, mail.digest, mail.address, date, ""))
        line = Logged(clock.now(), outcome, mail.digest, self._sender(mail), directory.name)
        mails.log(self.base, line)
        self.recent.append(line)

    def _new(self, mail: Mail, content: bytes, kind: Nature, earlier: str) -> Handled:
        sender, limit = self._sender(mail), self.settings.most_new_an_hour
        hour_ago = clock.written(datetime.now(UTC) - _HOUR)
        recent = [line for line in self.recent if line.sender == sender and line.at > hour_ago]
        if sum(line.outcome == "new" for line in recent) >= limit and not self.is_accepted:
            reason = M_("more than {count} reports in an hour from this sender", count=limit)
            return self._set_aside(mail.digest, reason, is_problem=True, mail=mail)
        t = Translator(self.settings.language)  # it goes into the record, as the mails to users do
        name = mail.sender or mail.address or t(_UNNAMED)
        text = mail.text or threads.bare(mail.subject) or t("(no text)")
        title = threads.bare(mail.subject) or text
        events: list[tuple[str, dict[str, Any]]] = [
            ("reported", {"channel": "mail", "reporter": name, "text": _short(text)}),
            ("mail-received", _received_fields(mail) | {"is_report": True}),
        ]
        if earlier:
            events.append(("linked", {"relation": "earlier", "target": earlier, "reason": "mail"}))
        directory, record = incidents.open_case(
            self.base, self.by, _short(title, 80), events, incident_rules.load(),
            files={mail_place(mail.digest): content}, by_machine=True,
        )  # fmt: skip
        self.endings[directory.name[-6:]].append(directory.name)
        self._log_outcome("new", mail, directory)
        receiver = pseudonym(mail.address or _UNNAMED, self.key)
        has_receipt = any(
            line.outcome == "receipt" and line.sender == receiver and line.at > hour_ago for line in self.recent
        )
        notice = "" if has_receipt or not kind.is_answered else self._receipt(directory, record, mail)
        return Handled("new", mail.digest, mail.subject, directory.name, notice=notice)

    def _receipt(self, directory: Path, record: Record, mail: Mail) -> str:
        """Tell the sender the number of his case; why that was not possible, when it was not."""
        if not self.settings.receipt or self.is_accepted:
            return ""
        # Where it goes to counts, not who says that he sent the mail.
        line = Logged(clock.now(), "receipt", mail.digest, pseudonym(mail.address, self.key), directory.name)
        mails.log(self.base, line)  # first: when this is stopped now, nobody gets two
        self.recent.append(line)
        try:
            sent = mail_answers.receipt(directory, record, self.settings, self.by)
        except OpleverError as problem:
            return M_("no receipt was sent: {problem}", problem=problem.sentence)
        self.by_message[sent] = directory.name
        self.sent.add(sent)
        return ""


def _has_automatic(name: str, mail: Mail) -> bool:
    """Whether a case has the same automatic answer already: of this address, with this subject. Raises OpleverError,
    as `store.load`."""
    case = incidents.case_of(store.load(store.find(name)))
    known = (earlier for earlier in case.mails if earlier.is_automatic and earlier.direction == "in")
    return any((earlier.address, earlier.subject) == (mail.address, mail.subject) for earlier in known)


def _is_past(record: Record) -> bool:
    """Whether a case takes no mail any more: it is approved, or was closed longer ago than it can be reopened."""
    if record.status != "closed":
        return False
    case = record.case
    days = case.rules.reopen_days if case.rules else 14
    closed = clock.moment(case.changes[-1].at)
    is_old = (datetime.now(UTC) - closed).total_seconds() > days * _SECONDS_A_DAY
    return is_old or record.accountability.decision == "approved"


def _received_fields(mail: Mail) -> dict[str, Any]:
    return {
        "message_id": mail.message_id,
        "sender": mail.sender,
        "address": mail.address,
        "subject": mail.subject,
        "date": mail.date,
        "text": _short(mail.text),
        "digest": mail.digest,
        "size_bytes": mail.size_bytes,
        "attachments": [to_builtins(attachment) for attachment in mail.attachments[:100]],
    }


def _short(text: str, most: int = LONGEST) -> str:
    """The beginning of a text that is too long; all of it is in the message."""
    return text if len(text) <= most else f"{text[: most - 2].rstrip()} …"


def settings() -> MailSettings:
    """Raises OpleverError: `config-invalid`, `file-unreadable`."""
    loaded = config.load().mail
    return structs.replace(loaded, address=loaded.address.strip())
