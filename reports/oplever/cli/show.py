"""`oplever show`: one record, one machine of a record, or the history of one machine over all records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from oplever import store
from oplever.cli.overview import overview
from oplever.cli.tables import as_json, format_option, table
from oplever.errors import OpleverError
from oplever.store.index import open_index
from oplever.store.query import Visit, hosts, life
from oplever.text import to_json
from oplever.words import REFUSING

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
      oplever show --host web1      the life of a machine over all records
      oplever show latest --host web1
    """
    if host is None:
        _record(ctx, record or "latest", form)
        return
    directory = store.find(record) if record else None
    visits = _visits(host, directory)
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


def _visits(host: str, directory: Path | None) -> list[Visit]:
    name = directory and directory.name
    with open_index(directory and directory.parent) as index:
        found = [each for each in life(index, host) if name in (None, each.record.name)]
        known = hosts(index)
    if not found:
        where = f"in {name}" if name else "in any record"
        some = ", ".join(known[:_MOST]) or "none"
        raise OpleverError("host-unknown", f"{host} is not {where}", f"machines in the records: {some}")
    return found


def _life(host: str, visits: list[Visit]) -> None:
    """One row a record, then what changed between records without a play that says so, and what fails now."""
    in_order = [each.record.started for each in visits if (each.record.verdict or "").startswith("delivered")]
    delivered = [each.record.started for each in visits if each.record.stage in ("approved", "signed")]
    last = f"last in order {in_order[-1] if in_order else 'never'}, delivered {delivered[-1] if delivered else 'never'}"
    click.echo(f"{host}: {len(visits)} records, {last}\n")
    columns = ("record", "verdict", "stage", "changed", "tests", "score", "pkg", "set", "drift", "failing")
    table(columns, [_life_row(each) for each in visits])
    for each in visits:
        if each.drift:
            click.echo()
            _drift(each)
    if visits[-1].failing:
        click.echo()
        _failing(visits[-1])


def _life_row(each: Visit) -> tuple[object, ...]:
    packages = sum(change.kind == "package" for change in each.changes)
    score = "-" if each.score is None else f"{each.score:.0f}"
    tests = f"{each.passed}/{each.ran}"
    failing = " ".join(one.id for one in each.failing[:3]) + (" ..." if each.failing[3:] else "")
    settings = len(each.changes) - packages
    return (
        each.record.name, each.record.verdict, each.record.stage, each.counts["changed"], tests, score, packages,
        settings, len(each.drift) if each.since else "-", failing,
    )  # fmt: skip


def _machine(host: str, each: Visit) -> None:
    counts = ", ".join(f"{key} {value}" for key, value in each.counts.items() if value)
    score = "not measured" if each.score is None else f"{each.score:.0f}"
    click.echo(f"{host} in {each.record.name}: {each.record.verdict}, {each.record.stage}")
    click.echo(f"  {counts or 'nothing was done'}; tests {each.passed}/{each.ran}; baseline {score}")
    if each.roles:
        click.echo(f"  roles: {', '.join(each.roles)}")
    if each.failing:
        _failing(each)
    if each.changes:
        rows = [(one.kind, one.name, one.change, _short(one.before), _short(one.after)) for one in each.changes]
        _some("changed during the work", ("kind", "name", "change", "before", "after"), rows)
    if each.since and not each.drift:
        click.echo(f"nothing changed since {each.since}")
    elif each.drift:
        _drift(each)


def _failing(each: Visit) -> None:
    rows = [(one.status, one.id, _short(one.expected), _short(one.found)) for one in each.failing]
    _some("failing", ("status", "check", "expected", "found"), rows)


def _drift(each: Visit) -> None:
    rows = [(one.kind, one.name, _short(one.a), _short(one.b)) for one in each.drift]
    _some(f"changed between {each.since} and {each.record.name}", ("kind", "name", "then", "now"), rows)


def _some(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table(columns, rows[:_MOST], title)
    if rows[_MOST:]:
        click.echo(f"  and {len(rows) - _MOST} more: --format json")


def _short(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= 60 else text[:59] + "…"
