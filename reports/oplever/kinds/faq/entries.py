"""What is said of a frequently asked question: it is proposed, accepted by somebody else, and withdrawn."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Faq, Record
from oplever.record.persons import among
from oplever.words import Language

FEWEST_CASES = 3
"""A question that fewer people had is not asked frequently."""


def faq_of(record: Record) -> Faq:
    """The question of a record. Raises OpleverError (`record-unknown`) for another kind of record."""
    if record.kind != "faq":
        raise OpleverError(
            "record-unknown",
            M_("{id} is no frequently asked question", id=record.id),
            M_("list them: oplever faq list --all"),
        )
    return record.faq or Faq()


class FaqProposedEntry(EntryKind, frozen=True, tag="faq-proposed"):
    """A question, the incidents that it was made of, its answer, and what shows that the answer is right."""

    declaration: ClassVar = Declaration(("faq",), names=("by",), term="hours_names", command="oplever faq propose")

    question: Annotated[NonEmptyText, Meta(description="The question, in the words of users.")]
    answer: Annotated[NonEmptyText, Meta(description="The answer, in a few sentences.")]
    category: Annotated[NonEmptyText, Meta(description="The category of the incidents.")]
    guideline: Annotated[NonEmptyText, Meta(description="The guideline by which they were solved.")]
    cases: Annotated[tuple[NonEmptyText, ...], Meta(description="The closed incidents that it was made of.")]
    source: Annotated[NonEmptyText, Meta(description="The record that the card or the test is of.")]
    card: Annotated[str, Meta(description="The handout that has the answer, as dokuwiki/log-in.")] = ""
    version: Annotated[str, Meta(description="SHA-256 of what the handout says.")] = ""
    tests: Annotated[tuple[NonEmptyText, ...], Meta(description="A test that shows it, as 'web1 dokuwiki.page'.")] = ()
    source_digest: Annotated[str, Meta(description="SHA-256 of the journal of that record.")] = ""
    guideline_version: Annotated[str, Meta(description="The version of the guideline.")] = ""
    words_of: Annotated[str, Meta(description="The incident in whose words it is.")] = ""
    is_edited: Annotated[bool, Meta(description="The words were changed.")] = False
    language: Annotated[Language, Meta(description="The language of question and answer.")] = "nl"

    def check(self, record: Record, envelope: Envelope) -> None:
        faq_of(record)
        if len(set(self.cases)) < FEWEST_CASES:
            raise invalid(
                M_("a question is made of at least {count} closed incidents", count=FEWEST_CASES),
                M_("see which there are: oplever faq list"),
            )
        if not (self.card or self.tests):
            raise invalid(
                M_("nothing shows that the answer is right"),
                M_("name the handout or a test: --card or --test"),
            )

    def fold(self, record: Record, envelope: Envelope) -> Record:
        if record.kind != "faq":
            return record
        return structs.replace(
            record, faq=Faq(**structs.asdict(self), proposed_by=envelope.by, proposed_at=envelope.at)
        )


class FaqAcceptedEntry(EntryKind, frozen=True, tag="faq-accepted"):
    """Somebody else than who proposed it read question and answer, and accepts them."""

    declaration: ClassVar = Declaration(
        ("faq",), names=("by",), term="hours_names", command="oplever faq accept", withdrawal="author"
    )

    remark: Annotated[str, Meta(description="What there is to say about it.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        faq = faq_of(record)
        if among(envelope.by, (faq.proposed_by,)):
            raise OpleverError(
                "decision-by-executor",
                M_("{name} proposed it; nobody accepts his own answer", name=faq.proposed_by),
                M_("let a colleague do it: --by"),
            )

    def fold(self, record: Record, envelope: Envelope) -> Record:
        if record.kind != "faq":
            return record
        faq = record.faq or Faq()
        faq = structs.replace(faq, accepted_by=envelope.by, accepted_at=envelope.at, remark=self.remark)
        return structs.replace(record, faq=faq)


class FaqWithdrawnEntry(EntryKind, frozen=True, tag="faq-withdrawn"):
    """It is shown to nobody any more."""

    declaration: ClassVar = Declaration(("faq",), names=("by",), term="hours_names", command="oplever faq withdraw")

    reason: Annotated[NonEmptyText, Meta(description="Why it is withdrawn.")]

    def check(self, record: Record, envelope: Envelope) -> None:
        faq_of(record)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        if record.kind != "faq":
            return record
        faq = record.faq or Faq()
        faq = structs.replace(faq, withdrawn_by=envelope.by, withdrawn_at=envelope.at, reason=self.reason)
        return structs.replace(record, faq=faq)


ENTRIES: tuple[type[EntryKind], ...] = (FaqProposedEntry, FaqAcceptedEntry, FaqWithdrawnEntry)
COMMANDS: dict[str, str] = {"faq-proposed": "propose", "faq-accepted": "accept", "faq-withdrawn": "withdraw"}
"""The word after `oplever faq` that adds an entry, by its kind."""
