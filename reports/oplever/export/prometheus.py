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


def draw(record: Record, shape: Shape) -> bytes:
    lines: list[str] = []
    for name, text, samples in _metrics(record):
        drawn = [f"oplever_{name}{_labels(record, sample.labels)} {sample.value:.15g}" for sample in samples]
        if drawn:
            lines += [f"# HELP oplever_{name} {text}", f"# TYPE oplever_{name} gauge", *drawn]
    return "".join(f"{line}\n" for line in lines).encode()


def _metrics(record: Record) -> Iterator[tuple[str, str, Iterable[_Sample]]]:
    verdict, document = record.verdict or "", record.document
    yield (
        "record_info",
        "What machines showed and how far people are.",
        [_Sample({"kind": record.kind, "verdict": verdict, "stage": record.stage, "status": record.status}, 1)],
    )
    yield "record_start_time_seconds", "When the work began.", _time(document.started)
    yield (
        "record_duration_seconds",
        "How long the run took.",
        [_Sample({}, document.duration)] if document.ended else [],
    )
    yield (
        "tests",
        "Tests by machine and how they ended.",
        _counted((test.host, test.status) for test in latest(record.tests)),
    )
    yield (
        "controls",
        "Security controls by machine and how they ended after the work.",
        _counted((control.host, control.after) for control in record.baseline.controls if control.after),
    )
    yield (
        "score_ratio",
        "Share of the security score after the work.",
        [
            _Sample({"machine": host.host}, host.after.score / 100)
            for host in record.baseline.hosts
            if host.after and host.after.score is not None
        ],
    )
    yield "faults_unsolved", "Faults that are open or escalated.", [_Sample({}, len(figures.unsolved_faults(record)))]
    yield "open_points", "Open points.", [_Sample({}, len(figures.open_points(record)))]
    yield (
        "exception_end_time_seconds",
        "Last day of an exception that counts.",
        [
            _Sample({"exception": grant.id, "control": grant.control}, sample.value)
            for grant in record.baseline.exceptions
            if grant.valid
            for sample in _time(grant.expires)
        ],
    )


def _time(iso: str) -> list[_Sample]:
    try:
        return [_Sample({}, clock.moment(iso).timestamp())]
    except ValueError:
        return []


def _counted(pairs: Iterable[tuple[str, CheckStatus]]) -> Iterator[_Sample]:
    """Every status of a machine of which there is one, 0 too, so that an alert sees it come."""
    count = Counter(pairs)
    for host in dict.fromkeys(host for host, _ in count):
        yield from (_Sample({"machine": host, "status": status}, count[host, status]) for status in _STATUSES)


def _labels(record: Record, labels: dict[str, str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in {"record": record.id, **labels}.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
