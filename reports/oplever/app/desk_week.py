"""The week of the desk: counted over all cases, as a document or as rows for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from oplever import clock, store
from oplever.app.organisation import organisation
from oplever.errors import OpleverError
from oplever.export.csv import cell
from oplever.export.shape import Shape
from oplever.files import unreadable
from oplever.kinds.incident.week import DeskCase, DeskWeek, state_at, week
from oplever.kinds.incident.week_sheet import desk_sheet
from oplever.messages import M_
from oplever.page.translator import Translator
from oplever.record.model import Incident, TargetState
from oplever.record.model.incident import TargetName
from oplever.render.registry import FORMATS
from oplever.store.cases import cases
from oplever.store.index import open_index
from oplever.words import Language

Format = Literal["md", "html", "pdf", "csv"]
_COLUMNS = (
    "case", "title", "category", "channel", "place", "priority", "reported", "state", "solved", "closed",
    "response_in_time", "solution_in_time", "satisfied", "cause", "guideline",
)  # fmt: skip
_TARGETS: tuple[TargetName, ...] = get_args(TargetName)


class _Assignment(Struct):
    title: str = ""


class _Listed(Struct):
    """What the week needs of record.json."""

    assignment: _Assignment
    incident: Incident


def desk_week(monday: date, now: datetime | None = None) -> DeskWeek:
    """The week that begins on `monday`, by the clock that documents go by; up to `now`, by default this moment.

    Raises OpleverError (`file-unreadable`, `store-unusable`, and what `store.load` raises).
    """
    zone = Translator("en").timezone
    first = datetime.combine(monday, time(), zone)
    end = datetime.combine(monday + timedelta(days=7), time(), zone)
    with open_index() as index:
        names = [case.name for case in cases(index)]
    return week([_case(name) for name in names], first, end, now or clock.moment(clock.now()))


def _case(name: str) -> DeskCase:
    path = store.records_directory() / name / store.RECORD
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=_Listed)
    except FileNotFoundError:  # it was just brought here, and nothing was made of it yet
        record = store.load(path.parent)
        return DeskCase(name, record.assignment.title, record.case)
    except OSError as problem:
        raise unreadable(path, problem) from None
    except msgspec.DecodeError:
        advice = M_("make it again: oplever report {name}", name=name)
        raise OpleverError("file-unreadable", M_("{path} is damaged", path=path), advice) from None
    return DeskCase(name, listed.assignment.title, listed.incident)


def draw(counted: DeskWeek, language: Language, fmt: Format) -> bytes:
    """Raises OpleverError: `extra-missing`, `config-invalid`, `file-unreadable`."""
    if fmt == "csv":
        return _rows(counted)
    return FORMATS[fmt].draw(desk_sheet(Translator(language), counted, organisation()))


def _rows(counted: DeskWeek) -> bytes:
    """A row for each case that was open in the week, as it was at its end, or is now; without names of people."""
    shape = Shape()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in counted.rows:
        writer.writerow([cell(value, shape) for value in _row(row, counted.until)])
    return text.getvalue().encode()


def _row(row: DeskCase, end: str) -> tuple[object, ...]:
    case = row.case
    by_name: dict[TargetName, TargetState] = {target.name: target for target in case.targets}
    solutions = [solution for solution in case.solutions if solution.at < end]
    words = [word.satisfied for word in case.confirmations if word.at < end]
    closed = [change.at for change in case.changes if change.state == "closed" and change.at < end]
    in_time = [_in_time(by_name.get(name), end) for name in _TARGETS]
    return (
        row.name, row.title, case.category, case.channel, case.place, case.priority, case.reported_at,
        state_at(case, end), solutions[-1].at if solutions else None, closed[-1] if closed else None,
        *in_time, words[-1] if words else None,
        solutions[-1].cause if solutions else None, solutions[-1].guideline if solutions else None,
    )  # fmt: skip


def _in_time(target: TargetState | None, end: str) -> bool | None:
    """Whether a time limit was met, as far as it was known at the end; None while it was still running."""
    if target is None or not target.due:
        return None
    if target.reached and target.reached < end:
        return target.in_time
    return False if target.due < end else None
