"""The run drawn over time: one lane per machine, one span per role or play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oplever import clock
from oplever.page.blocks import Cell, Column, Details, Lane, Span, Tick, Timeline, Tone
from oplever.page.parts import Blocks, table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import HostResult, Step
from oplever.record.start import is_stated

State = Literal["ok", "changed", "failed", "skipped"]

_MOST_LANES = 12
"""Machines that are drawn; what is alike says nothing more, and the table has all of them."""
_NARROWEST = 0.003
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_STATE: dict[str, State] = {
    "ok": "ok",
    "skipped": "skipped",
    "changed": "changed",
    "failed": "failed",
    "unreachable": "failed",
    "rescued": "changed",
    "ignored": "changed",
}
_TONE: dict[State, Tone] = {"ok": "plain", "skipped": "info", "changed": "good", "failed": "bad"}
_RANK: dict[State, int] = {"skipped": 0, "ok": 1, "changed": 2, "failed": 3}


@dataclass
class _Stretch:
    """Consecutive steps of one role on one machine; times are seconds since the epoch."""

    name: str
    start: float
    end: float
    state: State
    steps: int


def _seconds(iso: str) -> float | None:
    try:
        return clock.moment(iso).timestamp()
    except ValueError:
        return None


def _stretches(view: View, results: list[tuple[Step, HostResult]]) -> list[_Stretch]:
    """What Ansible did. Steps that people added later carry the time of writing, which says nothing of the run."""
    stretches: list[_Stretch] = []
    for step, result in results:
        start = _seconds(result.started or step.started)
        if start is None or step.by != "machine":
            continue
        # A step that only tried something changed nothing; what it would change is in a table of its own.
        state = "ok" if step.check_mode and result.status == "changed" else _STATE[result.status]
        name, end = view.part(step), start + max(result.duration, 0.0)
        last = stretches[-1] if stretches else None
        if last is None or last.name != name:
            stretches.append(_Stretch(name, start, end, state, 1))
            continue
        last.end, last.steps = max(last.end, end), last.steps + 1
        if _RANK[state] > _RANK[last.state]:
            last.state = state
    return stretches


def timeline(view: View, t: Translator) -> Blocks:
    """The timeline of the run; nothing when no step was carried out."""
    lanes = {
        host: stretches for host, results in view.steps_by_host.items() if (stretches := _stretches(view, results))
    }
    if not lanes or is_stated(view.record) or view.record.runs:  # people state what they did, seldom when
        return ()  # and several runs, with hours or days between them, are a table of their own
    first, length = _span(view, lanes)
    words = _words(t)
    in_steps = {system.name: system.machine_seconds for system in view.record.systems}
    drawn = _most_telling(lanes, in_steps)
    return (
        Timeline(
            title=t("Timeline"),
            summary=_summary(t, view, len(lanes), len(drawn)),
            ticks=_ticks(length),
            lanes=tuple(
                _lane(t, host, lanes[host], words, first=first, length=length, in_steps=in_steps.get(host, 0.0))
                for host in drawn
            ),
            legend=tuple((state, words[state]) for state in _RANK),
            table=_as_table(t, lanes, words, first),
        ),
    )


def _span(view: View, lanes: dict[str, list[_Stretch]]) -> tuple[float, float]:
    """Start and length of what is drawn, in seconds: the whole run, or more where steps lie outside it."""
    stretches = [stretch for of_host in lanes.values() for stretch in of_host]
    document = view.record.document
    started = _seconds(document.started)
    first, last = min(stretch.start for stretch in stretches), max(stretch.end for stretch in stretches)
    if started is not None:
        first, last = min(first, started), max(last, started + document.duration)
    return first, max(last - first, 0.1)


def _words(t: Translator) -> dict[State, str]:
    return {"skipped": t("skipped"), "ok": t("OK"), "changed": t("changed"), "failed": t("failed")}


def _most_telling(lanes: dict[str, list[_Stretch]], in_steps: Mapping[str, float]) -> list[str]:
    """All machines, or of many those where something failed and then the slowest, in their own order."""
    failed = {host for host, stretches in lanes.items() if any(stretch.state == "failed" for stretch in stretches)}
    chosen = set(sorted(lanes, key=lambda host: (host not in failed, -in_steps.get(host, 0.0)))[:_MOST_LANES])
    return [host for host in lanes if host in chosen]


def _summary(t: Translator, view: View, lanes: int, drawn: int) -> str:
    document = view.record.document
    text = t(
        "Began at {start} and took {duration}; the time beside a machine is the sum of its steps. "
        "The higher a block, the more it did; failed blocks are marked with a cross.",
        start=t.clock(document.started),
        duration=t.duration(document.duration),
    )
    if drawn < lanes:
        text += " " + t(
            "{drawn} of {lanes} machines are drawn: those where something failed, then the slowest.",
            drawn=drawn,
            lanes=lanes,
        )
    return text


def _ticks(length: float) -> tuple[Tick, ...]:
    step = next((step for step in _STEPS if length / step <= 6), _STEPS[-1])
    return tuple(Tick(at / length, _offset(at)) for at in range(0, int(length) + 1, step))


def _offset(seconds: int) -> str:
    """`1:30` minutes and seconds, `1:02:30` with hours."""
    minutes, remaining = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{remaining:02d}" if hours else f"{minutes}:{remaining:02d}"


def _lane(
    t: Translator,
    host: str,
    stretches: list[_Stretch],
    words: dict[State, str],
    *,
    first: float,
    length: float,
    in_steps: float,
) -> Lane:
    spans = tuple(
        Span(
            start=round((stretch.start - first) / length, 5),
            width=round(max((stretch.end - stretch.start) / length, _NARROWEST), 5),
            label=stretch.name,
            state=stretch.state,
            text=_span_text(t, stretch, words),
        )
        for stretch in stretches
    )
    return Lane(host, t.duration(in_steps), spans)


def _span_text(t: Translator, stretch: _Stretch, words: dict[State, str]) -> str:
    count = t.plural("{count} step", "{count} steps", stretch.steps)
    return f"{stretch.name}: {words[stretch.state]}, {count}, {t.duration(stretch.end - stretch.start)}"


def _as_table(t: Translator, lanes: dict[str, list[_Stretch]], words: dict[State, str], first: float) -> Details:
    rows = [
        (
            Cell(host),
            Cell(stretch.name) if stretch.name else Cell(t("not recorded"), "info"),
            Cell(_offset(int(stretch.start - first))),
            Cell(t.duration(stretch.end - stretch.start)),
            Cell(
                words[stretch.state],
                _TONE[stretch.state],
                note=t.plural("{count} step", "{count} steps", stretch.steps),
            ),
        )
        for host, stretches in lanes.items()
        for stretch in stretches
    ]
    columns = (
        Column(t("Machine"), 2),
        Column(t("Part"), 4),
        Column(t("Starts at"), 2, True),
        Column(t("Start to end"), 2, True),
        Column(t("Result"), 3),
    )
    parts = t.plural("{count} part", "{count} parts", len(rows))
    return Details(t("The same as a table"), table(t("Timeline"), columns, rows, paper_rows=80), count=parts)
