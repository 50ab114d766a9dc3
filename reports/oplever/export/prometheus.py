"""Metrics for Prometheus, as the textfile collector of node_exporter reads them: what a record says, in figures.

What was not measured has no line: a 0 would say that it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, get_args

from oplever import clock
from oplever.export.shape import Shape
from oplever.record import figures
from oplever.record.identity import latest
from oplever.record.model import Record
from oplever.words import CheckStatus

_STATUSES: tuple[CheckStatus, ...] = get_args(CheckStatus)


class _Sample(NamedTuple):
    labels: dict[str, str]
    value: float


class _Metric(NamedTuple):
    """A gauge: its name, what it counts in a sentence, and its values."""

    name: str
    help: str
    samples: Iterable[_Sample]


def draw(record: Record, shape: Shape) -> bytes:
    lines: list[str] = []
    for metric in (*_of_record(record), *_of_results(record), *_of_people(record)):
        name = f"oplever_{metric.name}"
        # One line for the same labels, or no line of the file is read: of two exceptions the one that ends first.
        drawn: dict[str, float] = {}
        for sample in metric.samples:
            labels = _labels(record, sample.labels)
            drawn[labels] = min(sample.value, drawn.get(labels, sample.value))
        if drawn:
            lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} gauge"]
            lines += [f"{name}{labels} {value:.15g}" for labels, value in drawn.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def _of_record(record: Record) -> Iterator[_Metric]:
    document = record.document
    labels = {
        "kind": record.kind,
        "verdict": record.verdict or "",
        "stage": record.stage,
        "status": record.status,
    }
    yield _Metric("record_info", "What machines showed and how far people are.", [_Sample(labels, 1)])
    yield _Metric("record_start_time_seconds", "When the work began.", _time(document.started))
    duration = [_Sample({}, document.duration)] if document.ended else []
    yield _Metric("record_duration_seconds", "How long the run took.", duration)


def _of_results(record: Record) -> Iterator[_Metric]:
    """What machines showed."""
    tests = _status_samples((test.host, test.status) for test in latest(record.tests))
    yield _Metric("tests", "Tests by machine and how they ended.", tests)
    controls = _status_samples((control.host, control.after) for control in record.baseline.controls if control.after)
    yield _Metric("controls", "Security controls by machine and how they ended after the work.", controls)
    scores = [
        _Sample({"machine": host.host}, host.after.score / 100)
        for host in record.baseline.hosts
        if host.after and host.after.score is not None
    ]
    yield _Metric("score_ratio", "Share of the security score after the work.", scores)


def _of_people(record: Record) -> Iterator[_Metric]:
    """What waits for people."""
    faults, points = figures.unsolved_faults(record), figures.open_points(record)
    yield _Metric("faults_unsolved", "Faults that are open or escalated.", [_Sample({}, len(faults))])
    yield _Metric("open_points", "Open points.", [_Sample({}, len(points))])
    ends = [
        _Sample({"exception": grant.id, "control": grant.control}, moment.value)
        for grant in record.baseline.exceptions
        if grant.valid
        for moment in _time(grant.expires)
    ]
    yield _Metric("exception_end_time_seconds", "Last day of an exception that counts.", ends)


def _time(iso: str) -> list[_Sample]:
    try:
        return [_Sample({}, clock.moment(iso).timestamp())]
    except ValueError:
        return []


def _status_samples(pairs: Iterable[tuple[str, CheckStatus]]) -> Iterator[_Sample]:
    """Every status of a machine of which there is one, 0 too, so that an alert sees it come."""
    count = Counter(pairs)
    for host in dict.fromkeys(host for host, _ in count):
        yield from (_Sample({"machine": host, "status": status}, count[host, status]) for status in _STATUSES)


def _labels(record: Record, labels: dict[str, str]) -> str:
    pairs = (f'{name}="{_escape(value)}"' for name, value in {"record": record.id, **labels}.items())
    return "{" + ",".join(pairs) + "}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
