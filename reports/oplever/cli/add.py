"""`oplever add <kind>`: one command for each kind of entry, its options taken from the declaration of the kind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from oplever import store
from oplever.app.add import add as add_entry
from oplever.app.add import repeated_revision
from oplever.cli.help import Group, spoken, text
from oplever.cli.language import LANGUAGE_OPTION, say, translator
from oplever.cli.output import tell_added
from oplever.cli.person import by_parameter
from oplever.errors import OpleverError
from oplever.files import bounded, bounded_stream, unreadable
from oplever.messages import M_
from oplever.record.entries import KINDS, EntryKind
from oplever.record.entries.fields import Field, typed_fields
from oplever.record.model import Record
from oplever.text import printable

_LARGEST_BYTES = 8 << 20
"""Of a file with entries."""


class Typed(click.ParamType[str]):
    """Text that the entry itself understands (oplever.record.entries.typed)."""

    def __init__(self, name: str) -> None:
        self.name = name


class Words(click.Choice[str]):
    """Choices, shown as people type them; the entry decides which word is meant."""

    def __init__(self, field: Field) -> None:
        super().__init__(field.choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value


class _Kinds(Group):
    """A command for each kind of entry, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(KINDS)

    def find(self, name: str) -> click.Command | None:
        return _command(name, KINDS[name]) if name in KINDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(spoken("Kinds")):
            formatter.write_dl([(name, text(KINDS[name].__doc__, spoken) or "") for name in self.list_commands(ctx)])


@click.group(cls=_Kinds, invoke_without_command=True, subcommand_metavar="KIND [OPTIONS]...")
@click.option("--file", "path", metavar="FILE", help="Add all entries in this YAML or JSON file; - is standard input.")
@click.option("--record", default="latest", show_default=True, help="Record for --file, by name or path.")
@click.option("--by", envvar="OPLEVER_PERSON", show_envvar=True, help="Who adds what is in --file.")
@click.option("--again", is_flag=True, help="Add also what the record has already, with --file.")
@click.pass_context
def add(ctx: click.Context, path: str | None, record: str, by: str | None, *, again: bool) -> None:
    """Add to a record what no machine can know: one KIND of entry, or many entries from a file.

    \b
    Examples:
      oplever add hours --by "S. Yilmaz" --hours 2,5 --activity "installatie"
      oplever add --by "S. Yilmaz" --file missing.yml
    """
    if ctx.invoked_subcommand:
        if path:
            raise click.UsageError(M_("give a KIND or --file, not both"))
        _refuse_before_kind(ctx)
    elif path is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)
    elif by is None:
        raise click.UsageError(M_("Missing option '--by' (env var: 'OPLEVER_PERSON')."))
    else:
        _add_all(store.find(record), by, path, again=again)


def _refuse_before_kind(ctx: click.Context) -> None:
    """Options before a KIND are those of --file. None of them would count: an entry would go into another record."""
    for option in ctx.command.params:
        is_typed = ctx.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if is_typed and LANGUAGE_OPTION not in option.opts:
            raise click.UsageError(
                M_(
                    "{option} before the KIND is for --file; write it behind: oplever add {kind}",
                    option=option.opts[0],
                    kind=ctx.invoked_subcommand,
                )
            )


def _add_all(directory: Path, by: str, path: str, *, again: bool) -> None:
    from oplever.app.entries_file import add_all  # noqa: PLC0415 - needed for files only

    added = add_all(directory, by, _text(path), again=again)
    for draft in added.skipped:
        say("skipped: {kind} ({place}): nothing is filled in", kind=draft.kind, place=draft.place, err=True)
    tell_added(directory, added.record, ", ".join(added.added))


def _text(path: str) -> str:
    try:
        if path == "-":
            return bounded_stream(sys.stdin.buffer, _LARGEST_BYTES).decode("utf-8-sig")
        return bounded(Path(path), _LARGEST_BYTES).decode("utf-8-sig")
    except OSError as problem:
        raise unreadable(Path(path), problem) from None
    except UnicodeDecodeError:
        raise OpleverError(
            "entries-file", M_("{path} is no text in UTF-8", path=path), M_("save it as UTF-8")
        ) from None


def typed(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed; empty lists and what was left out are not."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}
    return {name: value for name, value in values.items() if value not in (None, [])}


def _command(name: str, kind: type[EntryKind]) -> click.Command:
    def run(record: str, by: str, **data: Any) -> None:
        directory, filled = store.find(record), typed(data)
        if sys.stdin.isatty() and sys.stdout.isatty():
            filled |= _ask_offers(directory, kind, filled)
        added = add_entry(directory, name, by, filled)
        tell_added(directory, added, name)
        _tell_repeated(directory, added)

    record = click.Option(["--record"], default="latest", show_default=True, help="Record, by name or path.")
    options = [parameter(field, kind.declaration.argument) for field in typed_fields(kind)]
    return command_of(kind, name, run, record, options)


def _tell_repeated(directory: Path, record: Record) -> None:
    """A note when the record had the same already: somebody may mean it, or have typed it twice."""
    revision = record.document.revision
    if earlier := repeated_revision(directory, revision):
        say("note: revision {revision} says the same; to withdraw this one:", revision=earlier, err=True)
        command = f"oplever add correction --record {directory.name} --field entry.{revision} --reason '...'"
        click.echo(f"  -> {command}", err=True)


def command_of(
    kind: type[EntryKind],
    name: str,
    run: Callable[..., None],
    subject: click.Parameter,
    options: Iterable[click.Parameter],
) -> click.Command:
    """A command that adds an entry of this kind: about `subject`, by whom, with the options of its fields; its help is
    what the declaration says."""
    doc = (kind.__doc__ or "").strip()
    return click.Command(name, params=[subject, by_parameter(), *options], callback=run, help=doc, short_help=doc)


def _ask_offers(directory: Path, kind: type[EntryKind], filled: Mapping[str, Any]) -> dict[str, list[str]]:
    """Fields that were left out and of which the record has something to choose from, asked for."""
    names = [name for name in kind.declaration.offered if name not in filled]
    offers = kind.offers(store.load(directory)) if names else {}
    return {name: _ask_choices(name, offers[name]) for name in names if offers.get(name)}


def _ask_choices(name: str, choices: Mapping[str, str]) -> list[str]:
    items = list(choices)
    for number, item in enumerate(items, 1):
        click.echo(f"{number:4} {printable(item)}\n       {printable(choices[item])}")
    answer = click.prompt(translator()("{name}: numbers, as 1,3-5", name=name), type=str)
    return [items[number - 1] for number in _numbers(answer, len(items))]


def _numbers(answer: str, most: int) -> list[int]:
    numbers: list[int] = []
    for part in answer.replace(" ", "").split(","):
        first, hyphen, last = part.partition("-")
        last = last if hyphen else first
        if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) <= most):
            raise click.UsageError(
                M_(
                    "{part} is no number from 1 to {most}, nor two with a hyphen between",
                    part=repr(part or answer),
                    most=most,
                )
            )
        numbers += range(int(first), int(last) + 1)
    return list(dict.fromkeys(numbers))


def parameter(field: Field, argument: str) -> click.Parameter:
    """The option or argument of a field; `argument` is the field that has no option."""
    kind = Words(field) if field.choices else Typed(field.form)
    if field.name == argument:
        return click.Argument([field.name], type=kind)
    name = "--" + field.name.replace("_", "-")
    if field.form == "yes_no":
        return click.Option([name], is_flag=True, help=field.description)
    if field.form == "texts":
        return click.Option([name], type=kind if field.choices else None, multiple=True, help=field.description)
    # A default of None would count as a value, and what is required would not be missed.
    default: dict[str, Any] = {} if field.default is None else {"default": field.default, "show_default": True}
    return click.Option([name], type=kind, required=field.required, help=field.description, **default)
