"""`oplever import`: runs that other tools recorded become records; results of other test tools join a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from oplever import store
from oplever.app.import_run import Imported, import_runs
from oplever.app.import_scan import SCANNERS, import_scan
from oplever.app.import_tests import import_tests
from oplever.cli.help import Group
from oplever.cli.language import say, translator
from oplever.cli.output import summary, tell_documents
from oplever.cli.person import by_option
from oplever.journal.importers.registry import FORMATS, Format
from oplever.messages import N_
from oplever.page.vocabulary import CHECK
from oplever.text import printable
from oplever.words import REFUSING, WorkProcess

_ANSIBLE = N_(
    "note: Ansible's callback junit counts a failure that the play ignores as passed (unless JUNIT_FAIL_ON_IGNORE is "
    "true), one that it rescues as failed, and leaves out machines that cannot be reached"
)
_REPORTS = {"openscap": "results of OpenSCAP, XCCDF 1.2 or ARF", "lynis": "lynis-report.dat of Lynis"}


@click.group("import", cls=Group)
def import_group() -> None:
    """Make records of runs that another tool recorded, or add results of other test tools to a record."""


def _of_record(command: Callable[..., None]) -> Callable[..., None]:
    """The options of what joins a record."""
    record = click.option("--record", default="latest", show_default=True, help="Record, by name or path.")
    path = click.argument("path", type=click.Path(path_type=Path))
    decorated: Callable[..., None] = path(record(by_option(command)))
    return decorated


def _runs(name: str, form: Format) -> click.Command:
    @click.command(name, help=f"PATH: {form.help}.", short_help=form.help)
    @click.argument("path", type=click.Path(path_type=Path))
    @click.option("--again", is_flag=True, help="Import again a run that already has a record.")
    @click.option(
        "--work-process",
        type=click.Choice(get_args(WorkProcess)),
        help="Work process of the run. Without it the record names none.",
    )
    def command(path: Path, again: bool, work_process: str | None) -> None:
        is_refused = False
        for imported in import_runs(path, name, store.records_directory(), work_process, again=again):
            _print(imported)
            is_refused |= imported.record is not None and imported.record.verdict in REFUSING
        raise click.exceptions.Exit(1 if is_refused else 0)

    return command


def _print(imported: Imported) -> None:
    playbook, record = printable(imported.playbook), imported.record
    if record is None:
        say("{playbook}: imported before, record {record}", playbook=playbook, record=imported.directory.name)
        return
    t = translator()
    steps = t.plural("{count} step", "{count} steps", len(record.steps))
    machines = t.plural("{count} machine", "{count} machines", len(record.systems))
    click.echo(f"{playbook}: {steps}, {machines}")
    click.echo(summary(record))
    say("record: {path}", path=imported.directory)


@import_group.command("junit", short_help="JUnit XML of testinfra, pytest, goss or another tool, as tests of a record")
@_of_record
@click.option("--host", help="The machine that was tested; not needed when testinfra names it.")
@click.option(
    "--stage",
    type=click.Choice(["during", "after"]),
    default="after",
    show_default=True,
    help="When the tests ran: during the work or after it.",
)
def import_junit(path: Path, record: str, by: str, **place: Any) -> None:
    """PATH: JUnit XML of testinfra, pytest, goss or another tool. Its tests join RECORD as an entry."""
    directory = store.find(record)
    imported = import_tests(directory, path, by, **place)
    if imported.is_of_ansible:
        say(_ANSIBLE, err=True)
    for name in imported.beside:
        say(
            "note: failing tests of these names in {name} still count; were they repeated, then import them again from "
            "a file of that name",
            name=name,
            err=True,
        )
    t = translator()
    counts = (f"{count} {t(CHECK[status][1])}" for status, count in sorted(imported.counts.items()))
    say("added: {counts}", counts=", ".join(counts))
    click.echo(summary(imported.record))
    tell_documents(directory)
    raise click.exceptions.Exit(1 if imported.record.verdict in REFUSING else 0)


def _scan(name: str) -> click.Command:
    @click.command(
        name, help=f"PATH: {_REPORTS[name]}. It joins RECORD as a second opinion.", short_help=_REPORTS[name]
    )
    @_of_record
    @click.option("--host", help="The machine in the record; not needed when the report names it as the record does.")
    def command(path: Path, record: str, by: str, host: str | None) -> None:
        directory = store.find(record)
        scan = import_scan(directory, path, name, by, host)
        t = translator()
        words = {True: t("agree"), False: t("differ"), None: t("not compared")}
        counts = Counter(words[opinion.agrees] for opinion in scan.opinions)
        numbers = ", ".join(f"{number} {word}" for word, number in sorted(counts.items()))
        say(
            "added: {count} rules of {tool} on {host}: {numbers}",
            count=len(scan.opinions),
            tool=scan.tool,
            host=scan.host,
            numbers=numbers,
        )
        tell_documents(directory)

    return command


for _name, _format in FORMATS.items():
    import_group.add_command(_runs(_name, _format))
for _name in SCANNERS:
    import_group.add_command(_scan(_name))
