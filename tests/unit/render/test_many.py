"""Documents of a record of many machines: nothing is lost, and little is drawn at once."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

import fleet
import pytest
from golden import outputs
from journals import Journal
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.kinds.documents import build
from oplever.page.blocks import Cell, Column, Details, Page, Table, Timeline
from oplever.page.parts import machines_table
from oplever.page.translator import Translator
from oplever.record.model import Record
from oplever.render import html
from oplever.render.paper import MANY_ROWS, on_paper, rows_of
from oplever.render.registry import render

PACKED = re.compile(r'<script type="text/plain" class="[a-z-]+"[^>]*>([^<]*)</script>')
EVIL = "</script><img src=x onerror=alert(1)>\nsecond line"


@pytest.fixture(scope="module")
def record() -> Record:
    return derive(read(fleet.lines(60, tasks=8, tests=4, controls=60)))


@pytest.fixture(scope="module")
def page(record: Record) -> Page:
    return build(record, Translator("en"))


def unpacked(text: str) -> Iterator[str]:
    """The text without its packed parts, then each packed part in the same way."""
    yield PACKED.sub("", text)
    for part in PACKED.findall(text):
        yield from unpacked(zlib.decompress(base64.b64decode(part)).decode())


def rows(text: str) -> int:
    return text.count('<tr role="row"><td')


def test_machines_that_are_alike_share_a_row_and_each_keeps_its_name() -> None:
    built = build(outputs.record("many"), Translator("en"))
    blocks = {section.key: section.blocks for section in built.sections}
    for key, caption, rows in (
        ("starting_state", "State before the work", 1),
        ("baseline", "Security score per machine, out of 100", 2),
    ):
        (shown,) = [block for block in blocks[key] if isinstance(block, Table) and block.caption == caption]
        assert len(shown.rows) == rows
        names = [block for block in blocks[key] if isinstance(block, Details) and block.title.startswith("Names of")]
        assert all(f"pc{number:02}" in str((*shown.rows, *names)) for number in range(39))
    few = [(Cell(f"m{number}"), Cell("x")) for number in range(12)]
    (table,) = machines_table(Translator("en"), "c", (Column("m"), Column("x")), few)
    assert isinstance(table, Table)
    assert len(table.rows) == 12


@pytest.mark.slow
def test_every_row_is_in_the_page_and_few_are_drawn(page: Page) -> None:
    raw = html.draw(page).decode()
    parts = list(unpacked(raw))
    form = sum(len(block.lines) for section in page.sections for block in section.blocks if hasattr(block, "yes"))
    assert rows_of(page) > MANY_ROWS
    assert sum(map(rows, parts)) == rows_of(page) + form
    assert rows(parts[0]) < 1000


@pytest.mark.slow
def test_what_is_packed_is_escaped_too() -> None:
    journal = [line.replace(b"value = 77", EVIL.encode("unicode_escape").replace(b"\\\\n", b"\\n")) for line in
               fleet.lines(60, tasks=8, tests=4, controls=60)]  # fmt: skip
    parts = list(unpacked(render(derive(read(journal)), "html", "en").decode()))
    assert any("&lt;/script&gt;&lt;img src=x" in part for part in parts[1:])
    assert not any("<img" in part for part in parts)


def test_paper_says_what_it_leaves_out(page: Page, record: Record) -> None:
    short = on_paper(page)
    assert rows_of(short) < 1500
    raw = render(record, "md", "en").decode()
    assert len(raw) < 400_000
    assert "more rows are in the file report.en.html" in raw
    assert "The rows are in the file report.en.html" in raw
    assert "Machine by machine" in raw


def test_a_small_page_holds_everything_as_it_is() -> None:
    small = build(derive(read(fleet.lines(2, tasks=3, tests=2, controls=5))), Translator("en"))
    raw = html.draw(small).decode()
    assert not PACKED.search(raw)
    assert "data-many" not in raw


def test_of_many_machines_those_that_failed_and_the_slowest_are_drawn() -> None:
    """Twenty machines: the last one failed, the one before it took longest."""
    journal = Journal()
    for number in range(20):
        slow = {"duration": 500.0} if number == 18 else {"duration": 1.0 + number / 100}
        journal.task(f"Work {number}", "failed" if number == 19 else "ok", host=f"pc{number:02}", **slow)
    block = next(block for block in build(journal.record(), Translator("en")).summary if isinstance(block, Timeline))
    drawn = [lane.label for lane in block.lanes]
    assert len(drawn) == 12
    assert drawn[-2:] == ["pc18", "pc19"]
    assert "pc00" not in drawn
    assert "12 of 20 machines are drawn: those where something failed, then the slowest." in block.summary
