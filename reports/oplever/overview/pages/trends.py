"""How it went over the months."""

from __future__ import annotations

from collections import defaultdict

from oplever import clock
from oplever.kinds.incident.states import OPEN
from oplever.overview import plots
from oplever.overview.collection import Collection
from oplever.overview.pages import cells
from oplever.overview.sources import Readable
from oplever.overview.tree import Part, Plot
from oplever.page.blocks import Tone
from oplever.page.translator import N_, Translator
from oplever.page.vocabulary import VERDICTS
from oplever.record.model import TargetState

_MONTHS = 24
_VERDICT_TONES: dict[str, Tone] = {
    "delivered": "good",
    "delivered_with_remarks": "warn",
    "not_delivered": "bad",
    "interrupted": "info",
}
_STATE_WORDS: dict[Tone, str] = {
    "good": N_("OK"),
    "warn": N_("with remarks"),
    "info": N_("not tested or not known"),
    "bad": N_("not OK"),
}

Values = dict[str, float]


def trends(collection: Collection, t: Translator) -> tuple[Part, ...]:
    months = months_of(collection)
    drawn = (
        ("records", t("Records"), _records(collection, t, months)),
        ("machines", t("Machines"), _machines(collection, t, months)),
        ("incidents", t("Incidents"), _incidents(collection, t, months)),
        ("hours", t("Hours"), _hours(collection, t, months)),
    )
    nothing = cells.notes(t("There is nothing to draw yet."))
    return tuple(Part(key, title, (plot,) if plot else nothing) for key, title, plot in drawn)


def months_of(collection: Collection) -> list[str]:
    """The last months, without gaps, the newest last; the newest is that of the newest record."""
    if not collection.months:
        return []
    newest, oldest = max(collection.months), min(collection.months)
    year, month = int(newest[:4]), int(newest[5:7])
    months: list[str] = []
    while len(months) < _MONTHS and (name := f"{year:04}-{month:02}") >= oldest:
        months.append(name)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return months[::-1]


def _records(collection: Collection, t: Translator, months: list[str]) -> Plot | None:
    counts: dict[str, Values] = {verdict: defaultdict(float) for verdict in VERDICTS}
    for of in collection.runs:  # a report says nothing about machines, and has a drawing of its own
        counts[of.record.verdict][of.source.month] += 1
    series = {t(words): (_VERDICT_TONES[verdict], counts[verdict]) for verdict, words in VERDICTS.items()}
    return plots.bars(t, (t("Records of each month"), t("By what machines showed.")), months, series)


def _machines(collection: Collection, t: Translator, months: list[str]) -> Plot | None:
    """Each machine by its last record of the month."""
    counts: dict[Tone, Values] = {tone: defaultdict(float) for tone in _STATE_WORDS}
    for life in collection.lives.values():
        last = {visit.of.source.month: visit.machine for visit in life.visits if visit.machine.state != "trial"}
        for month, machine in last.items():
            counts[cells.machine_state(t, machine).tone][month] += 1
    series = {t(words): (tone, counts[tone]) for tone, words in _STATE_WORDS.items()}
    summary = t("Machines that a record of the month is about, by the last one of that month.")
    return plots.bars(t, (t("Machines of each month"), summary), months, series)


def _incidents(collection: Collection, t: Translator, months: list[str]) -> Plot | None:
    """By the month in which they were reported: those with a time limit that was not met apart."""
    late: Values = defaultdict(float)
    others: Values = defaultdict(float)
    for of in collection.incidents:
        missed = any(state.in_time is False or _is_overdue(collection, of, state) for state in of.record.case.targets)
        (late if missed else others)[of.source.month] += 1
    series: dict[str, tuple[Tone, Values]] = {
        t("no time limit missed"): ("good", others),
        t("time limit not met"): ("bad", late),
    }
    summary = t("By the month of the report.")
    return plots.bars(t, (t("Incidents of each month"), summary), months, series)


def _is_overdue(collection: Collection, of: Readable, state: TargetState) -> bool:
    """Whether it should have been met by now in a case that is open."""
    is_due = state.due is not None and state.due < clock.written(collection.now)
    return is_due and state.reached is None and of.record.status in OPEN


def _hours(collection: Collection, t: Translator, months: list[str]) -> Plot | None:
    hands_on: Values = defaultdict(float)
    other: Values = defaultdict(float)
    for line in collection.hours:
        (hands_on if line.kind == "hands_on" else other)[line.day[:7]] += line.hours
    series: dict[str, tuple[Tone, Values]] = {
        t("hands-on"): ("plain", hands_on),
        t("travel and waiting"): ("info", other),
    }
    summary = t("Hours that people gave, by the day on which they worked.")
    return plots.bars(t, (t("Hours of each month"), summary), months, series, digits=2)
