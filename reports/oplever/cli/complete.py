"""`oplever complete`: ask for everything that a record lacks, in one go."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from msgspec import to_builtins

from oplever import clock, store
from oplever.app.add import admit, with_entry
from oplever.app.complete import Question, lacking, template
from oplever.cli.help import sentence
from oplever.cli.language import say, translator
from oplever.cli.output import tell_added
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.messages import M_
from oplever.record import own_work
from oplever.record.entries import Entry
from oplever.record.entries.fields import Field
from oplever.record.entries.typed import person, understood
from oplever.store import Sources
from oplever.text import printable, printable_lines


@click.command()
@click.argument("record", default="latest")
@click.option("--by", envvar="OPLEVER_PERSON", show_envvar=True, help="Who answers.")
@click.option(
    "--template", "as_template", is_flag=True, help="Print a YAML file to fill in, for: oplever add --file FILE."
)
def complete(record: str, by: str | None, as_template: bool) -> None:
    """Ask for everything that RECORD lacks. Nothing is added before the last answer.

    \b
    Examples:
      oplever complete --by "S. Yilmaz"
      oplever complete --template > missing.yml
    """
    directory = store.find(record)
    sources = store.sources(directory)
    if as_template:
        # In UTF-8 whatever the terminal has: a file of entries is.
        click.echo(template(sources.record(), directory.name, translator(), _described).encode(), nl=False)
        return
    missing = lacking(sources.record())
    for text in missing.sentences:
        say("a run that looks and tests supplies this: {text}", text=translator()(text))
    if not missing.questions:
        say("there is nothing to fill in")
        return
    if not sys.stdin.isatty():
        raise OpleverError(
            "complete-terminal",
            M_("this record lacks {count}, which cannot be asked without a terminal", count=_things(missing.questions)),
            M_(
                "oplever complete --template {name} > FILE, fill it in, then: oplever add --record {name} --file FILE",
                name=directory.name,
            ),
        )
    if not by:
        raise click.UsageError(M_("Missing option '--by' (env var: 'OPLEVER_PERSON')."))
    try:
        added = _ask_all(sources, missing.questions, person("by", by))
    except click.Abort:
        raise click.Abort(M_("stopped; nothing was added")) from None
    if not added:
        say("nothing was added")
        return
    try:
        record_now = admit(directory, added)
    except OpleverError:
        _tell_answers(added)
        raise
    tell_added(directory, record_now, ", ".join(entry.kind for entry in added))


def _tell_answers(added: list[Entry]) -> None:
    """What was answered, when it could not be added: nobody types it again."""
    filled = [{name: value for name, value in to_builtins(entry.entry).items() if value} for entry in added]
    say("what was answered, to be kept in a file for: oplever add --file", err=True)
    click.echo(printable_lines(json.dumps(filled, ensure_ascii=False, indent=1)), err=True)


def _things(questions: tuple[Question, ...]) -> str:
    return translator().plural("{count} thing", "{count} things", len(questions))


def _described(description: str) -> str:
    """What a field is for, in the language of the user."""
    return sentence(description, translator())


def _ask_all(sources: Sources, questions: tuple[Question, ...], by: str) -> list[Entry]:
    added: list[Entry] = []
    for number, question in enumerate(questions, 1):
        click.echo("")
        say("{number} of {count}: {text}", number=number, count=len(questions), text=translator()(question.text))
        if reason := _why_not(sources, question, by):
            say("  skipped: {reason}", reason=reason)
        elif answer := _ask(sources, question, by):
            entry, sources = answer
            added.append(entry)
    return added


def _why_not(sources: Sources, question: Question, by: str) -> str:
    """Why this person cannot answer; empty when he can."""
    if question.who != "supervisor":
        return ""
    try:
        own_work.check_role(sources.record(), by, question.who)
    except OpleverError as problem:
        return problem.in_language(translator()).message
    return ""


def _ask(sources: Sources, question: Question, by: str) -> tuple[Entry, Sources] | None:
    """The entry, and the sources with it; None when the question is skipped. What does not fit is asked again."""
    words = ["fill", *(["none"] if question.none_of else []), "skip"]
    while True:
        word = click.prompt(translator()("  fill in, or skip"), type=click.Choice(words), default="skip")
        if word == "skip":
            return None
        kind, data = question.kind, {"what": question.none_of}
        try:
            if word == "none":
                kind = "none"
            else:
                data = {**question.preset, **_fill_in(question)}
            entry = registry.LOG.make(kind, by, clock.now(), data)
            return entry, with_entry(sources, entry)
        except OpleverError as problem:
            _tell(problem)


def _fill_in(question: Question) -> dict[str, Any]:
    return {field.name: _value(question, field) for field in question.fields}


def _value(question: Question, field: Field) -> Any:
    """What was typed, understood; None when it was left out."""
    if field.form == "texts":
        return _texts(question, field)
    while True:
        text = _line(field, _label(field))
        if not text and field.name in question.needed:
            say("    this has to be filled in")
        elif not text:
            return None
        elif (value := _understood(question, field, text)) is not None:
            return value


def _texts(question: Question, field: Field) -> list[str] | None:
    texts: list[str] = []
    while text := _line(field, _label(field) if not texts else translator()("{name}, the next one", name=field.name)):
        if (value := _understood(question, field, text)) is not None:
            texts += value
    return texts or None


def _label(field: Field) -> str:
    choices = f" ({', '.join(field.choices)})" if field.choices else " (yes, no)" if field.form == "yes_no" else ""
    return f"{field.name}: {_described(field.description)}{choices}"


def _line(field: Field, label: str) -> str:
    """A line; empty when Enter alone was typed and there is no default."""
    default = field.default or ""
    return str(click.prompt(f"    {label}", default=default, show_default=bool(default))).strip()


def _understood(question: Question, field: Field, text: str) -> Any:
    try:
        return understood(registry.entry_kind(question.kind), {field.name: text})[field.name]
    except OpleverError as problem:
        _tell(problem)
        return None


def _tell(problem: OpleverError) -> None:
    problem = problem.in_language(translator())
    click.echo(f"    {printable(problem.message)}; {problem.advice}")
