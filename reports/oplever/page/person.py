"""What the records say about one person, and the document of it to hand over."""

from __future__ import annotations

from msgspec import Struct

from oplever.messages import kept, translated
from oplever.page.blocks import Block, Cell, Column, Group, Organisation, Page, Paragraph
from oplever.page.document import labels
from oplever.page.parts import pairs, table
from oplever.page.translator import Translator
from oplever.page.vocabulary import OUTCOMES
from oplever.text import clean, clean_text


class Mention(Struct, frozen=True):
    """One text that names the person: as a whole (`is_name`) or somewhere in it. `place` is where: the line of
    `entries.jsonl` with the field, or the section of the record that its journal gives."""

    place: str
    text: str
    is_name: bool
    at: str = ""
    by: str = ""


class PersonRecord(Struct, frozen=True):
    """What one record says. `messages` are mails from or to the person that are kept with it, by their path in it;
    `annexes` are photos and files that the person added."""

    record: str
    kind: str
    title: str
    begun: str
    mentions: tuple[Mention, ...]
    messages: tuple[str, ...] = ()
    annexes: tuple[str, ...] = ()


class MailLine(Struct, frozen=True):
    """What was done with a mail of the person, as the log of mail has it: `reason` why it was set aside, with `pattern`
    and `values` to say it in another language."""

    at: str
    outcome: str
    case: str
    reason: str
    pattern: str = ""
    values: dict[str, str] = {}


class PersonExport(Struct, frozen=True):
    """`names` are those that were looked for. `unreadable` are records that could not be read, each with why: nobody
    knows what they say. `mail_log` are the lines of mail.jsonl about mail of this person."""

    names: tuple[str, ...]
    made: str
    records: tuple[PersonRecord, ...]
    unreadable: tuple[str, ...] = ()
    mail_log: tuple[MailLine, ...] = ()


def person_sheet(t: Translator, exported: PersonExport, organisation: Organisation | None = None) -> Page:
    """A part for each record."""
    log = _mail_log(t, exported)  # its sentences are translated before they are cleaned
    exported = clean(exported)
    title = t("What is kept about {name}", name=exported.names[0])
    return Page(
        language=t.language,
        title=title,
        kind=t("Personal data"),
        id=exported.names[0],
        created=exported.made,
        facts=(),
        status=Cell(t.moment(exported.made)),
        verdict=None,
        summary=(
            *_summary(t, exported),
            *log,
            *(_group(t, record) for record in exported.records),
        ),
        sections=(),
        notes=(
            t("Times are in time zone {zone}.", zone=t.zone),
            t("Texts are as they are kept; they may name other people too."),
            t("A name in another spelling, or a first name alone within a text, is not recognised."),
        ),
        labels=labels(t, exported.names[0]),
        organisation=organisation,
    )


def _summary(t: Translator, exported: PersonExport) -> tuple[Block, ...]:
    mentions = sum(len(record.mentions) for record in exported.records)
    messages = sum(len(record.messages) for record in exported.records)
    problems = tuple(
        Paragraph(t("This record could not be read: {problem}", problem=problem), "bad")
        for problem in exported.unreadable
    )
    return (
        Paragraph(t("Made on {moment}.", moment=t.moment(exported.made))),
        *problems,
        *pairs(
            (t("Looked for"), ", ".join(exported.names)),
            (t("Records"), t.number(len(exported.records), 0)),
            (t("Texts"), t.number(mentions, 0)),
            (t("Mails"), t.number(messages, 0)),
            (t("Lines in the log of mail"), t.number(len(exported.mail_log), 0)),
        ),
    )


def _mail_log(t: Translator, exported: PersonExport) -> tuple[Block, ...]:
    rows = [
        (
            Cell(t.moment(line.at)),
            Cell(t(OUTCOMES[line.outcome])),
            Cell(clean_text(line.case), code=True),
            Cell(clean_text(translated(kept(line.pattern, line.values, line.reason), t))),
        )
        for line in exported.mail_log
    ]
    columns = (Column(t("When"), 3), Column(t("What was done"), 3), Column(t("Report"), 4), Column(t("Reason"), 5))
    return table(t("Lines in the log of mail"), columns, rows, 500)


def _group(t: Translator, record: PersonRecord) -> Group:
    rows = [
        (
            Cell(mention.text),
            Cell(mention.place, "plain", code=True),
            Cell(t.moment(mention.at) if mention.at else "", note=mention.by),
        )
        for mention in record.mentions
    ]
    columns = (Column(t("Text"), 5), Column(t("Where"), 4), Column(t("Added"), 3))
    blocks = (
        *pairs((t("Record"), Cell(record.record, code=True)), (t("Begun"), t.moment(record.begun))),
        *table(t("Texts that name this person"), columns, rows, 500),
        *(Paragraph(t("Mail that is kept: {file}", file=file)) for file in record.messages),
        *(Paragraph(t("File that this person added: {file}", file=file)) for file in record.annexes),
    )
    return Group(record.title or record.record, blocks)
