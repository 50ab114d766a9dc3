"""What people say of an instruction, in the order in which it is listed."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from msgspec import Meta, structs

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record import own_work
from oplever.record.entries.base import (
    Day,
    Declaration,
    EntryKind,
    Envelope,
    NonEmptyText,
    invalid,
    next_number,
    require_known,
    require_not_future,
)
from oplever.record.model import Instruction, Person, Record
from oplever.record.model.instruction import (
    Attendee,
    Clear,
    QuestionBack,
    Review,
    Session,
    Subject,
    Support,
    SupportWay,
    Understood,
    Way,
)
from oplever.words import Audience, Language

PSEUDONYM = re.compile(r"P-[0-9a-f]{10}")


def instruction_of(record: Record) -> Instruction:
    """The instruction of a record. Raises OpleverError (`record-unknown`) for another kind of record."""
    if record.kind != "instruction":
        raise OpleverError(
            "record-unknown",
            M_("{id} is no instruction", id=record.id),
            M_("list them: oplever list --kind instruction"),
        )
    return record.instruction or Instruction()


class InstructionEntry(EntryKind, frozen=True):
    """`require` is what an entry asks besides that the record is an instruction, `apply` what it adds to it."""

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        """Raises OpleverError when it does not fit."""

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        raise NotImplementedError

    def check(self, record: Record, envelope: Envelope) -> None:
        """Raises OpleverError: `record-unknown`, and what `require` raises."""
        self.require(record, instruction_of(record), envelope)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        if record.kind != "instruction":
            return record
        added = self.apply(record, record.instruction or Instruction(), envelope)
        return structs.replace(record, instruction=added)


def _add(instruction: Instruction, field: str, value: Any) -> Instruction:
    return structs.replace(instruction, **{field: (*getattr(instruction, field), value)})


class InstructedEntry(InstructionEntry, frozen=True, tag="instructed"):
    """It was explained, on that day, by somebody."""

    declaration: ClassVar = Declaration(
        ("instruction", "people"), names=("by", "given_by"), term="hours_names", command="oplever instruction give"
    )

    day: Annotated[Day, Meta(min_length=1, description="The day on which it was explained.")]
    way: Annotated[Way, Meta(description="How it was explained.")] = "oral"
    place: Annotated[str, Meta(description="Where.")] = ""
    given_by: Annotated[str, Meta(description="Who explained it, when that is not who writes it down.")] = ""

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        require_not_future("day", self.day, envelope)

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        giver = self.given_by or envelope.by
        session = Session(self.day, giver, self.place, self.way, envelope.by, envelope.at)
        return _add(instruction, "sessions", session)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Whoever explains carries the work out."""
        person = Person(self.given_by or envelope.by, "executor")
        record = super().fold(record, envelope)
        if record.kind != "instruction" or person in record.people:
            return record
        return structs.replace(record, people=(*record.people, person))


class AttendedEntry(InstructionEntry, frozen=True, tag="attended"):
    """Somebody was there; kept as a pseudonym, never as a name."""

    declaration: ClassVar = Declaration(
        ("instruction",), names=("by",), term="hours_names", command="oplever instruction attend"
    )

    who: Annotated[NonEmptyText, Meta(description="The pseudonym of who was there.")]
    audience: Annotated[Audience, Meta(description="As what this person uses the system.")] = "user"

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        if not PSEUDONYM.fullmatch(self.who):
            raise invalid(
                M_("attendees are kept by pseudonym"), M_("oplever instruction attend makes it of the name: --who")
            )
        if any(attendee.pseudonym == self.who for attendee in instruction.attendees):
            raise invalid(M_("{who} is on the list already", who=self.who), M_("list them: oplever instruction show"))

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        return _add(instruction, "attendees", Attendee(self.who, self.audience, envelope.by, envelope.at))


class ExplainedEntry(InstructionEntry, frozen=True, tag="explained"):
    """What was explained, and the handout that was given with it, in the version that it had."""

    declaration: ClassVar = Declaration(
        ("instruction",), names=("by",), term="hours_names", command="oplever instruction explain"
    )

    subject: Annotated[NonEmptyText, Meta(description="What was explained, in a few words.")]
    card: Annotated[str, Meta(description="The handout that was given, as dokuwiki/open.")] = ""
    source: Annotated[str, Meta(description="The record that the handout was made of.")] = ""
    source_digest: Annotated[str, Meta(description="SHA-256 of the journal of that record.")] = ""
    version: Annotated[str, Meta(description="SHA-256 of what the handout says.")] = ""
    language: Annotated[Language, Meta(description="The language of the handout.")] = "nl"
    steps: Annotated[float, Meta(description="How many steps it has.")] = 0
    mistakes: Annotated[float, Meta(description="How often it does not follow the rules for cards.")] = 0
    ease: Annotated[float, Meta(ge=-1, le=100, description="How easily it reads, 0 to 100; -1 without a handout.")] = -1

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        if self.card and not (self.version and self.source):
            raise invalid(
                M_("a handout has a version, and a record that it was made of"),
                M_("oplever instruction explain takes them from the record: --card, --of"),
            )

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        number = next_number(record, type(self), len(instruction.subjects))
        subject = Subject(
            id=f"S{number}",
            subject=self.subject,
            card=self.card,
            source=self.source,
            source_digest=self.source_digest,
            version=self.version,
            language=self.language,
            steps=int(self.steps),
            mistakes=int(self.mistakes),
            ease=self.ease if self.ease >= 0 else None,
            by=envelope.by,
            at=envelope.at,
        )
        return _add(instruction, "subjects", subject)


class AskedBackEntry(InstructionEntry, frozen=True, tag="asked-back"):
    """Somebody was asked back about a subject and answered in own words."""

    declaration: ClassVar = Declaration(
        ("instruction",), names=("by",), term="hours_names", command="oplever instruction ask"
    )

    subject: Annotated[NonEmptyText, Meta(description="The number of the subject (S1, S2, ...).")]
    who: Annotated[NonEmptyText, Meta(description="The pseudonym of who answered.")]
    question: Annotated[NonEmptyText, Meta(description="What was asked.")]
    answer: Annotated[NonEmptyText, Meta(description="The answer, in the words of who gave it.")]
    judged: Annotated[Understood, Meta(description="Whether the answer shows that it was understood.")]

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        require_known(M_("subject"), self.subject, (subject.id for subject in instruction.subjects))
        require_known(M_("attendee"), self.who, (attendee.pseudonym for attendee in instruction.attendees))

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        question = QuestionBack(
            self.subject, self.who, self.question, self.answer, self.judged, envelope.by, envelope.at
        )
        return _add(instruction, "questions", question)


class ReviewedEntry(InstructionEntry, frozen=True, tag="reviewed"):
    """A user said whether a handout is clear; nobody says that of a handout that he explains himself."""

    declaration: ClassVar = Declaration(
        ("instruction",),
        names=("by", "user"),
        term="hours_names",
        withdrawal="author",
        command="oplever instruction review",
    )

    card: Annotated[NonEmptyText, Meta(description="The handout, as dokuwiki/open.")]
    user: Annotated[NonEmptyText, Meta(description="Name of the user who read or tried it.")]
    verdict: Annotated[Clear, Meta(description="Whether the user could follow it.")]
    remark: Annotated[str, Meta(description="What the user said of it.")] = ""

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        require_known(M_("handout"), self.card, (subject.card for subject in instruction.handouts))
        own_work.check_role(record, self.user, "user")
        if self.verdict == "unclear" and not self.remark:
            raise invalid(M_("remark: what is not clear is missing"), M_("say what the user did not follow: --remark"))

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        """About the version that was handed out last."""
        versions = [subject.version for subject in instruction.handouts if subject.card == self.card]
        review = Review(
            self.card, versions[-1] if versions else "", self.user, self.verdict, self.remark, envelope.by, envelope.at
        )
        return _add(instruction, "reviews", review)


class SupportedEntry(InstructionEntry, frozen=True, tag="supported"):
    """Somebody asked for help in daily use and was helped; or nobody did."""

    declaration: ClassVar = Declaration(
        ("instruction",), names=("by", "user"), term="hours_names", command="oplever instruction support"
    )

    user: Annotated[str, Meta(description="Who asked.")] = ""
    question: Annotated[str, Meta(description="What was asked, in the words of the user.")] = ""
    answer: Annotated[str, Meta(description="What the user was told or shown.")] = ""
    day: Annotated[Day, Meta(description="The day on which that was; today when left out.")] = ""
    way: Annotated[SupportWay, Meta(description="How the user asked.")] = "visit"
    none: Annotated[bool, Meta(description="Nobody asked for help.")] = False

    def require(self, record: Record, instruction: Instruction, envelope: Envelope) -> None:
        parts = (self.user, self.question, self.answer)
        if self.none == any(parts) or not (self.none or all(parts)):
            raise invalid(
                M_("say who asked what and what the answer was, or that nobody did"),
                M_("--user, --question and --answer; or --none"),
            )
        if self.none and instruction.support:
            raise invalid(
                M_("{user} asked for help", user=instruction.support[0].user),
                M_("withdraw that first: oplever add correction"),
            )
        require_not_future("day", self.day, envelope)

    def apply(self, record: Record, instruction: Instruction, envelope: Envelope) -> Instruction:
        if self.none:
            return structs.replace(instruction, no_support=not instruction.support)
        day = self.day or envelope.at[:10]
        support = Support(self.user, day, self.way, self.question, self.answer, envelope.by, envelope.at)
        return structs.replace(_add(instruction, "support", support), no_support=False)


ENTRIES: tuple[type[InstructionEntry], ...] = (
    InstructedEntry,
    AttendedEntry,
    ExplainedEntry,
    AskedBackEntry,
    ReviewedEntry,
    SupportedEntry,
)
COMMANDS: dict[str, str] = {
    "instructed": "give",
    "attended": "attend",
    "explained": "explain",
    "asked-back": "ask",
    "reviewed": "review",
    "supported": "support",
}
"""The word after `oplever instruction` that adds an entry, by its kind."""
