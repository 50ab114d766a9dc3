"""Commands of `oplever incident` that take reports in, handle them and close them.

A command that adds one event is made from the declaration of that event, as those of `oplever add` are.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from oplever import store
from oplever.app import incident_rules, incidents
from oplever.app.incident_check import check as check_all
from oplever.app.incident_sources import Passing
from oplever.app.incident_sources import from_record as from_record_app
from oplever.cli.add import command_of, parameter, typed
from oplever.cli.help import sentence, spoken
from oplever.cli.incident_intake import ask
from oplever.cli.language import of_the_user, say, translator
from oplever.cli.output import tell_documents
from oplever.cli.person import by_option
from oplever.cli.tables import status_word
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.base import about
from oplever.kinds.incident.entries import COMMANDS
from oplever.messages import M_, translated
from oplever.page.parts import titled
from oplever.record.entries import EntryKind
from oplever.record.entries.fields import Field, fields
from oplever.record.model import Record
from oplever.store.cases import Case
from oplever.text import printable

WORDS = {word: kind for kind, word in COMMANDS.items()}
"""Commands that add one event, with its kind."""
_REPORTED = registry.entry_kind("reported")
_CLASSIFIED = registry.entry_kind("classified")
case_argument = click.argument("case")


def command(word: str) -> click.Command:
    """The command that adds the event of this word."""
    kind = registry.entry_kind(WORDS[word])

    def run(case: str, by: str, **data: Any) -> None:
        directory = incidents.find(case)
        _tell(directory, incidents.add(directory, kind.tag(), by, typed(data)), word)

    return command_of(kind, word, run, click.Argument(["case"]), _parameters(kind))


def _parameters(kind: type[EntryKind]) -> list[click.Parameter]:
    return [_prompting(field, parameter(field, "")) for field in fields(kind)]


def _prompting(field: Field, option: click.Parameter) -> click.Parameter:
    """On a terminal what is required is asked for; in a script it has to be there."""
    if field.required and isinstance(option, click.Option) and sys.stdin.isatty():
        option.prompt = sentence(field.description, spoken).rstrip(".")  # click adds the choices
    return option


def _options(*kinds_left_out: tuple[type[EntryKind], tuple[str, ...]]) -> Callable[[Any], Any]:
    """The options of these events on one command; none is required, since the command asks for what is."""

    def decorated(function: Any) -> Any:
        options = [
            parameter(field, "")
            for kind, left_out in kinds_left_out
            for field in fields(kind)
            if field.name not in left_out
        ]
        function.__click_params__ = [*reversed(options), *getattr(function, "__click_params__", [])]
        for option in options:
            option.required = False
        return function

    return decorated


@click.command("new")
@by_option
@click.option("--title", help="The report in a few words; from its text when left out.")
@_options((_REPORTED, ("cause",)), (_CLASSIFIED, ("category",)))
def new(by: str, **data: Any) -> None:
    """Take a report in. With impact and urgency it is classified at once. Prints the name of the case last."""
    data = typed(data)
    if sys.stdin.isatty():
        ask(data, incident_rules.load().rules)
    try:
        directory, record = incidents.new(store.records_directory(), by, data)
    except OpleverError:
        if sys.stdin.isatty():
            _tell_typed(data)
        raise
    _tell(directory, record, "new")
    _first_help(record)
    click.echo(directory.name)


def _tell_typed(data: Mapping[str, Any]) -> None:
    """What was answered as a command, when no case was made of it: whoever reports it has hung up by then."""
    words = ["oplever", "incident", "new"]
    for name, value in data.items():
        if value is False:
            continue
        option = f"--{name.replace('_', '-')}"
        words += [option] if value is True else [word for text in _as_list(value) for word in (option, str(text))]
    say("what was answered, to be corrected and given again:", err=True)
    click.echo(f"  {printable(shlex.join(words))}", err=True)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _first_help(record: Record) -> None:
    case = record.incident
    category = case.rule if case else None
    if category and category.first_help:
        say("first help: {text}", text=" ".join(titled(translator(), category.first_help).split()))


@click.command("take")
@case_argument
@by_option
@click.option("--reason", default="", help="Why this case, when another is first in the queue.")
def take(case: str, by: str, reason: str) -> None:
    """Take CASE and begin. When another is first in the queue, a reason is asked for."""
    directory = incidents.find(case)
    ask = _why_not if sys.stdin.isatty() else None
    _tell(directory, incidents.take(directory, by, reason, ask), "take")


def _why_not(first: Case) -> str:
    say("{name} is first in the queue: {title}", name=first.name, title=first.title)
    return str(click.prompt(translator()("Why not that one"))).strip()


@click.command("retest")
@case_argument
@by_option
@click.option("--record", "tested", help="The record whose tests show it; by name or path.")
@click.option("--tests", multiple=True, help="A test of that record that counts; can be given more than once.")
@click.option("--result", type=click.Choice(["pass", "fail", "not_needed"]), help="What a test by hand showed.")
@click.option("--reason", help="How it was tested by hand, or why no test was needed.")
def retest(
    *, case: str, by: str, tested: str | None, tests: tuple[str, ...], result: str | None, reason: str | None
) -> None:
    """Say whether CASE works again: by the tests of a record, by hand, or why no test was needed."""
    if bool(tested) == bool(result):
        raise click.UsageError(M_("give --record RECORD, or --result with --reason"))
    if tests and not tested:
        raise click.UsageError(M_("--tests are those of a record: --record RECORD"))
    directory = incidents.find(case)
    if tested:
        record = incidents.retest(directory, by, store.find(tested), tests, reason or "")
    else:
        record = incidents.add(directory, "retested", by, {"result": result, "reason": reason})
    _tell(directory, record, "retest")


@click.command("merge")
@case_argument
@by_option
@click.option("--into", required=True, help="The case that goes on.")
@click.option("--reason", required=True, help="Why it is the same.")
def merge(case: str, by: str, into: str, reason: str) -> None:
    """Join CASE with another that is the same. Both stay readable; the other one goes on."""
    target = incidents.find(into)
    _tell(target, incidents.merge(incidents.find(case), target, by, reason), "merge")


def _tell(directory: Path, record: Record, action: str) -> None:
    """What was added, how the case now stands, and how far its documents are."""
    case = incidents.case_of(record)
    t = translator()
    say("{action}: revision {revision} of {record}", action=action, revision=record.document.revision, record=record.id)
    parts = (
        status_word(t, record.status),
        t("priority {number}", number=case.priority) if case.priority else t("not classified"),
        t("due {day}", day=t.moment(case.due)) if case.due else "",
        t("with {name}", name=case.assignee) if case.assignee else "",
    )
    say("state: {state}", state=", ".join(part for part in parts if part))
    if record.status == "solved":
        for item in record.completeness.missing:
            if item.section != "accountability":
                say("  - before it can be closed: {command}", command=about(item.command, record.id))
    tell_documents(directory)


@click.command("from-record")
@click.argument("record", default="latest")
@by_option
@click.option("--retest", "retests", is_flag=True, help="Add it as the retest of cases that pass in it.")
def from_record(record: str, by: str, retests: bool) -> None:
    """Make a case for each cause of what fails in RECORD: failing tests, drift, open faults.

    A cause that an open case is about is added to that case. Cases whose tests pass in RECORD are named; with --retest,
    or when asked on a terminal, it is added as their retest. Prints the names of new cases last.
    """
    directory = store.find(record)
    taken = from_record_app(directory, by, of_the_user())
    for name in taken.linked:
        say("added to: {name}", name=name, err=True)
    for name in taken.present:
        say("is in already: {name}", name=name, err=True)
    for passing in taken.passing:
        _offer(passing, directory, by, always=retests)
    if not (taken.made or taken.linked or taken.present):
        say("{record}: nothing fails that a case has to be made for", record=directory.name, err=True)
    for name in taken.made:
        click.echo(name)


def _offer(passing: Passing, directory: Path, by: str, *, always: bool) -> None:
    """Say that the tests of a case pass again, and add the retest when that is wanted."""
    t, name, title = translator(), passing.case.name, passing.case.title
    say(
        "passes again: {name} ({state}) {title}",
        name=name,
        state=status_word(t, passing.case.state),
        title=title,
        err=True,
    )
    if not passing.is_ready:
        action = {"new": "take", "assigned": "take", "waiting": "resume"}.get(passing.case.state)
        if action:
            say("  -> first: {command}", command=f"oplever incident {action} {name}", err=True)
        else:
            say("  -> these tests are from before the solution: test again", err=True)
    elif always or (
        sys.stdin.isatty() and click.confirm(t("Add {record} as its retest", record=directory.name), err=True)
    ):
        record = incidents.retest(store.find(name), by, directory)
        say("  retest: revision {revision}", revision=record.document.revision, err=True)
        if record.status == "solved":
            say("  -> close it: {command}", command=f"oplever incident close {name}", err=True)
    else:
        click.echo(f"  -> oplever incident retest {name} --record {directory.name}", err=True)


@click.command("check")
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check the rules and all cases: every report has a case, every closed case has what it takes, no entry is without
    effect. Ends with 1 when something is wrong."""
    checked = check_all()
    say("rules: {place}", place=checked.rules)
    for mistake in checked.mistakes:
        click.echo(printable(translated(mistake, translator())), err=True)
    for problem in checked.problems:
        click.echo(printable(translated(problem, translator())), err=True)
    wrong = len(checked.mistakes) + len(checked.problems)
    t = translator()
    outcome = t.plural("{count} problem", "{count} problems", wrong) if wrong else t("everything is in order")
    click.echo(f"{t.plural('{count} case', '{count} cases', checked.cases)}; {outcome}")
    if wrong:
        ctx.exit(1)
