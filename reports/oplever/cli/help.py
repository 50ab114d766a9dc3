"""Help of commands and the words of click, in the language of the user.

A text of help is translated by its paragraphs, an example by its line: what is to be typed stays as it is.
"""

from __future__ import annotations

import copy
import gettext
import inspect
import re
from collections.abc import Callable

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.termui
import click.types

from oplever.cli.language import LANGUAGE_OPTION, hidden_language_option, of_the_words, translator

Translate = Callable[[str], str]
_AS_IS = "\b\n"
"""How click is told to leave the lines of a paragraph as they are."""
_WHOLE = 1000
"""Characters of the first sentence of a help: more than any has."""
OFTEN = "; can be given more than once"
_REMARK = re.compile(r"^( *oplever .*? {2,}|\s*)(.*)$")
"""A line of an example: what is typed, and what is said of it."""
_SPEAKING = (
    click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.termui, click.types,
)  # fmt: skip


class Group(click.Group):
    """A group of commands that give their help in the language of the user."""

    def find(self, name: str) -> click.Command | None:
        """The command of this name as it is declared; None where there is none."""
        return self.commands.get(name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = self.find(cmd_name)
        return command and _with_language_option(in_language(command))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with the first sentence of its help, whole: click cuts it off where the line ends."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in commands if command]
        with formatter.section(spoken("Commands")):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click knows of no command that is made when somebody asks for it
            raise click.NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None


Group.group_class = Group  # of groups inside a group


def in_language(command: click.Command) -> click.Command:
    """The command with its help in the language of the user; itself where that is English."""
    if (language := of_the_words()) == "en":
        return command
    t = translator(language)
    translated = copy.copy(command)
    translated.help, translated.short_help = text(command.help, t), text(command.short_help, t)
    translated.params = [_parameter(parameter, t) for parameter in command.params]
    translated._help_option = None  # click keeps the one that it made, in the language of then
    return translated


def _with_language_option(command: click.Command) -> click.Command:
    """The command, taking `--language` as `oplever` itself does: nobody remembers where it has to stand. One whose
    product has a language has the option in its help."""
    if any(LANGUAGE_OPTION in parameter.opts for parameter in command.params):
        return command
    taking = copy.copy(command)
    taking.params = [*command.params, hidden_language_option()]
    return taking


def _parameter(parameter: click.Parameter, t: Translate) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    translated = copy.copy(parameter)
    translated.help = sentence(parameter.help, t)
    return translated


def text(help_text: str | None, t: Translate) -> str | None:
    """The text of help of a command; None for none."""
    if not help_text:
        return help_text
    return "\n\n".join(_paragraph(part, t) for part in inspect.cleandoc(help_text).split("\n\n"))


def _paragraph(paragraph: str, t: Translate) -> str:
    if not paragraph.startswith(_AS_IS):
        return t(" ".join(paragraph.split()))
    return _AS_IS + "\n".join(_line(line, t) for line in paragraph.removeprefix(_AS_IS).split("\n"))


def _line(line: str, t: Translate) -> str:
    typed, remark = _REMARK.fullmatch(line).groups()  # type: ignore[union-attr] # any line matches
    return line if not remark or remark.startswith("oplever ") else f"{typed}{t(remark)}"


def sentence(description: str, t: Translate) -> str:
    """What an option is for. A field of an entry is called without its stop, as a form does, and how often it can be
    given is said apart."""
    if (translated := t(description)) != description:
        return translated
    label, often = description.replace(OFTEN, ""), OFTEN in description
    label = label.removesuffix(".")
    return f"{t(label)}{t(OFTEN) if often else ''}{'.' if description.endswith('.') else ''}"


def spoken(message: str) -> str:
    """What click, or a list in a help, says: as it is in English, which needs no library."""
    return message if of_the_words() == "en" else translator(of_the_words())(message)


def hint(text: str) -> str:
    """What click calls an option that is missing or wrong; it has no translation for a part of that."""
    option, mark, variable = text.partition(" (env var: ")
    return f"{option} ({spoken('env var: {var}').format(var=variable)}" if mark else text


def _ngettext(singular: str, plural: str, count: int) -> str:
    if of_the_words() == "en":
        return gettext.ngettext(singular, plural, count)
    return translator(of_the_words()).pattern(singular, plural, count)


def teach_click() -> None:
    """Let click say its own words as we say ours. It asks gettext for them, which wants a compiled file for each
    language; ours are in the same text file as all other sentences."""
    for module in _SPEAKING:
        names = vars(module)
        names["_"] = spoken
        if "ngettext" in names:
            names["ngettext"] = _ngettext
