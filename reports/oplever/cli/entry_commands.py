"""A group of commands of which some are made from declarations of entries, when they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

from oplever.cli.help import Group


class EntryCommands(Group):
    """Commands of their own, and one for each of the `words` that has none, which `make` makes. `elsewhere` has the
    module of commands by their name: what those need is imported when somebody asks for them."""

    def __init__(
        self,
        *arguments: Any,
        words: Collection[str],
        make: Callable[[str], click.Command],
        elsewhere: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._words, self._make, self._elsewhere = words, make, elsewhere or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = [*self._elsewhere, *self.commands]
        return [*names, *(word for word in self._words if word not in names)]

    def find(self, name: str) -> click.Command | None:
        if name in self._elsewhere:
            command: click.Command = getattr(importlib.import_module(self._elsewhere[name]), name)
            return command
        if name in self.commands:
            return self.commands[name]
        return self._make(name) if name in self._words else None
