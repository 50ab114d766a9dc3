"""`oplever purge`: delete records and names past their retention period."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import msgspec

from oplever import config, store
from oplever.app.build import build
from oplever.cli.tables import as_json, format_option, table
from oplever.store import retention
from oplever.store.index import open_index
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
    base, now = store.records_directory(), datetime.now(UTC)
    due = retention.plan(base, terms, now)
    if not dry_run:
        for each in due:
            if each.action != "unreadable":
                retention.carry_out(base, each, now)
            if each.action == "pseudonymised":
                build(base / each.record)
        with open_index():
            pass  # it forgets what is gone
    _report(due, form, terms.record, dry_run=dry_run)
    if any(each.action == "unreadable" for each in due):
        ctx.exit(1)


def _report(due: list[Purged], form: str, record_term: str | None, *, dry_run: bool) -> None:
    if form == "json":
        as_json({"dry_run": dry_run, "purged": due})
        return
    done = [each for each in due if each.action != "unreadable"]
    if done:
        rows = [(each.record, each.ended, each.action, _detail(each, record_term)) for each in done]
        table(("record", "last changed", "action", "what"), rows, "to be removed" if dry_run else "removed")
    else:
        click.echo("nothing to remove")
    for each in due:
        if each.action == "unreadable":
            click.echo(f"oplever: {printable(f'{each.record} is kept: {each.problem}')}", err=True)


def _detail(each: Purged, record_term: str | None) -> str:
    if each.action == "removed":
        return f"{each.files} files, {each.size_bytes} bytes"
    what = ", ".join(each.names)
    if each.in_journal:
        until = f"{record_term} after its last change" if record_term else "no end: retention.record is not set"
        what += f"; left in the journal: {each.in_journal}, until the record is removed ({until})"
    return what
