"""`oplever list`: which records there are."""

from __future__ import annotations

from typing import Any, get_args

import click

from oplever.app.listing import listing as list_all
from oplever.cli.days import Day, Moment
from oplever.cli.language import language_option, say
from oplever.cli.tables import as_json, format_option, stage_word, status_word, styles, table, verdict_word
from oplever.page.translator import N_, Translator
from oplever.store.filters import Filter
from oplever.store.ordering import Clock
from oplever.store.query import Listed
from oplever.words import CaseState, DocumentStatus, Kind, Language, Verdict

STATES = [*get_args(DocumentStatus), *get_args(CaseState)]
_MOST_HOSTS = 5
_COLUMNS = (
    N_("record"), N_("verdict"), N_("stage"), N_("status"), N_("machines"), N_("by"), N_("due date"), N_("failing"),
    N_("clock"),
)  # fmt: skip
_CLOCKS: dict[Clock, str] = {
    "past": N_("clock wrong: before Oplever existed"),
    "future": N_("clock wrong: in the future"),
    "back": N_("clock wrong: before the record made earlier"),
}


@click.command("list")
@click.option("--host", help="Records with this machine; * and ? are wildcards.")
@click.option("--role", help="Records in which this role ran tasks.")
@click.option("--verdict", type=click.Choice(get_args(Verdict)), help="Records with this verdict.")
@click.option("--since", type=Moment(), help="Started at or after this time.")
@click.option("--until", type=Moment(last=True), help="Started before this time, or on this day at the latest.")
@click.option("--operator", help="Carried out by this person or account; part of the name is enough.")
@click.option("--failed-check", help="Records in which this test or control failed.")
@click.option("--work-process", help="Records of this work process, such as 1.3.")
@click.option("--kind", type=click.Choice(get_args(Kind)), help="Records of this kind.")
@click.option("--state", type=click.Choice(STATES), help="Records in this state, as the document names it.")
@click.option("--due", type=Day(), help="Records due on or before this day.")
@click.option("--overdue", is_flag=True, help="Records past their due date that are not ready.")
@click.option("--limit", type=click.IntRange(min=1), help="Show only the newest N records.")
@format_option
@language_option
def list_records(form: str, language: Language, **filters: Any) -> None:
    """List the records, newest first.

    \b
    Example:
      oplever list --host 'web*' --verdict not_delivered --since 2026-11-01
    """
    t, listing = Translator(language), list_all(Filter(**filters))
    if form == "json":
        as_json(listing.records)
    elif listing.records:
        shown = len(_COLUMNS) if any(record.clock for record in listing.records) else len(_COLUMNS) - 1
        columns = [t(column) for column in _COLUMNS[:shown]]
        table(columns, [_row(record, t)[:shown] for record in listing.records], headings=False, styles=styles(t))
    elif any(value not in (None, False) for value in filters.values()):
        click.echo(t("No record matches all filters."))
    else:
        click.echo(t("No records yet in {place}. Run a playbook to make one.", place=listing.base))
    for record in listing.unreadable:
        say("oplever: {record} cannot be read: {problem}", record=record.name, problem=record.problem, err=True)


def _row(record: Listed, t: Translator) -> tuple[str, ...]:
    if record.problem is not None:
        return (record.name, t("cannot be read"), "", "", record.problem, "", "", "", _clock(record, t))
    machines = ", ".join(record.hosts[:_MOST_HOSTS]) + (", ..." if record.hosts[_MOST_HOSTS:] else "")
    failing = str(record.failing) if record.failing else ""
    by = ", ".join(record.operators)
    return (
        record.name, verdict_word(t, record.verdict, record.kind), stage_word(t, record.stage), _status(record, t),
        machines, by, t.day(record.due) if record.due else "", failing, _clock(record, t),
    )  # fmt: skip


def _status(record: Listed, t: Translator) -> str:
    """The state of the document; a run of a record of several is signed with that one."""
    if record.part_of:
        return t("run of {record}", record=record.part_of)
    runs = t.plural("{count} run", "{count} runs", record.runs) if record.runs else ""
    return ", ".join(filter(None, (status_word(t, record.status), runs)))


def _clock(record: Listed, t: Translator) -> str:
    return t(_CLOCKS[record.clock]) if record.clock else ""
