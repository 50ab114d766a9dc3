"""Papers for one purpose, of one record: the certificate of handover, the form of the user, and a letter about it.

They are made of the blocks of the document, so that no figure and no sentence is on them that is not in the record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import structs

from oplever.kinds.installation.chapters import acceptance, handover, summary
from oplever.kinds.installation.chapters.attention import MOST_OF_A_KIND, attention, capped
from oplever.page.blocks import (
    Attention,
    AttentionItem,
    Block,
    Cell,
    CheckItem,
    Checklist,
    Column,
    Group,
    Page,
    Paragraph,
    Waiting,
)
from oplever.page.document import Paper, sheet
from oplever.page.parts import Blocks, alike_text, pairs, people_named, table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record import figures
from oplever.record.model import Record, RestPoint, System

_MOST_MACHINES = 8
_MOST_POINTS = 8
_MOST_TO_WATCH = 5
_SIGNING = ("executor", "supervisor", "user")


def certificate(view: View, t: Translator, paper: Paper) -> Page:
    """One sheet that the technician, the supervisor and the user sign: what was handed over, and except for what."""
    blocks = (*_job(view.record, t), *_machines(view, t), *_points(view, t), *_to_watch(view, t), *_signing(view, t))
    return structs.replace(
        sheet(view, t, paper, kind=t("Certificate of handover"), title=summary.title(view.record, t), blocks=blocks),
        verdict=summary.verdict(view.record, t),
    )


def _job(record: Record, t: Translator) -> Blocks:
    job, started = record.assignment, record.document.started
    return pairs(
        (t("Number"), job.id),
        (t("Client"), job.principal),
        (t("Location"), job.location),
        (t("Carried out by"), people_named(record, "executor") or t("not recorded")),
        (t("Carried out on"), t.day(started) if started else ""),
        (t("Record"), Cell(record.id, code=True, note=t("revision {n}", n=record.document.revision))),
    )


def _machines(view: View, t: Translator) -> Blocks:
    """A row for each machine; of many a row for all that have one task."""
    systems = view.record.systems
    tasks = list(zip(systems, summary.task_cells(view, t), strict=True))
    rows = [(Cell(system.name), task, Cell(figures.address(system))) for system, task in tasks]
    if len(systems) > _MOST_MACHINES:
        together: dict[Cell, list[str]] = defaultdict(list)
        for system, task in tasks:
            together[task].append(system.name)
        rows = [(Cell(alike_text(t, names)), task, Cell("")) for task, names in together.items()]
    surplus = len(rows) - _MOST_MACHINES
    if surplus > 1:
        rows[_MOST_MACHINES:] = [(Cell(t("and {count} more", count=surplus)), Cell(""), Cell(""))]
    columns = (Column(t("Machine"), 3), Column(t("Task"), 4), Column(t("Address"), 2))
    is_handed_over = summary.verdict(view.record, t).tone in ("good", "warn")
    return table(t("Handed over") if is_handed_over else t("Machines"), columns, rows)


def _points(view: View, t: Translator) -> Blocks:
    """Open points, or that there are none any more or as somebody stated, or that nobody has said."""
    points = figures.open_points(view.record)
    if not points and view.record.rest_points.none_stated:
        return (Paragraph(t("There are no open points; this was stated explicitly."), "good"),)
    if not points and not view.record.rest_points.items:
        return (Paragraph(t("Nobody has stated yet whether there are open points."), "warn"),)
    if not points:
        return (Paragraph(t("There are no open points any more: all of them are done."), "good"),)
    rows = [(Cell(point.item), Cell(point.owner), Cell(t.day(point.due))) for point in points[:_MOST_POINTS]]
    if len(points) > _MOST_POINTS:
        rows.append((Cell(t("and {count} more", count=len(points) - _MOST_POINTS)), Cell(""), Cell("")))
    return table(t("Open points"), (Column(t("Open point"), 5), Column(t("Owner")), Column(t("Due"))), rows)


def _attention(view: View, t: Translator) -> list[AttentionItem]:
    """What needs attention beside the open points, which have a table of their own; the worst comes first."""
    blocks = [block for block in attention(view, t) if isinstance(block, Attention)]
    items = [item for block in blocks for item in block.lines if item.section != "rest_points"]
    return [item for tone in ("bad", "warn") for item in items if item.tone == tone]


def _to_watch(view: View, t: Translator) -> Blocks:
    items = [structs.replace(item, section="", detail=()) for item in _attention(view, t)]
    if not items:
        return ()
    return (Attention(t("Needs attention"), tuple(capped(t, items, "", t("Others"), _MOST_TO_WATCH))),)


def _signing(view: View, t: Translator) -> Blocks:
    """Who signs the certificate, with what a signature means. Signatures with a key are in the record, and named."""
    points = view.record.rest_points
    if figures.open_points(view.record):
        text = t("Who signs as the user accepts the work, except for the open points above.")
    elif points.none_stated or points.items:
        text = t("Who signs as the user accepts the work.")
    else:
        text = t("Who signs as the user accepts the work, except for open points that are written on this sheet.")
    return (Paragraph(text), handover.signing(view, t, _SIGNING))


def checklist(view: View, t: Translator, paper: Paper) -> Page:
    """What the user goes through, machine by machine, with room for an answer; or the answers that were given."""
    blocks = acceptance.acceptance(view, t)
    lists = [block for block in blocks if isinstance(block, Checklist)]
    apart = tuple(part for block in lists for part in _by_machine(view, _to_fill_in(block)))
    intro = Paragraph(t("Go through this together with the user. Tick what is as wanted, and write down what is not."))
    return sheet(
        view,
        t,
        paper,
        kind=t("Check with the user"),
        title=summary.title(view.record, t),
        blocks=(*_job(view.record, t), intro, *apart, handover.signing(view, t, ("user",))),
    )


def _to_fill_in(whole: Checklist) -> Checklist:
    """The list with nothing beside a line that nobody answered: there is the room to write."""
    lines = (line if line.done is not None else structs.replace(line, remark="") for line in whole.lines)
    return structs.replace(whole, lines=tuple(lines))


def _by_machine(view: View, whole: Checklist) -> Iterator[Block]:
    """A list for each machine, by the name that its lines begin with; what is asked of several machines comes before
    them, that of the same ones together, and what is asked of the work as a whole after them."""
    lines_of: dict[str, list[CheckItem]] = defaultdict(list)
    left: list[CheckItem] = []
    for line in whole.lines:
        machines, colon, _ = line.text.partition(": ")
        (lines_of[machines] if colon else left).append(line)
    single = [system.name for system in view.record.systems if system.name in lines_of]
    several = [name for name in lines_of if name not in single]
    if alone := tuple(lines_of[name][0] for name in several if len(lines_of[name]) == 1):
        yield structs.replace(whole, lines=alone)
    for name in (*(name for name in several if len(lines_of[name]) > 1), *single):
        lines = (structs.replace(line, text=line.text.removeprefix(f"{name}: ")) for line in lines_of[name])
        yield Group(name, (structs.replace(whole, lines=tuple(lines)),))
    if left:
        yield structs.replace(whole, lines=tuple(left))


def letter(view: View, t: Translator, paper: Paper) -> str:
    """What to write in the ticket or the mail, as plain text."""
    record = view.record
    verdict, title = summary.verdict(record, t), summary.title(record, t)
    number = f"{record.assignment.id}: " if record.assignment.id else ""
    to = record.assignment.requested_by or record.assignment.principal
    tasks = figures.tasks(record.systems)
    parts = [
        [t("Subject: {subject}", subject=f"{number}{title}")],
        [t("Dear {name},", name=to) if to else t("Dear reader,")],
        [f"{verdict.title}. {verdict.explanation} {verdict.figures}"],
        _listing(t, t("Machines"), [_machine_line(view, s, tasks[s.name]) for s in record.systems], _MOST_MACHINES),
        _listing(t, t("Needs attention"), [f"{i.label}: {i.text}" for i in _attention(view, t)], _MOST_TO_WATCH),
        _listing(t, t("Open points"), [_point_line(t, point) for point in figures.open_points(record)], _MOST_POINTS),
        _listing(t, t("Still needed"), _needs(view, t)),
        [t("The whole record is in report.{language}.pdf ({record}).", language=t.language, record=record.id)],
        [t("To check this record: oplever verify with this code."), paper.code] if paper.code else [],
        [t("Kind regards,"), people_named(record, "executor")],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _listing(t: Translator, title: str, lines: list[str], most: int = MOST_OF_A_KIND) -> list[str]:
    """The first few lines under their title, and of how many more there are."""
    if (surplus := len(lines) - most) > 1:
        lines = [*lines[:most], t("and {count} more", count=surplus)]
    return [f"{title}:", *(f"- {line}" for line in lines)] if lines else []


def _point_line(t: Translator, point: RestPoint) -> str:
    """What is still to be done, by whom and when."""
    about = ", ".join(part for part in (point.owner, t.day(point.due) if point.due else "") if part)
    return f"{point.item} ({about})" if about else point.item


def _machine_line(view: View, system: System, roles: tuple[str, ...]) -> str:
    address = figures.address(system)
    does = ", ".join(view.roles[role] for role in roles)
    return ": ".join(part for part in (f"{system.name} ({address})" if address else system.name, does) if part)


def _needs(view: View, t: Translator) -> list[str]:
    waiting = [block for block in summary.waiting(view, t) if isinstance(block, Waiting)]
    return [f"{who}: {'; '.join(need.text for need in needs)}" for block in waiting for who, needs in block.lines]
