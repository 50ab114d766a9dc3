"""Corrections of single fields of a record, by a path such as `systems.web1.serial`. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, structs

from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record.model import Record

CORRECTABLE = frozenset({"assignment", "people", "scope", "systems", "components", "settings", "plan", "handover"})
"""Sections that describe. What machines proved and what people signed is commented on, never changed."""

MEASURED = frozenset({"recap", "reachable", "machine_seconds", "snapshot_before", "snapshot_after"})
"""Fields of those sections that were measured all the same."""

_NAMED = ("name", "id", "number")
"""Fields by which a row of a section is told apart."""
_QUALIFIERS = ("host", "kind", "role")
"""Fields that tell rows of one name apart, in the order in which they stand before it: `web1:file:/etc/motd`."""


def check(record: Record, field: str, value: str) -> None:
    """Raises OpleverError (`entry-invalid`) when the field cannot be corrected, or the value does not fit.

    Without a value it is a comment on a section, or on something in it.
    """
    if field.startswith("entry."):
        return  # checked with the entries themselves
    if value:
        _replace(record, field, value, is_new=True)
    elif field.split(".", maxsplit=1)[0] not in Record.__struct_fields__:
        raise _wrong(
            M_(
                "there is no section {field}: {struct_fields}",
                field=field,
                struct_fields=", ".join(Record.__struct_fields__),
            )
        )


def corrected(record: Record, field: str, value: str) -> tuple[Record, str]:
    """The record with the value in its place, and the old one as text; unchanged when it does not fit (any more)."""
    if not value:
        return record, ""
    try:
        return _replace(record, field, value, is_new=False)
    except OpleverError:  # an older entry about something that a later version of the record no longer has
        return record, ""


def _replace(record: Record, field: str, value: str, *, is_new: bool) -> tuple[Record, str]:
    section = field.partition(".")[0]
    if section not in CORRECTABLE:
        raise _wrong(
            M_(
                "{path} cannot be changed, only {names}; leave --value out to comment on it, or "
                "correct the entry that it came with: entry.<revision>",
                path=section,
                names=", ".join(sorted(CORRECTABLE)),
            )
        )
    changed, old = _walk(record, field, value, _Path(field, is_new))
    return changed, old


class _Path(NamedTuple):
    """The whole path. One that `is_new` has to say which row it means where several have that name; of one that was
    kept before they had to, the first was meant."""

    field: str
    is_new: bool


def _walk(node: Any, remaining: str, value: str, path: _Path) -> tuple[Any, str]:
    """`node` with the value at the end of the path replaced, and the old value as text."""
    if not remaining:
        return value, "" if node is None else str(node)
    if isinstance(node, tuple):
        index, remaining = _row(node, remaining, path)
        new, old = _walk(node[index], remaining, value, path)
        return (*node[:index], new, *node[index + 1 :]), old
    step, _, remaining = remaining.partition(".")
    if not isinstance(node, Struct) or step not in node.__struct_fields__:
        alternatives = f"; there are: {', '.join(node.__struct_fields__)}" if isinstance(node, Struct) else ""
        raise _wrong(
            M_(
                "{field_path}: there is no {step}{alternatives}",
                field_path=path.field,
                step=step,
                alternatives=alternatives,
            )
        )
    if step in MEASURED:
        raise _wrong(M_("{fixed} was measured and stays; leave --value out to comment on it", fixed=step))
    new, old = _walk(getattr(node, step), remaining, value, path)
    return _with_field(node, step, new, path.field), old


def _row(rows: tuple[Any, ...], remaining: str, path: _Path) -> tuple[int, str]:
    """The place of the row that the rest of the path begins with, and what follows. A name can have dots in it, as
    `web1.school.example` and `S. Yilmaz` have: the longest one that fits is meant."""
    matches = [
        (name, index)
        for index, row in enumerate(rows)
        for name in _names(row)
        if remaining == name or remaining.startswith(f"{name}.")
    ]
    if not matches:
        names = [_names(row)[0] for row in rows]
        raise _wrong(
            M_(
                "{field_path}: there is no {step}; there are: {names}",
                field_path=path.field,
                step=remaining.partition(".")[0],
                names=", ".join(names[:10]) or M_("none"),
            )
        )
    longest = max(len(name) for name, _ in matches)
    indexes = list(dict.fromkeys(index for name, index in matches if len(name) == longest))
    full_names = dict.fromkeys(_names(rows[index])[-1] for index in indexes)
    if path.is_new and len(full_names) > 1:
        raise _wrong(
            M_(
                "{field_path}: there are several, so name one of them as {names}",
                field_path=path.field,
                names=", ".join([*full_names][:10]),
            )
        )
    return indexes[0], remaining[longest + 1 :]


def _names(row: Any) -> list[str]:
    """What a row can be called: by its name, id or number, then with what tells it from others before that, one by one
    and in the end all together."""
    if not isinstance(row, Struct):
        return [str(row)]
    names = [str(getattr(row, name)) for name in _NAMED if hasattr(row, name)] or [str(row)]
    qualifiers = [str(getattr(row, name)) for name in _QUALIFIERS if getattr(row, name, "")]
    return [*names, *(f"{qualifier}:{names[0]}" for qualifier in qualifiers), ":".join((*qualifiers, names[0]))]


def _with_field(node: Struct, step: str, new: Any, field_path: str) -> Struct:
    """The node with one field replaced; text becomes a number or yes/no where the field is one."""
    (kind,) = (field.type for field in structs.fields(node) if field.name == step)
    try:
        return structs.replace(node, **{step: msgspec.convert(new, kind, strict=False)})
    except msgspec.ValidationError as problem:
        raise _wrong(
            M_("{field_path}: {problem}", field_path=field_path, problem=str(problem).partition(" - at ")[0])
        ) from None


def _wrong(message: str) -> OpleverError:
    return OpleverError("entry-invalid", message, M_("see: oplever add correction --help"))
