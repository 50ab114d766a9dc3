"""manifest.json: every file of a record with its digest, as it was when the documents were made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType, structs

from oplever.errors import OpleverError
from oplever.files import below, sha256, unreadable, why, write
from oplever.messages import M_
from oplever.store import chain
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import entry_lines

MANIFEST = "manifest.json"
SIGNED = "signed"
"""Directory of what was signed: it has manifests of its own."""
DRAWING = ".documents"
"""Directory in which documents are drawn; nothing in it belongs to the record."""


class Listed(msgspec.Struct, frozen=True):
    """One file of a record as it was written; `name` is its path below the record."""

    name: str
    sha256: str
    size_bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """`revision` is the number of entries, and one more for the journal. `documents` is the revision that the
    documents are of, 0 when there are none or nobody can tell. Manifests of an earlier version do not have it: then
    they are of `revision`."""

    files: tuple[Listed, ...]
    version: int = 1
    record: str = ""
    revision: int | None = None
    documents: int | UnsetType = UNSET

    @property
    def documents_revision(self) -> int:
        return (self.revision or 0) if self.documents is UNSET else self.documents


def is_document(name: str) -> bool:
    """Whether a file of a record is a document that was drawn: `report.<language>.<suffix>`."""
    return name.startswith("report.")


def make(directory: Path, documents: int) -> Manifest:
    """The manifest of what is there now, with documents of that revision. Raises OpleverError (`file-unreadable`)."""
    return _manifest(
        directory, (*_listing(directory, documents=False), *_listing(directory, documents=True)), documents
    )


def without_documents(directory: Path) -> Manifest:
    """The manifest of what is there now, as if no documents were made. Raises OpleverError (`file-unreadable`)."""
    return _manifest(directory, _listing(directory, documents=False), 0)


def with_earlier_documents(directory: Path) -> Manifest:
    """The manifest of what is there now, with the documents as the manifest before it has them: who changed one of them
    is still found out. Raises OpleverError (`file-unreadable`)."""
    path = directory / MANIFEST
    earlier = read(path) if path.is_file() else Manifest((), documents=0)
    documents = tuple(file for file in earlier.files if is_document(file.name))
    return _manifest(directory, (*_listing(directory, documents=False), *documents), earlier.documents_revision)


def with_new_documents(directory: Path, manifest: Manifest) -> Manifest:
    """The manifest of `without_documents` with the documents that are there now, of the same revision.

    Raises OpleverError (`file-unreadable`).
    """
    files = _sort((*manifest.files, *_listing(directory, documents=True)))
    return structs.replace(manifest, files=files, documents=manifest.revision or 0)


def _manifest(directory: Path, files: tuple[Listed, ...], documents: int) -> Manifest:
    revision = len(entry_lines(directory)) + first_revision(directory)
    return Manifest(_sort(files), record=directory.name, revision=revision, documents=documents)


def _sort(files: Iterable[Listed]) -> tuple[Listed, ...]:
    return tuple(sorted(files, key=lambda file: Path(file.name)))


def _listing(directory: Path, *, documents: bool) -> tuple[Listed, ...]:
    """The documents, or all other files; drafts that a crash left and links do not belong to a record."""
    try:
        return tuple(
            _listed_file(directory, name)
            for name in _names(directory)
            if is_document(name) == documents
            and not Path(name).name.startswith(".")
            and not (directory / name).is_symlink()
        )
    except OSError as problem:
        raise unreadable(directory, problem) from None


def first_revision(directory: Path) -> int:
    """The revision before the first entry: 1 when there is a journal, else 0."""
    return int((directory / JOURNAL).exists())


def save(directory: Path, manifest: Manifest) -> None:
    """Write manifest.json. Raises OpleverError (`file-unwritable`)."""
    write(directory / MANIFEST, encode(manifest))


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read(path: Path) -> Manifest:
    """Raises OpleverError (`file-unreadable`)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as problem:
        raise _unreadable(path, why(problem)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise _unreadable(path, str(problem)) from None


def _unreadable(path: Path, reason: str) -> OpleverError:
    advice = M_("make the documents: oplever report")
    return OpleverError("file-unreadable", M_("{path}: {reason}", path=path, reason=reason), advice)


def problems(directory: Path) -> list[str]:
    """One sentence for each file that was changed, is gone or was added. Raises OpleverError."""
    manifest = read(directory / MANIFEST)
    lines = entry_lines(directory)
    sentences = list(_manifest_problems(directory, manifest, len(lines)))
    listed = {file.name: file for file in manifest.files}
    present = set(_names(directory))
    if manifest.documents == 0:  # none were made, or whoever made them was stopped half-way
        present = {name for name in present if not is_document(name)}
    sentences += [
        M_("{name}: {problem}", name=name, problem=_difference(directory, file))
        for name, file in listed.items()
        if not _same(directory, file)
    ]
    sentences += [
        M_("{name}: added, or written after the documents were made", name=name)
        for name in sorted(present - listed.keys())
    ]
    breaks = chain.breaks(lines, directory / JOURNAL)
    sentences += [M_("{name}: {problem}", name=ENTRIES, problem=problem) for problem in breaks]
    return sentences


def _manifest_problems(directory: Path, manifest: Manifest, lines: int) -> Iterator[str]:
    """What is wrong with the manifest itself; manifests from before revisions were kept in it have none."""
    if manifest.revision is None:
        return
    if encode(manifest) != (directory / MANIFEST).read_bytes():
        yield M_("{name}: {problem}", name=MANIFEST, problem=M_("changed"))
    if manifest.record != directory.resolve().name:
        yield M_("{name}: belongs to record {record}", name=MANIFEST, record=manifest.record)
    stated = manifest.revision - int(any(file.name == JOURNAL for file in manifest.files))
    if lines < stated:
        yield M_(
            "{name}: lines after line {last} were removed (there were {count})", name=ENTRIES, last=lines, count=stated
        )
    elif lines > stated:
        yield M_("{name}: lines after line {last} are not in the documents", name=ENTRIES, last=stated)


def _same(directory: Path, file: Listed) -> bool:
    try:
        return _listed_file(directory, file.name) == file
    except OSError:
        return False


def _difference(directory: Path, file: Listed) -> str:
    path = directory / file.name
    if not os.path.lexists(path):
        return M_("missing")
    if path.is_symlink() or not path.is_file():
        return M_("no longer a regular file")
    size = path.stat().st_size
    return (
        M_("changed ({then} bytes then, {now} now)", then=file.size_bytes, now=size)
        if size != file.size_bytes
        else M_("its checksum differs from manifest.json")
    )


def _listed_file(directory: Path, name: str) -> Listed:
    path = directory / name
    if path.is_symlink() or directory.resolve() not in path.resolve().parents:
        raise OSError(f"{name} leads out of the record")
    return Listed(name, sha256(path), path.stat().st_size)


def _names(directory: Path) -> Iterator[str]:
    """Everything in the record that is not a directory, by its path below it; not the manifest, what was signed and
    what is being drawn."""
    for path in below(directory):
        name = path.relative_to(directory)
        if name.parts[0] not in (MANIFEST, SIGNED, DRAWING):
            yield str(name)
