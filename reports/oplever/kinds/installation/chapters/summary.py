"""The first screen: what, where, when, who; the verdict; what needs attention; one tile per machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from oplever.kinds.installation.chapters.baseline import approved_by, exception_problem
from oplever.kinds.installation.chapters.faults import unsolved
from oplever.kinds.installation.chapters.tests import passed_of, tests_tone
from oplever.kinds.installation.chapters.timeline import timeline
from oplever.kinds.installation.headline import headline
from oplever.kinds.installation.verdict import EFFECTS
from oplever.page.blocks import Attention, AttentionItem, Cell, Column, Details, Phrase, Tile, Tiles, Tone, Verdict
from oplever.page.parts import Blocks, in_language, people_named, table, titled
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import FAULT_STATUS, missing_text, reason_text, word, work_process
from oplever.record import figures
from oplever.record.causes import Cause
from oplever.record.model import Control, Missing, Reason, Record, System, Test
from oplever.record.persons import among, supervisors
from oplever.record.start import is_stated

_MOST_OF_A_KIND = 8
_MOST_CAUSES = 5
_MOST_TILES = 12
_TESTS = {"during": "tests_during", "after": "tests"}
"""Section of the document by stage of the test."""


_UNKNOWN = frozenset({"no_tests", "hosts_untested", "snapshots_missing", "check_mode", "stated", "nothing_stated"})
"""Reasons that say that nobody measured it."""


def title(record: Record, t: Translator) -> str:
    names = [path.rsplit("/", 1)[-1] for path in record.document.playbooks]
    return record.assignment.title or t("Run of {playbooks}", playbooks=", ".join(names) or record.id)


def facts(record: Record, t: Translator) -> tuple[tuple[str, Cell], ...]:
    """What, where, when and who, in a few words each."""
    doc, job = record.document, record.assignment
    number = t("number {id}", id=job.id) if job.id else ""
    work = work_process(t, record.work_process).capitalize() if record.work_process else title(record, t)
    names = [system.name for system in record.systems]
    machines = t.plural("{count} machine", "{count} machines", len(names))
    where = Cell(job.location or machines, note=", ".join(names[:8]) + (" …" if len(names) > 8 else ""))
    took = t("took {duration}", duration=t.duration(doc.duration)) if doc.ended else t("not finished")
    took = t("opened; work by hand") if is_stated(record) else took
    executors = people_named(record, "executor")
    principal = t("for {client}", client=job.principal) if job.principal else ""
    return (
        (t("What"), Cell(work, note=number)),
        (t("Where"), where),
        (t("When"), Cell(t.moment(doc.started), note=took)),
        (t("Who"), Cell(executors or t("not recorded"), note=principal)),
    )


def verdict(record: Record, t: Translator) -> Verdict:
    return Verdict(*headline(t, record), tuple(reason_text(t, reason) for reason in record.document.reasons))


def summary(view: View, t: Translator) -> Blocks:
    return (*_attention(view, t), *_supply(view, t), *_machines(view, t), *timeline(view, t))


def _attention(view: View, t: Translator) -> Blocks:
    """Every reason of the verdict, in full where there is more to show, and what nobody may overlook besides."""
    items: list[AttentionItem] = []
    shown: set[str] = set()
    for reason in view.record.document.reasons:
        if reason.code == "hosts_failed" and _only_tests_failed(view, reason.params["hosts"]):
            continue
        name, detail = _DETAILS.get(reason.code, ("", None))
        if detail is None:
            items.append(_line(t, reason))
        elif name not in shown:
            shown.add(name)
            items += detail(view, t) or [_line(t, reason)]
    items += [] if "faults" in shown else _faults(view, t)
    items += [*_exceptions(view, t), *_escalations(view, t), *_incomplete(view, t)]
    return (Attention(t("Needs attention"), tuple(items) or (_nothing(view, t),)),)


def _only_tests_failed(view: View, hosts: Sequence[str]) -> bool:
    """Whether the steps that failed on these machines only say that tests did, which are listed themselves."""
    other = {fault.host for fault in view.unsolved_faults if fault.kind == "task_failed"}
    return bool(hosts) and all(view.failing_on[host] and host not in other for host in hosts)


def _line(t: Translator, reason: Reason) -> AttentionItem:
    effect = EFFECTS.get(reason.code, "delivered_with_remarks")
    unknown = reason.code in _UNKNOWN
    tone: Tone = "info" if unknown else "warn" if effect == "delivered_with_remarks" else "bad"
    return AttentionItem(tone, t("Work"), reason_text(t, reason), section=_SECTIONS.get(reason.code, ""))


def _nothing(view: View, t: Translator) -> AttentionItem:
    """Said only of what was tested: without a test the verdict has a reason, and that stands here."""
    if any(control.after for control in view.record.baseline.controls):
        return AttentionItem("good", t("Nothing"), t("No failed test, open fault or failing control of high severity."))
    return AttentionItem("info", t("Nothing"), t("No failed test or open fault; security was not measured."))


def _capped(t: Translator, items: list[AttentionItem], section: str, label: str) -> list[AttentionItem]:
    """The first few of a kind and one line for the rest, so that one kind cannot hide the others."""
    surplus = len(items) - _MOST_OF_A_KIND
    if surplus <= 1:
        return items
    text = t("and {count} more", count=surplus)
    return [*items[:_MOST_OF_A_KIND], AttentionItem(items[0].tone, label, text, section=section)]


def _failing_tests(view: View, t: Translator) -> list[AttentionItem]:
    label, shown = t("Failed test"), _every_machine_first(view.causes)[:_MOST_CAUSES]
    items = [
        AttentionItem(
            "bad",
            label,
            f"{cause.test.host}: {titled(t, cause.test.title) or cause.test.id}",
            (
                *_expected_found(t, cause.test, cause.test.status),
                *_detail("; " + consequences if (consequences := _consequences(t, cause)) else ""),
            ),
            section=_TESTS[cause.test.stage],
            language=in_language(t, cause.test.title),
        )
        for cause in shown
    ]
    left = len(view.failing_tests) - sum(1 + len(cause.consequences) for cause in shown)
    more = AttentionItem("bad", label, t("and {count} more", count=left), section="tests")
    return [*items, *([more] if left else [])]


def _consequences(t: Translator, cause: Cause) -> str:
    """How many tests fail because of this one, and on which other machines."""
    count = len(cause.consequences)
    hosts = list(dict.fromkeys(test.host for test in cause.consequences if test.host != cause.test.host))
    if not count:
        return ""
    if not hosts:
        return t.plural("{count} other test fails with it", "{count} other tests fail with it", count)
    return t.plural(
        "{count} other test fails with it, also on {hosts}",
        "{count} other tests fail with it, also on {hosts}",
        count,
        hosts=_hosts(t, hosts),
    )


def _every_machine_first(causes: Sequence[Cause]) -> list[Cause]:
    """Of each machine the first before the second of any, so that one that has many hides no other."""
    rank: Counter[str] = Counter()
    ranks = []
    for cause in causes:
        ranks.append(rank[cause.test.host])
        rank[cause.test.host] += 1
    return [cause for _, cause in sorted(zip(ranks, causes, strict=True), key=lambda pair: pair[0])]


def _expected_found(t: Translator, check: Test | Control, status: str | None) -> tuple[Phrase, ...]:
    """What was found, or why nobody can know. Machines say it in English, people in the language of the page."""
    language = t.language if isinstance(check, Test) and check.by != "machine" else "en"
    expected, found = check.expected or "–", check.found or "–"
    if status == "error" and check.reason:
        message = N_("expected {expected}; not read: {reason}")
        return t.phrases(message, language, expected=expected, reason=check.reason)
    return t.phrases(N_("expected {expected}; found {found}"), language, expected=expected, found=found)


def _detail(text: str) -> tuple[Phrase, ...]:
    return (Phrase(text),) if text else ()


def _faults(view: View, t: Translator) -> list[AttentionItem]:
    """Open faults; a fault that only says that a listed test failed is not said twice."""
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
    return _capped(t, items, "faults", t("Open fault"))


def _hosts(t: Translator, names: list[str]) -> str:
    surplus = len(names) - _MOST_OF_A_KIND
    return ", ".join([*names[:_MOST_OF_A_KIND], *([t("and {count} more", count=surplus)] if surplus > 0 else [])])


def _controls(view: View, t: Translator) -> list[AttentionItem]:
    """Failing controls of high severity, one line per control; the others as a count."""
    groups: dict[str, list[Control]] = defaultdict(list)
    for control in view.failing_controls:
        if control.severity == "high":
            groups[control.id].append(control)
    label = t("Security")
    items = [
        AttentionItem(
            "bad",
            label,
            f"{titled(t, group[0].title) or name} ({_hosts(t, [control.host for control in group])})",
            _expected_found(t, group[0], group[0].after),
            section="baseline",
            language=in_language(t, group[0].title),
        )
        for name, group in groups.items()
    ]
    items = _capped(t, items, "baseline", label)
    lesser = len(view.failing_controls) - sum(len(group) for group in groups.values())
    if lesser:
        text = t.plural(
            "{count} control of medium or low severity fails",
            "{count} controls of medium or low severity fail",
            lesser,
        )
        items.append(AttentionItem("warn", label, text, section="baseline"))
    return items


def _exceptions(view: View, t: Translator) -> list[AttentionItem]:
    """Exceptions that do not count, and those by which an important control is let go."""
    baseline = view.record.baseline
    waived = defaultdict(list)
    for control in baseline.controls:
        if control.after == "waived" and control.severity == "high":
            waived[control.exception].append(control)
    items = [
        AttentionItem(
            "warn",
            t("Exception"),
            t(
                "{control}, severity high, on {hosts}, until {day}",
                control=titled(t, waived[grant.id][0].title) or grant.control,
                hosts=_hosts(t, [control.host for control in waived[grant.id]]),
                day=t.day(grant.expires) if grant.expires else t("no date"),
            ),
            _detail(approved_by(t, view.record, grant)),
            section="baseline",
        )
        for grant in baseline.exceptions
        if waived[grant.id]
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
    "acceptance_rejected": ("user", _user),
    "decision_rejected": ("supervisor", _supervisor),
    "rest_points_open": ("rest_points", _rest_points),
}
"""Reasons of which more is shown than their sentence, each list once."""
_SECTIONS = {
    "hosts_failed": "steps",
    "hosts_unreachable": "steps",
    "failures_ignored": "faults",
    "plays_not_begun": "plan",
    "accepted_with_rest_points": "acceptance",
    "snapshots_missing": "systems",
    "no_tests": "tests",
    "hosts_untested": "tests",
}


def _supply(view: View, t: Translator) -> Blocks:
    """What is still missing from the record, who must supply it and how."""
    missing = view.record.completeness.missing
    if not missing:
        return ()
    return (Attention(t("Still needed"), tuple(supply_item(t, item) for item in missing)),)


def supply_item(t: Translator, missing: Missing) -> AttentionItem:
    return AttentionItem(
        "info",
        word(t, missing.who).capitalize(),
        missing_text(t, missing.code, missing.params),
        command=missing.command,
    )


def _machines(view: View, t: Translator) -> Blocks:
    tiles = [_tile(view, t, system) for system in view.record.systems]
    if len(tiles) <= _MOST_TILES:
        return (Tiles(t("Machines"), tuple(tiles)),) if tiles else ()
    telling = [tile for tile in tiles if tile.status.tone != "good"][:_MOST_TILES]
    names = [name for name, _ in tiles[0].facts]
    columns = (Column(t("Machine"), 2), Column(t("State"), 2), *(Column(name, 2) for name in names))
    rows = [(Cell(tile.title, note=tile.subtitle), tile.status, *(cell for _, cell in tile.facts)) for tile in tiles]
    every = t.plural("{count} machine", "{count} machines", len(tiles))
    shown: Blocks = (Tiles(t("Machines"), tuple(telling)),) if telling else ()
    return (*shown, Details(t("All machines"), table(t("All machines"), columns, rows, 200), count=every, paper=True))


def _tile(view: View, t: Translator, system: System) -> Tile:
    tests = view.host_tests(system.name)
    failing, faults = view.failing_on[system.name], view.faults_on[system.name]
    score = view.scores.get(system.name)
    before = score.before.score if score and score.before else None
    after = score.after.score if score and score.after else None
    in_steps = t.duration(system.machine_seconds)
    return Tile(
        title=system.name,
        subtitle=system.os or t("unknown: no snapshot"),
        status=_state(view, t, system, failing, faults),
        facts=(
            (t("Tests"), Cell(passed_of(t, tests), tests_tone(tests)) if tests else Cell(t("none"), "info")),
            (t("Security"), Cell(_score_text(t, before, after))),
            (t("Changes"), Cell(_changes(view, t, system))),
            (t("Faults"), Cell(unsolved(t, faults), "bad") if faults else Cell(t("none"))),
            (t("Time in steps"), Cell(t("not measured") if is_stated(view.record) else in_steps)),
        ),
        score_before=before,
        score_after=after,
        score_text=_score_text(t, before, after),
    )


def _state(view: View, t: Translator, system: System, failing: int, faults: int) -> Cell:
    """What is known of a machine. Green is what was tested, nothing else."""
    if not system.reachable or system.recap.unreachable:
        return Cell(t("not reachable"), "bad")
    if system.name in view.behind:
        return Cell(t("did not get all of the work"), "bad")
    if failing or faults or system.recap.failed:
        return Cell(t("not OK"), "bad")
    if view.record.verdict == "interrupted":
        return Cell(t("not finished"), "warn")
    if system.name not in view.tested:
        return Cell(t("not tested"), "info")
    if is_stated(view.record):
        return Cell(t("in order as stated"), "info")
    high = system.name in view.insecure
    tone: Tone = "warn" if high else "good"
    return Cell(t("OK, with security remarks") if high else t("OK"), tone)


def _score_text(t: Translator, before: float | None, after: float | None) -> str:
    if after is None:
        return t("not measured") if before is None else t("{score} before", score=t.number(before))
    return t.number(after) if before is None else f"{t.number(before)} → {t.number(after)}"


def _changes(view: View, t: Translator, system: System) -> str:
    components, settings = view.changes.get(system.name, (0, 0))
    parts = [
        t.plural("{count} component", "{count} components", components) if components else "",
        t.plural("{count} setting", "{count} settings", settings) if settings else "",
    ]
    is_measured = system.snapshot_before and system.snapshot_after
    return ", ".join(part for part in parts if part) or (t("none") if is_measured else t("not measured"))
