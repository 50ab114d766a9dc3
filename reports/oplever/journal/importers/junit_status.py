"""How a case of JUnit XML ended. There is no standard: writers say it in elements, in attributes, or in both.

What did not run is never a pass, and neither is a word that is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from oplever.words import CheckStatus

ELEMENTS: dict[str, CheckStatus] = {
    "failure": "fail",
    "error": "error",
    "rerunFailure": "fail",  # Maven Surefire: failed again when it was run again
    "rerunError": "error",
    "skipped": "not_applicable",
    "disabled": "not_applicable",
    "ignored": "not_applicable",
    "notrun": "not_applicable",
}
FLAKY = frozenset({"flakyFailure", "flakyError"})
"""Maven Surefire: attempts that failed before one passed."""
BAD = frozenset({"fail", "error"})

_WORDS: dict[str, CheckStatus] = {
    **dict.fromkeys(("run", "pass", "passed", "success", "succeeded", "successful", "ok"), "pass"),
    **dict.fromkeys(("completed", "complete", "finished", "executed"), "pass"),
    **dict.fromkeys(("fail", "failed", "failure"), "fail"),
    **dict.fromkeys(("error", "errored"), "error"),
    **dict.fromkeys(("notrun", "notexecuted", "skip", "skipped", "disabled", "suppressed"), "not_applicable"),
    **dict.fromkeys(("ignored", "ignore", "pending", "todo", "excluded", "untested"), "not_applicable"),
    **dict.fromkeys(("inconclusive", "canceled", "cancelled"), "not_applicable"),
}
"""Of googletest, CTest, NUnit, behave, xUnit.net, jest and others, in the attributes `status` and `result`."""
_FLAGS: dict[tuple[str, str], CheckStatus] = {
    ("executed", "false"): "not_applicable",
    ("success", "false"): "fail",
    ("disabled", "true"): "not_applicable",
}
_ORDER: tuple[CheckStatus, ...] = ("fail", "error", "not_applicable", "pass")


class Element(Struct, frozen=True):
    """An element in a case: its name, and what it says."""

    name: str
    message: str = ""


def ended(elements: Sequence[Element], attributes: Mapping[str, str]) -> tuple[CheckStatus, str]:
    """The status of a case with the reason for it. The first failure or error counts, whatever else the case says."""
    bad = next((element for element in elements if ELEMENTS.get(element.name) in BAD), None)
    if bad is not None:
        return ELEMENTS[bad.name], bad.message
    status, reason = _by_attributes(attributes)
    if status in BAD:
        return status, next((element.message for element in elements if element.message), reason)
    skipped = next((element for element in elements if element.name in ELEMENTS), None)
    if skipped is not None:
        return "not_applicable", skipped.message or reason or f"not run ({skipped.name})"
    flaky = [element for element in elements if element.name in FLAKY]
    if flaky and status == "pass":
        return "pass", f"passed at attempt {len(flaky) + 1}: {flaky[0].message}".rstrip(": ")
    return status, reason


def _by_attributes(attributes: Mapping[str, str]) -> tuple[CheckStatus, str]:
    results = [_by_word(name, attributes[name]) for name in ("status", "result") if attributes.get(name, "").strip()]
    results += [
        (status, f'not run ({name}="{value}")' if status == "not_applicable" else f'{name}="{value}"')
        for (name, value), status in _FLAGS.items()
        if attributes.get(name, "").lower() == value
    ]
    return min(results, key=lambda end: _ORDER.index(end[0]), default=("pass", ""))


def _by_word(name: str, value: str) -> tuple[CheckStatus, str]:
    status = _WORDS.get(value.strip().lower().replace("_", "").replace("-", "").replace(" ", ""))
    if status is None:
        return "error", f'how it ended is not known: {name}="{value}"'
    if status == "pass":
        return status, ""
    return status, f'not run ({name}="{value}")' if status == "not_applicable" else f'{name}="{value}"'
