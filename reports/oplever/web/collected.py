"""All records together, as the published pages have them, with the pages of the desk in place of documents."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from urllib.parse import quote

from msgspec import structs

from oplever.app.collection import collection_of
from oplever.overview.collection import Collection
from oplever.overview.extract import Extract
from oplever.page.translator import LANGUAGES
from oplever.store.index import Index


def path_of(name: str) -> str:
    """The page of a record."""
    return f"/records/{quote(name, safe='')}"


def case_path(name: str) -> str:
    """The page of a case."""
    return f"/cases/{quote(name, safe='')}"


def pages_of(name: str, extract: Extract) -> dict[str, str]:
    """The page of a record by the names of its documents."""
    path = case_path(name) if extract.record.incident else path_of(name)
    return {f"report.{language}.html": path for language in LANGUAGES}


def collected(index: Index, now: datetime) -> Collection:
    """Raises OpleverError (`store-unusable`, `config-invalid`)."""
    collection = collection_of(index, index.base, now, None)
    sources = tuple(
        structs.replace(source, documents=pages_of(source.name, source.extract)) if source.extract else source
        for source in collection.sources
    )
    return dataclasses.replace(collection, sources=sources)
