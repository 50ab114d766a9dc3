"""Sentences for a person that can still be translated when they reach one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")


class Message(str):
    """An English sentence that knows the pattern it is made of, so that a face can say it in another language."""

    __slots__ = ("params", "pattern")
    pattern: str
    params: Mapping[str, Any]

    def __new__(cls, pattern: str, params: Mapping[str, Any]) -> Message:
        message = super().__new__(cls, pattern.format(**params))
        message.pattern, message.params = pattern, params
        return message


class Written(str):
    """A text that an organisation wrote in both languages; as it is, it is the English one."""

    __slots__ = ("nl",)
    nl: str

    def __new__(cls, nl: str, en: str) -> Written:
        text = super().__new__(cls, en)
        text.nl = nl
        return text


def N_(message: str) -> str:  # noqa: N802 - the customary name of the marker
    """Mark a message for translation where it is defined; it is translated where it is used."""
    return message


def M_(pattern: str, /, **params: Any) -> Message:  # noqa: N802 - beside N_, the customary name of the marker
    """A sentence with what it is about: `M_("there is no record {name}", name="x")`. A parameter may be a sentence."""
    return Message(pattern, params)


def kept(pattern: str, values: Mapping[str, str], text: str) -> str:
    """The sentence that was kept with its pattern; `text`, as it was kept beside them, when they do not fit."""
    try:
        return Message(pattern, values) if pattern else text
    except (KeyError, IndexError, ValueError):
        return text


def translated(text: _T, translate: Callable[[str], str]) -> _T | str:
    """A sentence with its pattern, and those of its parameters, translated; anything else is returned as it is."""
    if isinstance(text, Written):
        return text.nl if getattr(translate, "language", "en") == "nl" else text
    if not isinstance(text, Message):
        return text
    return translate(text.pattern).format(**{name: translated(value, translate) for name, value in text.params.items()})
