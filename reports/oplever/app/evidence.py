"""Every file of a record in one ZIP, for whoever has to check it elsewhere."""

from __future__ import annotations

from pathlib import Path

from oplever import store
from oplever.export import evidence as bundle
from oplever.files import below, locked, unreadable
from oplever.text import plain_name


def evidence(directory: Path) -> bytes:
    """The files as they are, with signed revisions, and a list of them; of a record of several runs also those of the
    runs. Links are left out: they may lead out of the record. So are names that begin with a point: locks and drafts.

    Raises OpleverError (`file-unreadable`, and what `store.load` raises).
    """
    try:
        with locked(directory):
            record = store.load(directory)
            files = _files(directory)
            for run in record.runs:
                if plain_name(run.record) == run.record:  # else it would lead out of the records
                    run_files = _files(directory.parent / run.record)
                    files |= {f"runs/{run.record}/{name}": file for name, file in run_files.items()}
    except OSError as problem:
        raise unreadable(directory, problem) from None
    return bundle.draw(record, files)


def _files(directory: Path) -> dict[str, bytes]:
    """The files of a record by their path in it; none of one that is not there. Raises OSError."""
    paths = [path for path in below(directory) if path.is_file() and not path.is_symlink()]
    named = ((path, path.relative_to(directory)) for path in paths)
    return {
        str(name): path.read_bytes() for path, name in named if not any(part.startswith(".") for part in name.parts)
    }
