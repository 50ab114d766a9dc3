"""The formats that a run can be imported from, by their names on the command line."""

from __future__ import annotations

from msgspec import Struct

from oplever.journal.importers import ara, awx, runner
from oplever.journal.importers.imported_run import Importer


class Format(Struct, frozen=True):
    read: Importer
    help: str


FORMATS: dict[str, Format] = {
    "ansible-runner": Format(runner.sources, "directory of artifacts: artifacts/<ident>/ with job_events/"),
    "awx": Format(
        awx.sources, "JSON of /api/v2/jobs/<id>/job_events/: one file, or a directory with a file for each page"
    ),
    "ara": Format(ara.sources, "SQLite database of ARA 1.x; a record for each playbook in it"),
}
