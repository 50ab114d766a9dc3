"""The first line of a record of work by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever.messages import M_
from oplever.record.entries.base import Day, Declaration, EntryKind, Envelope, NonEmptyText, invalid
from oplever.record.model import Person, Recap, Record, System
from oplever.text import plain_name
from oplever.words import WorkProcess


class OpenedEntry(EntryKind, frozen=True, tag="opened"):
    """Opens a record of work that no journal recorded; the first line of its entries, and no other."""

    declaration: ClassVar = Declaration(
        ("document", "assignment", "people", "scope", "systems"),
        names=("by", "executor"),
        term="hours_names",
        command="oplever new",
        withdrawal="nobody",
    )

    record: Annotated[NonEmptyText, Meta(description="Name of the record.")]
    kind: Annotated[NonEmptyText, Meta(description="Which kind of record it is.")]
    title: Annotated[NonEmptyText, Meta(description="The assignment in a few words.")]
    work_process: Annotated[WorkProcess, Meta(description="The work process, as 1.3.")]
    systems: Annotated[tuple[NonEmptyText, ...], Meta(description="A machine; can be given more than once.")] = ()
    location: Annotated[str, Meta(description="Where the work is done.")] = ""
    due: Annotated[Day, Meta(description="The day on which it has to be ready.")] = ""
    executor: Annotated[str, Meta(description="Who carries it out, when that is not who opens the record.")] = ""

    def check(self, record: Record, envelope: Envelope) -> None:
        raise invalid(M_("only a new record is opened"), M_("make one with: oplever new"))

    def fold(self, record: Record, envelope: Envelope) -> Record:
        """Sets what the start of a journal sets; changes no record that has a journal or is open already."""
        if record.id:
            return record
        systems = tuple(dict.fromkeys(self.systems))
        return structs.replace(
            record,
            id=plain_name(self.record),
            kind=self.kind,
            work_process=self.work_process,
            document=structs.replace(record.document, created=envelope.at, started=envelope.at),
            assignment=structs.replace(
                record.assignment, title=self.title, location=self.location, planned_end=self.due
            ),
            people=(Person(self.executor or envelope.by, "executor"),),
            scope=structs.replace(record.scope, systems=systems, work_processes=(self.work_process,)),
            systems=tuple(System(name, Recap()) for name in systems),
        )
