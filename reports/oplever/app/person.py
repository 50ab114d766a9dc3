"""Everything that the records say about one person: for whoever asks what is kept of him (GDPR, article 15)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from oplever import clock, store
from oplever.app.organisation import organisation
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.kinds.derive import derive_folded
from oplever.kinds.incident.entries.mail import place as mail_place
from oplever.messages import M_
from oplever.page.person import MailLine, Mention, PersonExport, PersonRecord, person_sheet
from oplever.page.translator import Translator
from oplever.record.entries import AnnexEntry, Entry
from oplever.record.persons import same_person
from oplever.render.registry import FORMATS
from oplever.store import Sources, mails
from oplever.store.pseudonyms import KEY, plain, pseudonym
from oplever.text import to_plain
from oplever.words import Language

Format = Literal["json", "md", "html", "pdf", "zip"]
_MOST_WORDS = 5
"""Of a text that may be a name as a whole."""


def export(names: Sequence[str]) -> PersonExport:
    """What every record says about the person with these names and addresses, the newest record first.

    Raises OpleverError: `entry-invalid` without a name, `file-unreadable`.
    """
    kept = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not kept:
        raise OpleverError(
            "entry-invalid", M_("a name is missing"), M_("for example: oplever person export 'J. Bakker'")
        )
    base = store.records_directory()
    person = _Person(kept, _key(base))
    records, problems = [], []
    for directory in store.every():
        try:
            record = _of_record(person, directory)
        except OpleverError as problem:
            problems.append(f"{directory.name}: {problem.message}")
            continue
        if record:
            records.append(record)
    lines = tuple(
        MailLine(line.at, line.outcome, line.case, line.reason, line.pattern, line.values)
        for line in mails.logged(base)
        if line.sender in person.pseudonyms or person.is_in(line.reason)
    )
    return PersonExport(kept, clock.now(), tuple(records), tuple(problems), lines)


def _key(base: Path) -> bytes:
    try:
        return (base / KEY).read_bytes().strip()
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise unreadable(base / KEY, problem) from None


class _Person:
    """By what a person is known: names and addresses, and the pseudonyms that took their place."""

    def __init__(self, names: Sequence[str], key: bytes) -> None:
        self.names = names
        self.pseudonyms = frozenset(pseudonym(name, key) for name in names) if key else frozenset[str]()
        clear = [name for name in names if " " in plain(name) or "@" in name]
        parts = [r"\s+".join(map(re.escape, name.split())) for name in (*clear, *sorted(self.pseudonyms))]
        self._within = re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)" if parts else r"(?!)", re.IGNORECASE)

    def is_named(self, text: str) -> bool:
        """Whether the text as a whole is a name of the person."""
        return len(text.split()) <= _MOST_WORDS and any(same_person(text, name) for name in self.names)

    def is_in(self, text: str) -> bool:
        return self._within.search(text) is not None


def _of_record(person: _Person, directory: Path) -> PersonRecord | None:
    sources = store.sources(directory)
    mentions = tuple(_mentions(person, sources))
    if not mentions:
        return None
    record = sources.record()
    messages = [
        mail_place(mail.digest)
        for mail in (record.incident.mails if record.incident else ())
        if any(person.is_named(text) or person.is_in(text) for text in (mail.sender, mail.address) if text)
    ]
    present = tuple(place for place in dict.fromkeys(messages) if (directory / place).is_file())
    added = [entry for entry in sources.entries if isinstance(entry.entry, AnnexEntry) and person.is_named(entry.by)]
    annexes = tuple(place for entry in added for place in entry.entry.files() if (directory / place).is_file())
    title = record.assignment.title or ", ".join(record.document.playbooks)
    return PersonRecord(directory.name, record.kind, title, record.document.created, mentions, present, annexes)


def _mentions(person: _Person, sources: Sources) -> Iterator[Mention]:
    """Those of the entries, line by line, then those of the journal. Of an entry about the person, as what he reported
    or was told, every text in words counts."""
    for number, entry in enumerate(sources.entries, 1):
        content = msgspec.to_builtins(entry.entry)
        is_theirs = any(person.is_named(str(getattr(entry.entry, name))) for name in _names_of(entry))
        for path, text in [("by", entry.by), *_texts(content, "")]:
            place = f"entries.jsonl {number} {entry.kind} {path}"
            mention = _mention(person, text, place) if path != "added" else None
            if mention is None and is_theirs and path not in entry.entry.declaration.names and " " in text.strip():
                mention = Mention(place, text, is_name=False)
            if mention:
                yield msgspec.structs.replace(mention, at=entry.at, by=entry.by)
    if sources.digest:
        of_journal = derive_folded(sources.run, sources.digest, ())
        for path, text in _texts(to_plain(of_journal), ""):
            if mention := _mention(person, text, f"journal.jsonl {path}"):
                yield mention


def _names_of(entry: Entry) -> Iterator[str]:
    """The fields of an entry that name who it is about, other than who added it."""
    return (name for name in entry.entry.declaration.names if name != "by")


def _mention(person: _Person, text: str, place: str) -> Mention | None:
    if person.is_named(text):
        return Mention(place, text, is_name=True)
    return Mention(place, text, is_name=False) if person.is_in(text) else None


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text, with where it is, as `people.0.name`."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}".strip("."))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}.{number}".strip("."))


def draw(exported: PersonExport, language: Language, fmt: Format) -> bytes:
    """The export as a document, as JSON, or all of it in a ZIP with the messages as they came and the files
    that the person added.

    Raises OpleverError: `extra-missing`, `config-invalid`, `file-unreadable`.
    """
    if fmt == "json":
        return msgspec.json.format(msgspec.json.encode(exported), indent=1) + b"\n"
    if fmt == "zip":
        return _archive(exported, language)
    return FORMATS[fmt].draw(person_sheet(Translator(language), exported, organisation()))


def _archive(exported: PersonExport, language: Language) -> bytes:
    content = io.BytesIO()
    base = store.records_directory()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", draw(exported, language, "json"))
        archive.writestr(f"person.{language}.html", draw(exported, language, "html"))
        for record in exported.records:
            for place in (*record.messages, *record.annexes):
                path = base / record.record / place
                try:
                    archive.writestr(f"{record.record}/{place}", path.read_bytes())
                except OSError as problem:
                    raise unreadable(path, problem) from None
    return content.getvalue()
