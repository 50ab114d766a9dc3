"""What an error advises, in the words of the pages: errors name the commands and options of the command line, which
whoever is at the desk has no use for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oplever.kinds.incident.states import COMMANDS
from oplever.page.translator import Translator
from oplever.page.vocabulary import ENTRIES, history_text
from oplever.web.words import EVENTS

_EVENTS = {word: EVENTS[kind] for kind, word in COMMANDS.items() if kind in EVENTS}
_NAME = r"(?: (?:\d{8}T\d{6}Z-incident-)?[0-9a-f]{6}\b)?"
_COMMANDS = re.compile(rf"oplever incident ([a-z]+(?:-[a-z]+)*(?:, [a-z]+(?:-[a-z]+)*)*){_NAME}")
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: '[^']*'| [A-Z]{3,}\b|=\.\.\.)?")
_FIELD = re.compile(r"^([a-z]+(?:[_-][a-z]+)*): ")
_OPTIONS = re.compile(r": --[a-z]+(?:-[a-z]+)*(?:, --[a-z]+(?:-[a-z]+)*)*(?: (?:or|of) --[a-z]+(?:-[a-z]+)*)?$")
"""Options at the end of an advice, of which those are meant that the form has."""
_ADDING = re.compile(r"oplever add ([a-z]+(?:-[a-z]+)*)(?: --[a-z-]+ ('[^']*'|\S+))?")


def in_browser(t: Translator, text: str, labels: Mapping[str, str]) -> str:
    """`labels` are what stands above the fields of the form that was not taken, by their names."""

    def of_option(match: re.Match[str]) -> str:
        label = labels.get(match[1].replace("-", "_"))
        return f"“{label}”" if label else match[0]

    def of_commands(match: re.Match[str]) -> str:
        words = match[1].split(", ")
        return ", ".join(f"“{t(_EVENTS[word])}”" for word in words) if _EVENTS.keys() >= set(words) else match[0]

    def of_adding(match: re.Match[str]) -> str:
        kind, about = match.groups()
        return f"“{history_text(t, kind)}”" + (f" ({about})" if about else "") if kind in ENTRIES else match[0]

    def of_field(match: re.Match[str]) -> str:
        label = labels.get(match[1].replace("-", "_"))
        return f"“{label}”: " if label else match[0]

    def of_options(match: re.Match[str]) -> str:
        names = (name.replace("-", "_") for name in re.findall(r"--([a-z-]+)", match[0]))
        here = ", ".join(f"“{labels[name]}”" for name in names if name in labels)
        return f": {here}" if here else ""

    text = _OPTIONS.sub(of_options, _ADDING.sub(of_adding, _COMMANDS.sub(of_commands, text)))
    return _FIELD.sub(of_field, _OPTION.sub(of_option, text))
