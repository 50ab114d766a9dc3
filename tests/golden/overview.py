"""The pages over a few golden records, as text that a person can read in a diff."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import published
from golden.outputs import html_text
from oplever.app.publish import publish

EXPECTED = Path(__file__).parent / "expected_overview"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CASES = ("delivered", "remarks", "failed", "check_mode", "incident_closed", "incident_escalated")
BROKEN = "20261001T100000Z-site-bad000"
ENGLISH = ("index.", "waiting.", "failing.", "machine-", "group-", "feed.")
"""How the names begin of pages that are kept in English too."""


def texts() -> dict[str, str]:
    """The pages in Dutch, and some in English, by the name that they are kept under."""
    with tempfile.TemporaryDirectory() as place, _records(Path(place)) as base:
        published.store(base, CASES)
        (base / BROKEN).mkdir()
        (base / BROKEN / "journal.jsonl").write_bytes(b"nonsense\n")
        (base / "20261123T100000Z-site-d00001" / "report.nl.html").write_bytes(b"x")
        publish(NOW)
        return {
            path.name if path.suffix == ".xml" else f"{path.name}.txt": _text(path)
            for path in sorted((base / "overview").iterdir())
            if ".nl." in path.name or (".en." in path.name and path.name.startswith(ENGLISH))
        }


def _text(path: Path) -> str:
    content = path.read_bytes()
    return content.decode() if path.suffix == ".xml" else html_text(content)


@contextmanager
def _records(place: Path) -> Iterator[Path]:
    """An empty directory of records, of which nothing else says where it is."""
    names = {"OPLEVER_RECORDS": str(place / "records"), "OPLEVER_CONFIG": str(place / "oplever.yml")}
    before = {name: os.environ.get(name) for name in (*names, "OPLEVER_STORE")}
    (place / "oplever.yml").write_text(
        "organisation: {name: ROC De Brug, address: [Schoolstraat 1], fields: {Telefoon: 010 123 45 67}}\n"
    )
    os.environ.update(names)
    os.environ.pop("OPLEVER_STORE", None)
    try:
        yield place / "records"
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def write() -> list[Path]:
    """All of them anew; those that are made no more are removed. The paths that changed."""
    made = {EXPECTED / name: text.encode() for name, text in texts().items()}
    gone = [path for path in EXPECTED.glob("*") if path not in made]
    changed = [path for path, content in made.items() if not path.is_file() or path.read_bytes() != content]
    EXPECTED.mkdir(exist_ok=True)
    for path in gone:
        path.unlink()
    for path in changed:
        path.write_bytes(made[path])
    return sorted([*gone, *changed])
