"""Cells that more than one page has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from oplever.kinds import registry
from oplever.kinds.incident.chapters.terms import with_whom
from oplever.kinds.installation.chapters.summary import STATES, changed_cell, scores_text
from oplever.overview import paths
from oplever.overview.collection import PSEUDONYM, Current
from oplever.overview.extract import Machine
from oplever.overview.sources import Readable, Source, Visit
from oplever.overview.tree import Part
from oplever.overview.waiting import Wait
from oplever.page.blocks import Block, Cell, Column, KeyValue, Paragraph, Table, Tone
from oplever.page.parts import names_of, title_cell, titled
from oplever.page.reasons import missing_text
from oplever.page.translator import Translator
from oplever.page.vocabulary import CHECK, SEVERITY, VERDICTS, toned
from oplever.record.model import Incident, Text
from oplever.record.origins import Changed
from oplever.text import clean_text
from oplever.words import Language

NO_LIMIT = 1_000_000
MOST_HOSTS = 8
"""Names of machines in a cell of a list."""
_MOST_NEEDS = 3
SOON_DAYS = 30
"""Days before its end at which something is shown as ending soon."""


@lru_cache(maxsize=16384)
def _day(language: Language, iso: str) -> str:
    return Translator(language).short_day(iso)


def day(t: Translator, iso: str) -> str:
    """A day in words; of thousands of moments there are few days."""
    return _day(t.language, f"{iso[:13]}:00:00Z" if len(iso) > len("2026-11-23T10") else iso)


def report(t: Translator, source: Source, *suffixes: str) -> str:
    """The link to the document of a record in the language of the page, else in the other one; empty without any."""
    other: Language = "en" if t.language == "nl" else "nl"
    languages = t.language, other
    names = (f"report.{language}.{suffix}" for suffix in suffixes or ("html", "pdf") for language in languages)
    return next((source.documents[name] for name in names if name in source.documents), "")


def record_cell(t: Translator, of: Readable) -> Cell:
    """A record by its title and name; the link is its document, if it has one."""
    title = registry.of(of.record).layout.title(of.record, t)
    return Cell(title or name(of.source), note=name(of.source), link=report(t, of.source))


def task_cell(t: Translator, machine: Machine) -> Cell:
    """What a machine is for: in the words of its roles with their names below, or by these names alone."""
    purposes, tasks = ", ".join(dict.fromkeys(titled(t, text) for text in machine.purposes)), ", ".join(machine.tasks)
    return Cell(purposes, note=tasks) if purposes else Cell(tasks)


def name(source: Source) -> str:
    return clean_text(source.name)


def when_cell(t: Translator, source: Source) -> Cell:
    """When a record was begun, as far as its clock is believed."""
    return Cell(day(t, source.moment), note=t("clock was wrong") if source.clock else "")


def state_cell(t: Translator, of: Readable) -> Cell:
    """What the headline of its document says; a run of a record of several waits for nobody by itself."""
    headline = registry.of(of.record).layout.headline(t, of.record)
    if not of.source.part_of:
        return Cell(headline.title, headline.tone)
    return Cell(t(VERDICTS[of.record.verdict]), headline.tone, note=t("run of {record}", record=of.source.part_of))


def machine_cell(host: str, language: Language, note: str = "") -> Cell:
    return Cell(host, note=note, link=paths.file(paths.machine(host), language))


def person_text(t: Translator, person: str) -> str:
    return t("{pseudonym} (name removed)", pseudonym=person) if person.startswith(PSEUDONYM) else person


def assignee_text(t: Translator, incident: Incident) -> str:
    """Who has a case: a team by its title, a person by name; empty when nobody has."""
    return person_text(t, with_whom(t, incident))


def machine_state(t: Translator, machine: Machine) -> Cell:
    return toned(t, STATES, machine.state)


def tests_cell(t: Translator, machine: Machine) -> Cell:
    """How many tests passed, of how many; one with an exception neither passed nor failed."""
    if not machine.measured:
        return Cell(t("none"), "info")
    text = t("{passed} of {total}", passed=t.number(machine.passed), total=t.number(machine.measured))
    tone: Tone = "warn" if machine.waived else "good"
    if machine.passed + machine.waived < machine.measured:
        tone = "bad"
    note = f"{t.number(machine.waived)} {t(CHECK['waived'][1])}" if machine.waived else ""
    return Cell(text.replace(" ", "\u00a0"), tone, note=note)


def score_cell(t: Translator, machine: Machine) -> Cell:
    return Cell(scores_text(t, machine.before, machine.after))


def changes_cell(t: Translator, machine: Machine) -> Cell:
    """What changed on a machine, in the words of the document."""
    change = Changed(machine.components, machine.asked, machine.settings, machine.by_roles)
    return changed_cell(t, change if machine.components or machine.settings else None, is_compared=machine.is_compared)


def hosts_text(t: Translator, hosts: Sequence[str], most: int = 3) -> str:
    return names_of(t, hosts, most)


def severity_cell(t: Translator, severity: str) -> Cell:
    return toned(t, SEVERITY, severity) if severity else Cell("")


def needs_text(t: Translator, wait: Wait) -> str:
    """What somebody has to supply, in one line: the first few things."""
    texts = [missing_text(t, item.code, item.params) for item in wait.missing]
    more = len(texts) - _MOST_NEEDS
    texts = [*texts[:_MOST_NEEDS], t("and {count} more", count=more)] if more > 1 else texts
    return "; ".join(texts) or (t("The work itself: see the record.") if wait.who == "executor" else t("A verdict."))


def until_cell(t: Translator, until: str, today: str, soon: str) -> Cell:
    """The last day of something: past, soon, or later."""
    if not until:
        return Cell(t("no end"), "info")
    if until < today:
        return Cell(day(t, until), "bad", note=t("over"))
    return Cell(day(t, until), "warn", note=t("ends soon")) if until <= soon else Cell(day(t, until))


def failing_title(t: Translator, current: Current) -> Cell:
    failing = current.failing
    return title_cell(t, failing.title, failing.id, note=failing.id)


def text_cell(t: Translator, title: Text, identifier: str) -> Cell:
    return title_cell(t, title, identifier, note=identifier)


def listing(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], empty: str) -> tuple[Block, ...]:
    """A table, or one sentence where it would have no rows."""
    lines = tuple(tuple(row) for row in rows)
    return (Table(caption, tuple(columns), lines, NO_LIMIT),) if lines else (Paragraph(empty, "info"),)


def part(key: str, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], empty: str) -> Part:
    """A part of a page that is one table, called as the part is."""
    return Part(key, title, listing(title, columns, rows, empty))


def hosts_of(t: Translator, currents: Iterable[Current]) -> tuple[int, str]:
    """On how many machines something fails, and the first of their names."""
    hosts = list(dict.fromkeys(current.failing.host for current in currents))
    return len(hosts), hosts_text(t, hosts, MOST_HOSTS)


def notes(*texts: str) -> tuple[Block, ...]:
    return tuple(Paragraph(text) for text in texts)


def facts(*pairs: tuple[str, Cell | str]) -> tuple[Block, ...]:
    cells = tuple((key, value if isinstance(value, Cell) else Cell(value)) for key, value in pairs)
    kept = tuple((key, cell) for key, cell in cells if cell.text)
    return (KeyValue(kept),) if kept else ()


def visit_cells(t: Translator, visit: Visit) -> tuple[Cell, ...]:
    """One record of the history of a machine."""
    return (
        when_cell(t, visit.of.source),
        record_cell(t, visit.of),
        machine_state(t, visit.machine),
        tests_cell(t, visit.machine),
        score_cell(t, visit.machine),
        changes_cell(t, visit.machine),
    )
