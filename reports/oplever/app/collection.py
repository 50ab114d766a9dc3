"""All records of an index together, with links to their documents: what pages and findings over all are made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from msgspec import structs

from oplever.app.faq import every
from oplever.kinds.incident.states import OPEN
from oplever.overview import extract
from oplever.overview.collection import Collection
from oplever.overview.sources import Source
from oplever.page.blocks import Organisation
from oplever.page.translator import LANGUAGES
from oplever.store.cases import cases
from oplever.store.index import Index
from oplever.store.machine_history import packages
from oplever.store.query import StoredExtract, extracts
from oplever.text import clean_text

_LINKED = frozenset(f"report.{language}.{suffix}" for language in LANGUAGES for suffix in ("html", "pdf"))


def collection_of(index: Index, place: Path, now: datetime, organisation: Organisation | None = None) -> Collection:
    """All records of the index, with links from `place` to their documents."""
    base = os.path.relpath(os.path.realpath(index.base), os.path.realpath(place))
    sources = _with_wholes([_source(index.base, base, stored) for stored in extracts(index)])
    queue = tuple(case.name for case in cases(index, OPEN))
    return Collection(sources, queue, now, organisation, packages(index), every(index))


def _with_wholes(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Each run of a record of several with the name of that record."""
    wholes = {run.record: source.name for source in sources if source.extract for run in source.extract.record.runs}
    return tuple(
        structs.replace(source, part_of=whole, digest=hashlib.sha256(f"{source.digest}\0{whole}".encode()).hexdigest())
        if (whole := wholes.get(source.name))
        else source
        for source in sources
    )


def _source(base: Path, relative: str, stored: StoredExtract) -> Source:
    documents = _documents(base / stored.name, f"{relative}/{stored.name}")
    parts = (stored.name, stored.moment, stored.clock or "", stored.problem or "", *documents)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass") + stored.body).hexdigest()
    content = extract.decode(stored.body) if stored.problem is None else None
    problem = clean_text(stored.problem.replace(f"{base}/", "")) if stored.problem is not None else None
    return Source(stored.name, stored.moment, stored.clock, problem, content, digest, documents)


def _documents(directory: Path, relative: str) -> dict[str, str]:
    """Links to the documents that are there."""
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries if entry.name in _LINKED and entry.is_file())
    except OSError:
        return {}
    return {name: quote(f"{relative}/{name}") for name in names}
