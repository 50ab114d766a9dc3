"""Who types a command: the option `--by` of everything that adds an entry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from oplever.cli.language import say, translator

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Person(click.Option):
    """At a terminal a name that nobody gave is asked for; a script gets an error that says how to give it."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        value, source = super().consume_value(ctx, opts)
        if source is not ParameterSource.DEFAULT or ctx.resilient_parsing or not sys.stdin.isatty():
            return value, source
        name = str(click.prompt(translator()("Who are you"), err=True)).strip()
        say("  (not asked again after: export OPLEVER_PERSON='{name}')", name=name.replace("'", "'\\''"), err=True)
        return name, ParameterSource.PROMPT


def by_parameter(purpose: str = "Who adds it.") -> click.Option:
    """The option, for a command that is made of its parameters; `purpose` is its help."""
    return Person(["--by"], required=True, envvar="OPLEVER_PERSON", show_envvar=True, help=purpose)


def by_option_for(purpose: str) -> Callable[[_Command], _Command]:
    """The same as a decorator."""
    return click.option("--by", cls=Person, required=True, envvar="OPLEVER_PERSON", show_envvar=True, help=purpose)


by_option = by_option_for("Who adds it.")
