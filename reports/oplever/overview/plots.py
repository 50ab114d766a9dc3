"""Plots over time, with the same in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oplever import clock
from oplever.overview.tree import Plot, Series
from oplever.page.blocks import Cell, Column, Details, Table, Tick, Tone
from oplever.page.translator import Translator

_FEWEST = 2
_STEPS = (1, 2, 5)
_LABELS = 6


def line(t: Translator, texts: tuple[str, str], points: Sequence[tuple[str, float | None]]) -> Plot | None:
    """Values of 0 to 100 at moments, oldest first; `texts` are title and summary. None where there are too few to see
    a course."""
    title, summary = texts
    measured = [(moment, value) for moment, value in points if value is not None]
    if len(measured) < _FEWEST:
        return None
    seconds = [clock.moment(moment).timestamp() for moment, _ in measured]
    begin, length = seconds[0], seconds[-1] - seconds[0]
    places = tuple(round((at - begin) / length, 4) if length > 0 else place / (len(seconds) - 1)
                   for place, at in enumerate(seconds))  # fmt: skip
    ticks = tuple(Tick(places[place], t.day(measured[place][0])) for place in (0, len(measured) - 1))
    values = tuple(value for _, value in measured)
    rows = tuple((Cell(t.moment(moment)), Cell(t.number(value, 1))) for moment, value in reversed(measured))
    table = _table(t, title, (Column(t("Day"), 3), Column(title, 2, True)), rows)
    scale = tuple(Tick(value / 100, t.number(value)) for value in (0, 50, 100))
    return Plot(title, summary, "line", 100.0, places, ticks, scale, (Series(title, "info", values),), table)


def bars(
    t: Translator,
    texts: tuple[str, str],
    months: Sequence[str],
    series: Mapping[str, tuple[Tone, Mapping[str, float]]],
    digits: int = 0,
) -> Plot | None:
    """Bars on each other for each month, oldest first; `texts` are title and summary, `series` gives tone and values of
    months by label. None without values."""
    title, summary = texts
    totals = [sum(values.get(month, 0) for _, values in series.values()) for month in months]
    if not any(totals):
        return None
    top, step = _scale(max(totals))
    places = tuple((place + 0.5) / len(months) for place in range(len(months)))
    every = -(-len(months) // _LABELS)
    ticks = tuple(Tick(places[place], t.month(month)) for place, month in enumerate(months) if place % every == 0)
    scale = tuple(Tick(value / top, t.number(value)) for value in _marks(top, step))
    drawn = tuple(
        Series(label, tone, tuple(float(values.get(month, 0)) for month in months))
        for label, (tone, values) in series.items()
        if any(values.values())
    )
    rows = tuple(
        (Cell(t.month(month)), *(Cell(t.number(part.values[place] or 0, digits)) for part in drawn))
        for place, month in reversed(list(enumerate(months)))
    )
    columns = (Column(t("Month"), 3), *(Column(part.label, 2, True) for part in drawn))
    return Plot(title, summary, "bars", top, places, ticks, scale, drawn, _table(t, title, columns, rows))


def _scale(highest: float) -> tuple[float, float]:
    """The end of the scale and the step between its marks: round numbers, at most five."""
    power = 1.0
    while True:
        for step in (power * number for number in _STEPS):
            if highest <= 5 * step:
                return step * max(1, -(-highest // step)), step
        power *= 10


def _marks(top: float, step: float) -> list[float]:
    return [step * number for number in range(round(top / step) + 1)]


def _table(t: Translator, title: str, columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...]) -> Details:
    count = t.plural("{count} row", "{count} rows", len(rows))
    return Details(t("The same in figures"), (Table(title, columns, rows, len(rows)),), count)
