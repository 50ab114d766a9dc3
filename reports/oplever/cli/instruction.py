"""`oplever instruction`: explain something to users, and write down what came of it.

A command that adds one entry is made from the declaration of that entry, as those of `oplever add` are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from oplever import store
from oplever.app import instructions
from oplever.app.new import new as new_record
from oplever.cli.add import command_of, parameter, typed
from oplever.cli.days import Day
from oplever.cli.entry_commands import EntryCommands
from oplever.cli.language import language_option, say, translator
from oplever.cli.output import summary, tell_documents
from oplever.cli.overview import overview
from oplever.cli.person import by_option
from oplever.cli.tables import as_json, format_option, stage_word, styles, table, verdict_word
from oplever.kinds import registry
from oplever.kinds.base import about
from oplever.kinds.instruction.entries import COMMANDS, instruction_of
from oplever.messages import M_
from oplever.page.reasons import missing_text
from oplever.page.translator import Translator
from oplever.record.entries.fields import fields
from oplever.record.model import Record
from oplever.text import printable
from oplever.words import REFUSING, Audience, Language

WORDS = {word: kind for kind, word in COMMANDS.items()}
"""Commands that add one entry, with its kind."""
record_argument = click.argument("record")


def command(word: str) -> click.Command:
    """The command that adds the entry of this word."""
    kind = registry.entry_kind(WORDS[word])

    def run(record: str, by: str, **data: Any) -> None:
        directory = store.find(record)
        _tell(directory, instructions.add(directory, kind.tag(), by, typed(data)), word)

    options = [parameter(field, "") for field in fields(kind)]
    return command_of(kind, word, run, click.Argument(["record"]), options)


@click.group("instruction", cls=EntryCommands, made_by=__name__)
def instruction() -> None:
    """Explain to users what was delivered, and write down whether they understood it.

    \b
    Examples:
      oplever instruction new --title "Wiki voor klas 5V" --location 0.14
      oplever instruction give RECORD --day 24-11-2026
      oplever instruction attend RECORD --who "J. Bakker" --who "F. de Groot"
      oplever instruction explain RECORD --card dokuwiki/open --of latest
    What is still to be done: oplever add rest-point. The sheet to sign: oplever form attendance.
    """


@instruction.command("new")
@by_option
@click.option("--title", required=True, help="What is explained to whom, in a few words.")
@click.option("--location", help="Where.")
@click.option("--due", type=Day(), help="The day on which it has to be done.")
@click.option("--executor", help="Who explains it; who opens the record when left out.")
def new(by: str, **data: Any) -> None:
    """Begin the record of an instruction. Prints its name last."""
    directory, record = new_record(store.records_directory(), instructions.KIND, by, data)
    click.echo(summary(record))
    tell_documents(directory)
    click.echo(directory.name)


@instruction.command("list")
@format_option
@language_option
def list_instructions(form: str, language: Language) -> None:
    """List the instructions, newest first."""
    rows, t = instructions.every(), Translator(language)
    if form == "json":
        as_json(rows)
    elif rows:
        columns = (t("record"), t("verdict"), t("stage"), t("by"), t("Title"))
        table(
            columns,
            [
                (
                    row.name, verdict_word(t, row.verdict, "instruction"), stage_word(t, row.stage),
                    ", ".join(row.operators), row.title or "",
                )
                for row in rows
            ],
            headings=False,
            styles=styles(t),
        )  # fmt: skip
    else:
        say("No instruction yet.")


@instruction.command("show")
@record_argument
@language_option
@click.pass_context
def show(ctx: click.Context, record: str, language: Language) -> None:
    """Show RECORD: what was explained, whether it was understood, what is missing. Ends with 1 while nobody was
    instructed or something was not understood."""
    directory, t = store.find(record), Translator(language)
    derived = store.load(directory)
    lesson = instruction_of(derived)
    overview(derived, directory, t)
    for subject in lesson.subjects:
        answer = lesson.last_answer(subject.id)
        card = f"{subject.card} {subject.version[:8]}" if subject.card else "-"
        judged = t(answer.judged.replace("_", " ")) if answer else t("not asked back")
        click.echo(printable(f"  {subject.id} {subject.subject} ({card}): {judged}"))
    if derived.verdict in REFUSING:
        ctx.exit(1)


@instruction.command("attend")
@record_argument
@by_option
@click.option(
    "--who", "names", multiple=True, required=True, help="Name of who was there; can be given more than once."
)
@click.option("--audience", type=click.Choice(get_args(Audience)), default="user", show_default=True, help="As what.")
def attend(record: str, by: str, names: tuple[str, ...], audience: str) -> None:
    """Say who was there. RECORD keeps a pseudonym of each name; the sheet that they sign has both."""
    directory = store.find(record)
    added, people = instructions.attend(directory, by, names, audience)
    for name, pseudonym in people.items():
        click.echo(printable(f"{pseudonym}  {name}"))
    _tell(directory, added, "attend")


@instruction.command("explain")
@record_argument
@by_option
@click.option("--subject", default="", help="What was explained, in a few words; the title of the card when left out.")
@click.option("--card", default="", help="The handout that was given with it, as dokuwiki/open.")
@click.option("--of", "source", help="The record that the handout is of.")
@language_option
def explain(*, record: str, by: str, subject: str, card: str, source: str | None, language: Language) -> None:
    """Say what was explained in RECORD, and with which handout of which record."""
    if not (subject or card):
        raise click.UsageError(M_("give --subject, --card or both"))
    if card and not source:
        raise click.UsageError(M_("a handout is of a record: give --of RECORD"))
    directory = store.find(record)
    delivered = store.find(source) if source else None
    added = instructions.explain(directory, by, subject, card=card, source=delivered, language=language)
    last = instruction_of(added).subjects[-1]
    if last.card:
        ease = "-" if last.ease is None else f"{last.ease:.0f}"
        say(
            "{id}: {card} {version}, {steps} steps, reading ease {ease} of 100",
            id=last.id, card=last.card, version=last.version[:8], steps=last.steps, ease=ease,
        )  # fmt: skip
    else:
        say("{id}: {subject}, without a handout", id=last.id, subject=last.subject)
    _tell(directory, added, "explain")


def _tell(directory: Path, record: Record, action: str) -> None:
    """What was added, how the instruction stands, and what is missing."""
    t = translator()
    say("{action}: revision {revision} of {record}", action=action, revision=record.document.revision, record=record.id)
    click.echo(summary(record))
    for item in record.completeness.missing:
        text, command = missing_text(t, item.code, item.params), about(item.command, record.id)
        click.echo(printable(f"  - {text}: {command}"))
    tell_documents(directory)
