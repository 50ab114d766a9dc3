"""Headings and values of CSV for people: words of the documents instead of names and codes of the record."""

from __future__ import annotations

from collections.abc import Mapping

from oplever.page.translator import N_, Translator
from oplever.page.vocabulary import CHANGE, CHECK, SEVERITY, TASK, area, kind_name, word

HEADINGS: dict[str, str] = {
    "id": N_("No."),
    "number": N_("No."),
    "asked": N_("Asked for"),
    "host": N_("Machine"),
    "stage": N_("Stage"),
    "status": N_("Result"),
    "expected": N_("Expected"),
    "found": N_("Found"),
    "found_before": N_("Found before"),
    "title": N_("Title"),
    "suite": N_("Suite"),
    "source": N_("Source"),
    "reason": N_("Reason"),
    "evidence": N_("Evidence"),
    "at": N_("Time"),
    "duration": N_("Duration in seconds"),
    "attempt": N_("Attempt"),
    "attempts": N_("Attempts"),
    "by": N_("By"),
    "path": N_("File"),
    "subject": N_("Asked about"),
    "endpoint": N_("Endpoint"),
    "builds_on": N_("Builds on"),
    "acceptance": N_("Accepted"),
    "differs": N_("Differs in"),
    "run": N_("Run"),
    "earlier": N_("In earlier runs"),
    "severity": N_("Severity"),
    "area": N_("Area"),
    "before": N_("Before"),
    "lines": N_("Changed lines"),
    "after": N_("After"),
    "remedy": N_("Remedy"),
    "refs": N_("References"),
    "exception": N_("Exception"),
    "kind": N_("Kind"),
    "name": N_("Name"),
    "change": N_("Change"),
    "origin": N_("Origin"),
    "person": N_("Person"),
    "day": N_("Day"),
    "activity": N_("Activity"),
    "hours": N_("Number of hours"),
    "play": N_("Play"),
    "role": N_("Role"),
    "action": N_("Action"),
    "started": N_("Started"),
    "delegated_to": N_("Carried out on"),
    "message": N_("Message"),
    "check_mode": N_("Only tried"),
}
"""By the name of the column."""
HIDDEN = "hidden"
"""Stands for a message that Ansible hid (`no_log`)."""
TIMES = frozenset({"at", "started"})

_STAGE = {"during": N_("during the work"), "after": N_("after the work")}
_CHECKED = {code: text for code, (_, text) in CHECK.items()}
_ENDED: dict[str, Mapping[str, str]] = {
    "tests": _CHECKED,
    "controls": _CHECKED,
    "steps": {code: text for code, (_, text) in TASK.items()},
}
_WORDS: dict[str, Mapping[str, str]] = {
    "stage": _STAGE,
    "severity": {code: text for code, (_, text) in SEVERITY.items()},
    "change": CHANGE,
}


def heading(t: Translator, name: str) -> str:
    """The heading of a column; one of times says in which zone they are."""
    return f"{t(HEADINGS[name])} ({t.zone})" if name in TIMES else t(HEADINGS[name])


def value(t: Translator, subject: str, name: str, code: object) -> object:
    """A value in words, times on the clock of the reader; what has no word stays as it is."""
    if isinstance(code, bool):
        return t("yes") if code else t("no")
    if not isinstance(code, str) or not code:
        return code
    if name in TIMES:
        return t.stamp(code)
    if name == "message" and code == HIDDEN:
        return t("hidden: the step handles secrets")
    if name == "area":
        return area(t, code)
    if name == "kind":
        return kind_name(t, code) if subject == "settings" else word(t, code)
    if name in ("by", "person") and code == "machine":
        return word(t, code)
    words = _ENDED.get(subject, {}) if name in ("status", "before", "after") else _WORDS.get(name, {})
    return t(words[code]) if code in words else code
