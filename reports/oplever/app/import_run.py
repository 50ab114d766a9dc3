"""Make records of runs that another tool recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct, structs

from oplever.app.build import build
from oplever.errors import OpleverError
from oplever.journal.importers.imported_run import Source
from oplever.journal.importers.registry import FORMATS
from oplever.journal.importers.write import existing_record, write
from oplever.messages import M_
from oplever.record.model import Record


class Imported(Struct, frozen=True):
    """One run. `record` is None when it was imported before, into `directory`."""

    playbook: str
    directory: Path
    record: Record | None


def import_runs(
    path: Path, form: str, records: Path, work_process: str | None = None, *, again: bool = False
) -> Iterator[Imported]:
    """The runs in `path`, in a format of `FORMATS`, each given as soon as its record is made below `records`.

    Raises OpleverError: `import-known` when every run has a record already (with `again` that is no objection),
    `import-foreign`, `import-broken`, `file-unwritable`.
    """
    sources = [
        structs.replace(source, start={**source.start, "work_process": work_process})
        for source in FORMATS[form].read(path)
    ]
    earlier = [None if again else existing_record(source, records) for source in sources]
    if all(earlier):
        raise _all_imported(path, [directory.name for directory in earlier if directory])
    for source, directory in zip(sources, earlier, strict=True):
        yield Imported(source.playbook, directory, None) if directory else _import(source, records)


def _import(source: Source, records: Path) -> Imported:
    directory = write(source, records)
    return Imported(source.playbook, directory, build(directory))


def _all_imported(path: Path, names: Sequence[str]) -> OpleverError:
    runs = M_("the run") if len(names) == 1 else M_("each of the {count} runs", count=len(names))
    last = names[-1]
    record = M_("record {name}", name=last) if len(names) == 1 else M_("the last is record {name}", name=last)
    return OpleverError(
        "import-known",
        M_("{runs} in {path} was imported before: {record}", runs=runs, path=path, record=record),
        M_("see it with: oplever show {names}; a second record of the same run is made with --again", names=names[-1]),
    )
