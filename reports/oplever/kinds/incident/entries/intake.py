"""A report comes in: what was said, how urgent it is, and whether somebody can solve it alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.kinds.incident.entries.base import Event, add
from oplever.kinds.incident.entries.leak import due
from oplever.messages import M_, Message, Written
from oplever.record.entries.base import (
    Day,
    Declaration,
    Envelope,
    NonEmptyText,
    invalid,
    require_known,
    require_not_future,
)
from oplever.record.model import Answer, Assessment, Classification, Incident, Leak, Link, Record
from oplever.record.model.incident import Relation
from oplever.record.model.incident_rules import Category, Level, Question, Rules

Channel = Literal["counter", "phone", "mail", "chat", "round", "machine", "other"]


class RulesEntry(Event, frozen=True, tag="rules"):
    """The rules that hold for this case from now on, as they were read from `incidents.yml`."""

    declaration: ClassVar = Declaration(
        ("incident",), term="hours_names", command="oplever incident", is_read=True, withdrawal="nobody"
    )
    is_reading = False

    digest: Annotated[NonEmptyText, Meta(description="SHA-256 of the rules.")]
    rules: Annotated[Rules, Meta(description="The rules themselves.")]

    def person_names(self) -> Iterable[str]:
        """Who is in a team, and who is authorised for something."""
        for team in self.rules.teams.values():
            yield from team.members
        for authorisation in self.rules.authorised.values():
            yield from authorisation.people

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return structs.replace(case, rules=self.rules, rules_digest=self.digest)

    def history(self) -> str:
        return f"rules: {self.rules.version}"


class ReportedEntry(Event, frozen=True, tag="reported"):
    """What was reported, in the words of who reported it."""

    declaration: ClassVar = Declaration(("incident",), names=("by", "reporter"), term="hours_names")

    channel: Annotated[Channel, Meta(description="How the report came in.")]
    text: Annotated[NonEmptyText, Meta(description="What is wrong, in the words of the reporter.")]
    reporter: Annotated[str, Meta(description="Who reports it; left out only when a machine does.")] = ""
    category: Annotated[str, Meta(description="What it is about: a category of the rules.")] = ""
    place: Annotated[str, Meta(description="Where it is: the room.")] = ""
    machine: Annotated[str, Meta(description="The machine it is about.")] = ""
    since: Annotated[Day, Meta(description="The day since which it is so, when that is not today.")] = ""
    answer: Annotated[
        tuple[NonEmptyText, ...],
        Meta(description="Answer to a question of the category, as name=answer; can be given more than once."),
    ] = ()
    cause: Annotated[str, Meta(description="What a machine shows to be wrong, as the name of a test.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if case.reported_at:
            raise invalid(
                M_("the case has its report already"), M_("add to it: oplever incident tell, classify or link")
            )
        if not self.reporter and self.channel != "machine":
            raise invalid(M_("reporter: a name is missing"), M_("say who reports it: --reporter 'J. Bakker'"))
        require_not_future("since", self.since, envelope)
        if case.rules and self.category:
            require_known(M_("category"), self.category, case.rules.categories)
            _require_answers(case.rules.categories[self.category], self.answers())

    def check_corrected(self, record: Record, envelope: Envelope) -> None:
        self.require(record, structs.replace(record.case, reported_at=""), envelope)

    def answers(self) -> tuple[Answer, ...]:
        """The answers, by the name of the question."""
        parts = (answer.partition("=") for answer in self.answer)
        return tuple(Answer(name.strip(), text.strip()) for name, _, text in parts)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        if case.reported_at:
            return add(case, "void", record.document.revision + 1)
        return structs.replace(
            case,
            channel=self.channel,
            reporter=self.reporter,
            text=self.text,
            place=self.place,
            machine=self.machine,
            since=self.since,
            cause=f"{self.machine} {self.cause}" if self.cause else "",
            reported_by=envelope.by,
            reported_at=envelope.at,
            category=self.category,
            answers=self.answers(),
        )


def _require_answers(category: Category, answers: tuple[Answer, ...]) -> None:
    questions = {question.id: question for question in category.questions}
    by_name = {answer.question: answer.answer for answer in answers}
    for name, text in by_name.items():
        require_known(M_("question"), name, questions)
        choices = ("yes", "no") if questions[name].type == "yes_no" else questions[name].choices
        if choices and text not in choices:
            raise invalid(
                M_("answer {name}: {text} is none of the choices", name=name, text=text or M_("empty")),
                M_("choose: {choices}", choices=", ".join(choices)),
            )
    missing = [question for question in category.questions if question.required and not by_name.get(question.id)]
    if missing:
        raise invalid(
            M_("answers are missing: {texts}", texts=_asked(missing)),
            M_("ask it, and give --answer {id}=...", id=missing[0].id),
        )


def _asked(questions: Sequence[Question]) -> Message:
    """The questions one after another, to be said in the language of whoever reads them."""
    asked = [
        M_("{id}: {question}", id=question.id, question=Written(question.ask.nl, question.ask.en))
        for question in questions
    ]
    return reduce(lambda before, next_one: M_("{texts}; {more}", texts=before, more=next_one), asked)


class ClassifiedEntry(Event, frozen=True, tag="classified"):
    """How many it hinders and how soon it has to be solved: the priority follows from the matrix of the rules."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    impact: Annotated[
        Level, Meta(description="How many it hinders: 1 the whole school, 2 a room or group, 3 a person.")
    ]
    urgency: Annotated[Level, Meta(description="How soon: 1 work stands still, 2 it is hindered, 3 it can wait.")]
    category: Annotated[str, Meta(description="Another category than at the report.")] = ""
    lesson: Annotated[bool, Meta(description="A lesson or an exam is hindered now: the priority goes up.")] = False
    flag: Annotated[
        tuple[Literal["major", "data_leak", "safety"], ...],
        Meta(description="What stands outside the matrix; can be given more than once."),
    ] = ()
    priority: Annotated[
        Literal["", "1", "2", "3", "4"], Meta(description="Another priority than the matrix gives; say why.")
    ] = ""
    reason: Annotated[str, Meta(description="Why the priority is another one.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if self.priority and not self.reason:
            raise invalid(M_("reason: another priority needs a reason"), M_("say why: --reason '...'"))
        if case.rules and self.category:
            require_known(M_("category"), self.category, case.rules.categories)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        classification = Classification(
            category=self.category or case.category,
            impact=int(self.impact),
            urgency=int(self.urgency),
            lesson=self.lesson,
            flags=self.flag,
            override=int(self.priority) if self.priority else None,
            reason=self.reason,
            rules=case.rules_digest,
            by=envelope.by,
            at=envelope.at,
        )
        case = add(case, "classifications", classification)
        is_leak = "data_leak" in self.flag and case.leak is None
        leak = Leak(envelope.at, due(envelope.at), by=envelope.by) if is_leak else case.leak
        return structs.replace(case, category=classification.category, leak=leak)


class AssessedEntry(Event, frozen=True, tag="assessed"):
    """Whether who has the case can solve it alone, and why."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    can_solve: Annotated[Literal["yes", "no"], Meta(description="Whether you can solve it alone.")]
    reason: Annotated[NonEmptyText, Meta(description="Why.")]

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        assessment = Assessment(self.can_solve == "yes", self.reason, envelope.by, envelope.at)
        return structs.replace(case, assessment=assessment)


class LinkedEntry(Event, frozen=True, tag="linked"):
    """Something that belongs to the case: a record, another case, the problem behind it."""

    declaration: ClassVar = Declaration(("incident",))
    is_reading = False

    relation: Annotated[Relation, Meta(description="What it is.")]
    target: Annotated[NonEmptyText, Meta(description="Its name.")]
    reason: Annotated[str, Meta(description="Why it belongs to the case.")] = ""
    digest: Annotated[str, Meta(description="SHA-256 of the journal, of a record.")] = ""

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return add(case, "links", Link(self.relation, self.target, self.digest, self.reason, envelope.by, envelope.at))
