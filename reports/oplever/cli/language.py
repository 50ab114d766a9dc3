"""The language in which a command answers."""

from __future__ import annotations

import os

import click

from oplever.words import Language


def of_the_user() -> Language:
    """Dutch where the locale says so, else English: the first variable that is set counts, as for other programs."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return "nl" if locale.lower().startswith("nl") else "en"


language_option = click.option(
    "--language",
    type=click.Choice(["nl", "en"]),
    default=of_the_user,
    help="nl or en; default: the language of your locale.",
)
