"""Who looked at what that names people."""

from __future__ import annotations

from starlette.responses import Response

from oplever.app.desk import reads
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import table
from oplever.text import clean_text
from oplever.web.parts import Field, Form, Section
from oplever.web.views.lists import rest
from oplever.web.visit import Visit


def show(visit: Visit) -> Response:
    """The newest first, of one record or of all; that this was looked at is kept too."""
    t, subject = visit.t, visit.parameter("subject").strip()[:300]
    visit.note_read(f"reads {subject}".strip())
    rows = [
        (
            Cell(t.stamp(read.at)),
            Cell(clean_text(read.login) or t("by a link")),
            Cell(clean_text(read.subject), note=clean_text(read.action)),
            Cell(clean_text(read.address)),
        )
        for read in reads.newest(visit.database, subject)
    ]
    columns = (Column(t("Time"), 2), Column(t("Account"), 2), Column(t("What"), 5), Column(t("Address"), 2))
    search = Form(
        "/reads",
        (
            Field(
                "subject",
                t("Record or machine"),
                value=subject,
                hint=t("The whole name, as in the list below."),
            ),
        ),
        (("", t("Search")),),
        method="get",
        is_inline=True,
    )
    every = range(reads.count(visit.database, subject))
    shown = table(t("Who read what"), columns, rows) + rest(t, every, len(rows)) or (Paragraph(t("Nothing."), "info"),)
    return visit.show(visit.screen(t("Who read what"), [Section("", (search,)), Section(t("Newest first"), shown)]))
