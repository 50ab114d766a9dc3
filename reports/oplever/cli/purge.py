"""`oplever purge`: delete records and names past their retention period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import click
import msgspec

from oplever import config, store
from oplever.app.purge import purge as purge_records
from oplever.cli.tables import as_json, format_option, table
from oplever.store.retention import Purged
from oplever.text import printable


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and change nothing.")
@format_option
@click.pass_context
@click.help_option(help="Show this help and exit.")
def purge(ctx: click.Context, dry_run: bool, form: str) -> None:
    """Delete records and replace names past the retention period set in oplever.yml.

    Prints what was removed and logs it to purge.jsonl beside the records. A record whose age cannot be determined is
    kept; the exit code is then 1.
    """
    terms = config.load().retention
    if not any(msgspec.structs.astuple(terms)):
        click.echo("nothing is purged: oplever.yml sets no retention periods")
        return
    purged = purge_records(store.records_directory(), terms, datetime.now(UTC), dry_run=dry_run)
    _report(purged, form, terms.record, dry_run=dry_run)
    if any(record.action == "unreadable" for record in purged):
        ctx.exit(1)


def _report(purged: Sequence[Purged], form: str, record_term: str | None, *, dry_run: bool) -> None:
    if form == "json":
        as_json({"dry_run": dry_run, "purged": purged})
        return
    done = [record for record in purged if record.action != "unreadable"]
    if done:
        rows = [(record.record, record.ended, record.action, _detail(record, record_term)) for record in done]
        table(("record", "last changed", "action", "what"), rows, "to be removed" if dry_run else "removed")
    else:
        click.echo("nothing to remove")
    for record in purged:
        if record.action == "unreadable":
            click.echo(f"oplever: {printable(f'{record.record} is kept: {record.problem}')}", err=True)


def _detail(purged: Purged, record_term: str | None) -> str:
    if purged.action == "removed":
        return f"{purged.files} files, {purged.size_bytes} bytes"
    names = ", ".join(purged.names)
    if not purged.in_journal:
        return names
    until = f"{record_term} after its last change" if record_term else "no end: retention.record is not set"
    return f"{names}; left in the journal: {purged.in_journal}, until the record is removed ({until})"
