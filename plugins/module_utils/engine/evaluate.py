"""Checks against a machine: pure, except for what the sources look up.

A check names one expectation, or groups of them (`all`, `any`, `none`). Each expectation comes to a Verdict, groups
combine those of their parts, and the verdict of the check becomes its result.
"""

from __future__ import annotations

import re
import time

from ansible_collections.oplever.lab.plugins.module_utils import bounded
from ansible_collections.oplever.lab.plugins.module_utils.engine import language, waivers, wording
from ansible_collections.oplever.lab.plugins.module_utils.engine.answer import SECONDS, look_up
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules.text import clean, short
from ansible_collections.oplever.lab.plugins.module_utils.machine import InapplicableError, UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.readable import readable
from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES

LINE = re.compile(r":\d+\Z")
# The reason of a result that is not applicable begins with this where the thing itself was not looked at.
NOT_MEASURED = "not measured: "
STATUSES = ("pass", "fail", "error", "not_applicable", "waived")


class Verdict:
    """What one expectation came to: `status` (pass, fail, error, not_applicable) and the texts that go with it.

    `wrong` has one text for each value that does not match, of a list one for each member. `differs` are the attributes
    of those values, or `exists` alone when the thing does not exist. `subject` is the thing."""

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
    """Tell each source beforehand all that the checks will ask of it, so that it asks the machine only once."""
    selects = {}
    for check in checks:
        for expectation in language.expectations(check):
            selects.setdefault(expectation["source"], []).append(
                language.selector(expectation["source"], expectation.get("select"))
            )
    for name, selects_of_source in selects.items():
        prepare = getattr(SOURCES[name], "prepare", None)
        if prepare is not None:
            prepare(machine, selects_of_source)


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
    """(result, texts of what is wrong). `failed` are the ids of checks that failed before this one."""
    start = time.monotonic()
    base = next((name for name in check.get("builds_on", ()) if name in failed), None)
    if base is None:
        verdict = _applied(machine, check)
    else:
        verdict = Verdict("error", "", reason="not tested: %s fails, and this builds on it" % base)
    first = _first(check)
    return {
        "id": check["id"],
        "title": language.translations(check["title"]),
        "source": first["source"],
        "subject": _subject(first),
        "status": verdict.status,
        "expected": verdict.expected,
        "found": verdict.found,
        "differs": list(verdict.differs),
        "evidence": verdict.evidence,
        "reason": verdict.reason,
        "endpoint": "" if verdict.status == "not_applicable" else _endpoint(machine, first),
        "builds_on": [str(name) for name in check.get("builds_on", ())],
        "severity": check.get("severity", ""),
        "area": check.get("area", ""),
        "remedy": language.translations(check.get("remedy")),
        "refs": check.get("refs", {}),
        "exception": "",
        "duration": round(time.monotonic() - start, 4),
    }, verdict.wrong


def _applied(machine, check):
    """The Verdict of a check, which does not apply where one of its conditions does not hold."""
    for condition in language.listed(check.get("when")):
        verdict = _judge(machine, condition)
        if verdict.status == "fail":
            reason = language.translations(check.get("reason"))["en"]
            reason = reason or "%s does not hold: %s" % (verdict.expected, verdict.found)
            return Verdict("not_applicable", "", evidence=verdict.evidence, reason=_prefix(condition) + reason)
        if verdict.status != "pass":
            return verdict
    return _judge(machine, check)


def _prefix(condition):
    """NOT_MEASURED for a condition about containers: there the setting is that of the host, which was not looked at.
    Other conditions say that the check has no meaning on this machine."""
    is_about_container = condition.get("source") == "context" and "container" in condition.get("expect", {})
    return NOT_MEASURED if is_about_container else ""


def _judge(machine, expectation):
    for name, combine in (("all", _all), ("any", _any), ("none", _none)):
        if name in expectation:
            return combine([_judge(machine, part) for part in expectation[name]])
    return _single(machine, expectation)


def _single(machine, expectation):
    source = expectation["source"]
    select = language.selector(source, expectation.get("select"))
    expect = {str(attribute): matcher for attribute, matcher in expectation["expect"].items()}
    expected = short(" and ".join(matchers.describe(attribute, matcher) for attribute, matcher in expect.items()), 600)
    subject = _subject(expectation)
    answer = look_up(machine, source, select, expect).decisive(expect)
    evidence = _evidence(short(SOURCES[source].describe(select)), answer.facts)
    wrong = answer.mismatches(expect)
    # What is known to be wrong stays wrong, whatever else could not be read.
    if answer.unread and not wrong:
        problem = min(answer.unread, key=lambda problem: isinstance(problem, InapplicableError))
        return _unjudged(problem, expected, evidence, subject)
    decisive_values = {attribute: answer.values[attribute] for attribute in wrong or expect}
    observation = wording.observation(answer.facts, decisive_values, expect, failed=bool(wrong))
    is_absent = observation.startswith(wording.ABSENT)
    return Verdict(
        "fail" if wrong else "pass",
        expected,
        short("%s for %s" % (observation, answer.variant) if answer.variant else observation, 800),
        evidence,
        wrong=[text for attribute in wrong for text in _texts(answer.values[attribute])],
        differs=["exists"] if wrong and is_absent else wrong,
        subject=subject,
    )


def _evidence(description, facts):
    """Where the source looked, with the line of a file or other place that it names itself."""
    place = facts.get("evidence") or facts.get("source")
    is_place = isinstance(place, str) and (place == facts.get("evidence") or LINE.search(place))
    return short("%s; %s" % (description, place), 600) if is_place else description


def _texts(value):
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]


def _unjudged(problem, expected, evidence, subject):
    status, before = ("not_applicable", NOT_MEASURED) if isinstance(problem, InapplicableError) else ("error", "")
    return Verdict(status, expected, evidence=evidence, reason=before + short(str(problem)), subject=subject)


def _all(parts):
    return _joined(parts, ("fail", "error", "not_applicable"), "pass", "; ")


def _any(parts):
    return _joined(parts, ("pass", "error", "not_applicable"), "fail", " or ")


def _none(parts):
    verdict = _any(parts)
    opposite = {"pass": "fail", "fail": "pass"}.get(verdict.status, verdict.status)
    text = "none of: " + verdict.expected
    return Verdict(opposite, text, verdict.found, verdict.evidence, reason=verdict.reason, wrong=[verdict.found])


def _joined(parts, decisive, otherwise, conjunction):
    """The Verdict of a group: the first of the statuses in `decisive` that one of its parts has, else `otherwise`. Its
    texts are those of the parts with that status, or of all parts when there are none."""
    statuses = {part.status for part in parts}
    status = next((status for status in decisive if status in statuses), otherwise)
    deciding = [part for part in parts if part.status == status] or parts
    # Subjects are named where parts ask or answer the same: "exists = true" of fourteen packages says nothing.
    answers = [part.found for part in deciding if part.found]
    is_alike = len({part.expected for part in parts}) < len(parts) or len(set(answers)) < len(answers)
    expected = [_labelled(part, part.expected, is_alike) for part in (parts if status == "error" else deciding)]
    return Verdict(
        status,
        short(conjunction.join(expected), 600),
        short("; ".join(_labelled(part, part.found, is_alike) for part in deciding if part.found), 800),
        short("; ".join(dict.fromkeys(part.evidence for part in deciding)), 600),
        reason=clean("; ".join(dict.fromkeys(part.reason for part in deciding if part.reason))),
        wrong=[text for part in deciding for text in part.wrong],
        differs=dict.fromkeys(attribute for part in deciding for attribute in part.differs),
    )


def _labelled(part, text, with_subject):
    return "%s: %s" % (part.subject, text) if with_subject and part.subject else text


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
