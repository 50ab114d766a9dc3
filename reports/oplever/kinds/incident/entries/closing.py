"""A case comes to its end: solved, tested again, confirmed by the user, closed, reopened or joined with another."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, structs

from oplever import clock
from oplever.errors import OpleverError
from oplever.kinds.base import about
from oplever.kinds.incident.completeness import open_ends
from oplever.kinds.incident.entries.base import Event, add
from oplever.messages import M_
from oplever.record.entries.base import Declaration, Envelope, NonEmptyText, invalid
from oplever.record.model import CaseWork, Confirmation, Incident, Record, Retest, Solution
from oplever.record.model.incident import RetestResult, Satisfaction
from oplever.record.persons import among, same_person

_SECONDS_A_DAY = 24 * 3600


class SolvedEntry(Event, frozen=True, tag="solved"):
    """How it was solved, by which guideline, and what the cause was."""

    declaration: ClassVar = Declaration(("incident", "people"), names=("by",), term="hours_names")
    is_work = True

    solution: Annotated[NonEmptyText, Meta(description="How it was solved.")]
    guideline: Annotated[NonEmptyText, Meta(description="The guideline that was followed.")]
    version: Annotated[NonEmptyText, Meta(description="The version of the guideline.")]
    cause: Annotated[NonEmptyText, Meta(description="What the cause was.")]

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        solution = Solution(self.solution, self.guideline, self.version, self.cause, envelope.by, envelope.at)
        return add(case, "solutions", solution)


class RetestedEntry(Event, frozen=True, tag="retested"):
    """Whether it works again: a record that shows it, a test by hand, or why no test was needed."""

    declaration: ClassVar = Declaration(
        ("incident",), names=("by",), term="hours_names", command="oplever incident retest"
    )

    result: Annotated[RetestResult, Meta(description="What the test showed.")]
    reason: Annotated[str, Meta(description="How it was tested by hand, or why no test was needed.")] = ""
    record: Annotated[str, Meta(description="The record that shows it.")] = ""
    digest: Annotated[str, Meta(description="SHA-256 of the journal of that record.")] = ""
    tests: Annotated[tuple[NonEmptyText, ...], Meta(description="The tests that count.")] = ()

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if not self.record and not self.reason:
            raise invalid(M_("a retest is a record, or is explained"), M_("--record RECORD, or --reason '...'"))
        if self.record and self.result == "not_needed":
            raise invalid(M_("a record shows a result"), M_("leave --record or --result out"))

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        retest = Retest(self.result, self.record, self.digest, self.tests, self.reason, by=envelope.by, at=envelope.at)
        return add(case, "retests", retest)


class ConfirmedEntry(Event, frozen=True, tag="confirmed"):
    """Whether the user is satisfied, as he said himself."""

    declaration: ClassVar = Declaration(("incident",), names=("by", "user"), term="hours_names", withdrawal="author")

    satisfied: Annotated[Satisfaction, Meta(description="Whether the user is satisfied.")]
    user: Annotated[str, Meta(description="Who was asked; the reporter when left out.")] = ""
    remark: Annotated[str, Meta(description="What the user said.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        """Nobody is satisfied with his own work on behalf of a user; who reported it himself has no user to ask."""
        is_own_report = among(case.reporter, solvers(case)) is not None
        if self.satisfied == "not_applicable":
            if not is_own_report and case.channel != "machine":
                raise invalid(
                    M_("{reporter} reported it and can be asked", reporter=case.reporter),
                    M_("--satisfied yes, no or not_reached"),
                )
            return
        user = self.user or case.reporter
        if not user:
            raise invalid(
                M_("user: a machine reported it, so somebody has to be named"), M_("--user, or not_applicable")
            )
        if solver := among(user, solvers(case)):
            advice = M_("let a user say it: --user; a case of your own: --satisfied not_applicable")
            raise OpleverError(
                "decision-by-executor", M_("{solver} solved it; nobody confirms his own work", solver=solver), advice
            )

    def reads(self, case: Incident, envelope: Envelope) -> bool:
        """A user who answers by a link sees no mails."""
        return not same_person(envelope.by, self.user or case.reporter)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        user = self.user or case.reporter
        confirmation = Confirmation(self.satisfied, user, self.remark, envelope.by, envelope.at)
        return add(case, "confirmations", confirmation)


def solvers(case: Incident) -> tuple[str, ...]:
    """Everybody who worked on the case."""
    doers = [move.to for move in case.moves if move.kind == "taken"]
    doers += [work.by for work in case.work] + [solution.by for solution in case.solutions]
    return tuple(dict.fromkeys(doers))


class ClosedEntry(Event, frozen=True, tag="closed"):
    """The case is closed: everything that it takes is there."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    remark: Annotated[str, Meta(description="What there is to say about it.")] = ""

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if missing := open_ends(record):
            details = tuple(
                M_("- {subject}: {command}", subject=rule.words, command=about(rule.command, record.id))
                for rule in missing
            )
            message = M_("{id} cannot be closed yet; this is missing:", id=record.id)
            advice = M_("add what is missing, then close it; what cannot be solved: oplever incident escalate")
            raise OpleverError("incident-open-ends", message, advice, details)

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return case


class ReopenedEntry(Event, frozen=True, tag="reopened"):
    """It is not solved after all: the case goes on, and so does its clock."""

    declaration: ClassVar = Declaration(("incident",), names=("by",), term="hours_names")

    reason: Annotated[NonEmptyText, Meta(description="What is not right.")]

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        days = case.rules.reopen_days if case.rules else 14
        closed = next((change.at for change in reversed(case.changes) if change.state == "closed"), None)
        if record.status != "closed" or closed is None:
            return
        if (clock.moment(envelope.at) - clock.moment(closed)).total_seconds() > days * _SECONDS_A_DAY:
            raise OpleverError(
                "incident-state",
                M_("{id} was closed more than {days} days ago: reopen is not possible now", id=record.id, days=days),
                M_(
                    "make a new case and link it: oplever incident new; oplever incident link --relation earlier "
                    "--target {id}",
                    id=record.id,
                ),
            )

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return add(case, "reopenings", CaseWork(self.reason, envelope.by, envelope.at))


class MergedEntry(Event, frozen=True, tag="merged"):
    """It is the same as another case, which goes on; this one stays as it is."""

    declaration: ClassVar = Declaration(
        ("incident",), names=("by",), term="hours_names", command="oplever incident merge"
    )

    into: Annotated[NonEmptyText, Meta(description="The case that goes on.")]
    reason: Annotated[NonEmptyText, Meta(description="Why it is the same.")]

    def require(self, record: Record, case: Incident, envelope: Envelope) -> None:
        if self.into == record.id:
            raise invalid(M_("a case is not merged into itself"), M_("name the case that goes on: --into CASE"))

    def apply(self, record: Record, case: Incident, envelope: Envelope) -> Incident:
        return structs.replace(case, merged_into=self.into)
