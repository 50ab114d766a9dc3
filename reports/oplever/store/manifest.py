"""manifest.json: every file of a record with its digest, as it was when the documents were made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from oplever.errors import OpleverError
from oplever.files import sha256, unreadable, write
from oplever.store import chain
from oplever.store.places import ENTRIES, JOURNAL
from oplever.store.records import entry_lines

MANIFEST = "manifest.json"
SIGNED = "signed"
"""Directory of what was signed: it has manifests of its own."""


class Listed(msgspec.Struct, frozen=True):
    """One file of a record as it was written; `name` is its path below the record."""

    name: str
    sha256: str
    size_bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """`revision` is the number of entries, and one more for the journal."""

    files: tuple[Listed, ...]
    version: int = 1
    record: str = ""
    revision: int | None = None


def make(directory: Path) -> Manifest:
    """The manifest of what is there now; drafts that a crash left and links do not belong to a record.

    Raises OpleverError (`file-unreadable`).
    """
    lines = entry_lines(directory)
    try:
        files = tuple(
            _listed(directory, name)
            for name in _names(directory)
            if not Path(name).name.startswith(".") and not (directory / name).is_symlink()
        )
    except OSError as problem:
        raise unreadable(directory, problem) from None
    return Manifest(files, record=directory.name, revision=len(lines) + first_revision(directory))


def first_revision(directory: Path) -> int:
    """The revision before the first entry: 1 when there is a journal, else 0."""
    return int((directory / JOURNAL).exists())


def write_manifest(directory: Path) -> None:
    """Write manifest.json over every file of the record. Raises OpleverError (`file-unwritable`)."""
    write(directory / MANIFEST, encode(make(directory)))


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read(path: Path) -> Manifest:
    """Raises OpleverError (`file-unreadable`)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise OpleverError("file-unreadable", f"{path}: {problem}", "make the documents: oplever report") from None


def problems(directory: Path) -> list[str]:
    """One sentence for each file that was changed, is gone or was added. Raises OpleverError."""
    manifest = read(directory / MANIFEST)
    lines = entry_lines(directory)
    found = list(_own(directory, manifest, len(lines)))
    known = {file.name: file for file in manifest.files}
    present = set(_names(directory))
    found += [f"{name}: {_difference(directory, file)}" for name, file in known.items() if not _same(directory, file)]
    found += [f"{name}: added, or written after the documents were made" for name in sorted(present - known.keys())]
    found += [f"{ENTRIES}: {problem}" for problem in chain.breaks(lines, directory / JOURNAL)]
    return found


def _own(directory: Path, manifest: Manifest, lines: int) -> Iterator[str]:
    """What the manifest says of itself; those of before it did so have no revision."""
    if manifest.revision is None:
        return
    if encode(manifest) != (directory / MANIFEST).read_bytes():
        yield f"{MANIFEST}: changed"
    if manifest.record != directory.resolve().name:
        yield f"{MANIFEST}: belongs to record {manifest.record}"
    stated = manifest.revision - int(any(file.name == JOURNAL for file in manifest.files))
    if lines < stated:
        yield f"{ENTRIES}: lines after line {lines} were removed (there were {stated})"
    elif lines > stated:
        yield f"{ENTRIES}: lines after line {stated} are not in the documents"


def _same(directory: Path, file: Listed) -> bool:
    try:
        return _listed(directory, file.name) == file
    except OSError:
        return False


def _difference(directory: Path, file: Listed) -> str:
    path = directory / file.name
    if not os.path.lexists(path):
        return "missing"
    if path.is_symlink() or not path.is_file():
        return "no longer a regular file"
    size = path.stat().st_size
    return (
        f"changed ({file.size_bytes} bytes then, {size} now)"
        if size != file.size_bytes
        else "its checksum differs from manifest.json"
    )


def _listed(directory: Path, name: str) -> Listed:
    path = directory / name
    if path.is_symlink() or directory.resolve() not in path.resolve().parents:
        raise OSError(f"{name} leads out of the record")
    return Listed(name, sha256(path), path.stat().st_size)


def _names(directory: Path) -> Iterator[str]:
    """Everything in the record that is not a directory, by its path below it; not the manifest and what was signed."""
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory)
        if name.parts[0] not in (MANIFEST, SIGNED) and (path.is_symlink() or not path.is_dir()):
            yield str(name)
