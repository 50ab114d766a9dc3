"""Words of a case file, and small helpers that its sections share."""

from __future__ import annotations

from oplever.page.blocks import Cell, Tone
from oplever.page.parts import titled
from oplever.page.translator import N_, Translator
from oplever.record.model import Incident

CHANNELS: dict[str, str] = {
    "counter": N_("at the counter"),
    "phone": N_("by phone"),
    "mail": N_("by mail"),
    "chat": N_("by chat"),
    "round": N_("noticed on a round"),
    "machine": N_("by a machine"),
    "visit": N_("on a visit"),
    "other": N_("in another way"),
}
LEVELS: dict[int, str] = {1: N_("1 (high)"), 2: N_("2 (medium)"), 3: N_("3 (low)")}
FLAGS: dict[str, str] = {
    "major": N_("major incident"),
    "data_leak": N_("personal-data breach"),
    "safety": N_("safety"),
}
MOVES: dict[str, str] = {"taken": N_("taken up"), "assigned": N_("assigned"), "passed_on": N_("passed on")}
WAITS: dict[str, str] = {
    "user": N_("the user"),
    "supplier": N_("the supplier"),
    "parts": N_("parts"),
    "colleague": N_("a colleague"),
}
TARGETS: dict[str, str] = {"response": N_("Response time"), "solution": N_("Resolution time")}
READINGS: dict[str, str] = {
    "met": N_("in time"),
    "missed": N_("too late"),
    "overdue": N_("overdue"),
    "nearly_due": N_("nearly due"),
    "running": N_("in time so far"),
    "stands_still": N_("the clock stands still"),
    "no_priority": N_("no priority yet"),
    "no_calendar": N_("no working hours in the calendar"),
}
"""How a time limit stands."""
RETESTS: dict[str, tuple[Tone, str]] = {
    "pass": ("good", N_("passed")),
    "fail": ("bad", N_("failed")),
    "not_needed": ("info", N_("not needed")),
}
SATISFACTION: dict[str, tuple[Tone, str]] = {
    "yes": ("good", N_("satisfied")),
    "no": ("bad", N_("not satisfied")),
    "not_reached": ("warn", N_("not reached")),
    "not_applicable": ("info", N_("not applicable: no other user")),
}
LINKS: dict[str, str] = {
    "record": N_("record"),
    "duplicate": N_("the same report"),
    "problem": N_("the problem behind it"),
    "follow_up": N_("follow-up action"),
    "earlier": N_("earlier report"),
}

AUDIENCES: dict[str, str] = {
    "authority": N_("the supervisory authority"),
    "people": N_("the people whose data it is"),
    "officer": N_("the data protection officer"),
    "controller": N_("who is responsible for the data"),
}
RISKS: dict[str, str] = {
    "unlikely": N_("harm is unlikely"),
    "risk": N_("there is a risk of harm"),
    "high": N_("there is a high risk of harm"),
}


def phrase(t: Translator, table: dict[str, str], code: str) -> str:
    """The word for a code; a code without a word is shown as it is."""
    return t(table[code]) if code in table else code


def time_limit(t: Translator, text: str) -> str:
    """A time limit of the rules in words: `30m`, `4h` or `2d`."""
    if not (number := text[:-1]).isdecimal():
        return text
    match text[-1]:
        case "m":
            return t.plural("{count} minute", "{count} minutes", int(number))
        case "h":
            return t.plural("{count} hour", "{count} hours", int(number))
        case "d":
            return t.plural("{count} working day", "{count} working days", int(number))
        case _:
            return text


def category(t: Translator, incident: Incident) -> str:
    """The title of the category, as the rules of the case have it."""
    return titled(t, incident.rule.title) if incident.rule else incident.category


def with_whom(t: Translator, incident: Incident) -> str:
    """Who has the case: a person, or a team as the rules of the case call it; empty when nobody has."""
    team = incident.rules.teams.get(incident.assignee) if incident.rules else None
    return titled(t, team.title) if team else incident.assignee


def by_at(t: Translator, by: str, at: str) -> Cell:
    return Cell(by, note=t.moment(at))
