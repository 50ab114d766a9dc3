"""What the events of a case have in common: they fit its state, or they are refused and change nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import structs

from oplever.errors import OpleverError
from oplever.kinds.incident.states import COMMANDS, possible, transition
from oplever.messages import M_
from oplever.record.entries.base import EntryKind, Envelope
from oplever.record.model import Incident, Person, Record, StateChange


class Event(EntryKind, frozen=True):
    """An event of a case. `require` is what it asks besides the right state, `apply` what it does to the case. Who adds
    one that `is_work` carries the case out; who adds one that `reads` saw the mails of the case."""

    is_work: ClassVar[bool] = False
    is_reading: ClassVar[bool] = True

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        """Raises OpleverError when it does not fit the case."""

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        """The case with this added."""
        raise NotImplementedError

    def reads(self, case: Incident, envelope: Envelope) -> bool:
        """Whether who adds it saw the mails of the case."""
        return self.is_reading

    def check(self, record: Record, envelope: Envelope) -> None:
        """Raises OpleverError: `incident-state`, and what `require` raises."""
        if transition(record.status, self) is None:
            raise refusal(record, self)
        self.require(record, record.case, envelope)

    def check_corrected(self, record: Record, envelope: Envelope) -> None:
        """The case went on since: whether it fits the state of then is seen when it is derived."""
        self.require(record, record.case, envelope)

    def fold(self, record: Record, envelope: Envelope) -> Record:
        case, step = record.case, transition(record.status, self)
        if step is None:
            return structs.replace(record, incident=add(case, "void", record.document.revision + 1))
        case = self.apply(record, structs.replace(case, unread=0) if self.reads(case, envelope) else case, envelope)
        if step.target != record.status:
            case = add(case, "changes", StateChange(step.target, envelope.at))
        record = structs.replace(record, incident=case)
        return _carried_out(record, envelope.by) if self.is_work else record


def _carried_out(record: Record, name: str) -> Record:
    person = Person(name, "executor")
    return record if person in record.people else structs.replace(record, people=(*record.people, person))


def add(case: Incident, field: str, value: Any) -> Incident:
    """The case with one more value in a field that has several."""
    return structs.replace(case, **{field: (*getattr(case, field), value)})


def refusal(record: Record, content: EntryKind) -> OpleverError:
    """Why a case does not take an entry now, and what it does take."""
    from oplever.page.vocabulary import DOCUMENT_STATUS  # noqa: PLC0415 - words for people are much to read

    words = [COMMANDS[name] for name in possible(record.status) if name in COMMANDS]
    advice = (
        M_("possible now: oplever incident {words}", words=", ".join(words))
        if words
        else M_("see what it is: oplever incident show")
    )
    if record.status == "merged":
        advice = M_(
            "go on with the other case: oplever incident show {merged_into}", merged_into=record.case.merged_into
        )
    word = COMMANDS.get(content.tag(), content.tag())
    state = M_(DOCUMENT_STATUS[record.status][1])
    return OpleverError(
        "incident-state",
        M_("{id} is {state}: {word} is not possible now", id=record.id, state=state, word=word),
        advice,
    )
