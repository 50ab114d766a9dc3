"""Papers for one purpose: of one record, or of the hours of a week over all records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from oplever import store
from oplever.app.build import paper
from oplever.app.organisation import organisation
from oplever.errors import OpleverError
from oplever.files import unreadable
from oplever.kinds import registry
from oplever.messages import M_
from oplever.page.document import Paper
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.week import WorkedHours, week_sheet
from oplever.record.model import HoursLine, Record
from oplever.record.persons import among, same_person
from oplever.render.registry import FORMATS
from oplever.text import clean
from oplever.words import Language

Format = Literal["pdf", "html", "md"]
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)


def form(directory: Path, name: str, language: Language, fmt: Format) -> bytes:
    """One form of a record. Raises OpleverError: `form-unknown` when the kind of the record does not have it,
    `extra-missing`, `file-unreadable`, `config-invalid`."""
    record, t = store.load(directory), Translator(language)
    layout = registry.of(record).layout
    if name not in layout.forms:
        advice = M_("its document is made with: oplever report {name}", name=directory.name)
        raise OpleverError(
            "form-unknown", M_("a record of the kind {kind} has no {name}", kind=record.kind, name=name), advice
        )
    view, sheet = _view_and_paper(record, directory)
    return FORMATS[fmt].draw(layout.forms[name](view, t, sheet))


def letter(directory: Path, language: Language) -> str:
    """What to write in a ticket or a mail about a record. Raises OpleverError."""
    record = store.load(directory)
    view, sheet = _view_and_paper(record, directory)
    return registry.of(record).layout.letter(view, Translator(language), sheet)


def _view_and_paper(record: Record, directory: Path) -> tuple[View, Paper]:
    try:
        return View.of(clean(record)), paper(directory, record.document.revision)
    except OSError as problem:
        raise unreadable(directory, problem) from None


def monday_of(week: str) -> date:
    """The first day of a week as `clock.week_name` has it, `2026-W48`. Raises OpleverError (`week-invalid`)."""
    match = _WEEK.fullmatch(week.strip())
    try:
        if match is None:
            raise ValueError(week)
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise OpleverError("week-invalid", M_("{week} is not a week", week=week), M_("write it as 2026-W48")) from None


class _Assignment(Struct):
    id: str = ""
    title: str = ""


class _Hours(Struct):
    lines: tuple[HoursLine, ...] = ()


class _Hourly(Struct):
    """What a week sheet needs of record.json."""

    id: str
    assignment: _Assignment
    hours: _Hours


def week(monday: date) -> list[WorkedHours]:
    """Hours that people gave for the week, of every record. Raises OpleverError (`file-unreadable`)."""
    first, last = monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    return [line for line in _hours() if first <= line.day <= last]


def _hours() -> Iterator[WorkedHours]:
    for directory in store.every():
        path = directory / store.RECORD
        record: Record | _Hourly
        try:
            record = msgspec.json.decode(path.read_bytes(), type=_Hourly)
        except FileNotFoundError:  # nothing was made of it yet
            if not (directory / store.ENTRIES).is_file():
                continue  # hours are entries
            record = store.load(directory)
        except OSError as problem:
            raise unreadable(path, problem) from None
        except msgspec.DecodeError:
            advice = M_("make it again: oplever report {name}", name=directory.name)
            raise OpleverError("file-unreadable", M_("{path} is damaged", path=path), advice) from None
        for line in record.hours.lines:
            if line.kind != "machine" and not line.run:  # those of a run stand in its own record
                about = record.id, record.assignment.id, record.assignment.title
                yield clean(WorkedHours(line.person, line.day, line.kind, line.activity, line.hours, *about))


def people_of(lines: list[WorkedHours]) -> list[str]:
    """The names, each person once."""
    names: list[str] = []
    for line in lines:
        if among(line.person, names) is None:
            names.append(line.person)
    return names


def hours(lines: list[WorkedHours], person: str, monday: date, language: Language, fmt: Format) -> bytes:
    """The week sheet of a person. Raises OpleverError (`extra-missing`, `config-invalid`)."""
    own_lines = [line for line in lines if same_person(line.person, person)]
    return FORMATS[fmt].draw(week_sheet(Translator(language), person, monday, own_lines, organisation()))
