"""`oplever purge`: delete records and names past their retention period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import click
import msgspec

from oplever import config, store
from oplever.app.purge import purge as purge_records
from oplever.cli.language import say, translator
from oplever.cli.tables import as_json, format_option, table
from oplever.page.translator import N_, Translator
from oplever.store.retention import Purged


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and change nothing.")
@format_option
@click.pass_context
def purge(ctx: click.Context, dry_run: bool, form: str) -> None:
    """Delete records and replace names past the retention period set in oplever.yml.

    Prints what was removed and logs it to purge.jsonl beside the records. A record whose age cannot be determined is
    kept; the exit code is then 1.
    """
    terms = config.load().retention
    if not any(msgspec.structs.astuple(terms)):
        say("nothing is purged: oplever.yml sets no retention periods", err=form == "json")
        if form == "table":
            return
    purged = purge_records(store.records_directory(), terms, datetime.now(UTC), dry_run=dry_run)
    _report(purged, form, terms.record, dry_run=dry_run)
    if any(record.action == "unreadable" for record in purged):
        ctx.exit(1)


def _report(purged: Sequence[Purged], form: str, record_term: str | None, *, dry_run: bool) -> None:
    if form == "json":
        as_json({"dry_run": dry_run, "purged": purged})
        return
    handled = [record for record in purged if record.action != "unreadable"]
    if handled:
        t = translator()
        rows = [(r.record, t.moment(r.ended or ""), t(_ACTIONS[r.action]), _detail(t, r, record_term)) for r in handled]
        columns = (t("record"), t("last changed"), t("action"), t("what"))
        table(columns, rows, t("to be removed") if dry_run else t("removed"))
    else:
        say("nothing to remove")
    for record in purged:
        if record.action == "unreadable":
            say("oplever: {record} is kept: {problem}", record=record.record, problem=record.problem, err=True)


_ACTIONS = {
    "removed": N_("removed"),
    "pseudonymised": N_("pseudonymised"),
    "shortened": N_("shortened"),
    "emptied": N_("withdrawn files removed"),
}


def _detail(t: Translator, purged: Purged, record_term: str | None) -> str:
    if purged.action in ("removed", "emptied"):
        return t.plural("{count} file, {size}", "{count} files, {size}", purged.files, size=t.size(purged.size_bytes))
    if purged.action == "shortened":
        return t.plural("{count} line", "{count} lines", purged.lines)
    names = ", ".join(purged.names)
    if not purged.in_journal:
        return names
    no_end = t("no end: retention.record is not set")
    until = t("{term} after its last change", term=record_term) if record_term else no_end
    return t(
        "{names}; left in the journal: {left}, until the record is removed ({until})",
        names=names,
        left=purged.in_journal,
        until=until,
    )
