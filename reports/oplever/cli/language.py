"""The language in which a command answers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from oplever.page.translator import Translator
    from oplever.words import Language

_KEY = "oplever.language"
_CHOICES = ("nl", "en")
LANGUAGE_OPTION = "--language"
_typed: ContextVar[Language | None] = ContextVar("language that was typed", default=None)


def of_the_user() -> Language:
    """The language that was asked for on the command line, else the one of the settings, else that of the locale."""
    context = click.get_current_context(silent=True)
    chosen: Language | None = context.find_root().meta.get(_KEY) if context else None
    return chosen or _of_settings() or _of_locale()


def of_the_words() -> Language:
    """The last language among the words of the command, where there is one, also when it was not read yet: for help,
    which ends a command at once, and for errors of usage."""
    return _typed.get() or of_the_user()


@contextmanager
def typed(words: Sequence[str]) -> Iterator[None]:
    """While a command with these words runs: the last language among them, wherever it stands."""
    chosen: Language | None = None
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        name = following if word == LANGUAGE_OPTION else word.removeprefix(f"{LANGUAGE_OPTION}=")
        if name in _CHOICES and word.startswith(LANGUAGE_OPTION):
            chosen = "nl" if name == "nl" else "en"
    token = _typed.set(chosen)
    try:
        yield
    finally:
        _typed.reset(token)


def _of_settings() -> Language | None:
    """`$OPLEVER_LANGUAGE`, else `language` in section `[oplever]` of ansible.cfg; anything but nl and en is nothing."""
    from oplever import config  # noqa: PLC0415 - the help and the version need none of it
    from oplever.errors import OpleverError  # noqa: PLC0415

    try:
        name = config.language()
    except OpleverError:
        return None  # whoever needs the project says what is wrong with it
    return "nl" if name == "nl" else "en" if name == "en" else None


def _of_locale() -> Language:
    """Dutch where the locale says so, else English: the first variable that is set counts, as for other programs."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return "nl" if locale.lower().startswith("nl") else "en"


def remember(ctx: click.Context, language: str | None) -> None:
    """Everything that the command says, errors too, is in this language; None leaves it to settings and locale."""
    if language is not None:
        ctx.find_root().meta[_KEY] = language


def _remember_choice(ctx: click.Context, param: click.Parameter, value: Language | None) -> Language:
    remember(ctx, value)
    return value or of_the_user()


language_option = click.option(
    LANGUAGE_OPTION,
    type=click.Choice(_CHOICES),
    callback=_remember_choice,
    is_eager=True,
    help="nl or en; default: the language of the settings or of your locale.",
)


def hidden_language_option() -> click.Option:
    """The same for a command that makes nothing in a language: what it says is in this one."""
    return click.Option(
        [LANGUAGE_OPTION],
        type=click.Choice(_CHOICES),
        callback=_remember_choice,
        is_eager=True,
        expose_value=False,
        hidden=True,
    )


def translator(language: Language | None = None) -> Translator:
    """What says things to the user; in this language, if one is given."""
    from oplever.page.translator import Translator  # noqa: PLC0415

    return Translator(language or of_the_user())


def say(message: str, /, *, err: bool = False, **params: Any) -> None:
    """Print one line in the language of the user; the message is English, with its parameters by name."""
    from oplever.text import printable  # noqa: PLC0415

    click.echo(printable(translator()(message, **params)), err=err)
