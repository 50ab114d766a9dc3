"""`oplever compare`: what differs between two records or two machines."""

from __future__ import annotations

import click

from oplever import store
from oplever.cli.tables import as_json, format_option, table
from oplever.errors import OpleverError
from oplever.record.compare import Comparison, Side, compare
from oplever.store.index import open_index
from oplever.store.query import newest


@click.command("compare")
@click.argument("record", nargs=-1)
@click.option("--host", "hosts", multiple=True, help="Machine to compare; give it twice to compare two machines.")
@format_option
@click.pass_context
@click.help_option(help="Show this help and exit.")
def compare_command(ctx: click.Context, record: tuple[str, ...], hosts: tuple[str, ...], form: str) -> None:
    """Show the differences in packages, settings, tests, controls, results and time.

    \b
    Examples:
      oplever compare A B                        two records
      oplever compare A B --host web1            one machine in two records
      oplever compare --host web1                its last record with the one before
      oplever compare --host web1 --host web2    two machines, in the last record of each
      oplever compare A --host web1 --host web2

    Ends with 1 when something differs. Time alone does not count.
    """
    found = compare(*_sides(record, hosts))
    if form == "json":
        as_json({"same": found.same, "comparison": found})
    else:
        _print(found)
    if not found.same:
        ctx.exit(1)


def _sides(names: tuple[str, ...], hosts: tuple[str, ...]) -> tuple[Side, Side]:
    one, other = (hosts[0], hosts[-1]) if hosts else (None, None)
    if len(names) > 2 or len(hosts) > 2 or (len(names) < 2 and not hosts) or (len(names) == 1 and len(hosts) == 1):
        raise click.UsageError("name two records, or one or two machines; see: oplever compare --help")
    if len(names) == 2:
        return _side(names[0], one), _side(names[1], other)
    if names:
        return _side(names[0], one), _side(names[0], other)
    if len(hosts) == 1:
        last, before = _newest(hosts[0], 2)
        return _side(before, hosts[0]), _side(last, hosts[0])
    return _side(_newest(hosts[0], 1)[0], one), _side(_newest(hosts[1], 1)[0], other)


def _newest(host: str, count: int) -> list[str]:
    with open_index() as index:
        found = newest(index, host, count)
    if len(found) < count:
        message = f"{host} has a snapshot in {len(found)} records; {count} are needed"
        raise OpleverError("host-unknown", message, "name the records: oplever compare A B --host ...")
    return found


def _side(name: str, host: str | None) -> Side:
    directory = store.find(name)
    found = store.examine(directory)
    if host is not None and all(system.name != host for system in found.record.systems):
        there = ", ".join(system.name for system in found.record.systems[:40]) or "none"
        raise OpleverError("host-unknown", f"{host} is not in {directory.name}", f"machines in it: {there}")
    return Side(found.record, found.states, host)


def _print(found: Comparison) -> None:
    click.echo(f"a: {found.a}\nb: {found.b}\n")
    rows = [(each.section, each.host, each.kind, each.name, _said(each.a), _said(each.b)) for each in found.differences]
    if rows:
        table(("what", "machine", "kind", "name", "a", "b"), rows)
    else:
        click.echo("no difference")
    for host in found.unseen:
        click.echo(f"packages and settings of {host} were not compared: one side has no snapshot of it", err=True)
    click.echo()
    times = [(each.role or "(no role)", f"{each.a:.1f} s", f"{each.b:.1f} s") for each in found.times]
    whole = ("the whole run", f"{found.seconds[0]:.1f} s", f"{found.seconds[1]:.1f} s")
    table(("time", "a", "b"), [*times, whole])


def _said(text: str | None) -> str:
    return "-" if text is None else text if len(text) <= 80 else text[:79] + "…"
