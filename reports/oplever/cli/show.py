"""`oplever show`: one record, one machine of a record, or the history of one machine over all records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from oplever import store
from oplever.cli.overview import overview
from oplever.cli.tables import as_json, format_option, table
from oplever.text import printable, to_json
from oplever.words import REFUSING

if TYPE_CHECKING:
    from oplever.store.query import Visit

_MOST = 40


@click.command()
@click.argument("record", required=False)
@click.option("--host", help="Show only this machine; without RECORD, its history over all records.")
@format_option
@click.pass_context
@click.help_option(help="Show this help and exit.")
def show(ctx: click.Context, record: str | None, host: str | None, form: str) -> None:
    """Show the verdict of RECORD, what is missing and where its documents are.

    \b
    Examples:
      oplever show                  the latest record
      oplever show --host web1      the history of a machine over all records
      oplever show latest --host web1
    """
    if host is None:
        _record(ctx, record or "latest", form)
        return
    from oplever.app.history import history  # noqa: PLC0415 - one record needs no database

    directory = store.find(record) if record else None
    visits = history(host, directory)
    if form == "json":
        as_json(visits)
    elif directory:
        _machine(host, visits[0])
    else:
        _life(host, visits)


def _record(ctx: click.Context, name: str, form: str) -> None:
    directory = store.find(name)
    derived = store.load(directory)
    if form == "json":
        click.echo(msgspec.json.format(to_json(derived), indent=1).decode())
    else:
        overview(derived, directory)
    if derived.verdict in REFUSING:
        ctx.exit(1)


def _life(host: str, visits: Sequence[Visit]) -> None:
    """One row a record, then what changed between records without a recorded play, and what fails now."""
    in_order = [visit.record.started for visit in visits if (visit.record.verdict or "").startswith("delivered")]
    delivered = [visit.record.started for visit in visits if visit.record.stage in ("approved", "signed")]
    last = f"last in order {in_order[-1] if in_order else 'never'}, delivered {delivered[-1] if delivered else 'never'}"
    click.echo(f"{host}: {len(visits)} records, {last}\n")
    columns = ("record", "verdict", "stage", "changed", "tests", "score", "components", "settings", "drift", "failing")
    table(columns, [_life_row(visit) for visit in visits])
    for visit in visits:
        if visit.drift or visit.uncompared:
            click.echo()
            _drift(visit)
    if visits[-1].failing:
        click.echo()
        _failing(visits[-1])


def _life_row(visit: Visit) -> tuple[object, ...]:
    settings = sum(change.section == "setting" for change in visit.changes)
    components = len(visit.changes) - settings
    score = "-" if visit.score is None else f"{visit.score:.0f}"
    tests = f"{visit.passed}/{visit.ran}"
    failing = " ".join(row.id for row in visit.failing[:3]) + (" ..." if visit.failing[3:] else "")
    return (
        visit.record.name, visit.record.verdict, visit.record.stage, visit.counts["changed"], tests, score, components,
        settings, len(visit.drift) if visit.since else "-", failing,
    )  # fmt: skip


def _machine(host: str, visit: Visit) -> None:
    counts = ", ".join(f"{key} {value}" for key, value in visit.counts.items() if value)
    score = "not measured" if visit.score is None else f"{visit.score:.0f}"
    click.echo(f"{host} in {visit.record.name}: {visit.record.verdict}, {visit.record.stage}")
    click.echo(f"  {counts or 'nothing was done'}; tests {visit.passed}/{visit.ran}; baseline {score}")
    if visit.roles:
        click.echo(f"  roles: {', '.join(visit.roles)}")
    if visit.failing:
        _failing(visit)
    if visit.changes:
        rows = [(row.kind, row.name, row.change, _short(row.before), _short(row.after)) for row in visit.changes]
        _some("changed during the work", ("kind", "name", "change", "before", "after"), rows)
    if visit.since and not (visit.drift or visit.uncompared):
        click.echo(f"nothing changed since {visit.since}")
    elif visit.since:
        _drift(visit)


def _failing(visit: Visit) -> None:
    rows = [(row.status, row.id, _short(row.expected), _short(row.found)) for row in visit.failing]
    _some("failing", ("status", "check", "expected", "found"), rows)


def _drift(visit: Visit) -> None:
    rows = [(row.kind, row.name, _short(row.a), _short(row.b)) for row in visit.drift]
    if rows:
        _some(f"changed between {visit.since} and {visit.record.name}", ("kind", "name", "then", "now"), rows)
    for part in visit.uncompared:
        what = part.kind or "settings"
        click.echo(printable(f"not comparable between {visit.since} and {visit.record.name}: {what}: {part.reason}"))


def _some(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table(columns, rows[:_MOST], title)
    if rows[_MOST:]:
        click.echo(f"  and {len(rows) - _MOST} more: --format json")


def _short(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= 60 else text[:59] + "…"
