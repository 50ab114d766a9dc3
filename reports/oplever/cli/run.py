"""`oplever run`: the options of ansible-playbook, a view of what happens, and the record at the end."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from oplever import store
from oplever._shared.redact import redact_text
from oplever._shared.text import clean
from oplever.app.build import build
from oplever.cli.language import LANGUAGE_OPTION, of_the_user, say
from oplever.cli.output import summary, without_pdf
from oplever.messages import M_
from oplever.run import prompts, session
from oplever.run.views import recap
from oplever.store import documents
from oplever.text import printable
from oplever.words import REFUSING

_OUTPUT_SHOWN = 15
_INCOMPLETE = 74
"""With which ansible-playbook ends when all went well and the record could not be written completely."""


class _PassThrough(click.Command):
    """Takes out its own options; every other word goes to ansible-playbook as it was typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options, words = [], []
        waiting = iter(args)
        for word in waiting:
            if word == LANGUAGE_OPTION:
                options += [word, *itertools.islice(waiting, 1)]
            elif word in ("--plain", "--help") or word.startswith(f"{LANGUAGE_OPTION}="):
                options.append(word)
            else:
                words.append(word)
        ctx.meta["words"] = words
        return super().parse_args(ctx, options)


@click.command(cls=_PassThrough, options_metavar="PLAYBOOK... [--plain] [OPTION OF ansible-playbook]...")
@click.option(
    "--plain", is_flag=True, help="Print lines instead of the live view; the default when the output is not a terminal."
)
@click.pass_context
def run(ctx: click.Context, plain: bool) -> None:
    """Run playbooks with a live view, and make their record.

    \b
    Example:
      oplever run playbooks/site.yml --limit web1 --diff

    Ctrl-C stops what runs on the hosts; the record then says interrupted. Ends with 1 when the record says not
    delivered or interrupted, with 2 when Ansible could not start to play, with 74 when the record is not complete.
    """
    words: list[str] = ctx.meta["words"]
    if not words:
        raise click.UsageError(M_("name a playbook, as in: oplever run playbooks/site.yml"))
    session.check()  # before a password is asked for nothing
    answers = prompts.answers(words, terminal=sys.stdin.isatty())
    console = Console(highlight=False, emoji=False)
    outcome = session.run(words, answers, console, live=console.is_terminal and not plain)
    ctx.exit(_without_record(outcome) if outcome.record is None else _with_record(outcome, outcome.record, console))


def _without_record(outcome: session.Outcome) -> int:
    """Nothing was played (`--list-tasks`, a syntax error) or no journal was kept: there is only what Ansible said."""
    _tell(outcome.output, err=outcome.code != 0)
    if outcome.played:
        say("oplever: there is no record: no journal was kept", err=True)
        say(
            "  -> put {callback} in callbacks_enabled of ansible.cfg; the records directory must be writable",
            callback="oplever.lab.journal",
            err=True,
        )
        return min(outcome.code, 1)
    if outcome.stopped:
        say("oplever: stopped before the first play started; there is no record", err=True)
        return 1
    return 2 if outcome.code else 0


def _with_record(outcome: session.Outcome, directory: Path, console: Console) -> int:
    """The recap and the record: made here when Ansible was killed before it could."""
    for line in recap(outcome.progress):
        console.print(line, soft_wrap=True)
    if outcome.code and not outcome.progress.failures and not outcome.stopped:
        # An error outside any task. Those of tasks are in the recap; Ansible prints them with what no_log hides.
        _tell(outcome.output[-_OUTPUT_SHOWN:], err=True)
    if outcome.going_on:
        hosts = ", ".join(outcome.going_on)
        say("oplever: what ran on {hosts} may go on: it could not be ended there", hosts=hosts, err=True)
    derived = store.load(directory)
    is_made = documents.examine(directory).state == "current"
    if not is_made and not outcome.progress.end:
        is_made = True
        derived = build(directory)
    click.echo(summary(derived))
    say("record: {path}", path=directory)
    if is_made:
        say("report: {path}", path=directory / f"report.{of_the_user()}.html")
    else:
        say("documents: {state}", state=f"oplever report {directory}")
    click.echo(without_pdf(directory), nl=False)
    return 1 if derived.verdict in REFUSING else _INCOMPLETE if outcome.code == _INCOMPLETE else 0


def _tell(lines: Sequence[str], *, err: bool) -> None:
    """What Ansible printed, as far as it may be shown."""
    for line in lines:
        click.echo(printable(redact_text(clean(line)).expandtabs(4)), err=err)
