"""Proposals that the record makes by itself: what went wrong more than once is worth a look. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from oplever.record.model import Fault, Proposal, Proposals

MOST = 10
"""More would bury what people propose themselves."""


def with_candidates(proposals: Proposals, faults: Sequence[Fault]) -> Proposals:
    """What people proposed, then what the record itself found, unless somebody stated that there is nothing."""
    if proposals.none_stated:
        return structs.replace(proposals, none_stated=not proposals.items)
    return structs.replace(proposals, items=(*proposals.items, *candidates(faults)))


def candidates(faults: Sequence[Fault]) -> tuple[Proposal, ...]:
    """One for each task or test that failed on several machines, or more than once on one; those that hit most first.

    A person still has to say what to do about it (`oplever add proposal`), so `proposal` is empty.
    """
    places: dict[str, list[Fault]] = {}
    for fault in faults:
        if fault.location and fault.kind in ("task_failed", "test_failed"):
            places.setdefault(fault.location, []).append(fault)
    repeated = [repetitions for repetitions in places.values() if sum(fault.attempts for fault in repetitions) > 1]
    repeated.sort(key=lambda repetitions: -sum(fault.attempts for fault in repetitions))
    return tuple(_candidate(number, repetitions) for number, repetitions in enumerate(repeated[:MOST], 1))


def _candidate(number: int, faults: Sequence[Fault]) -> Proposal:
    first = faults[0]
    hosts = ", ".join(f"{fault.host} {fault.attempts}×" for fault in faults)
    return Proposal(
        id=f"K{number}",
        observation=f"{first.location}: {first.symptom} ({hosts})",
        proposal="",
        process="test" if first.kind == "test_failed" else "installation",
        candidate=True,
        by="machine",
        at=first.at,
    )
