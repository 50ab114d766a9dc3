"""What could be better: what people propose, what all records together show, and deciding about that."""

from __future__ import annotations

from starlette.responses import Response

from oplever.app import proposals
from oplever.errors import OpleverError
from oplever.overview.findings import Finding, findings
from oplever.overview.pages import cells, lists
from oplever.overview.words import observed, suggested
from oplever.page.blocks import Bullets, Cell, Paragraph
from oplever.page.parts import pairs
from oplever.page.vocabulary import word
from oplever.text import clean_text
from oplever.web import gate
from oplever.web.collected import path_of
from oplever.web.parts import Field, Form, Link, Section, Ways
from oplever.web.views.lists import rest
from oplever.web.views.overview import sections_of
from oplever.web.visit import Visit

_SHOWN_RECORDS = 20
_LONGEST = 4000


def show(visit: Visit) -> Response:
    """What nobody decided about comes first, for who may decide."""
    t, collection = visit.t, visit.desk.collection()
    visit.note_read("proposals")
    sections = sections_of(t, collection, lists.decisions(collection, t))
    if visit.may("add"):
        open_ = [finding for finding in _findings(visit) if finding.decision is None]
        links = tuple(Link(clean_text(observed(t, finding)), f"/proposals/{finding.id}") for finding in open_)
        nothing = Paragraph(t("Nothing was found in the last runs that could be better."), "info")
        sections.insert(0, Section(t("Still to decide"), (Ways(links),) if links else (nothing,)))
    return visit.show(visit.screen(t("Decisions and proposals"), sections))


def _findings(visit: Visit) -> list[Finding]:
    collection = visit.desk.collection()
    return visit.desk.read(("findings", id(collection)), lambda _: findings(collection))


def show_finding(visit: Visit) -> Response:
    return _page(visit)


def _page(visit: Visit, problem: OpleverError | None = None) -> Response:
    t, name = visit.t, visit.part("finding")
    finding = proposals.of(_findings(visit), name)
    visit.note_read(f"proposals {finding.id}")
    records = tuple(
        Cell(cells.name(of.source), link=path_of(of.source.name)) for of in finding.records[:_SHOWN_RECORDS]
    )
    facts = pairs(
        (t("What was seen"), clean_text(observed(t, finding))),
        (t("What could be done"), suggested(t, finding)),
        (t("Machines"), clean_text(", ".join(finding.hosts))),
    )
    sections = [
        Section("", facts),
        Section(t("Records that show it"), (Bullets(records), *rest(t, finding.records, _SHOWN_RECORDS))),
        Section(t("Your decision"), (_form(visit, finding, problem),)),
    ]
    if finding.decision:
        text = ": ".join(filter(None, (word(t, finding.decision.decision), finding.decision.reason)))
        decided = t("{name} decided: {text}. Yours comes in its place.", name=finding.decision.by, text=text)
        sections.insert(1, Section("", (Paragraph(clean_text(decided), "warn"),)))
    return visit.show(visit.screen(t("Proposal"), sections), gate.status(problem) if problem else 200)


def _form(visit: Visit, finding: Finding, problem: OpleverError | None) -> Form:
    t = visit.t
    refused = problem.in_language(t) if problem else None
    preset = visit.value("proposal") if visit.form else suggested(t, finding)
    return Form(
        f"/proposals/{finding.id}",
        (
            Field("head", "", "hidden", proposals.standing(finding)),
            Field("proposal", t("What should be done"), "long", preset),
            Field("gain", t("What it is expected to bring"), "long", visit.value("gain")),
            Field("reason", t("Reason"), "long", visit.value("reason"), t("With a rejection: why nothing is done.")),
        ),
        (("accepted", t("Accept")), ("rejected", t("Reject"))),
        problem=refused.message if refused else "",
        advice=refused.advice if refused else "",
    )


def send(visit: Visit) -> Response:
    """The decision, by the function of the command: into the newest record that shows it and still takes it."""
    values = {name: _text(visit, name) for name in ("proposal", "gain", "reason")}
    values["after"] = visit.value("head") or "?"
    try:
        proposals.decide(
            visit.part("finding"), visit.account.name, proposals.decision(visit.value("choice")), visit.t, **values
        )
    except OpleverError as problem:
        if problem.slug == "finding-unknown":
            raise
        visit.desk.changed()  # the page shows what somebody else decided meanwhile
        return _page(visit, problem)
    visit.desk.changed()
    return visit.go("/proposals")


def _text(visit: Visit, name: str) -> str:
    return visit.value(name).replace("\r\n", "\n").strip()[:_LONGEST]
