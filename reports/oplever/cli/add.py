"""`oplever add <kind>`: one command for each kind of entry, its options taken from the declaration of the kind."""

from __future__ import annotations

from typing import Any

import click

from oplever import store
from oplever.app.add import add as add_entry
from oplever.cli.output import approved_incomplete, summary, tell_documents
from oplever.record.entries import KINDS, EntryKind
from oplever.record.entries.fields import Field, fields


class Typed(click.ParamType[str]):
    """Text that the entry itself understands (oplever.record.entries.typed)."""

    def __init__(self, name: str) -> None:
        self.name = name


class Words(click.Choice[str]):
    """Choices, shown as people type them; which word is meant is for the entry to say."""

    def __init__(self, field: Field) -> None:
        super().__init__(field.choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value


@click.group()
@click.help_option(help="Show this help and exit.")
def add() -> None:
    """Add to a record what no machine can know."""


def _command(name: str, kind: type[EntryKind]) -> click.Command:
    def run(record: str, by: str, **data: Any) -> None:
        given = {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
        directory = store.find(record)
        derived = add_entry(directory, name, by, {k: v for k, v in given.items() if v not in (None, [])})
        if warning := approved_incomplete(derived):
            click.echo(warning, err=True)
        click.echo(f"added: {name}, revision {derived.document.revision} of {derived.id}")
        click.echo(summary(derived))
        tell_documents(directory)

    options: list[click.Parameter] = [
        click.Option(["--record"], default="latest", show_default=True, help="Record, by name or path."),
        click.Option(["--by"], required=True, envvar="OPLEVER_PERSON", show_envvar=True, help="Who adds it."),
    ]
    options += [_parameter(field, kind.declaration.argument) for field in fields(kind)]
    doc = (kind.__doc__ or "").strip()
    return click.Command(name, params=options, callback=run, help=doc, short_help=doc, add_help_option=True)


def _parameter(field: Field, argument: str) -> click.Parameter:
    kind = Words(field) if field.choices else Typed(field.form)
    if field.name == argument:
        return click.Argument([field.name], type=kind)
    name = "--" + field.name.replace("_", "-")
    if field.form == "yes_no":
        return click.Option([name], is_flag=True, help=field.description)
    if field.form == "texts":
        return click.Option([name], multiple=True, help=field.description)
    return click.Option(
        [name],
        type=kind,
        required=field.required,
        default=field.default,
        show_default=field.default is not None,
        help=field.description,
    )


for _name, _kind in KINDS.items():
    add.add_command(_command(_name, _kind))
