"""The language of checks: what may be written, and every mistake in it by name (docs/reference/checks.md)."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.engine import matchers
from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES

SINGLE = ("source", "select", "expect")
GROUPS = ("all", "any", "none")
ABOUT = ("id", "title", "when", "reason", "severity", "area", "remedy", "refs")
SEVERITIES = ("high", "medium", "low")


def problems(checks):
    """All that is wrong with a list of checks, each message naming its check; empty when it can be carried out."""
    if not isinstance(checks, list):
        return ["checks: a list of checks is needed, not %s" % type(checks).__name__]
    found, seen = [], set()
    for position, check in enumerate(checks, 1):
        if not isinstance(check, dict):
            found.append("check %d: a mapping is needed, not %s" % (position, type(check).__name__))
            continue
        name = str(check.get("id") or "number %d" % position)
        if name in seen:
            found.append("check %s: this id is used twice; results would not be told apart" % name)
        seen.add(name)
        found += ["check %s: %s" % (name, message) for message in _of_check(check)]
    return found


def selector(source, select):
    """`select` as a mapping: a plain value fills the main selector of the source."""
    if select is None:
        return {}
    return dict(select) if isinstance(select, dict) else {SOURCES[source].MAIN: select}


def both(text):
    """`{nl, en}` of a text that may be one string for both languages, or missing."""
    if isinstance(text, dict):
        return {language: str(text.get(language, "")) for language in ("nl", "en")}
    return {"nl": str(text or ""), "en": str(text or "")}


def _of_check(check):
    found = []
    if not isinstance(check.get("id"), str) or not check["id"]:
        found.append("an id is needed (a text that never changes)")
    if not check.get("title"):
        found.append("a title is needed ({nl, en}, or one text for both)")
    found += ["'%s' is not a key of a check" % key for key in check if key not in SINGLE + GROUPS + ABOUT]
    for key in ("title", "reason", "remedy"):
        if isinstance(check.get(key), dict) and not {"nl", "en"} >= set(check[key]) > set():
            found.append("'%s' wants the languages nl and en, or one text" % key)
    if check.get("severity", "medium") not in SEVERITIES:
        found.append("severity is one of %s" % ", ".join(SEVERITIES))
    if not isinstance(check.get("refs", {}), dict):
        found.append("refs wants a mapping: list name -> ids")
    found += _of_expectation({key: check[key] for key in check if key in SINGLE + GROUPS})
    for condition in listed(check.get("when")):
        found += ["when: " + message for message in _of_expectation(condition)]
    return found


def listed(value):
    """A list of what may be one thing, several, or nothing."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _of_expectation(expectation):
    if not isinstance(expectation, dict):
        return ["an expectation is a mapping with source, select and expect"]
    groups = [key for key in GROUPS if key in expectation]
    if groups:
        if len(groups) > 1 or len(expectation) > 1:
            return ["'%s' stands alone, beside no other expectation" % groups[0]]
        if not isinstance(expectation[groups[0]], list) or not expectation[groups[0]]:
            return ["'%s' wants a list of expectations" % groups[0]]
        return [message for part in expectation[groups[0]] for message in _of_expectation(part)]
    name = expectation.get("source")
    if name not in SOURCES:
        return ["there is no source %s (there are: %s)" % (name, ", ".join(sorted(SOURCES)))]
    unknown = ["'%s' is not a key of an expectation" % key for key in expectation if key not in SINGLE]
    return unknown + _of_select(name, expectation) + _of_expect(name, expectation)


def _of_select(name, expectation):
    source = SOURCES[name]
    chosen = selector(name, expectation.get("select"))
    found = [
        "source %s has no selector '%s' (it has: %s)" % (name, key, ", ".join(source.SELECTORS))
        for key in chosen
        if key not in source.SELECTORS
    ]
    needed = getattr(source, "NEEDS", ())
    if needed and not any(chosen.get(key) not in (None, "") for key in needed):
        found.append("source %s must be told which: select %s" % (name, " or ".join(needed)))
    return found


def _of_expect(name, expectation):
    source, expect = SOURCES[name], expectation.get("expect")
    if not isinstance(expect, dict) or not expect:
        return ["expect is needed: attribute -> value or matcher"]
    found = []
    for attribute, matcher in expect.items():
        if not known_attribute(source, str(attribute)):
            found.append(
                "source %s has no attribute '%s' (it has: %s)" % (name, attribute, ", ".join(source.ATTRIBUTES))
            )
        found += ["%s: %s" % (attribute, message) for message in matchers.problems(matcher)]
    return found


def known_attribute(source, attribute):
    return any(attribute == name or (name.endswith(".") and attribute.startswith(name)) for name in source.ATTRIBUTES)
