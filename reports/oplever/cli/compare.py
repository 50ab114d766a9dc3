"""`oplever compare`: what differs between two records or two machines."""

from __future__ import annotations

import click

from oplever.app.compare import compare
from oplever.cli.tables import as_json, format_option, table
from oplever.record.compare import Comparison
from oplever.text import printable


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
    comparison = compare(record, hosts)
    if form == "json":
        as_json({"same": comparison.same, "comparison": comparison})
    else:
        _print(comparison)
    if not comparison.same:
        ctx.exit(1)


def _print(comparison: Comparison) -> None:
    click.echo(f"a: {comparison.a}\nb: {comparison.b}\n")
    if comparison.differences:
        rows = [(d.section, d.host, d.kind, d.name, _short(d.a), _short(d.b)) for d in comparison.differences]
        table(("what", "machine", "kind", "name", "a", "b"), rows)
    else:
        click.echo("no difference")
    for host in comparison.unseen:
        click.echo(f"packages and settings of {host} were not compared: one side has no snapshot of it", err=True)
    for part in comparison.uncompared:
        what = f"{part.kind} of {part.host}" if part.kind else f"settings of {part.host}"
        click.echo(printable(f"not comparable: {what}: {part.reason}"), err=True)
    click.echo()
    times = [(time.role or "(no role)", f"{time.a:.1f} s", f"{time.b:.1f} s") for time in comparison.times]
    total = ("the whole run", f"{comparison.seconds[0]:.1f} s", f"{comparison.seconds[1]:.1f} s")
    table(("time", "a", "b"), [*times, total])


def _short(text: str | None) -> str:
    return "-" if text is None else text if len(text) <= 80 else text[:79] + "…"
