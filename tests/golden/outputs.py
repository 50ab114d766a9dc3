"""Everything that is made of a record, as text that a person can read in a diff.

This is the one place that knows how the package is asked for a record, a document and an export.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache, lru_cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from golden.cases import CASES, Case
from oplever import store
from oplever.errors import OpleverError
from oplever.export.registry import FORMATS as EXPORTS
from oplever.export.registry import export
from oplever.export.shape import Shape
from oplever.kinds import registry
from oplever.page.document import NO_PAPER
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.week import WorkedHours, week_sheet
from oplever.record.model import Language, Record
from oplever.render import pdf
from oplever.render.registry import render
from oplever.text import clean

EXPECTED = Path(__file__).parent / "expected"
LANGUAGES: tuple[Language, ...] = ("nl", "en")
SUBJECTS = ("tests", "controls", "components", "settings", "hours", "steps")
SUFFIXES = {
    "junit": "xml", "xccdf": "xml", "jsonl": "jsonl", "glpi": "zip", "netbox": "csv", "prometheus": "prom",
    "badge": "svg", "summary": "md", "github": "text",
}  # fmt: skip


@lru_cache
def case(name: str) -> Case:
    return CASES[name]()


@lru_cache
def record(name: str) -> Record:
    """The record of a case, read from a directory as any record is."""
    return record_of(case(name))


def record_of(case: Case) -> Record:
    """The record of a case that may be in no list."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "record"
        directory.mkdir()
        for name, lines in case.beside.items():
            (Path(place) / name).mkdir()
            (Path(place) / name / "journal.jsonl").write_bytes(b"".join(lines))
        if case.journal:
            (directory / "journal.jsonl").write_bytes(b"".join(case.journal))
        if case.entries:
            lines = [json.dumps(entry) + "\n" for entry in case.entries]
            (directory / "entries.jsonl").write_text("".join(lines), encoding="utf-8")
        return store.load(directory)


def makers(record: Record) -> dict[str, Callable[[], bytes]]:
    """Every file that can be made of a record, by its name, with what gives its bytes as they are on disk."""
    files: dict[str, Callable[[], bytes]] = {"record.json": partial(export, record, "json")}
    for language in LANGUAGES:
        for suffix in ("md", "html", "pdf"):
            files[f"report.{language}.{suffix}"] = partial(render, record, suffix, language)
        view, translator = View.of(clean(record)), Translator(language)
        layout = registry.of(record).layout
        for name, form in layout.forms.items():
            files[f"form/{name}.{language}.pdf"] = partial(_sheet, form, view, translator)
        files[f"form/letter.{language}.text"] = partial(_letter, layout.letter, view, translator)
        files[f"form/hours.{language}.pdf"] = partial(_week, record, language)
    for fmt in EXPORTS:
        if fmt not in ("json", "csv"):
            name = f"record.{fmt}" if fmt == "jsonl" else f"{fmt}.{SUFFIXES.get(fmt, 'json')}"
            files[f"export/{name}"] = partial(export, record, fmt)
    for subject in SUBJECTS:
        files[f"export/{subject}.csv"] = partial(export, record, "csv", Shape(subject=subject))
    files["export/summary.nl.md"] = partial(export, record, "summary", Shape("nl"))
    files["export/badge.nl.svg"] = partial(export, record, "badge", Shape("nl"))
    files["export/tests.excel.csv"] = partial(export, record, "csv", Shape("nl", "tests", excel=True, for_people=True))
    return files


@lru_cache
def makers_of_case(of: str) -> dict[str, Callable[[], bytes]]:
    return makers(record(of))


@cache
def content(of: str, name: str) -> bytes:
    """The bytes of one file of a case, made once in a process: a PDF takes a second. Raises OpleverError."""
    return makers_of_case(of)[name]()


def _sheet(form: Any, view: View, t: Translator) -> bytes:
    return pdf.draw(form(view, t, NO_PAPER))


def _letter(letter: Any, view: View, t: Translator) -> bytes:
    text: str = letter(view, t, NO_PAPER)
    return text.encode()


def _week(record: Record, language: Language) -> bytes:
    """The hours of everybody in one record, as if of one person."""
    about = record.id, record.assignment.id, record.assignment.title
    lines = [
        WorkedHours(h.person, h.day, h.kind, h.activity, h.hours, *about)
        for h in clean(record).hours.lines
        if h.kind != "machine"
    ]
    return pdf.draw(week_sheet(Translator(language), "S. Yilmaz", date(2026, 11, 23), clean(lines)))


def names(of: str) -> list[str]:
    """The names of the golden files of a case."""
    every = ["refused.txt", *map(_golden_name, makers_of_case(of))]
    if of == "imported":
        every.append("journal.jsonl")
    return [name for name in every if name.startswith(case(of).outputs)]


def _golden_name(name: str) -> str:
    return f"{name}.txt" if name.endswith((".html", ".pdf", ".zip")) else name


def text(of: str, name: str) -> str | None:
    """The golden file `name` of a case; None when the package refuses to make it, which `refused.txt` says."""
    with fixed_version():
        if name == "journal.jsonl":
            return b"".join(CASES[of]().journal).decode()
        if name == "refused.txt":
            return _refusals(of)
        try:
            binary = content(of, name.removesuffix(".txt"))
        except OpleverError:
            return None
    readers = {".html.txt": html_text, ".pdf.txt": pdf_text, ".zip.txt": zip_text}
    reader = next((reader for suffix, reader in readers.items() if name.endswith(suffix)), bytes.decode)
    return reader(binary)


def _refusals(of: str) -> str:
    lines = []
    for name in makers_of_case(of):
        if name.startswith("export/"):
            try:
                content(of, name)
            except OpleverError as problem:
                lines.append(f"{name}: {problem.slug}: {problem.message}\n")
    return "".join(lines)


@contextmanager
def fixed_version() -> Iterator[None]:
    """The version of the package as one that never changes, wherever it was imported to."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "oplever"]
    true = {module: vars(module)["__version__"] for module in modules if "__version__" in vars(module)}
    for module in true:
        module.__version__ = "0.0.0"  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module, version in true.items():
            module.__version__ = version  # type: ignore[attr-defined]


class _Text(HTMLParser):
    """What a reader of the page sees, a line for each block of text; style and scripts are left out."""

    INLINE = frozenset({"a", "b", "code", "em", "small", "span", "strong", "text", "time"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "title")
        self.parts.append(" " if tag in self.INLINE else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "title")
        self.parts.append(" " if tag in self.INLINE else "\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def html_text(content: bytes) -> str:
    parser = _Text()
    parser.feed(content.decode())
    return _lines("".join(parser.parts))


def pdf_text(content: bytes) -> str:
    """As poppler reads it; widths of spaces depend on its version, so they are not kept."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return _lines(done.stdout.decode().replace("\f", "\n"))


def zip_text(content: bytes) -> str:
    """Every file with its name before it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(f"--- {entry.filename}\n{archive.read(entry).decode()}" for entry in archive.infolist())


def _lines(content: str) -> str:
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in content.split("\n"))
    return "".join(f"{_visible(line)}\n" for line in lines if line)


def _visible(line: str) -> str:
    """Characters without a shape as their number: in a diff nobody would see them."""
    return "".join(f"<{ord(c):04X}>" if unicodedata.category(c) in ("Cc", "Cf") else c for c in line)


def write() -> list[Path]:
    """All golden files anew; those that are made no more are removed. The paths that changed."""
    contents: dict[Path, bytes] = {}
    for of in CASES:
        for name in names(of):
            if golden := text(of, name):
                contents[EXPECTED / of / name] = golden.encode()
    stale = [path for path in golden_files() if path not in contents]
    for path in stale:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return sorted([*stale, *(path for path, golden in contents.items() if _write(path, golden))])


def _write(path: Path, golden: bytes) -> bool:
    """Write a golden file that is not like this already; whether it was written."""
    if path.is_file() and path.read_bytes() == golden:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(golden)
    return True


def golden_files() -> list[Path]:
    return [path for path in EXPECTED.rglob("*") if path.is_file()]
