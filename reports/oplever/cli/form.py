"""`oplever form`: a paper for one purpose, of a record or of a week."""

from __future__ import annotations

from collections.abc import Callable

import click

from oplever import clock, store
from oplever.app import forms
from oplever.cli.help import Group
from oplever.cli.language import language_option, say
from oplever.cli.output import deliver
from oplever.messages import M_
from oplever.record.persons import among
from oplever.words import Language

format_option = click.option(
    "--format", "fmt", type=click.Choice(["pdf", "html", "md"]), default="pdf", show_default=True, help="Kind of file."
)
output_option = click.option(
    "--output", "-o", help="File to write; - is standard output. Default: a name of its own, where you are."
)


def of_record(command: Callable[..., None]) -> Callable[..., None]:
    """The parameters of a form of one record."""
    record: Callable[[Callable[..., None]], Callable[..., None]] = click.argument("record", default="latest")
    return record(language_option(format_option(output_option(command))))


@click.group(cls=Group)
def form() -> None:
    """Make a paper to sign or to send.

    \b
    Examples:
      oplever form certificate latest
      oplever form hours --week 2026-W48 --person "S. Yilmaz"
    """


@form.command()
@of_record
def certificate(record: str, language: Language, fmt: forms.Format, output: str | None) -> None:
    """Make the certificate of handover of RECORD: one sheet to sign."""
    _of_record("certificate", record, language, fmt, output)


@form.command()
@of_record
def checklist(record: str, language: Language, fmt: forms.Format, output: str | None) -> None:
    """Make the form of the user of RECORD: what to go through, machine by machine."""
    _of_record("checklist", record, language, fmt, output)


@form.command()
@of_record
def attendance(record: str, language: Language, fmt: forms.Format, output: str | None) -> None:
    """Make the sheet that attendees of RECORD sign, an instruction."""
    _of_record("attendance", record, language, fmt, output)


@form.command()
@click.argument("record", default="latest")
@language_option
@output_option
def letter(record: str, language: Language, output: str | None) -> None:
    """Print what to write in the ticket or the mail about RECORD."""
    _put(forms.letter(store.find(record), language).encode(), output or "-")


@form.command()
@click.option("--week", required=True, help="Week, as 2026-W48.")
@click.option("--person", help="Only this person; default: everybody with hours in that week.")
@language_option
@format_option
@output_option
def hours(week: str, person: str | None, language: Language, fmt: forms.Format, output: str | None) -> None:
    """Make the week sheet of each person: hours over all records."""
    monday = forms.monday_of(week)
    lines = forms.week(monday)
    present = forms.people_of(lines)
    people = [person] if person else present
    if output and len(people) > 1:
        raise click.UsageError(
            M_("--output is for one sheet, and {count} people gave hours: name one with --person", count=len(people))
        )
    if not present:
        say("Nobody gave hours for {week}.", week=week, err=person is not None)
    elif person and among(person, present) is None:
        names = ", ".join(present)
        say("{person} gave no hours for {week}; these did: {names}", person=person, week=week, names=names, err=True)
    for name in people:
        content = forms.hours(lines, name, monday, language, fmt)
        _put(content, output or f"hours-{clock.week_name(monday)}-{_file_name(name)}.{language}.{fmt}")


def _of_record(name: str, record: str, language: Language, fmt: forms.Format, output: str | None) -> None:
    directory = store.find(record)
    content = forms.form(directory, name, language, fmt)
    _put(content, output or f"{name}-{directory.name}.{language}.{fmt}")


def _put(content: bytes, output: str) -> None:
    if path := deliver(content, output):
        say("form: {path}", path=path)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "person"
