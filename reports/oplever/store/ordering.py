"""The order of the records of a directory, also when a clock was wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from oplever._shared import sequence

COLUMNS = ("number", "moment", "clock")
Clock = Literal["past", "future", "back"]
"""Why the start time of a record is not believed; see `sequence.Doubt`."""


def order(lines: Iterable[Mapping[str, Any]], latest: str | None, now: str) -> dict[str, dict[str, Any]]:
    """Name -> `number` (from 1, in the order of making), `moment` (start, or that of the record before it when the
    clock cannot have been right; never before an earlier one) and `clock`.

    `lines` have `name`, `previous` and `started`; `latest` and `now` are as in `sequence.newest_first`.
    """
    by_name = {line["name"]: line for line in lines}

    def before(name: str) -> str | None:
        previous: str | None = by_name[name]["previous"]
        return previous

    places: dict[str, dict[str, Any]] = {}
    moment = ""
    oldest_first = reversed(list(sequence.newest_first(list(by_name), latest, before, now)))
    for number, name in enumerate(oldest_first, 1):
        doubt = sequence.doubt(name, before(name), now)
        started = by_name[name]["started"] or _moment(name)
        if doubt is None or not moment:
            moment = max(moment, started)
        places[name] = {"number": number, "moment": moment, "clock": doubt}
    return places


def _moment(name: str) -> str:
    """The time in the name of a record that cannot be read, as records have it; empty when it has none."""
    if not sequence.is_stamped(name):
        return ""
    day, _, time = name[:15].partition("T")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}.000000Z"
