"""`oplever compare`: what differs between two records or two machines."""

from __future__ import annotations

import click

from oplever.app.compare import compare
from oplever.cli.language import language_option
from oplever.cli.tables import as_json, format_option, table
from oplever.page.parts import MOST_NAMES, alike_text
from oplever.page.translator import N_, Translator
from oplever.page.vocabulary import CHECK, TASK, kind_name
from oplever.record.compare import Comparison, Difference, Section
from oplever.text import printable, wrapped
from oplever.words import Language


@click.command("compare")
@click.argument("record", nargs=-1)
@click.option("--host", "hosts", multiple=True, help="Machine to compare; give it twice to compare two machines.")
@format_option
@language_option
@click.pass_context
def compare_command(
    ctx: click.Context, record: tuple[str, ...], hosts: tuple[str, ...], form: str, language: Language
) -> None:
    """Show the differences in packages, settings, tests, controls, results and time.

    \b
    Examples:
      oplever compare A B                        two records
      oplever compare A B --host web1            one machine in two records
      oplever compare --host web1                its last record with the one before
      oplever compare --host web1 --host web2    two machines, in the last record of each
      oplever compare A --host web1 --host web2

    What differs in the same way on several machines is shown once, with their names.

    Ends with 1 when something differs. Time alone does not count.
    """
    comparison = compare(record, hosts)
    if form == "json":
        as_json({"same": comparison.same, "comparison": comparison})
    else:
        _print(comparison, Translator(language))
    if not comparison.same:
        ctx.exit(1)


def _print(comparison: Comparison, t: Translator) -> None:
    click.echo(f"a: {comparison.a}\nb: {comparison.b}\n")
    columns = (t("What"), t("Kind"), t("Name"), "a", "b")
    for group in comparison.alike:
        rows = [_row(difference, t) for difference in group.differences]
        table(columns, rows, title=alike_text(t, group.hosts))
        if len(group.hosts) > MOST_NAMES:
            click.echo("\n".join(wrapped(", ".join(group.hosts), 102, first="  ", rest="  ")))
        click.echo()
    if comparison.same:
        click.echo(t("no difference") if comparison.is_whole else t("no difference in what was compared"))
    for host in comparison.unseen:
        text = t("packages and settings of {host} were not compared: one side has no snapshot of it", host=host)
        click.echo(printable(text), err=True)
    for part in comparison.uncompared:
        what = f"{kind_name(t, part.kind)}, {part.host}" if part.kind else t("Settings of {host}", host=part.host)
        click.echo(printable(t("not comparable: {what}: {reason}", what=what, reason=part.reason)), err=True)
    click.echo()
    times = [(time.role or t("(no role)"), t.duration(time.a), t.duration(time.b)) for time in comparison.times]
    total = (t("the whole run, from begin to end"), *(t.duration(seconds) for seconds in comparison.seconds))
    table((t("Time in steps, all machines together"), "a", "b"), [*times, total])


_SECTIONS: dict[Section, str] = {
    "host": N_("machine"),
    "package": N_("package"),
    "setting": N_("setting"),
    "test": N_("test"),
    "control": N_("control"),
    "result": N_("step"),
}


def _row(difference: Difference, t: Translator) -> tuple[str, ...]:
    kind, name = difference.kind, difference.name
    if difference.section == "setting":
        kind = kind_name(t, kind)
    elif difference.section in ("host", "package"):
        kind, name = "", "" if difference.section == "host" else name
    return (
        t(_SECTIONS[difference.section]),
        kind,
        name,
        *(_value(difference, text, t) for text in (difference.a, difference.b)),
    )


def _value(difference: Difference, text: str | None, t: Translator) -> str:
    """What is on one side: words of the record for what people judge, else what the machine said."""
    if text is None:
        return t("absent")
    if difference.section == "host":
        return t("present")
    if difference.section in ("test", "control"):
        status, colon, rest = text.partition(": ")
        return _short(f"{t(CHECK[status][1])}{colon}{rest}" if status in CHECK else text)
    if difference.section == "result":
        return _short(", ".join(t(TASK[status][1]) if status in TASK else status for status in text.split(", ")))
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
