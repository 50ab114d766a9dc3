"""A group of commands of which some are made from declarations of entries, when they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any

import click

from oplever.cli.help import Group


class EntryCommands(Group):
    """Commands of their own, and one for each entry of the kind that has none.

    `modules` are names of modules with the names of the commands that each has; the module `made_by` has the `WORDS` of
    all entries, and makes the `command` of such a word. A module is imported when somebody asks for one of its
    commands: a list does not wait for what all others need. The help has the commands of `order` first.
    """

    def __init__(
        self,
        *arguments: Any,
        made_by: str,
        modules: Mapping[str, Collection[str]] | None = None,
        order: Collection[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._made_by, self._order = made_by, order
        self._module_of = {name: module for module, names in (modules or {}).items() for name in names}

    def list_commands(self, ctx: click.Context) -> list[str]:
        words = importlib.import_module(self._made_by).WORDS
        names = dict.fromkeys([*self._module_of, *self.commands, *words])
        return [*(name for name in self._order if name in names), *(name for name in names if name not in self._order)]

    def find(self, name: str) -> click.Command | None:
        if name in self._module_of:
            return _command(importlib.import_module(self._module_of[name]), name)
        if name in self.commands:
            return self.commands[name]
        module = importlib.import_module(self._made_by)
        made: click.Command | None = module.command(name) if name in module.WORDS else None
        return made


def _command(module: Any, name: str) -> click.Command:
    """The command of this name in a module."""
    return next(value for value in vars(module).values() if isinstance(value, click.Command) and value.name == name)
