"""Days and times on the command line, as people write them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import click

from oplever import clock
from oplever.errors import OpleverError
from oplever.messages import M_


def _day(name: str, value: Any) -> str:
    from oplever.record.entries.typed import day  # noqa: PLC0415 - a list without a day does not wait for all entries

    return day(name, value)


class Day(click.ParamType[str]):
    """A day, understood as in an entry: `2026-11-24` or `24-11-2026`; kept in ISO 8601."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return _day((param and param.name) or "day", value)


class Moment(click.ParamType[str]):
    """A day, or a moment in ISO 8601; without zone it is UTC. `last` makes a day its end."""

    name = "day or time"

    def __init__(self, *, last: bool = False) -> None:
        self.last = last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            start = date.fromisoformat(_day("day", value))
            return (start + timedelta(days=1) if self.last else start).isoformat()
        except (OpleverError, OverflowError):
            pass
        try:
            return clock.written(clock.moment(value))
        except (ValueError, OverflowError):
            self.fail(
                M_("{day} is not a day (2026-11-23 or 23-11-2026) or a time (2026-11-23T10:00)", day=value), param, ctx
            )
