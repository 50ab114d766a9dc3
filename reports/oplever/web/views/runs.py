"""Follow a run while it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import structs
from starlette.responses import Response, StreamingResponse

from oplever import store
from oplever.app.desk import sessions
from oplever.files import unreadable
from oplever.page.blocks import Cell, Column, Paragraph
from oplever.page.parts import Blocks, pairs, table
from oplever.page.translator import N_, Translator
from oplever.store import desk as desk_store
from oplever.web import live
from oplever.web.collected import path_of
from oplever.web.parts import Link, Live, Section, Ways
from oplever.web.visit import Visit, unknown_page

STATES = {
    "waiting": N_("waits"),
    "running": N_("at work"),
    "ok": N_("in order"),
    "changed": N_("changed"),
    "failed": N_("failed"),
    "unreachable": N_("not reachable"),
    "skipped": N_("skipped"),
    "rescued": N_("rescued"),
    "ignored": N_("ignored"),
    "stopped": N_("stopped"),
}
_FAILED = N_("{count} failed")
_REFRESH_SECONDS = 5


def _journal(visit: Visit) -> Path:
    journal = visit.desk.record(visit.part("name")) / store.JOURNAL
    if journal.is_symlink() or not journal.is_file():
        raise unknown_page()
    return journal


def show(visit: Visit) -> Response:
    """The run as it is now; a script goes on from there, and without one the page asks again."""
    t, journal = visit.t, _journal(visit)
    try:
        state = live.now(journal)
    except OSError as problem:
        raise unreadable(journal, problem) from None
    path = path_of(journal.parent.name)
    words = {
        "state": t("The run is over.") if state["ended"] else t("The run goes on."),
        "connected": t("The run goes on."),
        "lost": t("The connection is lost; trying again."),
        "over": t("The run is over."),
        "failed": t(_FAILED),
        **{f"state-{code}": t(word) for code, word in STATES.items()},
    }
    follow = Live(f"{path}/run/events?after={state['seq']}", state["seq"], bool(state["ended"]), words)
    ways = Ways((Link(t("The record"), path),))
    sections = [
        Section("", (follow, *_facts(t, state), ways)),
        Section(t("Machines"), _machines(t, state)),
        Section(t("What went wrong"), _failures(t, state)),
    ]
    screen = visit.screen(t("Follow the run"), sections, kind=journal.parent.name)
    return visit.show(structs.replace(screen, refresh=0 if state["ended"] else _REFRESH_SECONDS))


def _facts(t: Translator, state: dict[str, Any]) -> Blocks:
    counts = state["counts"]

    text = ", ".join(f"{count} {t(STATES.get(code, code))}" for code, count in counts.items())
    return pairs(
        (t("Play"), str(state["play"]) or t("none yet")),
        (t("Task"), str(state["task"]) or t("none yet")),
        (t("Machines"), text or t("none yet")),
        (t("Results"), str(state["results"])),
    )


def _machines(t: Translator, state: dict[str, Any]) -> Blocks:
    shown = state["shown"]

    heads = (Column(t("Machine"), 3), Column(t("State"), 2), Column(t("Task"), 5), Column(t("Results"), 1, True))
    rows = [
        (
            Cell(host),
            Cell(_state(t, code, failed), "bad" if failed or code == "unreachable" else "plain"),
            Cell(task),
            Cell(str(done)),
        )
        for host, code, task, done, failed in shown
    ]
    caption = t("Machines") if state["hosts"] == len(rows) else t("Machines on which something failed")
    return table(caption, heads, rows) or pairs((caption, t("none")))


def _state(t: Translator, code: str, failed: int) -> str:
    """How far a machine is, and what failed on it before: it may go on after that."""
    word = t(STATES.get(code, code))
    return f"{word}, {t(_FAILED, count=failed)}" if failed and code != "failed" else word


def _failures(t: Translator, state: dict[str, Any]) -> Blocks:
    failures = state["failures"]

    heads = (Column(t("Machine"), 2), Column(t("Task"), 4), Column(t("What went wrong"), 6))
    rows = [(Cell(host), Cell(task), Cell(message)) for host, task, _, message in reversed(failures)]
    nothing = t("Nothing.") if state["ended"] else t("Nothing so far.")
    return table(t("What went wrong"), heads, rows) or (Paragraph(nothing, "info"),)


def events(visit: Visit) -> Response:
    """What comes after the line that the browser has: by the header when it connects again, else by the address."""
    journal, token = _journal(visit), visit.session.token if visit.session else ""
    header = visit.request.headers.get("last-event-id", "")
    number = header if _is_number(header) else visit.parameter("after")
    after = int(number) if _is_number(number) else -1

    def may_go_on() -> bool:
        with desk_store.opened() as database:
            return sessions.is_open(database, token)

    stream = live.messages(journal, after, may_go_on, is_stopping=lambda: visit.desk.is_stopping)
    headers = {"x-accel-buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 12
