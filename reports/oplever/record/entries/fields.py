"""What can be filled in for a kind of entry: the same for a command, a form and a table in the documentation."""

from __future__ import annotations

from functools import cache
from math import inf
from typing import Any, Literal

from msgspec import NODEFAULT, Struct, inspect

from oplever.record.entries.base import EntryKind

Form = Literal["text", "number", "day", "moment", "yes_no", "choice", "texts", "made"]


class Field(Struct, frozen=True):
    """One field. `form` is how a person fills it in: `texts` takes any number of them, of `choices` where there are
    any, `choice` one of `choices`; what is `made` a program fills in, and nobody is asked for it.
    `default` is what it is when nobody says so; None when there is nothing to tell of. A number is more than `least`
    and at most `most`, and has no decimals when it `is_whole`. `also` are other words for a choice."""

    name: str
    form: Form
    required: bool
    default: str | None
    choices: tuple[str, ...]
    description: str
    is_whole: bool = False
    least: float = -inf
    most: float = inf
    also: dict[str, str] = {}


def typed_fields(kind: type[EntryKind]) -> tuple[Field, ...]:
    """Those that a person fills in. Raises TypeError as `fields` does."""
    return tuple(field for field in fields(kind) if field.form != "made")


@cache
def fields(kind: type[EntryKind]) -> tuple[Field, ...]:
    """The fields of a kind, in their order. Raises TypeError for a kind whose fields are not all for people."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - what a Struct gives
    return tuple(_field(field) for field in info.fields)


def _field(field: inspect.Field) -> Field:
    kind, description = field.type, ""
    extra: dict[str, Any] = {}
    if isinstance(kind, inspect.Metadata):
        description = str((kind.extra_json_schema or {}).get("description", ""))
        extra = kind.extra or {}
        kind = kind.type
    form, choices = _form(kind)
    limits = kind if isinstance(kind, (inspect.FloatType, inspect.IntType)) else None
    has_default = field.default not in (NODEFAULT, "", (), False)
    return Field(
        name=field.name,
        form=extra.get("form", form),
        required=field.required,
        default=str(field.default) if has_default else None,
        choices=choices,
        description=description,
        is_whole=isinstance(kind, inspect.IntType),
        least=limits.gt if limits and limits.gt is not None else -inf,
        most=limits.le if limits and limits.le is not None else inf,
        also=extra.get("also", {}),
    )


def _form(kind: inspect.Type) -> tuple[Form, tuple[str, ...]]:
    match kind:
        case inspect.LiteralType(values=values):
            return "choice", tuple(str(value) for value in values if value)  # empty: nothing was said
        case inspect.StrType():
            return "text", ()
        case inspect.FloatType() | inspect.IntType():
            return "number", ()
        case inspect.BoolType():
            return "yes_no", ()
        case inspect.VarTupleType(item_type=item) if _form(_bare(item))[0] in ("text", "choice"):
            return "texts", _form(_bare(item))[1]
    raise TypeError(f"nobody can fill in {kind}")


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind
