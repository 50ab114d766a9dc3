"""Whether the register of incidents is in order: the rules, and what every case must have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from oplever import store
from oplever.app import incident_rules, incidents
from oplever.app.incident_sources import unreported
from oplever.kinds.incident.completeness import open_ends
from oplever.kinds.incident.states import OPEN
from oplever.kinds.incident.targets import measure
from oplever.messages import M_, Message
from oplever.record.model import Incident, Record
from oplever.store import mails, manifest
from oplever.store.cases import Case, cases, newest_runs
from oplever.store.cases import mails as mails_of_cases
from oplever.store.index import open_index
from oplever.store.query import unreadable
from oplever.store.retention import removed_records


class Checked(Struct, frozen=True):
    """`mistakes` are those of the rules, `problems` those of cases, each a sentence. `cases` is how many were read;
    `rules` says which rules hold."""

    rules: str
    mistakes: tuple[str, ...]
    problems: tuple[str, ...]
    cases: int


def check() -> Checked:
    """Raises OpleverError: `config-invalid`, `file-unreadable`, `store-unusable`."""
    source = incident_rules.path()
    mistakes = incident_rules.lint(source) if source else ()
    with open_index() as index:
        listed, runs, digests = cases(index), newest_runs(index), {mail.digest for mail in mails_of_cases(index)}
        broken = [
            M_("{name} cannot be read: {problem}", name=row.name, problem=row.problem) for row in unreadable(index)
        ]
    problems = [problem for case in listed for problem in _case_problems(case)]
    return Checked(
        rules=str(source) if source else M_("those that come with Oplever"),
        mistakes=tuple(incident_rules.placed(source, mistake) for mistake in mistakes) if source else (),
        problems=(*broken, *problems, *_unreported(runs, listed), *_mail_problems(listed, digests)),
        cases=len(listed),
    )


def _case_problems(case: Case) -> Iterator[str]:
    directory = store.find(case.name)
    record = store.load(directory)
    incident = incidents.case_of(record)
    if not incident.reported_at:
        yield M_("{name}: it has no report", name=case.name)
    if record.status == "closed":
        for rule in open_ends(record):
            yield M_("{name}: it is closed without this: {subject}", name=case.name, subject=rule.words)
    if reason := _escalation_reason(record, incident):
        yield M_(
            "{name}: {why}, and nobody was told: oplever incident escalate {name}, or pass it on",
            name=case.name,
            why=reason,
        )
    if incident.void:
        revisions = ", ".join(map(str, incident.void))
        yield M_(
            "{name}: entries without effect in revisions {revisions}: correct them, or add them again",
            name=case.name,
            revisions=revisions,
        )
    if (directory / store.MANIFEST).is_file():
        problems = manifest.problems(directory)[:1]
        yield from (M_("{name}: {problem}", name=case.name, problem=problem) for problem in problems)


def _escalation_reason(record: Record, incident: Incident) -> Message | None:
    """Why somebody else has to know of a case that is not solved, and of which nobody was told; else None."""
    if any(missing.code == "case_escalation_missing" for missing in record.completeness.missing):
        return M_("whoever has it cannot solve it alone")
    limits = measure(incident, datetime.now(UTC)) if record.status in OPEN and not record.escalations else ()
    is_late = any((limit.name, limit.reading) == ("solution", "overdue") for limit in limits)
    return M_("it is not solved in time") if is_late else None


def _mail_problems(listed: list[Case], digests: set[str]) -> Iterator[str]:
    """Mails that came in and are in no case, unless the case was purged; mails that may have gone out."""
    base = store.records_directory()
    names, removed = {case.name for case in listed}, set(removed_records(base))
    for line in mails.logged(base):
        if line.outcome not in ("new", "added") or line.case in removed:
            continue
        if line.case not in names:
            yield M_(
                "{log}: mail {digest} made case {case}, which is not there",
                log=mails.LOG, digest=line.digest[:12], case=line.case,
            )  # fmt: skip
        elif line.digest not in digests:
            yield M_(
                "{log}: mail {digest} is not in case {case}", log=mails.LOG, digest=line.digest[:12], case=line.case
            )
    for path in mails.unfinished(base):
        yield M_("{name}: this mail may have gone out and is in no case", name=path.name)


def _unreported(runs: list[str], listed: list[Case]) -> Iterator[str]:
    """The newest record of each machine in which something is wrong that no case is about."""
    open_cases = [case for case in listed if case.state in OPEN]
    for name in runs:
        for cause in unreported(store.load(store.find(name)), open_cases):
            yield M_(
                "{name}: no case is about {cause}; make one: oplever incident from-record {name}",
                name=name,
                cause=cause,
            )
