"""A form for a kind of entry, made of its declaration, and what was filled in as the entry takes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import structs

from oplever.errors import OpleverError
from oplever.page.translator import Translator
from oplever.page.vocabulary import word
from oplever.record.entries import EntryKind
from oplever.record.entries.fields import Field as Declared
from oplever.record.entries.fields import typed_fields
from oplever.record.model import Record
from oplever.web.advice import in_browser
from oplever.web.parts import Field, Form
from oplever.web.words import CHOICES

Filled = Mapping[str, Sequence[str]]
_LONG = frozenset(
    {"text", "remarks", "reason", "observation", "minutes", "proposal", "solution", "message", "symptom", "activity"}
)
"""Texts that are mostly longer than a line."""
_MOST_MACHINES = 200
PREFIX = "entry."
"""Before the name of each field of an entry: others of the form are not taken for one."""


def label(field: Declared) -> str:
    """The description of a field as what stands above it: how often an option can be given says the form itself."""
    return field.description.replace("; can be given more than once", "").rstrip(".")


def about(kind: type[EntryKind]) -> str:
    """What a kind of entry says, in one line."""
    return " ".join((kind.__doc__ or "").split())


def drawn(
    t: Translator, kind: type[EntryKind], record: Record | None, filled: Filled, preset: Mapping[str, str] | None = None
) -> tuple[Field, ...]:
    """The fields of a kind, with what was filled in before; in a form that was not sent yet with what is `preset`."""
    offers = dict(kind.offers(record)) if record and kind.declaration.offered else {}
    machines = tuple((system.name, system.name) for system in (record.systems if record else ()))[:_MOST_MACHINES]
    drawn_fields = (_field(t, field, filled, preset or {}, offers.get(field.name, {})) for field in typed_fields(kind))
    return tuple(_of_machines(field, machines) for field in drawn_fields)


def _of_machines(field: Field, machines: tuple[tuple[str, str], ...]) -> Field:
    """A field for machines of the record, which are chosen and not typed."""
    if not machines or field.name not in (f"{PREFIX}host", f"{PREFIX}hosts"):
        return field
    if field.control == "texts":
        return structs.replace(field, control="ticks", choices=machines, hint="")
    return structs.replace(field, control="choice", choices=(("", "–"), *machines))


def _field(
    t: Translator, field: Declared, filled: Filled, preset: Mapping[str, str], offers: Mapping[str, str]
) -> Field:
    name = PREFIX + field.name
    value = "\n".join(filled.get(name, ())) if filled else preset.get(field.name, field.default or "")
    text = t(label(field))
    match field.form:
        case "choice":
            nothing = () if field.default else (("", "–"),)  # nobody chooses the first one by looking past it
            choices = (*nothing, *((choice, choice_word(t, choice)) for choice in field.choices))
            return Field(name, text, "choice", value, choices=choices, required=field.required)
        case "yes_no":
            return Field(name, text, "yes_no", value)
        case "texts" if offers:
            listed = tuple((item, f"{item}: {meaning}") for item, meaning in offers.items())
            return Field(name, text, "ticks", value, choices=listed, required=field.required)
        case "texts" if field.choices:
            listed = tuple((choice, choice_word(t, choice)) for choice in field.choices)
            return Field(name, text, "ticks", value, choices=listed, required=field.required)
        case "texts":
            return Field(name, text, "texts", value, t("One on each line."), required=field.required)
        case "number":
            return Field(name, text, "number", value, required=field.required)
        case "day":
            return Field(name, text, "day", value, t("As 24-11-2026."), required=field.required)
    return Field(name, text, "long" if field.name in _LONG else "text", value, required=field.required)


def choice_word(t: Translator, choice: str) -> str:
    return t(CHOICES[choice]) if choice in CHOICES else word(t, choice)


def values(kind: type[EntryKind], filled: Filled) -> dict[str, Any]:
    """What was filled in, by the names of the fields; what was left open is left out."""
    typed: dict[str, Any] = {}
    for field in typed_fields(kind):
        lines = [line.strip() for text in filled.get(PREFIX + field.name, ()) for line in text.splitlines()]
        if field.form == "texts":
            typed[field.name] = [line for line in lines if line]
        else:
            typed[field.name] = "\n".join(lines).strip()
    return {name: value for name, value in typed.items() if value}


def _names_fields(advice: str) -> bool:
    """Whether it only says where the fields of an entry are listed: on a page they are all there."""
    return "--help" in advice or "docs/reference/entries.md" in advice


def form(
    t: Translator, path: str, entry_fields: Collection[Field], button: str, *, head: str, problem: OpleverError | None
) -> Form:
    """The form around them. `head` is what the record was when it was shown."""
    shown = problem.in_language(t) if problem else None
    labels = {field.name.removeprefix(PREFIX): field.label for field in entry_fields}
    advice = in_browser(t, shown.advice, labels) if shown else ""
    lines = (shown.message, *shown.details) if shown else ()
    return Form(
        path,
        (Field("head", "", "hidden", head), *entry_fields),
        (("", button),),
        problem=" ".join(in_browser(t, line, labels) for line in lines),
        advice=t("fill in what has to be filled in") if _names_fields(advice) else advice,
    )
