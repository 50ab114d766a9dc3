"""A case is handled: who has it, what it waits for, what the user was told, and what was done."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, structs

from oplever.kinds.incident.entries.base import Event, add
from oplever.messages import M_
from oplever.record.entries.base import Day, Declaration, Envelope, NonEmptyText, invalid, require_not_past
from oplever.record.model import CaseWork, Contact, Incident, Material, Move, Record, Wait
from oplever.record.model.incident import WaitsFor
from oplever.record.persons import among


def _moved(case: Incident, move: Move) -> Incident:
    """Somebody has the case now; while it goes to another it no longer waits."""
    return structs.replace(_resume(add(case, "moves", move), move.at), assignee=move.to)


def _resume(case: Incident, at: str) -> Incident:
    waits = tuple(wait if wait.resumed else structs.replace(wait, resumed=at) for wait in case.waits)
    return structs.replace(case, waits=waits)


class TakenEntry(Event, frozen=True, tag="taken"):
    """Somebody takes the case and begins; why, when it was not the first in the queue."""

    declaration: ClassVar = Declaration(
        ("incident", "people"), names=("by",), term="hours_names", command="oplever incident take"
    )
    is_work = True

    reason: Annotated[str, Meta(description="Why this case, when another is first in the queue.")] = ""
    passed_over: Annotated[str, Meta(description="The case that was first in the queue.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if self.passed_over and not self.reason:
            raise invalid(
                M_("reason: {passed_over} is first in the queue", passed_over=self.passed_over),
                M_("say why this case: --reason '...'"),
            )

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        by, at = envelope.by, envelope.at
        return _moved(case, Move("taken", by, by, at, reason=self.reason, passed_over=self.passed_over))


class AssignedEntry(Event, frozen=True, tag="assigned"):
    """The case is given to a person or a team."""

    declaration: ClassVar = Declaration(("incident",), names=("by", "to"), term="hours_names")

    to: Annotated[NonEmptyText, Meta(description="To whom: a person or a team.")]
    reason: Annotated[str, Meta(description="Why.")] = ""

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return _moved(case, Move("assigned", self.to, envelope.by, envelope.at, reason=self.reason))


class PassedOnEntry(Event, frozen=True, tag="passed-on"):
    """The case goes to a colleague who is authorised, and on what ground."""

    declaration: ClassVar = Declaration(("incident",), names=("by", "to"), term="hours_names")

    to: Annotated[NonEmptyText, Meta(description="The colleague who is authorised.")]
    ground: Annotated[str, Meta(description="Why that colleague may do it; from the rules when they say so.")] = ""
    reason: Annotated[str, Meta(description="Why you may not do it yourself.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        authorised = authorised_for(case)
        if authorised is None:
            if not self.ground:
                raise invalid(
                    M_("ground: say why that colleague may do it"), M_("for example: --ground 'manages the accounts'")
                )
        elif among(self.to, authorised[0]) is None:
            raise invalid(
                M_("{to} is not authorised for this case", to=self.to),
                M_("authorised are: {authorised}", authorised=", ".join(authorised[0])),
            )
        if among(self.to, (envelope.by,)):
            raise invalid(M_("to: a case is passed on to somebody else"), M_("keep it: oplever incident take"))

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        authorised = authorised_for(case)
        ground = self.ground or (authorised[1] if authorised else "")
        return _moved(case, Move("passed_on", self.to, envelope.by, envelope.at, ground=ground, reason=self.reason))


def authorised_for(case: Incident) -> tuple[tuple[str, ...], str] | None:
    """Who may do the work that the category of the case takes, and on what ground; None when no rule says so."""
    category = case.rule
    if case.rules is None or category is None or category.needs not in case.rules.authorised:
        return None
    authorisation = case.rules.authorised[category.needs]
    return authorisation.people, authorisation.ground


class WaitingEntry(Event, frozen=True, tag="waiting"):
    """The case waits; the clock of the solution stands still."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    on: Annotated[WaitsFor, Meta(description="What it waits for.")]
    reason: Annotated[NonEmptyText, Meta(description="Why it cannot go on.")]
    until: Annotated[Day, Meta(description="The day on which it may go on.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        require_not_past("until", self.until, envelope)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return add(case, "waits", Wait(self.on, self.reason, envelope.at, None, self.until, envelope.by))


class ResumedEntry(Event, frozen=True, tag="resumed"):
    """The case goes on."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    reason: Annotated[str, Meta(description="What makes that it can go on.")] = ""

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return _resume(case, envelope.at)


class ContactEntry(Event, frozen=True, tag="contact"):
    """The user was told how the report is or will be handled, and when."""

    declaration: ClassVar = Declaration(("incident",), names=("by", "user"), term="hours_names")

    how: Annotated[NonEmptyText, Meta(description="How it is or will be handled, as the user was told.")]
    when: Annotated[Day, Meta(min_length=1, description="The day on which it is or will be handled.")]
    medium: Annotated[
        Literal["counter", "phone", "mail", "chat", "visit"], Meta(description="How the user was told.")
    ] = "phone"
    user: Annotated[str, Meta(description="Who was told; the reporter when left out.")] = ""

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        user = self.user or case.reporter
        return add(case, "contacts", Contact(self.medium, self.how, self.when, user, envelope.by, envelope.at))


class WorkedEntry(Event, frozen=True, tag="worked"):
    """Work that was done for the case."""

    declaration: ClassVar = Declaration(("incident", "people"), names=("by",), term="hours_names")
    is_work = True

    activity: Annotated[NonEmptyText, Meta(description="What was done.")]

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return add(case, "work", CaseWork(self.activity, envelope.by, envelope.at))


class MaterialEntry(Event, frozen=True, tag="material"):
    """A material that was used, or that none was."""

    declaration: ClassVar = Declaration(("incident",))

    name: Annotated[str, Meta(description="What was used.")] = ""
    quantity: Annotated[float, Meta(gt=0, le=100000, description="How many.")] = 1
    none: Annotated[bool, Meta(description="No material was used.")] = False

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if self.none == bool(self.name):
            raise invalid(M_("say what was used, or that nothing was"), M_("--name 'patch cable', or --none"))
        if self.none and case.materials:
            raise invalid(
                M_("{name} was used", name=case.materials[0].name), M_("withdraw that first: oplever add correction")
            )

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        if self.none:
            return structs.replace(case, no_materials=not case.materials)
        case = add(case, "materials", Material(self.name, self.quantity, envelope.by, envelope.at))
        return structs.replace(case, no_materials=False)
