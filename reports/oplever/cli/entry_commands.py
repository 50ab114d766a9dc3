"""A group of commands of which some are made from declarations of entries, when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import click

from oplever.cli.help import Group


class EntryCommands(Group):
    """Commands of their own, and one for each of the `words` that has none, which `make` makes."""

    def __init__(
        self, *arguments: Any, words: Collection[str], make: Callable[[str], click.Command], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._words, self._make = words, make

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *(word for word in self._words if word not in self.commands)]

    def find(self, name: str) -> click.Command | None:
        if name in self.commands:
            return self.commands[name]
        return self._make(name) if name in self._words else None
