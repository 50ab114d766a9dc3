"""`oplever incident show`: a case as somebody reads it who is going to handle it."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from oplever import store
from oplever.app import incidents
from oplever.cli.language import language_option
from oplever.cli.overview import overview
from oplever.cli.tables import as_json, format_option, table
from oplever.kinds.incident.chapters.intake import report
from oplever.kinds.incident.chapters.terms import READINGS, TARGETS, time_limit
from oplever.kinds.incident.targets import measure
from oplever.page.blocks import KeyValue, Table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Record
from oplever.text import clean, printable, wrapped
from oplever.words import REFUSING, Language

_WIDE = 110
_MARGIN = 30


@click.command("show")
@click.argument("case")
@format_option
@language_option
@click.pass_context
def show(ctx: click.Context, case: str, form: str, language: Language) -> None:
    """Show CASE: what was reported, mail that nobody has read, its time limits, what is missing. Ends with 1 while it
    is not closed."""
    directory = incidents.find(case)
    record = store.load(directory)
    incidents.case_of(record)
    if form == "json":
        as_json(record)
    else:
        t, shown = Translator(language), clean(record)
        overview(record, directory, t)
        _report(t, shown)
        _new_mails(t, shown)
        _limits(t, record)
    if record.verdict in REFUSING:
        ctx.exit(1)


def _report(t: Translator, record: Record) -> None:
    click.echo(f"\n{t('Report')}")
    for block in report(View.of(record), t):
        if isinstance(block, KeyValue):
            for label, cell in block.pairs:
                _print_labelled(label, f"{cell.text} ({cell.note})" if cell.note else cell.text)
        elif isinstance(block, Table):
            for question, answer in block.rows:
                _print_labelled(question.text, answer.text)


def _new_mails(t: Translator, record: Record) -> None:
    """The mails that came in and that nobody has read; what a machine wrote asks for no reading."""
    case = record.case
    written = [mail for mail in case.mails if mail.direction == "in" and not mail.is_automatic]
    for mail in written[-case.unread :] if case.unread else ():
        sender = f"{mail.sender} <{mail.address}>" if mail.address not in ("", mail.sender) else mail.sender
        heading = t("New mail of {name}, {when}", name=sender, when=t.moment(mail.at))
        click.echo(f"\n{printable(heading)}")
        _print_labelled(t("Subject"), mail.subject)
        _print_labelled(t("Text"), mail.text)


def _print_labelled(label: str, text: str) -> None:
    """A label with its text beside it, every line of it."""
    lines = [part for line in text.splitlines() for part in wrapped(line, _WIDE - _MARGIN) or [""]]
    for number, line in enumerate(lines or [""]):
        click.echo(f"  {printable(label) if number == 0 else '':<{_MARGIN}}{line}".rstrip())


def _limits(t: Translator, record: Record) -> None:
    measured = measure(incidents.case_of(record), datetime.now(UTC))
    rows = [
        (
            t(TARGETS[limit.name]),
            time_limit(t, limit.limit) if limit.limit else "-",
            t.moment(limit.due) if limit.due else "-",
            t.duration(limit.elapsed.total_seconds()),
            t(READINGS[limit.reading]),
        )
        for limit in measured
    ]
    if rows:
        click.echo("")
        table((t("time limit"), t("working time"), t("due"), t("gone by"), t("State")), rows)
