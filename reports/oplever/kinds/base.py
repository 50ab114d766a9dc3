"""What a kind of record declares. What all kinds share stands here and in `oplever.record`, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from oplever.errors import OpleverError
from oplever.messages import M_, N_, Message
from oplever.record.entries import DecisionEntry, Entry, EntryKind, NoneEntry, withdrawal
from oplever.record.entries.fields import fields
from oplever.record.fold import Run
from oplever.record.model import DocumentStatus, Record, Status, Who

if TYPE_CHECKING:
    from oplever.page.document import Layout

NONE_OF = next(field.choices for field in fields(NoneEntry) if field.name == "what")
"""Sections of which somebody can state that there are none."""


class Rule(Struct, frozen=True):
    """Something that every record must have: `lacks` is true for a record without it. `code` is translated by the
    documents, `obligations` are those of docs/requirements.md. An `entry` of that kind supplies it, empty when no entry
    can; `fields` are those of it that have to be filled in, when the entry is for other things too, and `preset` are
    those that have to have a value. `typed` is the command, when that is not `oplever add`.
    """

    section: str
    code: str
    who: Who
    obligations: tuple[str, ...]
    entry: str
    lacks: Callable[[Record], bool]
    fields: tuple[str, ...] = ()
    preset: dict[str, str] = {}
    typed: str = ""

    @property
    def may_be_none(self) -> bool:
        """Whether somebody may state that there are none."""
        return self.section in NONE_OF

    @property
    def words(self) -> Message:
        """What is missing, in a few words."""
        from oplever.page.reasons import MISSING  # noqa: PLC0415 - most commands tell nothing that is missing

        return Message(MISSING.get(self.code, self.code), {})

    @property
    def command(self) -> str:
        """What to type to supply it."""
        none = f" / oplever add none {self.section.replace('_', '-')}" if self.may_be_none else ""
        return self.typed or (f"oplever add {self.entry}{none}" if self.entry else "")


_WITH_ARGUMENT = ("oplever incident ", "oplever instruction ", "oplever faq ")


def about(command: str, name: str, *, is_latest: bool = False) -> str:
    """A command as it is typed for the record of that name. Those of kinds with commands of their own take it as an
    argument, also for the latest record; the others take it as an option, which the latest record can do without."""
    if command.endswith(" new") or (is_latest and not command.startswith(_WITH_ARGUMENT)):
        return command
    return f"{command} {name}" if command.startswith(_WITH_ARGUMENT) else f"{command} --record {name}"


def always(_: EntryKind) -> bool:
    return True


class Transition(Struct, frozen=True):
    """An entry of this kind brings a record from one of the states to `target`, if its content says so."""

    entry: str
    sources: tuple[Status, ...]
    target: Status
    guard: Callable[[EntryKind], bool] = always


def step(transitions: Iterable[Transition], status: Status, content: EntryKind) -> Transition | None:
    """The first transition that an entry makes from a state; None when none begins with it."""
    fitting = (t for t in transitions if t.entry == content.tag() and status in t.sources and t.guard(content))
    return next(fitting, None)


class State(Struct, frozen=True):
    """`takes` says which entries a record in it takes; in an `is_final` one nothing is due any more."""

    id: Status
    takes: Callable[[EntryKind], bool] = always
    is_final: bool = False


def approved(record: Record, _: EntryKind) -> OpleverError:
    advice = M_("add a correction, or let the supervisor decide again: oplever add decision")
    return OpleverError("record-approved", M_("{id} is approved and cannot change", id=record.id), advice)


class RecordKind(Struct, frozen=True):
    """One kind of record.

    `work_processes` are those whose obligations its rules carry. `states` are those of the document, the first one that
    of a new record. `entries` are kinds of entries of its own, besides those that every record takes. `judge` gives
    the record with verdict, reasons and stage; `due` the day or moment at which it has to be ready, empty when nobody
    said. `refusal` is what is said to an entry that the state of a record does not take. `command` begins one.
    `unfinished` is what lists call the verdict `not_delivered`: not every kind is delivered as an installation is.
    """

    id: str
    work_processes: tuple[str, ...]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    entries: tuple[type[EntryKind], ...]
    rules: tuple[Rule, ...]
    load_layout: Callable[[], Layout]
    judge: Callable[[Record, Run], Record]
    due: Callable[[Record], str]
    refusal: Callable[[Record, EntryKind], OpleverError] = approved
    command: str = "oplever new"
    unfinished: str = N_("not delivered")

    @property
    def layout(self) -> Layout:
        """What its documents look like; loaded when it is asked for, since most commands draw nothing."""
        return self.load_layout()

    def status_after(self, status: Status, content: EntryKind) -> Status:
        """The state after an entry; the same one when no transition begins with it."""
        transition = step(self.transitions, status, content)
        return transition.target if transition else status

    def status(self, entries: Iterable[Entry]) -> Status:
        """The state after all of these."""
        status = self.states[0].id
        for counted in withdrawal.lines(tuple(entries)):
            if counted.withdrawn_by is None:
                status = self.status_after(status, counted.content)
        return status

    def takes(self, status: Status, content: EntryKind) -> bool:
        """Whether a record in this state takes the entry."""
        return next(state for state in self.states if state.id == status).takes(content)


def _decides(decision: DocumentStatus) -> Callable[[EntryKind], bool]:
    return lambda content: isinstance(content, DecisionEntry) and content.decision == decision


def _after_approval(content: EntryKind) -> bool:
    return content.declaration.after_approval


DOCUMENT_STATES = (
    State("concept"),
    State("submitted"),
    State("approved", _after_approval, is_final=True),
    State("rejected"),
)
_ANY: tuple[Status, ...] = tuple(state.id for state in DOCUMENT_STATES)
DOCUMENT_TRANSITIONS = (
    Transition("report", _ANY, "submitted"),
    Transition("decision", _ANY, "approved", _decides("approved")),
    Transition("decision", _ANY, "rejected", _decides("rejected")),
)
"""A report submits a document, also after a rejection; a supervisor decides, and may decide again."""
