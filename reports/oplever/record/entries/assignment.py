"""The assignment."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Person, Record
from oplever.words import WorkProcess


class AssignmentEntry(EntryKind, frozen=True, tag="assignment"):
    """What was asked, where it was not said or not right at the start."""

    declaration: ClassVar = Declaration(("assignment", "scope", "people"), names=("by", "executor"), term="hours_names")

    id: Annotated[str, Meta(description="Number of the assignment.")] = ""
    title: Annotated[str, Meta(description="The assignment in a few words.")] = ""
    principal: Annotated[str, Meta(description="For whom the work is done.")] = ""
    location: Annotated[str, Meta(description="Where the work is done.")] = ""
    requested_by: Annotated[str, Meta(description="Who asked for it.")] = ""
    reason: Annotated[str, Meta(description="Why it was asked.")] = ""
    procedures: Annotated[
        tuple[NonEmptyText, ...], Meta(description="A procedure that holds; can be given more than once.")
    ] = ()
    work_process: Annotated[Literal["", WorkProcess], Meta(description="The work process, as 1.3.")] = ""
    executor: Annotated[str, Meta(description="Who carried out the work, when the run did not say it.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        if self == type(self)():
            raise invalid(M_("it says nothing"), M_("see what it can say: oplever add assignment --help"))
        named = [person.name for person in record.people if person.role == "executor" and person.name]
        if self.executor and named:
            raise invalid(
                M_("{name} carried it out, says the record", name=named[0]),
                M_("correct it: oplever add correction --field 'people.{name}.name'", name=named[0]),
            )

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Fields that are filled in replace earlier ones; the last work process assigned is that of the record."""
        values = {name: value for name, value in structs.asdict(self).items() if value}
        if process := values.pop("work_process", None):
            scope = structs.replace(record.scope, work_processes=(process,))
            record = structs.replace(record, work_process=process, scope=scope)
        if executor := values.pop("executor", None):
            record = structs.replace(record, people=_with_executor(record.people, executor))
        return structs.replace(record, assignment=structs.replace(record.assignment, **values))


def _with_executor(people: tuple[Person, ...], name: str) -> tuple[Person, ...]:
    """The executor of whom only the account is known gets his name; one that has a name keeps it."""
    if not any(person.role == "executor" for person in people):
        return (Person(name, "executor"), *people)
    return tuple(
        structs.replace(person, name=name) if person.role == "executor" and not person.name else person
        for person in people
    )
