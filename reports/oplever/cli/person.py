"""Who types a command: the option `--by` of everything that adds an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

_BY: Mapping[str, Any] = {
    "required": True,
    "envvar": "OPLEVER_PERSON",
    "show_envvar": True,
    "help": "Who adds it.",
}
by_option = click.option("--by", **_BY)


def by_parameter() -> click.Option:
    """The same for a command that is made of its parameters."""
    return click.Option(["--by"], **_BY)
