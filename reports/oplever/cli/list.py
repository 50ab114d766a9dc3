"""`oplever list`: which records there are."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, get_args

import click

from oplever import clock
from oplever.cli.tables import as_json, format_option, table
from oplever.kinds.registry import KINDS
from oplever.store.index import open_index
from oplever.store.ordering import Clock
from oplever.store.query import Filter, Listed, listing, unreadable
from oplever.text import printable
from oplever.words import Verdict

STATES = list(dict.fromkeys(state.id for kind in KINDS.values() for state in kind.states))
_MOST_HOSTS = 5
_COLUMNS = ("record", "verdict", "stage", "status", "machines", "by", "due", "failing", "clock")
_CLOCKS: dict[Clock, str] = {
    "past": "clock wrong: before Oplever existed",
    "future": "clock wrong: in the future",
    "back": "clock wrong: before the record made earlier",
}


class Moment(click.ParamType[str]):
    """A day or a moment in ISO 8601; without zone it is UTC. `last` makes a day its end."""

    name = "day or time"

    def __init__(self, *, last: bool = False) -> None:
        self.last = last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            day = date.fromisoformat(value)
            return (day + timedelta(days=1) if self.last else day).isoformat()
        except (ValueError, OverflowError):
            pass
        try:
            return clock.written(clock.moment(value))
        except (ValueError, OverflowError):
            self.fail(f"{value} is not a day (2026-11-23) or a time (2026-11-23T10:00)", param, ctx)


@click.command("list")
@click.option("--host", help="Records with this machine; * and ? are wildcards.")
@click.option("--role", help="Records in which this role ran tasks.")
@click.option("--verdict", type=click.Choice(get_args(Verdict)), help="Records with this verdict.")
@click.option("--since", type=Moment(), help="Started at or after this time.")
@click.option("--until", type=Moment(last=True), help="Started before this time, or on this day at the latest.")
@click.option("--operator", help="Carried out by this person or account; part of the name is enough.")
@click.option("--failed-check", help="Records in which this test or control failed.")
@click.option("--work-process", help="Records of this work process, such as 1.3.")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Records of this kind.")
@click.option("--state", type=click.Choice(STATES), help="Records in this state, as the document names it.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Records due on or before this day.")
@click.option("--overdue", is_flag=True, help="Records past their due date that are not ready.")
@click.option("--limit", type=click.IntRange(min=1), help="Show only the newest N records.")
@format_option
@click.help_option(help="Show this help and exit.")
def list_records(form: str, due: datetime | None, **wanted: Any) -> None:
    """List the records, newest first.

    \b
    Example:
      oplever list --host 'web*' --verdict not_delivered --since 2026-11-01
    """
    with open_index() as index:
        found = listing(index, Filter(**wanted, due=due.date().isoformat() if due else None))
        broken = [each for each in unreadable(index) if each not in found]
    if form == "json":
        as_json(found)
    elif found:
        shown = len(_COLUMNS) if any(each.clock for each in found) else len(_COLUMNS) - 1
        table(_COLUMNS[:shown], [_row(each)[:shown] for each in found], headings=False)
    elif due or any(value not in (None, False) for value in wanted.values()):
        click.echo("No record matches all filters.")
    else:
        click.echo(f"No records yet in {index.base}. Run a playbook to make one.")
    for each in broken:
        click.echo(f"oplever: {printable(f'{each.name} cannot be read: {each.problem}')}", err=True)


def _row(each: Listed) -> tuple[str, ...]:
    if each.problem is not None:
        return (each.name, "cannot be read", "", "", each.problem, "", "", "", _clock(each))
    machines = ", ".join(each.hosts[:_MOST_HOSTS]) + (", ..." if each.hosts[_MOST_HOSTS:] else "")
    failing = str(each.failing) if each.failing else ""
    by = ", ".join(each.operators)
    return (
        each.name, each.verdict or "", each.stage or "", each.status or "", machines, by, each.due or "", failing,
        _clock(each),
    )  # fmt: skip


def _clock(each: Listed) -> str:
    return _CLOCKS[each.clock] if each.clock else ""
