"""What needs attention: every reason of the verdict, and what nobody may overlook besides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from oplever.kinds.installation.chapters.baseline import approved_by, exception_problem
from oplever.kinds.installation.chapters.causes import main_causes, tests_explained
from oplever.kinds.installation.verdict import EFFECTS
from oplever.page.blocks import Attention, AttentionItem, Phrase, Tone
from oplever.page.parts import Blocks, alike_text, in_language, names_of, titled
from oplever.page.reasons import reason_text
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import FAULT_STATUS, setting_name, word
from oplever.record import alike, figures
from oplever.record.alike import Once
from oplever.record.causes import Cause
from oplever.record.drift import SUITE, UPDATES
from oplever.record.identity import latest
from oplever.record.model import Control, DriftAcceptance, Reason, Test
from oplever.record.persons import among, supervisors
from oplever.record.unusual import unusual

MOST_OF_A_KIND = 8
_TESTS = {"during": "tests_during", "after": "tests"}
"""Section of the document by stage of the test."""


_TEST_LABELS = {"fail": N_("Failed test"), "error": N_("No test result")}
_CONTROL_LABELS = {"fail": N_("Failing control"), "error": N_("Not measured")}
"""By what was found after the work. A title alone says what should be, and would read as what is."""

_UNKNOWN = frozenset({"no_tests", "hosts_untested", "snapshots_missing", "check_mode", "stated", "nothing_stated"})
"""Reasons because something was not measured."""


def attention(view: View, t: Translator) -> Blocks:
    """Every reason of the verdict, in full where there is more to show, and what nobody may overlook besides."""
    items: list[AttentionItem] = []
    shown: set[str] = set()
    for reason in view.record.document.reasons:
        name, detail = _DETAILS.get(reason.code, ("", None))
        if detail is None:
            items.append(_line(t, reason))
        elif name not in shown:
            shown.add(name)
            items += detail(view, t) or [_line(t, reason)]
    items += [] if "faults" in shown else _faults(view, t)
    items += [*_exceptions(view, t), *_escalations(view, t), *_incomplete(view, t)]
    asides = [*_updates(view, t), *_unusual(view, t)]
    return (Attention(t("Needs attention"), (*(items or [_nothing(view, t)]), *asides)),)


def _line(t: Translator, reason: Reason) -> AttentionItem:
    effect = EFFECTS.get(reason.code, "delivered_with_remarks")
    unknown = reason.code in _UNKNOWN
    tone: Tone = "info" if unknown else "warn" if effect == "delivered_with_remarks" else "bad"
    return AttentionItem(tone, t("Work"), reason_text(t, reason), section=_SECTIONS.get(reason.code, ""))


def _nothing(view: View, t: Translator) -> AttentionItem:
    """Used only when something was tested: without a test the verdict has a reason, and that is the item."""
    if any(control.after for control in view.record.baseline.controls):
        return AttentionItem("good", t("Nothing"), t("No failed test, open fault or failing control of high severity."))
    return AttentionItem("info", t("Nothing"), t("No failed test or open fault; security was not measured."))


def capped(
    t: Translator, items: list[AttentionItem], section: str, label: str, most: int = MOST_OF_A_KIND
) -> list[AttentionItem]:
    """The first few of a kind and one line for the rest, so that one kind cannot hide the others."""
    surplus = len(items) - most
    if surplus <= 1:
        return items
    text = t("and {count} more", count=surplus)
    return [*items[:most], AttentionItem(items[most].tone, label, text, section=section)]


def _failing_tests(view: View, t: Translator) -> list[AttentionItem]:
    same = alike.once(view.causes, lambda cause: alike.of_test(cause.test), lambda cause: cause.test.host)
    causes = main_causes(same)
    items = [
        AttentionItem(
            "bad",
            _label(t, _TEST_LABELS, test.status),
            _on(t, view.in_order(cause.hosts), titled(t, test.title) or test.id),
            (
                *_expected_found(t, test, test.status),
                *_detail("; " + consequences if (consequences := _consequences(view, t, cause)) else ""),
            ),
            section=_TESTS[test.stage],
            language=in_language(t, test.title),
        )
        for cause in causes
        for test in [cause.members[0].test]
    ]
    surplus = len(view.failing_tests) - sum(map(tests_explained, causes))
    more = AttentionItem("bad", t("Failed test"), t("and {count} more", count=surplus), section="tests")
    return [*items, *([more] if surplus else [])]


def _on(t: Translator, hosts: Sequence[str], title: str) -> str:
    """What is so, and on which machines."""
    return f"{hosts[0]}: {title}" if len(hosts) == 1 else f"{title} ({alike_text(t, hosts)})"


def _consequences(view: View, t: Translator, cause: Once[Cause]) -> str:
    """How many tests fail because of this one, and on which other machines."""
    consequences = [test for member in cause.members for test in member.consequences]
    count = len(consequences)
    hosts = view.in_order(test.host for test in consequences if test.host not in cause.hosts)
    if not count:
        return ""
    if not hosts:
        return t.plural("{count} other test fails with it", "{count} other tests fail with it", count)
    return t.plural(
        "{count} other test fails with it, also on {hosts}",
        "{count} other tests fail with it, also on {hosts}",
        count,
        hosts=names_of(t, hosts),
    )


def _expected_found(t: Translator, check: Test | Control, status: str | None) -> tuple[Phrase, ...]:
    """Expected and found, or why it was not read; nothing of a test by hand that says neither. Texts of machines are
    English, others in the language of the page."""
    if not (check.expected or check.found or check.reason):
        return ()
    language = t.language if isinstance(check, Test) and check.by != "machine" else "en"
    expected, found = check.expected or "–", check.found or "–"
    if status == "error" and check.reason:
        message = N_("expected {expected}; not read: {reason}")
        return t.phrases(message, language, expected=expected, reason=check.reason)
    return t.phrases(N_("expected {expected}; found {found}"), language, expected=expected, found=found)


def _detail(text: str) -> tuple[Phrase, ...]:
    return (Phrase(text),) if text else ()


def _faults(view: View, t: Translator) -> list[AttentionItem]:
    """Open faults, except those that only repeat a failed test in the list."""
    listed = {(test.host, test.id) for test in view.failing_tests}
    listed |= {(control.host, control.id) for control in view.failing_controls}
    items = [
        AttentionItem(
            FAULT_STATUS[fault.status][0],
            t("Open fault") if fault.status == "open" else t("Escalated fault"),
            f"{fault.host}: {fault.symptom}" if fault.host else fault.symptom,
            _detail(": ".join(part for part in (word(t, fault.kind), fault.location) if part)),
            section="faults",
            language="" if fault.kind == "reported" else t.mark("en"),
        )
        for fault in view.unsolved_faults
        if not (fault.kind == "test_failed" and (fault.host, fault.location) in listed)
    ]
    return capped(t, items, "faults", t("Open fault"))


def _label(t: Translator, labels: dict[str, str], status: str | None) -> str:
    """The label for this status. One that could not be read did not fail: its state is unknown."""
    return t(labels.get(status or "", labels["fail"]))


def _controls(view: View, t: Translator) -> list[AttentionItem]:
    """Failing controls of high severity, one line per control and result; the others as counts."""
    groups: dict[tuple[str, str | None], list[Control]] = defaultdict(list)
    lesser: Counter[str | None] = Counter()
    for control in view.failing_controls:
        if control.severity == "high":
            groups[control.id, control.after].append(control)
        else:
            lesser[control.after] += 1
    items = [
        AttentionItem(
            "bad",
            _label(t, _CONTROL_LABELS, status),
            f"{titled(t, group[0].title) or name} ({names_of(t, [control.host for control in group])})",
            _expected_found(t, group[0], status),
            section="baseline",
            language=in_language(t, group[0].title),
        )
        for (name, status), group in groups.items()
    ]
    items = capped(t, items, "baseline", t("Security"))
    return [*items, *_lesser(t, lesser)]


def _lesser(t: Translator, counts: Counter[str | None]) -> Iterator[AttentionItem]:
    """How many controls of medium or low severity fail, and how many could not be read."""
    texts = {
        "fail": t.plural(
            "{count} control of medium or low severity fails",
            "{count} controls of medium or low severity fail",
            counts["fail"],
        ),
        "error": t.plural(
            "{count} control of medium or low severity could not be measured",
            "{count} controls of medium or low severity could not be measured",
            counts["error"],
        ),
    }
    for status, text in texts.items():
        if counts[status]:
            yield AttentionItem("warn", t("Security"), text, section="baseline")


def _exceptions(view: View, t: Translator) -> list[AttentionItem]:
    """Exceptions that do not count, and those by which an important control is let go."""
    baseline = view.record.baseline
    waived: dict[tuple[str, str], list[Control]] = defaultdict(list)
    for control in view.controls:
        if control.after == "waived" and control.severity == "high":
            waived[control.exception, control.id].append(control)
    items = [
        AttentionItem(
            "warn",
            t("Exception"),
            t(
                "{control}, severity high, on {hosts}, until {day}",
                control=titled(t, controls[0].title) or grant.control,
                hosts=names_of(t, [control.host for control in controls]),
                day=t.day(grant.expires) if grant.expires else t("no date"),
            ),
            _detail(approved_by(t, view.record, grant)),
            section="baseline",
        )
        for grant in baseline.exceptions
        if (controls := waived[grant.id, grant.control])
    ]
    return items + [
        AttentionItem(
            "warn",
            t("Exception"),
            t("The exception for {control} does not count", control=grant.control),
            _detail(exception_problem(t, grant)),
            section="baseline",
        )
        for grant in baseline.exceptions
        if not grant.valid
    ]


def _accepted_drift(view: View, t: Translator) -> list[AttentionItem]:
    """Differences with the delivery that a person accepted: what, who, until when and why."""
    label = t("Accepted")
    items = [
        AttentionItem(
            "warn",
            label,
            _on(t, same.hosts, titled(t, test.title)),
            _detail(_accepted_by(t, test.acceptance)),
            section="tests",
            language=in_language(t, test.title),
        )
        for same in _once(view, figures.accepted_drift(view.record))
        for test in same.members[:1]
        if test.acceptance
    ]
    return capped(t, items, "tests", label)


def _once(view: View, tests: Sequence[Test]) -> tuple[Once[Test], ...]:
    same = alike.once(tests, alike.of_test, lambda test: test.host)
    return tuple(grant._replace(hosts=view.in_order(grant.hosts)) for grant in same)


def _accepted_by(t: Translator, acceptance: DriftAcceptance) -> str:
    by, reason, day = acceptance.by, acceptance.reason, t.day(acceptance.until) if acceptance.until else ""
    if day:
        return t("{name} accepted it until {day}: {reason}", name=by, day=day, reason=reason)
    return t("{name} accepted it: {reason}", name=by, reason=reason)


def _updates(view: View, t: Translator) -> list[AttentionItem]:
    """Per machine how many packages were updated since the delivery, and from approved origins alone."""
    return capped(
        t,
        [
            AttentionItem(
                "info",
                t("Updates"),
                _on(t, same.hosts, titled(t, test.title)),
                section="tests",
                language=in_language(t, test.title),
            )
            for same in _once(
                view, [test for test in latest(view.record.tests) if (test.id, test.suite) == (UPDATES, SUITE)]
            )
            for test in same.members[:1]
        ],
        "tests",
        t("Updates"),
    )


def _unusual(view: View, t: Translator) -> list[AttentionItem]:
    """Settings to ask about: nothing is known to be wrong."""
    texts = {
        "keyboard": N_("Is this intended on {hosts}: {name} {value}, with language {other}?"),
        "minority": N_("Is this intended on {hosts}: {name} {value}, and not {other} as on the others?"),
    }
    return [
        AttentionItem(
            "info",
            t("Ask"),
            t(
                texts[item.why],
                hosts=names_of(t, view.in_order(item.hosts)),
                name=setting_name(t, "host", item.name),
                value=item.value,
                other=item.other,
            ),
            section="systems",
        )
        for item in unusual(view.record)
    ]


def _user(view: View, t: Translator) -> list[AttentionItem]:
    remarks = view.record.acceptance.remarks
    return [AttentionItem("bad", t("User"), t("The user rejected the work"), _detail(remarks), section="acceptance")]


def _supervisor(view: View, t: Translator) -> list[AttentionItem]:
    decision = view.record.accountability
    text = t("{name} rejected the work", name=decision.decided_by)
    return [AttentionItem("bad", t("Supervisor"), text, _detail(decision.remarks), section="accountability")]


def _rest_points(view: View, t: Translator) -> list[AttentionItem]:
    return [
        AttentionItem(
            "warn",
            t("Open point"),
            point.item,
            _detail(_owner_due(t, point.owner, point.due)),
            section="rest_points",
        )
        for point in figures.open_points(view.record)
    ]


def _escalations(view: View, t: Translator) -> list[AttentionItem]:
    return [
        AttentionItem(
            "warn",
            t("Escalation"),
            t("{name} has not answered yet", name=escalation.to),
            _detail(escalation.message),
            section="escalations",
        )
        for escalation in view.record.escalations
        if not escalation.closed
    ]


def _incomplete(view: View, t: Translator) -> list[AttentionItem]:
    """An approval of a record that lacks something, and a decision by somebody else than the assigned supervisor."""
    record, decision = view.record, view.record.accountability
    items = []
    if decision.decision == "approved" and record.completeness.missing:
        count = len(record.completeness.missing)
        text = t.plural("Approved while {count} item is missing", "Approved while {count} items are missing", count)
        items.append(AttentionItem("warn", t("Supervisor"), text, section="accountability"))
    assigned = supervisors(record)
    if decision.decision and assigned and not among(decision.decided_by, assigned):
        text = t("{name} decided, not {assigned}", name=decision.decided_by, assigned=", ".join(assigned))
        items.append(AttentionItem("warn", t("Supervisor"), text, section="accountability"))
    return items


def _owner_due(t: Translator, owner: str, due: str) -> str:
    parts = [t("owner {owner}", owner=owner) if owner else "", t("due {day}", day=t.day(due)) if due else ""]
    return ", ".join(part for part in parts if part)


_DETAILS: dict[str, tuple[str, Callable[[View, Translator], list[AttentionItem]]]] = {
    "tests_failed": ("tests", _failing_tests),
    "faults_open": ("faults", _faults),
    "faults_escalated": ("faults", _faults),
    "controls_failed": ("controls", _controls),
    "drift_accepted": ("accepted drift", _accepted_drift),
    "acceptance_rejected": ("user", _user),
    "decision_rejected": ("supervisor", _supervisor),
    "rest_points_open": ("rest_points", _rest_points),
}
"""Reasons of which more is shown than their sentence, each list once."""
_SECTIONS = {
    "hosts_failed": "steps",
    "hosts_unreachable": "steps",
    "helpers_unreachable": "steps",
    "failures_ignored": "faults",
    "plays_not_begun": "plan",
    "accepted_with_rest_points": "acceptance",
    "snapshots_missing": "systems",
    "no_tests": "tests",
    "hosts_untested": "tests",
}
