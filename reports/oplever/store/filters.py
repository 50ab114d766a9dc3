"""Which records a list asks for, and that as conditions in SQL."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from oplever import clock


def _in_part(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE record = key AND {condition})"  # noqa: S608 - constants of this module


def _like(column: str, pattern: str) -> str:
    return rf"lower({column}) LIKE :{pattern} ESCAPE '\'"


PART_OF = """(SELECT max(whole.name) FROM oplever_runs JOIN oplever_records AS whole ON whole.key = oplever_runs.record
    WHERE oplever_runs.run = oplever_records.name AND whole.place = oplever_records.place)"""
"""The record of several runs that a record is a run of; such a run waits for nobody by itself."""
_CONDITIONS = {
    "verdict": "verdict = :verdict",
    "work_process": "work_process = :work_process",
    "kind": "kind = :kind",
    "state": "status = :state",
    "waits_for": f"{_in_part('oplever_waits', 'who = :waits_for')} AND {PART_OF} IS NULL",
    "text": "({})".format(
        " OR ".join(
            (
                _like("title", "text"),
                _like("oplever_records.name", "text"),
                _in_part("oplever_systems", _like("host", "text")),
                _in_part("oplever_people", _like("oplever_people.name", "text")),
            )
        )
    ),
    "due": "substr(due, 1, :length) <= :due",
    "since": "started >= :since",
    "until": "started < :until",
    "host": _in_part("oplever_systems", _like("host", "host")),
    "role": _in_part("oplever_roles", _like("role", "role")),
    "failed_check": _in_part("oplever_failing", _like("id", "failed_check")),
    "operator": _in_part(
        "oplever_people", f"role <> 'reporter' AND ({_like('name', 'operator')} OR {_like('name', 'part')})"
    ),
}
"""The condition in SQL of each field of a filter."""
_PATTERNS = ("host", "role", "failed_check", "operator", "text")


class Filter(Struct, frozen=True):
    """What a record must have. Names take `*` and `?`; times are ISO 8601 in UTC, from `since` to before `until`.

    `text` is in the title, the name, a machine or a person; `waits_for` a role of `words.Who`. `skip` leaves out so
    many of the newest ones, and needs `limit`. `due`: to be ready on that day at the latest; `overdue`: not ready,
    while the time for it is over now."""

    host: str | None = None
    role: str | None = None
    verdict: str | None = None
    since: str | None = None
    until: str | None = None
    operator: str | None = None
    failed_check: str | None = None
    work_process: str | None = None
    kind: str | None = None
    state: str | None = None
    due: str | None = None
    overdue: bool = False
    limit: int | None = None
    text: str | None = None
    waits_for: str | None = None
    skip: int = 0


def conditions(filters: Filter) -> tuple[list[str], dict[str, Any]]:
    """SQL that has to hold all together, and the values of its parameters."""
    terms: dict[str, Any] = {name: value for name, value in structs.asdict(filters).items() if value}
    required = [sql for name, sql in _CONDITIONS.items() if name in terms]
    values = {name: _pattern(value) if name in _PATTERNS else value for name, value in terms.items()}
    if filters.operator:
        values["part"] = _pattern(f"*{filters.operator}*")
    for name in ("limit", "skip"):
        values.pop(name, None)
    if filters.text:
        values["text"] = _pattern(f"*{filters.text}*")
    if filters.due:
        values["length"] = len(filters.due)
    if filters.overdue:
        sql, more = _overdue(clock.now())
        required.append(sql)
        values |= more
    return required, values


def _overdue(now: str) -> tuple[str, dict[str, Any]]:
    """Due before this moment and in no final state. A day is over when the day after it begins (UTC)."""
    from oplever.kinds.registry import KINDS  # noqa: PLC0415 - most of the package; no other list needs it

    day = now[:10]
    values: dict[str, Any] = {"now": now, "day": day, "day_length": len(day)}
    past = "(length(due) = :day_length AND due < :day OR length(due) > :day_length AND due < :now)"
    ready: list[str] = []
    for kind in KINDS.values():
        for state in kind.states:
            if state.is_final:
                number = len(ready)
                ready.append(f"(kind = :kind{number} AND status = :final{number})")
                values |= {f"kind{number}": kind.id, f"final{number}": state.id}
    return f"{past} AND NOT ({' OR '.join(ready)})", values


def _pattern(wildcards: str) -> str:
    """`*` and `?` as LIKE has them."""
    escaped = wildcards.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%").replace("?", "_")
