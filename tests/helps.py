"""All commands, and what their help says, as it is declared."""

from __future__ import annotations

from collections.abc import Iterator

import click
from oplever.cli import help as helping
from oplever.cli.main import COMMANDS, main
from oplever.kinds.registry import LOG
from oplever.record.entries.fields import typed_fields
from oplever.web.forms import label


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command by the words that are typed for it; of `oplever` itself there are none."""
    yield from _below((), main)


def _below(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, helping.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.find(name)
            assert found, (*words, name)
            yield from _below((*words, name), found)


def texts() -> set[str]:
    """Every text of help that a translator is asked for."""
    asked = {lazy.help for lazy in COMMANDS.values()}

    def ask(text: str) -> str:
        asked.add(text)
        return text

    kinds = [kind for kind in LOG.kinds if not kind.declaration.is_read]
    labels = {label(field) for kind in kinds for field in typed_fields(kind)}
    for _, command in commands():
        for text in (command.help, command.short_help):
            helping.text(text, ask)
        for option in command.params:
            if isinstance(option, click.Option) and option.help:
                often = helping.OFTEN if helping.OFTEN in option.help else ""
                named = option.help.replace(often, "").removesuffix(".")
                asked |= {often, named} if named in labels else {option.help}
    return {text for text in asked if text.strip()}
