"""record.json, documents and manifest of a record, made from its journal and entries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from oplever import config, store
from oplever.app import pictures
from oplever.app.organisation import organisation
from oplever.errors import OpleverError
from oplever.files import locked, unwritable, write
from oplever.messages import M_, Message
from oplever.page.blocks import Enclosure
from oplever.page.document import Paper
from oplever.record.model import Record
from oplever.store import documents, fingerprint, manifest

_ENCLOSED = (
    (store.RECORD, "The record that this document was made of", "application/json"),
    (store.JOURNAL, "What machines said during the run", "application/jsonl"),
    (store.ENTRIES, "What people said", "application/jsonl"),
)
_LARGEST_ENCLOSED = 16_000_000
"""Bytes of a file that goes inside the PDF; a journal of a thousand machines is larger."""

_started: list[subprocess.Popen[bytes]] = []
"""Processes that draw documents, until it is seen that they ended: whoever started one has to take note of its end."""


def build(directory: Path) -> Record:
    """Make them all again, of what is there when it is our turn; returns when they are there.

    Raises OpleverError: what `draw` raises.
    """
    try:
        with documents.held(directory):
            record = draw(directory)
    except OSError as problem:
        raise unwritable(directory, problem) from None
    start_if_behind(directory)
    return record


def refresh(record: Record, directory: Path) -> None:
    """Write record.json and a manifest that says of which revision the documents are; they are left as they are.

    Whoever calls it holds the lock of the directory. Raises OpleverError (`file-unreadable`, `file-unwritable`).
    """
    store.write_record(record, directory)
    manifest.save(directory, manifest.with_earlier_documents(directory))


def refresh_after(done: Message, record: Record, directory: Path) -> None:
    """As `refresh`, after what `done` says: that is on disk and stays there, so whoever did it has to know, and must
    not do it again. Raises OpleverError (`file-unreadable`, `file-unwritable`)."""
    try:
        refresh(record, directory)
    except (OpleverError, OSError) as problem:
        cause = problem if isinstance(problem, OpleverError) else unwritable(directory, problem)
        raise OpleverError(
            cause.slug,
            M_("{done}; after that: {problem}", done=done, problem=cause.sentence),
            M_("do not do it again; mend this, and then: oplever report {name}", name=directory.name),
        ) from None


def draw(directory: Path) -> Record:
    """Draw the documents and put them where they belong, whoever adds something meanwhile. Whoever calls it holds the
    lock for drawing.

    A document that cannot be drawn does not hold back those before it; the first problem is raised, and kept for the
    next command. Raises OpleverError, OSError, and whatever a format raises that is at fault itself.
    """
    try:
        record = _draw(directory)
    except Exception as problem:
        documents.note(directory, _sentence(problem))
        raise
    documents.note(directory, "")
    return record


def _draw(directory: Path) -> Record:
    while True:
        with locked(directory):
            record = store.load(directory)
            refresh(record, directory)
            basis = documents.basis(directory)
        with documents.drafts(directory) as place:
            problem = _write_until_problem(record, place, directory)
            with locked(directory):
                if documents.basis(directory) != basis:
                    continue  # they are of an earlier revision
                if problem is None or any(place.iterdir()):
                    documents.put(directory, place)
        if problem:
            raise problem
        return record


def _write_until_problem(record: Record, place: Path, directory: Path) -> Exception | None:
    try:
        write_documents(record, place, directory)
    except Exception as problem:
        return problem
    return None


def write_documents(record: Record, place: Path, directory: Path) -> None:
    """`report.<language>.<suffix>` for every language and format, of the record in `directory`, readable by the owner
    only; each is written before the next is drawn. Raises OpleverError (`file-unwritable`, `config-invalid`),
    OSError."""
    from oplever.render.registry import draw_all  # noqa: PLC0415 - most commands draw nothing, and it is much to read

    runs = tuple(run.record for run in record.runs if not run.problem)
    sheet = enclosing(directory, paper(directory, record.document.revision), runs)
    sheet = structs.replace(sheet, pictures=pictures.small(directory, record))
    for name, content in draw_all(record, sheet):
        if content is not None:
            write(place / name, content)


def paper(directory: Path, revision: int) -> Paper:
    """What a paper of this revision needs beside the record. Raises OpleverError (`config-invalid`,
    `file-unreadable`), OSError."""
    return Paper(organisation=organisation(), code=fingerprint.of(directory, revision).text)


def enclosing(directory: Path, paper: Paper, runs: Sequence[str] = ()) -> Paper:
    """The paper with the files of the record, and what machines and people said in the `runs` that it is made of, for
    the document that is kept. Raises OSError."""
    files = {name: directory / name for name, _, _ in _ENCLOSED}
    about = {name: (what, mime) for name, what, mime in _ENCLOSED}
    for run in runs:
        for name in (store.JOURNAL, store.ENTRIES):
            files[f"{run}.{name}"], about[f"{run}.{name}"] = directory.parent / run / name, about[name]
    present = {name: path for name, path in files.items() if path.exists()}
    fitting = {name: path for name, path in present.items() if path.stat().st_size <= _LARGEST_ENCLOSED}
    return structs.replace(
        paper,
        enclosures=tuple(Enclosure(name, *about[name], path.read_bytes()) for name, path in fitting.items()),
        too_large=tuple(name for name in present if name not in fitting),
    )


def _sentence(problem: Exception) -> str:
    return problem.message if isinstance(problem, OpleverError) else f"{type(problem).__name__}: {problem}"


def start_if_behind(directory: Path) -> None:
    """Start drawing when the documents are not of the present revision: somebody may have added while we drew."""
    if documents.examine(directory).state not in ("current", "being_made"):
        start(directory)


def start(directory: Path) -> None:
    """Have the documents made by a process of its own, which this one does not wait for; unless they are left to
    `oplever report` (`OPLEVER_DOCUMENTS`).

    When another process is at it, that one sees that there is a new revision. Raises OpleverError (`file-unwritable`).
    """
    if not config.makes_documents():
        return
    _started[:] = [process for process in _started if process.poll() is None]
    try:
        lock = documents.take(directory, wait=False)
        if lock is None:
            return
        try:
            _started.append(_process(directory, lock))
        except BaseException:
            documents.release(directory, lock)
            raise
        os.close(lock)  # the process has a copy
    except OSError as problem:
        documents.note(directory, f"the process that makes them could not be started: {problem.strerror}")


def _process(directory: Path, lock: int) -> subprocess.Popen[bytes]:
    """The lock is handed over, so it is held from before the command answers until the documents are there."""
    # -P: a directory called oplever where the user happens to stand is not the package.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "oplever.app.drawing", str(directory), str(lock)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lock,),
        start_new_session=True,
    )
