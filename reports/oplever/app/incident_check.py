"""Whether the register of incidents is in order: the rules, and what every case must have."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from oplever import store
from oplever.app import incident_rules, incidents
from oplever.app.incident_sources import unreported
from oplever.kinds.incident.completeness import open_ends
from oplever.kinds.incident.states import OPEN
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
        broken = [f"{row.name} cannot be read: {row.problem}" for row in unreadable(index)]
    problems = [problem for case in listed for problem in _case_problems(case)]
    return Checked(
        rules=str(source) if source else "those that come with Oplever",
        mistakes=tuple(incident_rules.placed(source, mistake) for mistake in mistakes) if source else (),
        problems=(*broken, *problems, *_unreported(runs, listed), *_mail_problems(listed, digests)),
        cases=len(listed),
    )


def _case_problems(case: Case) -> Iterator[str]:
    directory = store.find(case.name)
    record = store.load(directory)
    incident = incidents.case_of(record)
    if not incident.reported_at:
        yield f"{case.name}: it has no report"
    if record.status == "closed":
        yield from (f"{case.name}: it is closed without this: {rule.words}" for rule in open_ends(record))
    if incident.void:
        revisions = ", ".join(map(str, incident.void))
        yield f"{case.name}: entries without effect in revisions {revisions}: correct them, or add them again"
    if (directory / store.MANIFEST).is_file():
        yield from (f"{case.name}: {problem}" for problem in manifest.problems(directory)[:1])


def _mail_problems(listed: list[Case], digests: set[str]) -> Iterator[str]:
    """Mails that came in and are in no case, unless the case was purged; mails that may have gone out."""
    base = store.records_directory()
    names, removed = {case.name for case in listed}, set(removed_records(base))
    for line in mails.logged(base):
        if line.outcome not in ("new", "added") or line.case in removed:
            continue
        if line.case not in names:
            yield f"{mails.LOG}: mail {line.digest[:12]} made case {line.case}, which is not there"
        elif line.digest not in digests:
            yield f"{mails.LOG}: mail {line.digest[:12]} is not in case {line.case}"
    for path in mails.unfinished(base):
        yield f"{path.name}: this mail may have gone out and is in no case"


def _unreported(runs: list[str], listed: list[Case]) -> Iterator[str]:
    """The newest record of each machine in which something is wrong that no case is about."""
    open_cases = [case for case in listed if case.state in OPEN]
    for name in runs:
        for cause in unreported(store.load(store.find(name)), open_cases):
            yield f"{name}: no case is about {cause}; make one: oplever incident from-record {name}"
