"""What people type, understood: the one place for a command line, a file of entries and a form on a page.

Days and numbers are taken as people here write them (`24-11-2026`, `2,5`) and kept as ISO 8601 and as numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from oplever.messages import M_
from oplever.record.entries.base import EntryKind, invalid
from oplever.record.entries.fields import Field, fields

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_DAYS = ((re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d"), (re.compile(r"\d{1,2}-\d{1,2}-\d{4}"), "%d-%m-%Y"))
_MOMENT = re.compile(r"(\S+)[T ]+(?:om |at )?(\d{1,2})[:.](\d{2})(?::\d{2})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but tab and newline."""
_NO_CHARACTER = re.compile(r"[\ud800-\udfff]")
"""What stands for bytes that are no UTF-8, as a terminal with another encoding sends them; no file in JSON has it."""


def understood(kind: type[EntryKind], data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an entry as they are kept; None stands for a field that was left out.

    Raises OpleverError (`entry-invalid`) that names the field and tells how to write it. Fields that the kind does not
    have pass as they are: `entries.make` refuses them.
    """
    fields_by_name = {field.name: field for field in fields(kind)}
    names = frozenset(kind.declaration.names)
    kept = {}
    for name, value in data.items():
        if value is not None:
            kept[name] = _value(fields_by_name[name], value, names) if name in fields_by_name else value
    return kept


def person(field: str, name: str) -> str:
    """The name of a person, without spaces around it. Raises OpleverError (`entry-invalid`)."""
    name = name.strip()
    if not name:
        raise invalid(
            M_("{field}: a name is missing", field=field), M_("write who it is, as --{field} 'S. Yilmaz'", field=field)
        )
    if not name.isprintable():
        raise invalid(
            M_("{field}: the name has characters that nobody can see", field=field), M_("type the name again")
        )
    return name


def day(field: str, value: Any) -> str:
    """A day as ISO 8601. Raises OpleverError (`entry-invalid`) that names the field."""
    if isinstance(value, date):  # YAML knows days
        return value.isoformat()[:10]
    text = str(value).strip()
    for pattern, form in _DAYS:
        if pattern.fullmatch(text):
            try:
                return datetime.strptime(text, form).date().isoformat()
            except ValueError:
                break
    advice = M_("write the day as 2026-11-24 or 24-11-2026")
    raise invalid(M_("{field}: {text} is not a day", field=field, text=text or M_("empty")), advice)


def _moment(field: str, value: Any) -> str:
    """A moment to the minute by the clock on the wall, empty for none. Raises OpleverError (`entry-invalid`)."""
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value).strip()
    if not text:
        return ""
    typed = _MOMENT.fullmatch(text)
    if not typed or int(typed[2]) > 23 or int(typed[3]) > 59:
        advice = M_("write it as 2026-11-24 14:30 or 24-11-2026 14:30")
        raise invalid(M_("{field}: {text} is no moment", field=field, text=text), advice)
    return f"{day(field, typed[1])} {int(typed[2]):02}:{typed[3]}"


def _value(field: Field, value: Any, names: frozenset[str]) -> Any:
    match field.form:
        case "number":
            return _number(field, value)
        case "day":
            return day(field.name, value)
        case "moment":
            return _moment(field.name, value)
        case "yes_no":
            return _yes_no(field, value)
        case "choice":
            return _choice(field, value)
        case "made":
            return value
        case "texts":
            items = [value] if isinstance(value, str) else value
            item_value = _choice if field.choices else _text
            return [item_value(field, item) for item in items] if isinstance(items, (list, tuple)) else value
    text = _text(field, value)
    return person(field.name, text) if field.name in names and isinstance(text, str) else text


def _number(field: Field, value: Any) -> float:
    text = str(value).strip()
    number = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) and not isinstance(value, bool) else math.nan
    advice = M_("write a whole number, as 12") if field.is_whole else M_("write it as 2.5 or 2,5")
    if not math.isfinite(number) or (field.is_whole and not number.is_integer()):
        raise invalid(M_("{name}: {text} is not a number", name=field.name, text=text or M_("empty")), advice)
    if not field.least < number <= field.most:
        raise invalid(
            M_(
                "{name}: {text} is not more than {least} and at most {most}",
                name=field.name,
                text=text,
                least=f"{field.least:g}",
                most=f"{field.most:g}",
            ),
            advice,
        )
    return int(number) if field.is_whole else number


_YES, _NO = frozenset({"yes", "y", "true", "ja", "j"}), frozenset({"no", "n", "false", "nee"})


def _yes_no(field: Field, value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in _YES | _NO:
        raise invalid(
            M_("{name}: {text} is neither yes nor no", name=field.name, text=text or M_("empty")), M_("write yes or no")
        )
    return text in _YES


def _choice(field: Field, value: Any) -> str:
    """One of the words, however its case is and whether it has hyphens or underscores."""
    text = str(value).strip()
    word = field.also.get(_plain(text), text)
    for choice in field.choices:
        if _plain(choice) == _plain(word):
            return choice
    raise invalid(
        M_("{name}: {text} is none of the choices", name=field.name, text=text or M_("empty")),
        M_("choose: {choices}", choices=", ".join(field.choices)),
    )


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _text(field: Field, value: Any) -> Any:
    if isinstance(value, (int, float, date)) and not isinstance(value, bool):  # YAML reads `1.3` and a day as such
        value = str(value)
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        raise invalid(M_("{name}: it is empty", name=field.name), M_("leave it out, or write what it is"))
    if _NO_CHARACTER.search(text):
        raise invalid(
            M_("{name}: it has bytes that are no UTF-8", name=field.name),
            M_("set your terminal or your file to UTF-8, and type it again"),
        )
    if control := _CONTROL.search(text):
        raise invalid(
            M_("{name}: it has a control character (U+{control})", name=field.name, control=f"{ord(control[0]):04X}"),
            M_("type the text again"),
        )
    return text
