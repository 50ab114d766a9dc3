"""AWX: job events as `/api/v2/jobs/<id>/job_events/` gives them, one file for all pages or one for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oplever._shared.redact import Redactor
from oplever.journal.importers.imported_run import Source, broken, decode, digest, foreign, read
from oplever.journal.importers.job_events import JobEvent, Translator, job_event, survey
from oplever.messages import M_

_FORMAT = M_("a JSON export of job events of AWX (/api/v2/jobs/<id>/job_events/)")


def sources(path: Path) -> list[Source]:
    """The job in a file, or in the files `*.json` of a directory: pages with `results`, or lists of events."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    pages = [(file, page) for file in files for page in _pages(file)]
    events = sorted((event for file, page in pages for event in _events(file, page)), key=lambda event: event.counter)
    if not events:
        raise foreign(path, _FORMAT)
    jobs = {event.job for event in events}
    if len(jobs) > 1:
        raise broken(str(path), M_("there are events of {count} jobs here: export them one by one", count=len(jobs)))
    # One that stands in two of the files is one event; `counter` is 0 where an export leaves it out.
    events = list({event.counter or -number: event for number, event in enumerate(events, 1)}.values())
    _check_number(path, [page for _, page in pages], len(events))
    overview = survey(events)
    return [
        Source(
            tool="awx",
            version=None,
            digest=digest(files),
            playbook=overview.playbook,
            start={"t": overview.first, "check_mode": overview.is_trial or None},
            lines=Translator(overview, Redactor(), is_trial=overview.is_trial).lines(events),
            lost=overview.missing,
            run=overview.play,
            outcome=events[-1].outcome,
        )
    ]


def _check_number(path: Path, pages: list[Any], number: int) -> None:
    """AWX gives 25 events at a time unless it is asked for more, and can give the same one on two pages; each page says
    how many there are. Raises OpleverError (`import-broken`)."""
    counts = [page.get("count") for page in pages if isinstance(page, dict)]
    count = max((count for count in counts if isinstance(count, int)), default=0)
    if number < count:
        raise broken(
            str(path),
            M_("it holds {number} of {count} events: save the pages that follow too", number=number, count=count),
        )


def _events(path: Path, page: Any) -> Iterator[JobEvent]:
    events = page.get("results") if isinstance(page, dict) and "results" in page else [page]
    if not isinstance(events, list):
        raise foreign(path, _FORMAT)
    for number, event in enumerate(events, 1):
        if not isinstance(event, dict) or "event" not in event:
            raise foreign(path, _FORMAT)
        yield job_event(event, f"{path}, event {event.get('counter', number)}")


def _pages(path: Path) -> list[Any]:
    content = decode(read(path, _FORMAT), path)
    return content if isinstance(content, list) else [content]
