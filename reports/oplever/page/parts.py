"""Small helpers that several sections share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from oplever.page.blocks import (
    MOST_FOLDS,
    Attention,
    AttentionItem,
    Block,
    Bullets,
    Cell,
    Column,
    Details,
    KeyValue,
    Mark,
    Stage,
    StepLine,
    Table,
    Tone,
)
from oplever.page.reasons import reason_text
from oplever.page.translator import Translator
from oplever.record.model import Language, Record, Text, Verdict

Blocks = tuple[Block, ...]
MOST_APART = 12
"""Machines that have a row of their own in a table; of more, those that are alike share one."""
_TYPED = re.compile(r"(?P<do>[^:]+:) (?P<typed>\S.*)")
"""A step that ends with what one types: `Type: systemctl status nginx`."""


def titled(t: Translator, text: Text) -> str:
    """A text of the record in the reader's language, or in the other one when only that is given."""
    return (text.nl or text.en) if t.language == "nl" else (text.en or text.nl)


def step_line(do: str, see: str = "") -> StepLine:
    """A step in one language, with what is typed apart from the sentence."""
    match = _TYPED.fullmatch(do)
    return StepLine(match["do"], see, match["typed"]) if match else StepLine(do, see)


def in_language(t: Translator, text: Text) -> Mark:
    """The mark of what `titled` gives."""
    other: Language = "en" if t.language == "nl" else "nl"
    return t.mark(other) if titled(t, text) and not (text.nl if t.language == "nl" else text.en) else ""


def title_cell(t: Translator, text: Text, name: str = "", note: str = "") -> Cell:
    """A title in the language in which there is one; else the name of what has none."""
    return Cell(titled(t, text) or name, note=note, language=in_language(t, text))


def pairs(*facts: tuple[str, str | Cell | None]) -> Blocks:
    """A key-value block of the pairs that have a value; no block when none has."""
    cells = ((key, value if isinstance(value, Cell) else Cell(value or "")) for key, value in facts)
    kept = tuple((key, cell) for key, cell in cells if cell.text or cell.note)
    return (KeyValue(kept),) if kept else ()


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], paper_rows: int = 60) -> Blocks:
    """A table, or nothing when it has no rows."""
    return (Table(caption, tuple(columns), tuple(tuple(row) for row in rows), paper_rows),) if rows else ()


def stages(steps: Sequence[tuple[str, bool, bool]]) -> tuple[Stage, ...]:
    """Steps by their label, each with whether it was reached, and whether who takes it refused."""
    return tuple(
        Stage(label, "done" if is_reached else "refused" if is_refused else "open")
        for label, is_reached, is_refused in steps
    )


def needs_attention(
    t: Translator, record: Record, label: str, effects: Mapping[str, Verdict], tones: Mapping[str, Tone] | None = None
) -> Blocks:
    """The reasons for the verdict of a record, each in the tone of its effect unless `tones` has another; no block
    when there is none."""
    items = []
    for reason in record.document.reasons:
        tone: Tone = "warn" if effects[reason.code] == "delivered_with_remarks" else "bad"
        items.append(AttentionItem((tones or {}).get(reason.code, tone), label, reason_text(t, reason)))
    return (Attention(t("Needs attention"), tuple(items)),) if items else ()


def folds(t: Translator, details: Sequence[Details]) -> Blocks:
    """A fold for each machine, or one fold that holds them all when they are many."""
    if len(details) <= MOST_FOLDS:
        return tuple(details)
    return (
        Details(t("Machine by machine"), tuple(details), t.plural("{count} machine", "{count} machines", len(details))),
    )


def english(t: Translator, text: str, note: str = "") -> Cell:
    """What a machine said, with a note of a machine: programs, Ansible and checks speak English."""
    mark = t.mark("en")
    return Cell(text, code=bool(text), note=note, language=mark if text else "", note_language=mark if note else "")


def changes_table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Blocks:
    """A table of what came, went or became something else, without a column that has nothing in any row: of what came
    there is nothing before, and a row says that it came."""
    kept = [place for place in range(len(columns)) if any(row[place] != Cell("", code=row[place].code) for row in rows)]
    return table(caption, [columns[place] for place in kept], [[row[place] for place in kept] for row in rows])


def code(text: str, note: str = "") -> Cell:
    return Cell(text, code=True, note=note) if text else Cell("", note=note)


MOST_NAMES = 8
"""Names in a sentence; how many more there are stands behind them."""


def names_of(t: Translator, names: Sequence[str], most: int = MOST_NAMES) -> str:
    """The first names, and how many more there are."""
    surplus = len(names) - most
    return ", ".join([*names[:most], *([t("and {count} more", count=surplus)] if surplus > 0 else [])])


def alike_text(t: Translator, hosts: Sequence[str]) -> str:
    """The machine, or how many are alike and which, as far as there is room for their names."""
    if len(hosts) == 1:
        return hosts[0]
    return f"{t('{count} machines alike', count=t.number(len(hosts)))}: {names_of(t, hosts)}"


COLLECTION = "oplever.lab."


def step_cell(t: Translator, name: str, role: str, note: str = "") -> Cell:
    """The name of a step. Roles of this collection name theirs in English; the language of others is unknown."""
    return Cell(name, note=note, language=t.mark("en") if role.startswith(COLLECTION) else "")


def machines_cell(t: Translator, hosts: Sequence[str]) -> Cell:
    """The machine of a row, or how many are alike and below that their names."""
    if len(hosts) == 1:
        return Cell(hosts[0])
    return Cell(t("{count} machines alike", count=t.number(len(hosts))), note=names_of(t, hosts))


def machines_table(t: Translator, caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Blocks:
    """A table with a row for each machine, by the name in its first cell; of many machines one row for all of which the
    rest of the row is equal, with their names under the table."""
    if len(rows) <= MOST_APART:
        return table(caption, columns, rows)
    groups: dict[tuple[Cell, ...], list[str]] = defaultdict(list)
    for first, *rest in rows:
        groups[tuple(rest)].append(first.text)
    together = [(Cell(alike_text(t, names)), *rest) for rest, names in groups.items()]
    names = [block for of_group in groups.values() for block in every_name(t, of_group)]
    return (*table(caption, columns, together), *names)


def every_name(t: Translator, hosts: Sequence[str]) -> Blocks:
    """The names of machines that `alike_text` has no room for, folded."""
    if len(hosts) <= MOST_NAMES:
        return ()
    count = t.plural("{count} machine", "{count} machines", len(hosts))
    title = t("Names of {machines}", machines=names_of(t, hosts, 2))
    return (Details(title, (Bullets((Cell(", ".join(hosts)),)),), count=count),)


def people_named(record: Record, role: str) -> str:
    return ", ".join(person.name for person in record.people if person.role == role)
