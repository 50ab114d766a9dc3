"""What all records together say could be better, and what somebody decides about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct

from oplever import store
from oplever.app.add import add, changed_since
from oplever.app.collection import collection_of
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.messages import M_
from oplever.overview.findings import Finding, findings
from oplever.overview.words import PROCESSES, observed, suggested
from oplever.page.translator import Translator
from oplever.record.entries import ProposalEntry
from oplever.record.entries.base import invalid
from oplever.record.model import Record
from oplever.store.index import open_index

Decision = Literal["accepted", "rejected"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)


class Decided(Struct, frozen=True):
    """The record to which the decision was added."""

    directory: Path
    record: Record


def all_findings() -> list[Finding]:
    """Raises OpleverError: `store-unusable`, `file-unreadable`, `config-invalid`."""
    with open_index() as index:
        return findings(collection_of(index, index.base, datetime.now(UTC), None))


def decide(
    name: str,
    by: str,
    decision: Decision,
    t: Translator,
    *,
    proposal: str = "",
    gain: str = "",
    reason: str = "",
    record: str = "",
    after: str = "",
) -> Decided:
    """Add the decision about a finding to a record that shows it: the named one, or the newest that still takes it.

    Without a proposal it is the one that `oplever.overview.words` has, in the language of the translator. With `after`
    what was decided last has to be what it was when that was its `standing`. Raises OpleverError: `finding-unknown`,
    `record-approved`, `record-changed`, `entry-invalid`, and what adding an entry raises.
    """
    finding = of(all_findings(), name)
    if after and after != standing(finding):
        raise changed_since()
    content = {
        "observation": observed(t, finding),
        "proposal": proposal or suggested(t, finding),
        "process": PROCESSES[finding.kind],
        "gain": gain,
        "finding": finding.id,
        "decision": decision,
        "reason": reason,
    }
    directory = store.find(record) if record else _taking(finding)
    filled = {name: value for name, value in content.items() if value}
    return Decided(directory, add(directory, "proposal", by, filled))


def standing(finding: Finding) -> str:
    """What names the last decision about a finding, also that there is none yet."""
    return finding.decision.at if finding.decision else "-"


def of(every: Sequence[Finding], name: str) -> Finding:
    """The finding with this name. Raises OpleverError (`finding-unknown`)."""
    for finding in every:
        if finding.id == name:
            return finding
    raise OpleverError(
        "finding-unknown",
        M_("nothing is found that is called {name}", name=name[:100]),
        M_("list what is found: oplever proposals list"),
    )


def decision(word: str) -> Decision:
    """What was chosen. Raises OpleverError (`entry-invalid`)."""
    for choice in DECISIONS:
        if choice == word:
            return choice
    raise invalid(M_("it does not say whether it is accepted or rejected"), M_("choose: accept or reject"))


def _taking(finding: Finding) -> Path:
    """The newest record that shows it and is not approved; a run of a record of several stands for that one."""
    base = store.records_directory()
    names = dict.fromkeys(of.source.part_of or of.source.name for of in finding.records)
    probe = ProposalEntry("x", "x")
    for name in names:
        record = store.load(base / name)
        if registry.of(record).takes(record.status, probe):
            return base / name
    raise OpleverError(
        "record-approved",
        M_("every record that shows it is approved and cannot change"),
        M_("name a record that is still open: --record"),
    )
