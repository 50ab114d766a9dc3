"""`oplever import`: runs that other tools recorded become records; results of other test tools join a record."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import get_args

import click
import msgspec

from oplever import clock, store
from oplever.app.build import build
from oplever.cli.import_scan import import_lynis, import_openscap
from oplever.cli.output import summary
from oplever.errors import OpleverError
from oplever.journal.importers import junit
from oplever.journal.importers.imported_run import Source
from oplever.journal.importers.junit_machines import by_machine, is_of_ansible
from oplever.journal.importers.registry import FORMATS, Format
from oplever.journal.importers.write import known, write
from oplever.record import entries
from oplever.text import printable
from oplever.words import REFUSING, WorkProcess

_ANSIBLE = (
    "note: Ansible's callback junit counts a failure that the play ignores as passed (unless JUNIT_FAIL_ON_IGNORE is "
    "true), one that it rescues as failed, and leaves out machines that cannot be reached"
)


def _import(source: Source, records: Path) -> str:
    """Make the record and print its summary; returns the verdict."""
    directory = write(source, records)
    derived = build(directory)
    click.echo(f"{printable(source.playbook)}: {len(derived.steps)} steps on {len(derived.systems)} machines")
    click.echo(summary(derived))
    click.echo(f"record: {directory}")
    return derived.verdict


def _all_known(path: Path, names: list[str]) -> OpleverError:
    runs = "the run" if len(names) == 1 else f"each of the {len(names)} runs"
    record = f"record {names[-1]}" if len(names) == 1 else f"the last is record {names[-1]}"
    return OpleverError(
        "import-known",
        f"{runs} in {path} was imported before: {record}",
        f"see it with: oplever show {names[-1]}; a second record of the same run is made with --again",
    )


@click.group("import")
@click.help_option(help="Show this help and exit.")
def import_group() -> None:
    """Make records of runs that another tool recorded, or add results of other test tools to a record."""


def _command(name: str, one: Format) -> click.Command:
    @click.command(name, help=f"PATH: {one.help}.", short_help=one.help)
    @click.argument("path", type=click.Path(path_type=Path))
    @click.option("--again", is_flag=True, help="Import again a run that already has a record.")
    @click.option(
        "--work-process",
        type=click.Choice(get_args(WorkProcess)),
        help="Work process of the run. Without it the record names none.",
    )
    @click.help_option(help="Show this help and exit.")
    def command(path: Path, again: bool, work_process: str | None) -> None:
        records = store.records_directory()
        sources = [
            msgspec.structs.replace(source, start={**source.start, "work_process": work_process})
            for source in one.read(path)
        ]
        earlier = [None if again else known(source, records) for source in sources]
        if all(earlier):
            raise _all_known(path, [directory.name for directory in earlier if directory])
        told_no = False
        for source, there in zip(sources, earlier, strict=True):
            if there:
                click.echo(f"{printable(source.playbook)}: imported before, record {there.name}")
            else:
                told_no |= _import(source, records) in REFUSING
        raise click.exceptions.Exit(1 if told_no else 0)

    return command


@import_group.command("junit", short_help="JUnit XML of testinfra, pytest, goss or another tool, as tests of a record")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--record", default="latest", show_default=True, help="Record, by name or path.")
@click.option("--by", required=True, envvar="OPLEVER_PERSON", show_envvar=True, help="Who adds it.")
@click.option("--host", help="The machine that was tested; not needed when testinfra names it.")
@click.option(
    "--stage",
    type=click.Choice(["during", "after"]),
    default="after",
    show_default=True,
    help="When the tests ran: during the work or after it.",
)
@click.help_option(help="Show this help and exit.")
def import_junit(path: Path, record: str, by: str, host: str | None, stage: str) -> None:
    """PATH: JUnit XML of testinfra, pytest, goss or another tool. Its tests join RECORD as an entry."""
    directory = store.find(record)
    known = {system.name for system in store.load(directory).systems}
    cases = junit.cases(path)
    per_host = by_machine(cases, known, host)
    if is_of_ansible(cases):
        click.echo(_ANSIBLE, err=True)
    at = clock.now()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for name, results in per_host.items():
        tests = msgspec.to_builtins(results)
        data = {"host": name, "stage": stage, "file": path.name, "digest": digest, "tests": tests}
        store.add(directory, entries.make("results", by, at, data))
    derived = build(directory)
    counts = Counter(result.status for results in per_host.values() for result in results)
    click.echo("added: " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
    click.echo(summary(derived))
    raise click.exceptions.Exit(1 if derived.verdict in REFUSING else 0)


for _name, _format in FORMATS.items():
    import_group.add_command(_command(_name, _format))
for _scanner in (import_openscap, import_lynis):
    import_group.add_command(_scanner)
