"""`oplever add <kind>`: one command for each kind of entry, its options taken from the kind itself."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import click
import msgspec
from msgspec import NODEFAULT, Struct

from oplever import clock, store
from oplever.app.build import build
from oplever.cli.output import approved_incomplete, summary
from oplever.record import corrections, entries, own_work

_HELP = {
    "day": "Day, as 2026-11-23; today when left out.",
    "due": "When it must be done, as 2026-11-23.",
    "done": "Number of a rest point that is done now (R1, R2, ...).",
    "id": "Which one, by its number in the report.",
    "fault": "Number of the fault that is handed over.",
    "answer": "What was answered; closes the escalation.",
    "as_wanted": "A setting that is as wanted; can be given more than once.",
    "not_as_wanted": "A setting that is not; can be given more than once.",
    "procedures": "A procedure that holds; can be given more than once.",
    "instructions": "An instruction that was handed over; can be given more than once.",
    "instructed": "The user was instructed.",
    "field": "What is corrected: systems.web1.serial, assignment.location, or a section to comment on.",
    "value": "How it is; without it the reason is a comment.",
    "control": "Number of the control, as SSH-001.",
    "expires": "Last day it holds, as 2027-07-31.",
    "hosts": "A machine it holds for; can be given more than once. All of them when left out.",
    "compensating": "What lowers the risk meanwhile.",
}
_POSITIONAL = frozenset({"what"})


@click.group()
@click.help_option(help="Show this help and stop.")
def add() -> None:
    """Add to a record what no machine can know."""


def _command(kind: str, struct: type[Struct]) -> click.Command:
    def run(record: str, by: str, **data: Any) -> None:
        directory = store.find(record)
        said = {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
        at = clock.now()
        entry = entries.make(kind, by, at, {k: v for k, v in said.items() if v not in (None, "", [])})
        if isinstance(entry.entry, entries.CorrectionEntry):
            corrections.check(store.load(directory), entry.entry)
        if isinstance(entry.entry, (entries.DecisionEntry, entries.AcceptanceEntry)):
            own_work.check(store.load(directory), entry)
        store.add(directory, entry)
        derived = build(directory)
        if warning := approved_incomplete(derived):
            click.echo(warning, err=True)
        click.echo(f"added: {kind}, revision {derived.document.revision} of {derived.id}")
        click.echo(summary(derived))

    options: list[click.Parameter] = [
        click.Option(["--record"], default="latest", show_default=True, help="Record, by name or path."),
        click.Option(["--by"], required=True, envvar="OPLEVER_PERSON", show_envvar=True, help="Who adds it."),
    ]
    options += [_option(field) for field in msgspec.structs.fields(struct)]
    doc = (struct.__doc__ or "").strip()
    return click.Command(kind, params=options, callback=run, help=doc, short_help=doc, add_help_option=True)


def _option(field: msgspec.structs.FieldInfo) -> click.Parameter:
    wanted = field.default is NODEFAULT
    plain = get_args(field.type)[0] if get_origin(field.type) is not None and _annotated(field.type) else field.type
    choices = [str(value) for value in get_args(plain) if value] if get_origin(plain) is Literal else None
    kind: Any = click.Choice(choices) if choices else float if plain is float else str
    if field.name in _POSITIONAL:
        return click.Argument([field.name], type=kind)
    name = "--" + field.name.replace("_", "-")
    text = _HELP.get(field.name)
    if plain is bool:
        return click.Option([name], is_flag=True, help=text)
    if get_origin(plain) is tuple:
        return click.Option([name], multiple=True, help=text)
    default = None if wanted or field.default == "" else field.default
    return click.Option(
        [name], type=kind, required=wanted, default=default, show_default=default is not None, help=text
    )


def _annotated(annotation: Any) -> bool:
    return hasattr(annotation, "__metadata__")


for _kind, _struct in entries.KINDS.items():
    add.add_command(_command(_kind, _struct))
