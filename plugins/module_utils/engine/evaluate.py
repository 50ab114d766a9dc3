"""Checks against a machine: pure but for what the sources look up."""

from __future__ import annotations

import re
import time

from ansible_collections.oplever.lab.plugins.module_utils import bounded
from ansible_collections.oplever.lab.plugins.module_utils.engine import language, waivers
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules.text import clean, short
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.readable import readable
from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES

SECONDS = 120  # for all that one expectation asks; the walk and commands have shorter limits of their own
LINE = re.compile(r":\d+\Z")
CONTENTS = ("content", "lines")
SHOWN = 200  # characters of one value
# The reason of a result that is not applicable begins with this where it is about something that was not looked at.
NOT_MEASURED = "not measured: "
ABSENT = "does not exist"
STATUSES = ("pass", "fail", "error", "not_applicable", "waived")


class Verdict:
    """What one expectation came to: `status` (pass, fail, error, not_applicable) and the texts that go with it; `wrong`
    has one text for each value that does not match, of a list one for each member. `differs` are the attributes of
    those values, `exists` alone when the thing itself is not there. `subject` is what it is about."""

    __slots__ = ("differs", "evidence", "expected", "found", "reason", "status", "subject", "wrong")

    def __init__(self, status, expected, found="", evidence="", *, reason="", wrong=(), differs=(), subject=""):
        self.status = status
        self.expected = expected
        self.found = found
        self.evidence = evidence
        self.reason = reason
        self.wrong = tuple(wrong)
        self.differs = tuple(differs)
        self.subject = subject


def evaluate(machine, checks, exceptions=(), host="", today=""):
    """Results of all checks, in order (docs/reference/checks.md, The module). The checks have no `problems`."""
    _prepare(machine, checks)
    failed, results = set(), []
    for check in checks:
        result, wrong = _check(machine, check, failed)
        if result["status"] in ("fail", "error"):
            failed.add(check["id"])
        results.append(waivers.apply(result, wrong, exceptions, host, today))
    return readable(results)


def _prepare(machine, checks):
    """Tell each source at once all that will be asked, so that it can ask the machine once."""
    selects = {}
    for check in checks:
        for expectation in language.expectations(check):
            selects.setdefault(expectation["source"], []).append(
                language.selector(expectation["source"], expectation.get("select"))
            )
    for name, chosen in selects.items():
        prepare = getattr(SOURCES[name], "prepare", None)
        if prepare is not None:
            prepare(machine, chosen)


def summary(results):
    """How many results have each status."""
    return {status: sum(result["status"] == status for result in results) for status in STATUSES}


def message(results):
    """One line for a person: how many did not pass, and the first few of them with expected and found."""
    wrong = [result for result in results if result["status"] in ("fail", "error")]
    if not wrong:
        return "%d checks: all passed or did not apply" % len(results) if results else "there was nothing to check"
    examples = "; ".join(
        "%s (%s)" % (result["id"], result["reason"] if result["status"] == "error" else
                     "expected %s, found %s" % (result["expected"], result["found"]))
        for result in wrong[:5]
    )  # fmt: skip
    more = " and %d more" % (len(wrong) - 5) if len(wrong) > 5 else ""
    return "%d of %d checks failed: %s%s" % (len(wrong), len(results), examples, more)


def _check(machine, check, failed):
    """(result, texts of what is wrong)."""
    start = time.monotonic()
    base = next((name for name in check.get("builds_on", ()) if name in failed), None)
    if base is None:
        status, verdict = _applied(machine, check)
    else:
        status, verdict = "error", Verdict("error", "", reason="not tested: %s fails, and this builds on it" % base)
    first = _first(check)
    return {
        "id": check["id"],
        "title": language.translations(check["title"]),
        "source": first["source"],
        "subject": _subject(first),
        "status": status,
        "expected": verdict.expected,
        "found": verdict.found,
        "differs": list(verdict.differs),
        "evidence": verdict.evidence,
        "reason": verdict.reason,
        "endpoint": "" if status == "not_applicable" else _endpoint(machine, first),
        "builds_on": [str(name) for name in check.get("builds_on", ())],
        "severity": check.get("severity", ""),
        "area": check.get("area", ""),
        "remedy": language.translations(check.get("remedy")),
        "refs": check.get("refs", {}),
        "exception": "",
        "duration": round(time.monotonic() - start, 4),
    }, verdict.wrong


def _applied(machine, check):
    """The check itself, unless its condition says that it is not for this machine."""
    for condition in language.listed(check.get("when")):
        verdict = _judge(machine, condition)
        if verdict.status == "fail":
            reason = language.translations(check.get("reason"))["en"]
            return "not_applicable", Verdict(
                "",
                "",
                evidence=verdict.evidence,
                reason=_about_host(condition) + (reason or "%s does not hold: %s" % (verdict.expected, verdict.found)),
            )
        if verdict.status != "pass":
            return verdict.status, verdict
    verdict = _judge(machine, check)
    return verdict.status, verdict


def _about_host(condition):
    """In a container the host decides: nobody looked, which is something else than that the control has no meaning."""
    is_about_container = condition.get("source") == "context" and "container" in condition.get("expect", {})
    return NOT_MEASURED if is_about_container else ""


def _judge(machine, expectation):
    for name, combine in (("all", _all), ("any", _any), ("none", _none)):
        if name in expectation:
            return combine([_judge(machine, part) for part in expectation[name]])
    return _single(machine, expectation)


def _single(machine, expectation):
    select = language.selector(expectation["source"], expectation.get("select"))
    expect = {str(attribute): matcher for attribute, matcher in expectation["expect"].items()}
    expected = short(" and ".join(matchers.describe(attribute, matcher) for attribute, matcher in expect.items()), 600)
    evidence = short(SOURCES[expectation["source"]].describe(select))
    facts, values, unread = _look_up(machine, expectation["source"], select, expect)
    facts, values, label = _worst(expect, facts, values)
    where = facts.get("evidence") or facts.get("source")
    if isinstance(where, str) and (where == facts.get("evidence") or LINE.search(where)):
        evidence = short("%s; %s" % (evidence, where), 600)
    wrong = [attribute for attribute in values if not matchers.holds(expect[attribute], values[attribute])]
    # What is known to be wrong stays wrong, whatever else could not be read.
    subject = _subject(expectation)
    if unread and not wrong:
        problem = min(unread, key=lambda problem: isinstance(problem, InapplicableError))
        return _unjudged(problem, expected, evidence, subject)
    actual = _actual(facts, {attribute: values[attribute] for attribute in wrong or expect}, bool(wrong), expect)
    differs = ["exists"] if wrong and actual.startswith(ABSENT) else wrong
    actual = "%s for %s" % (actual, label) if label else actual
    texts = [text for attribute in wrong for text in _texts(values[attribute])]
    status = "fail" if wrong else "pass"
    return Verdict(status, expected, short(actual, 800), evidence, wrong=texts, differs=differs, subject=subject)


def _texts(value):
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]


def _worst(expect, facts, values):
    """(facts, values, "") as they are, or of the first variant that does not match, with its label. A source gives
    `variants` where something else holds for some: label and facts of each."""
    if all(matchers.holds(expect[attribute], values[attribute]) for attribute in values):
        for label, other in facts.get("variants", ()):
            other_values = {attribute: _value(other, attribute) for attribute in values}
            if not all(matchers.holds(expect[attribute], other_values[attribute]) for attribute in other_values):
                return other, other_values, label
    return facts, values, ""


def _look_up(machine, name, select, attributes):
    """(facts, values of the attributes, what could not be read). A source can be slow or wrong in ways that nobody
    foresaw; then its checks are errors, and the others still have their answer."""
    values, unread = {}, []
    try:
        with bounded.within(SECONDS):
            if getattr(SOURCES[name], "RUNNING", False):
                machine.must_run(name)
            facts = SOURCES[name].look_up(machine, select)
            for attribute in attributes:
                try:
                    values[attribute] = _value(facts, attribute)
                except UnreadableError as problem:
                    unread.append(problem)
            return facts, values, unread
    except UnreadableError as problem:
        unread.append(problem)
    except bounded.TooLongError:
        unread.append(UnreadableError("source %s took longer than %d s" % (name, SECONDS)))
    except Exception as problem:
        description = "%s: %s" % (type(problem).__name__, problem)
        unread.append(UnreadableError("source %s failed in a way that is not foreseen: %s" % (name, description)))
    return {}, {}, unread


def _unjudged(problem, expected, evidence, subject):
    status, before = ("not_applicable", NOT_MEASURED) if isinstance(problem, InapplicableError) else ("error", "")
    return Verdict(status, expected, evidence=evidence, reason=before + short(str(problem)), subject=subject)


def _actual(facts, values, failed, expect):
    """What was found, of the attributes that matter; with the words of the machine itself when something is wrong. Of
    a thing that is not there that is told alone, unless its check passed or a text was compared all the same."""
    compared = [value for attribute, value in values.items() if attribute != "exists"]
    was_read = any(value is not None if not failed else value and isinstance(value, str) for value in compared)
    if not facts.get("exists", True) and compared and not was_read:
        actual = ABSENT
    else:
        actual = " and ".join(_shown(attribute, value, expect[attribute]) for attribute, value in values.items())
        version = facts.get("version") if list(values) == ["exists"] else None
        actual += " (version %s)" % short(version, 80) if version and isinstance(version, str) else ""
    if not failed or {"error", "stderr"} & set(values):
        return actual
    note = facts.get("error") or facts.get("stderr")
    note = note() if callable(note) else note
    return "%s (%s)" % (actual, short(note, 400)) if note else actual


def _shown(attribute, value, matcher):
    """What is in a file may be nobody's business, so of its text only the size is told, and which lines the check
    names."""
    if attribute in CONTENTS and value is not None:
        numbers = matchers.lines_with(value, matcher)
        named = "%s %s" % ("line" if len(numbers) == 1 else "lines", ", ".join(map(str, numbers[:20])))
        size = "%d %s" % (len(value), "lines" if isinstance(value, list) else "characters")
        return "%s of %s" % (named if numbers else attribute, size)
    text = short(value, SHOWN)
    if len(text) > SHOWN:  # it was cut: what is wrong in it must not be what is cut off
        parts, others = matchers.offending(value, matcher)
        text = "%s (and %d others)" % (short(parts, SHOWN), others) if parts else text
    return "%s = %s" % (attribute, text)


def _value(facts, attribute):
    """`headers.server` is the member `server` of the attribute `headers`; a thing that is not there has no value."""
    head, dot, member = attribute.partition(".")
    value = facts.get(attribute if attribute in facts or not dot else head)
    value = value() if callable(value) else value
    if isinstance(value, UnreadableError):
        raise value
    return value.get(member) if attribute not in facts and isinstance(value, dict) else value


def _all(parts):
    return _joined(parts, ("fail", "error", "not_applicable"), "pass", "; ")


def _any(parts):
    return _joined(parts, ("pass", "error", "not_applicable"), "fail", " or ")


def _none(parts):
    verdict = _any(parts)
    opposite = {"pass": "fail", "fail": "pass"}.get(verdict.status, verdict.status)
    text = "none of: " + verdict.expected
    return Verdict(opposite, text, verdict.found, verdict.evidence, reason=verdict.reason, wrong=[verdict.found])


def _joined(parts, decisive, otherwise, word):
    """The first of the decisive statuses that occurs, shown by the parts that have it; otherwise all parts. Where the
    same is asked of several things, or the answer is the same, each is named: "exists = true" of fourteen packages
    says nothing, and "does not exist" of two options neither."""
    status = next((s for s in decisive if any(part.status == s for part in parts)), otherwise)
    shown = [part for part in parts if part.status == status] or parts
    expected = parts if status == "error" or len(shown) == len(parts) else shown
    answers = [part.found for part in shown if part.found]
    named = len({part.expected for part in parts}) < len(parts) or len(set(answers)) < len(answers)
    return Verdict(
        status,
        short(word.join(_named(part, part.expected, named) for part in expected), 600),
        short("; ".join(_named(part, part.found, named) for part in shown if part.found), 800),
        short("; ".join(dict.fromkeys(part.evidence for part in shown)), 600),
        reason=clean("; ".join(dict.fromkeys(part.reason for part in shown if part.reason))),
        wrong=[text for part in shown for text in part.wrong],
        differs=dict.fromkeys(attribute for part in shown for attribute in part.differs),
    )


def _named(part, text, named):
    return "%s: %s" % (part.subject, text) if named and part.subject else text


def _first(check):
    """The expectation by which a check is described: itself, or the first one of its groups."""
    while "source" not in check:
        check = next(check[name][0] for name in language.GROUPS if check.get(name))
    return check


def _subject(expectation):
    """What the expectation is about: the main selector of its source, or what the source makes of all of them."""
    source = SOURCES[expectation["source"]]
    select = language.selector(expectation["source"], expectation.get("select"))
    subject = getattr(source, "subject", None)
    return short(subject(select) if subject else select.get(source.MAIN, ""), 200)


def _endpoint(machine, expectation):
    """Where a source spoke to, or looked for a listener, as `tcp 10.0.0.2 80`; empty when it does neither."""
    endpoint = getattr(SOURCES[expectation["source"]], "endpoint", None)
    if endpoint is None or machine.offline:
        return ""
    try:
        with bounded.within(SECONDS):
            return endpoint(machine, language.selector(expectation["source"], expectation.get("select")))
    except (UnreadableError, bounded.TooLongError, OSError, ValueError):
        return ""
