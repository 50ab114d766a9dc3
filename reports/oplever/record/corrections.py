"""Corrections of single fields of a record, by a path such as `systems.web1.serial`. Pure."""

from __future__ import annotations

from typing import Any

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


def check(record: Record, field: str, value: str) -> None:
    """Raises OpleverError (`entry-invalid`) when the field cannot be corrected, or the value does not fit.

    Without a value it is a comment on a section, or on something in it.
    """
    if field.startswith("entry."):
        return  # checked with the entries themselves
    if value:
        _replace(record, field.split("."), value)
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
        return _replace(record, field.split("."), value)
    except OpleverError:  # an older entry about something that a later version of the record no longer has
        return record, ""


def _replace(record: Record, path: list[str], value: str) -> tuple[Record, str]:
    if path[0] not in CORRECTABLE:
        raise _wrong(
            M_(
                "{path} cannot be changed, only {names}; leave --value out to comment on it, or "
                "correct the entry that it came with: entry.<revision>",
                path=path[0],
                names=", ".join(sorted(CORRECTABLE)),
            )
        )
    if fixed := MEASURED.intersection(path):
        raise _wrong(M_("{fixed} was measured and stays; leave --value out to comment on it", fixed=", ".join(fixed)))
    changed, old = _walk(record, path, value, ".".join(path))
    return changed, old


def _walk(node: Any, path: list[str], value: str, field_path: str) -> tuple[Any, str]:
    """`node` with the value at the end of the path replaced, and the old value as text."""
    if not path:
        return value, "" if node is None else str(node)
    step, remaining = path[0], path[1:]
    if isinstance(node, tuple):
        index = _index(node, step, field_path)
        new, old = _walk(node[index], remaining, value, field_path)
        return (*node[:index], new, *node[index + 1 :]), old
    if not isinstance(node, Struct) or step not in node.__struct_fields__:
        alternatives = f"; there are: {', '.join(node.__struct_fields__)}" if isinstance(node, Struct) else ""
        raise _wrong(
            M_(
                "{field_path}: there is no {step}{alternatives}",
                field_path=field_path,
                step=step,
                alternatives=alternatives,
            )
        )
    new, old = _walk(getattr(node, step), remaining, value, field_path)
    return _with_field(node, step, new, field_path), old


def _index(rows: tuple[Any, ...], step: str, field_path: str) -> int:
    for index, row in enumerate(rows):
        if any(str(getattr(row, name)) == step for name in _NAMED if hasattr(row, name)) or row == step:
            return index
    names = [str(next((getattr(row, name) for name in _NAMED if hasattr(row, name)), row)) for row in rows]
    raise _wrong(
        M_(
            "{field_path}: there is no {step}; there are: {names}",
            field_path=field_path,
            step=step,
            names=", ".join(names[:10]) or M_("none"),
        )
    )


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
