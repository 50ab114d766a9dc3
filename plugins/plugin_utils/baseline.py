"""A security profile made ready for one machine: which controls hold, with which values and exceptions.

Pure: files and variables are read by the lookup plugin oplever.lab.baseline.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.oplever.lab.plugins.module_utils.engine import language, waivers

EXCEPTION_KEYS = (
    "id", "control", "values", "hosts", "reason", "owner", "approver", "approved_on", "expires", "compensating", "risk",
)  # fmt: skip
ON_CONTROLLER = ("level", "rationale", "not_for", "only_for")
# A condition that never holds: the reason beside it says why the control has no meaning here.
NEVER = {"source": "context", "select": "machine", "expect": {"exists": False}}


class BaselineError(ValueError):
    """Something in a variable or the file of exceptions cannot be used; the text says what and the way out."""


def ports(profile_ports: Sequence[int], more: Iterable[Any]) -> list[int]:
    """The ports of the profile and those that the site opens elsewhere: numbers, or ranges as 6000-6010."""
    numbers = set(profile_ports)
    for port in more:
        first, _, last = str(port or "").partition("-")
        if first.isdigit():
            numbers.update(range(int(first), int(last or first) + 1))
    return sorted(numbers)


def controls(
    every: Iterable[dict[str, Any]], level: int, areas: Sequence[str], purposes: Sequence[str]
) -> list[dict[str, Any]]:
    """The controls of a profile as the module oplever.lab.checks takes them."""
    chosen = [control for control in every if control["level"] <= level and (not areas or control["area"] in areas)]
    return [_for_machine(control, purposes) for control in chosen]


def _for_machine(control: dict[str, Any], purposes: Sequence[str]) -> dict[str, Any]:
    sent = {key: value for key, value in control.items() if key not in ON_CONTROLLER}
    excused = [purpose for purpose in control.get("not_for", []) if purpose in purposes]
    missing = [purpose for purpose in control.get("only_for", []) if purpose not in purposes]
    if excused:
        why = ", ".join(excused)
        return {
            **sent,
            "when": NEVER,
            "reason": {"nl": f"de taak van de machine: {why}", "en": f"purpose of the machine: {why}"},
        }
    if missing:
        why = ", ".join(missing)
        return {
            **sent,
            "when": NEVER,
            "reason": {"nl": f"alleen met {why} in harden_purposes", "en": f"only with {why} in harden_purposes"},
        }
    return sent


def require_known(name: str, values: Sequence[str], possible: Iterable[str]) -> None:
    """Raise BaselineError when one of the `values` of the variable `name` is none of the `possible`."""
    every = sorted(set(possible))
    for value in values:
        if value not in every:
            close = difflib.get_close_matches(str(value), every, 1)
            hint = f"; did you mean {close[0]}?" if close else f" (there are: {', '.join(every[:40])})"
            raise BaselineError(f"{name}: there is no {value}{hint}")


def exceptions(
    content: Any, place: str, ids: Iterable[str], groups: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """The exceptions written at `place`, checked: keys, dates, and that control and hosts exist. Raises BaselineError.

    One that is expired or that nobody approved is no mistake here: it does not count, and the record says so.
    """
    rows = content.get("exceptions") if isinstance(content, dict) else content
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise BaselineError(f"{place}: a list of exceptions is needed, each with {', '.join(waivers.REQUIRED)}")
    # YAML reads an unquoted day as a date.
    plain = [_plain(row) for row in rows]
    wrong = waivers.problems(plain)
    every, names = set(ids), {*groups, *(host for hosts in groups.values() for host in hosts)}
    for position, row in enumerate(plain, 1):
        if isinstance(row, dict):
            wrong += [
                f"exception {row.get('id') or f'number {position}'}: {text}" for text in _wrong(row, every, names)
            ]
    if wrong:
        raise BaselineError(
            f"{place} cannot be used: {'; '.join(dict.fromkeys(wrong))}. docs/reference/baseline.md has an example"
        )
    return plain


def _plain(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {str(key): value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}


def _wrong(row: Mapping[str, Any], ids: set[str], names: set[str]) -> list[str]:
    mistakes = []
    for key in row:
        if key not in EXCEPTION_KEYS:
            close = difflib.get_close_matches(str(key), EXCEPTION_KEYS, 1)
            mistakes.append(f"there is no key '{key}'" + (f"; did you mean '{close[0]}'?" if close else ""))
    if row.get("control") and row["control"] not in ids:
        close = difflib.get_close_matches(str(row["control"]), ids, 1)
        mistakes.append(f"there is no control {row['control']}" + (f"; did you mean {close[0]}?" if close else ""))
    for pattern in language.listed(row.get("hosts")):
        if pattern != "all" and not any(fnmatch.fnmatchcase(name, str(pattern)) for name in names):
            mistakes.append(f"no host or group in the inventory is called {pattern}")
    return mistakes


def granted_to(rows: Iterable[dict[str, Any]], host: str, group_names: Sequence[str]) -> list[dict[str, Any]]:
    """The exceptions that are about `host`, by its name or one of its groups; their `hosts` say as much."""
    mine = []
    for row in rows:
        patterns = [str(pattern) for pattern in language.listed(row.get("hosts"))] or ["all"]
        if "all" in patterns or any(fnmatch.fnmatchcase(name, p) for name in (host, *group_names) for p in patterns):
            mine.append({**row, "hosts": [host]})
    return mine
