"""Entry point of the command. Exit codes: 0 well, 1 the record has a bad verdict, 2 wrong usage or unreadable input,
130 stopped with Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from oplever import __version__
from oplever.cli.help import Group, hint, in_language, spoken, teach_click
from oplever.cli.language import remember, translator, typed
from oplever.errors import OpleverError
from oplever.messages import M_, translated

teach_click()


class Lazy(NamedTuple):
    """A command that is imported when somebody asks for it; `help` is its line in the help of `oplever` itself."""

    module: str
    name: str
    help: str


COMMANDS = {
    "add": Lazy("oplever.cli.add", "add", "Add to a record what no machine can know."),
    "attach": Lazy("oplever.cli.attach", "attach", "Add a photo or another file to a record."),
    "checks": Lazy("oplever.cli.checks", "checks", "Find mistakes in files with checks."),
    "compare": Lazy("oplever.cli.compare", "compare_command", "Compare two records or two machines."),
    "complete": Lazy("oplever.cli.complete", "complete", "Ask for everything that a record lacks."),
    "export": Lazy("oplever.cli.export", "export_command", "Write a record for another tool."),
    "faq": Lazy("oplever.cli.faq", "faq", "Make frequently asked questions of closed incidents."),
    "form": Lazy("oplever.cli.form", "form", "Make a paper to sign or to send."),
    "handout": Lazy("oplever.cli.handout", "handout", "Make cards and sheets that tell users how to use it."),
    "import": Lazy("oplever.cli.import_", "import_group", "Import runs or results of other tools."),
    "incident": Lazy("oplever.cli.incident", "incident", "Take in and handle reports of users and machines."),
    "instruction": Lazy("oplever.cli.instruction", "instruction", "Explain to users, and record that they understood."),
    "join": Lazy("oplever.cli.join", "join", "Make one record of the runs of an assignment."),
    "list": Lazy("oplever.cli.list", "list_records", "List the records, newest first."),
    "new": Lazy("oplever.cli.new", "new", "Begin a record of work by hand."),
    "person": Lazy("oplever.cli.privacy", "person", "Show what is kept about a person."),
    "proposals": Lazy("oplever.cli.proposals", "proposals", "Show what could be better, over all records."),
    "publish": Lazy("oplever.cli.publish", "publish", "Make static pages over all records."),
    "purge": Lazy("oplever.cli.purge", "purge", "Delete records and names past their time."),
    "report": Lazy("oplever.cli.report", "report", "Make the documents of a record again."),
    "run": Lazy("oplever.cli.run", "run", "Run playbooks and make their record."),
    "show": Lazy("oplever.cli.show", "show", "Show a record, or the history of a machine."),
    "sign": Lazy("oplever.cli.sign", "sign", "Sign a record with an SSH key."),
    "verify": Lazy("oplever.cli.verify", "verify", "Check that a record did not change, and who signed it."),
    "web": Lazy("oplever.cli.web", "web", "Read, decide and add in a browser."),
}
"""Each command waits for its own libraries only: a run waits for `oplever report`, which needs no database."""


_OBJECTS = 200_000
"""New objects after which a command looks for circles to throw away. Records hold none, and looking after every 700, as
Python does by itself, takes up to a third of the time of a list."""


_OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


_STREAMS = (("stdin", "r", "surrogateescape"), ("stdout", "w", "replace"), ("stderr", "w", "replace"))
"""Name and mode of each, and what is done with bytes or characters that its encoding does not have."""


_STOPPED = 128 + signal.SIGINT
"""Exit code of what ends with Ctrl-C, or with a question to which no answer came, as shells have it."""


class _Group(Group):
    """Shows our errors as one message with advice, never as a traceback."""

    def main(self, args: Sequence[str] | None = None, *arguments: Any, **extra: Any) -> Any:
        gc.set_threshold(_OBJECTS)
        _prepare_streams()
        with typed(sys.argv[1:] if args is None else args), _printing():
            return super().main(args, *arguments, **extra)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        return click.Command.make_context(in_language(self), info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def find(self, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        lazy = COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(lazy.module), lazy.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(spoken("Commands")):
            formatter.write_dl([(name, spoken(lazy.help)) for name, lazy in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            vars(error)["message"] = translated(error.message, translator())
            if isinstance(error, click.BadParameter) and error.param and error.ctx and error.param_hint is None:
                error.param_hint = hint(error.param.get_error_hint(error.ctx))
            raise
        except OpleverError as error:
            _show(error)
            ctx.exit(2)
        except OSError as problem:
            if problem.filename is None:
                raise  # of what is printed, see `_printing`
            from oplever.files import unusable  # noqa: PLC0415 - the help and the version need none of it

            _show(unusable(problem))
            ctx.exit(2)
        except (click.Abort, EOFError, KeyboardInterrupt) as stop:
            words = stop.args[0] if isinstance(stop, click.Abort) and stop.args else M_("stopped")
            click.echo(f"\noplever: {translated(words, translator())}", err=True)  # the line ends with the ^C
            ctx.exit(_STOPPED)


def _prepare_streams() -> None:
    """A job may be started with streams closed: nothing is read there then, and what is printed is lost. What the
    encoding of a terminal does not have is printed as `?`; what was typed in another one is refused where it is used.
    """
    for name, mode, errors in _STREAMS:
        stream = getattr(sys, name)
        if stream is None:  # the lowest number that is free is that of this stream
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=errors)


@contextlib.contextmanager
def _printing() -> Iterator[None]:
    """What is printed may go to a file on a full disk, and then it is not there. Nobody waits for what a closed pipe
    does not take."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as problem:
        if problem.filename is not None or problem.errno not in (*_OUTPUT_LOST, errno.EPIPE):
            raise
        with contextlib.suppress(OSError, ValueError):  # what is left to print has no place to go to
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if problem.errno == errno.EPIPE:
            raise SystemExit(1) from None
        from oplever.files import why  # noqa: PLC0415 - the help and the version need none of it

        reason = M_("standard output: {reason}", reason=why(problem))
        _show(OpleverError("file-unwritable", reason, M_("make room and try again")))
        raise SystemExit(2) from None


def _show(error: OpleverError) -> None:
    from oplever.text import printable  # noqa: PLC0415 - the help and the version need none of it

    shown = error.in_language(translator())
    lines = [f"oplever: {printable(shown.message)}", *(f"  {printable(detail)}" for detail in shown.details)]
    click.echo("\n".join([*lines, f"  -> {printable(shown.advice)}", f"[{error.slug}]"]), err=True)


@click.group(cls=_Group)
@click.version_option(
    __version__, prog_name="oplever", message="%(prog)s %(version)s", help="Show the version and exit."
)
@click.option("--language", type=click.Choice(["nl", "en"]), help="Language of what is said: before the command.")
@click.pass_context
def main(ctx: click.Context, language: str | None) -> None:
    """Turns what Ansible did into an installation record.

    A RECORD is a directory below records/ (or $OPLEVER_RECORDS), by name or path; without one, the latest.
    """
    from oplever import config  # noqa: PLC0415 - the help and the version need none of it
    from oplever.text import printable  # noqa: PLC0415

    remember(ctx, language)
    if reason := config.ignored():
        click.echo(f"oplever: {printable(reason)}", err=True)
