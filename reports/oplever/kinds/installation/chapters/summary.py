"""The first page, on which a supervisor decides: which record, how far it is, what was counted, who is waited for, what
needs attention, the machines in a line each, the run over time, and security before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from oplever.kinds.installation.chapters.attention import attention
from oplever.kinds.installation.chapters.baseline import inapplicable_text, of_the_host_text
from oplever.kinds.installation.chapters.runs import runs
from oplever.kinds.installation.chapters.tests import passed_of, tests_tone
from oplever.kinds.installation.chapters.timeline import timeline
from oplever.kinds.installation.headline import headline, stages
from oplever.kinds.installation.order import Order, State
from oplever.kinds.installation.stage import standing
from oplever.page.blocks import Bar, Bars, Cell, Column, Details, Need, Paragraph, Tone, Verdict, Waiting
from oplever.page.parts import (
    MOST_APART,
    Blocks,
    code,
    every_name,
    machines_cell,
    names_of,
    people_named,
    step_cell,
    table,
    titled,
)
from oplever.page.reasons import missing_text
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import area, toned, word, work_process
from oplever.record import figures
from oplever.record.alike import TrialChange
from oplever.record.identity import latest
from oplever.record.model import HostScore, Missing, Record, System, Who
from oplever.record.origins import Changed
from oplever.record.start import is_stated

_PEOPLE: tuple[Who, ...] = ("user", "supervisor")
_WORST_FIRST: tuple[Tone, ...] = ("bad", "warn", "info", "plain", "good")


def title(record: Record, t: Translator) -> str:
    names = [path.rsplit("/", 1)[-1] for path in record.document.playbooks]
    return record.assignment.title or t("Run of {playbooks}", playbooks=", ".join(names) or record.id)


def facts(record: Record, t: Translator) -> tuple[tuple[str, Cell], ...]:
    """Which record this is, in a few words: number, what, where, when and who."""
    doc, job = record.document, record.assignment
    work = work_process(t, record.work_process) if record.work_process else ""
    took = t("took {duration}", duration=t.duration(doc.duration)) if doc.ended else t("not finished")
    took = t("opened; work by hand") if is_stated(record) else took
    if record.runs and doc.ended:
        count = len(record.runs)
        took = t.plural(
            "took {duration} in {count} run",
            "took {duration} in {count} runs",
            count,
            duration=t.duration(doc.duration),
        )
    executors = people_named(record, "executor")
    principal = t("for {client}", client=job.principal) if job.principal else ""
    texts = (
        (t("Number"), job.id, ""),
        (t("What"), work, ""),
        (t("Where"), job.location, ""),
        (t("When"), t.moment(doc.started), took),
        (t("Who"), executors or t("technician not recorded"), principal),
    )
    return tuple((name, Cell(text, note=note)) for name, text, note in texts if text)


def verdict(record: Record, t: Translator) -> Verdict:
    return Verdict(*headline(t, record), figures=_figures(record, t), stages=stages(t, record))


def _figures(record: Record, t: Translator) -> str:
    """What was counted, of how many, in one sentence."""
    tests, controls, faults = latest(record.tests), figures.measured(record), figures.unsolved_faults(record)
    parts = [
        t.plural("{count} machine", "{count} machines", len(record.systems)) if record.systems else "",
        passed_of(t, tests) if tests else t("nothing tested"),
        *_controls(controls, t),
        t.plural("{count} fault not solved", "{count} faults not solved", len(faults)) if faults else "",
    ]
    text = ", ".join(part for part in parts if part)
    return f"{text[0].upper()}{text[1:]}."


def _controls(controls: figures.Measured, t: Translator) -> Iterator[str]:
    if not controls.total:
        yield t("security not measured")
        return
    yield t(
        "{measured} of {total} security controls measured",
        measured=t.number(controls.measured),
        total=t.number(controls.total),
    )
    if controls.of_the_host:
        yield of_the_host_text(t, controls.of_the_host)
    if controls.inapplicable:
        yield inapplicable_text(t, controls.inapplicable)
    if controls.not_looked_at:
        yield t("{count} not looked at", count=t.number(controls.not_looked_at))
    if controls.errors:
        yield t("{count} could not be measured", count=t.number(controls.errors))


def summary(view: View, t: Translator) -> Blocks:
    return (
        *waiting(view, t), *attention(view, t), *_machines(view, t), *runs(view, t), *_trial(view, t),
        *timeline(view, t), *_areas(view, t),
    )  # fmt: skip


def waiting(view: View, t: Translator) -> Blocks:
    """What the record still lacks, by who must supply it. Nobody asks a user or a supervisor about work that is not
    done."""
    needs: dict[str, list[Need]] = defaultdict(list)
    for item in asked(view.record):
        needs[word(t, item.who).capitalize()].append(Need(missing_text(t, item.code, item.params), item.command))
    lines = tuple((who, tuple(of_one)) for who, of_one in needs.items())
    return (Waiting(t("Still needed"), lines),) if lines else ()


def asked(record: Record) -> list[Missing]:
    """What is missing and can be supplied now. Records of other kinds have a standing of their own."""
    missing = list(record.completeness.missing)
    if record.incident or record.instruction or record.faq:
        return missing
    headline, waits_for, _ = standing(record)
    early = _PEOPLE if waits_for == "nobody" and headline != "rejected" else ()
    return [item for item in missing if item.who not in early]


def _areas(view: View, t: Translator) -> Blocks:
    """Per area how many controls are in order, before and after the work."""
    bars = [
        Bar(area(t, a.area, short=True), _share_text(t, a), *(s and s.passed / s.applying for s in (a.before, a.after)))
        for a in figures.areas(view.record)
    ]
    summary_text = t("How many security controls are OK, before and after the work, of those that apply.")
    legend = (t("before"), t("after"))
    return (Bars(t("Security per area"), summary_text, legend, tuple(bars)),) if bars else ()


def _share_text(t: Translator, area_: figures.Area) -> str:
    """`2 → 5 of 5`; a dash for what was not measured then."""
    last = area_.after or area_.before
    before, after = (t.number(share.passed) if share else "–" for share in (area_.before, area_.after))
    return t("{before} → {after} of {total}", before=before, after=after, total=t.number(last.applying if last else 0))


class _Line(NamedTuple):
    """A machine in the table of the first page, without what only it has: machines with equal lines stand together."""

    os: str
    task: Cell
    state: Cell
    tests: Cell
    security: Cell
    changes: Cell


def _machines(view: View, t: Translator) -> Blocks:
    if not view.record.systems:
        return ()
    systems, order = view.record.systems, Order(view.record)
    lines = {
        system: _line(view, t, system, task, order.state(system))
        for system, task in zip(systems, task_cells(view, t, has_groups=len(systems) <= MOST_APART), strict=True)
    }
    columns = (
        Column(t("Machine"), 5),
        Column(t("Task"), 4),
        Column(t("State"), 3),
        Column(t("Tests"), 3),
        Column(t("Security"), 3),
        Column(t("Changes"), 5),
    )
    caption = t("Machines")
    rows = [_row(Cell(system.name, note=_os(figures.address(system), line.os)), line) for system, line in lines.items()]
    if len(lines) <= MOST_APART:
        return table(caption, columns, rows)
    count = t.plural("{count} machine", "{count} machines", len(rows))
    apart = Details(t("All machines"), table(t("All machines"), columns, rows), count=count)
    return (*table(caption, columns, _together(t, lines), 200), apart)


def _together(t: Translator, lines: Mapping[System, _Line]) -> list[tuple[Cell, ...]]:
    """Machines of which everything in the table is equal in one row; what is not in order comes first."""
    groups: dict[_Line, list[str]] = defaultdict(list)
    for system, line in lines.items():
        groups[line].append(system.name)
    rows = []
    for line, names in sorted(groups.items(), key=lambda group: _WORST_FIRST.index(group[0].state.tone)):
        alike = t("{count} machines alike", count=t.number(len(names))) if len(names) > 1 else ""
        rows.append(_row(Cell(alike or names[0], note=_os(names_of(t, names) if alike else "", line.os)), line))
    return rows


def _row(machine: Cell, line: _Line) -> tuple[Cell, ...]:
    return (machine, line.task, line.state, line.tests, line.security, line.changes)


_TRIAL_ROWS = 12
"""Changes of a trial run on the first page of a paper."""


def _trial(view: View, t: Translator) -> Blocks:
    """What a trial run would change, once for all machines on which that is the same; of any other run nothing."""
    if not view.record.document.check_mode:
        return ()
    columns = (
        Column(t("Machine"), 3),
        Column(t("Part"), 2),
        Column(t("Step"), 4),
        Column(t("What would change"), 4),
        Column(t("Lines"), 2, True),
    )
    rows = [_trial_row(view, t, group.hosts, change) for group in view.trial for change in group.differences]
    remark = t("A trial run does not know what the steps that it skips would change.")
    if not rows:
        return (Paragraph(f"{t('No step says that it would change anything.')} {remark}", "info"),)
    names = [block for group in view.trial for block in every_name(t, group.hosts)]
    return (*table(t("What would change"), columns, rows, _TRIAL_ROWS), *names, Paragraph(remark, "info"))


def _trial_row(view: View, t: Translator, hosts: Sequence[str], change: TrialChange) -> tuple[Cell, ...]:
    lines = "" if change.added is None else f"+{t.number(change.added)} -{t.number(change.removed or 0)}"
    unknown = t("whether the lines are the same is not known") if lines and not change.mark and len(hosts) > 1 else ""
    return (
        machines_cell(t, hosts),
        Cell(view.roles.get(change.role, change.role)),
        step_cell(t, change.step, change.role),
        code(change.name) if change.name else Cell(t("not recorded"), "info"),
        Cell(lines, note=unknown),
    )


def _os(text: str, os: str) -> str:
    return " · ".join(part for part in (text, os) if part)


def task_cells(view: View, t: Translator, *, has_groups: bool = True) -> list[Cell]:
    """What each machine is for, in the order of the record: in the words that roles have for its groups, and below them
    the roles and other groups by which it differs from the rest; these alone where there are no such words. Machines
    that differ in nothing but a group (a room) are alike where groups are left out."""
    systems = view.record.systems
    tasks, groups = figures.tasks(systems), figures.groups_apart(systems) if has_groups else {}
    cells = []
    for system in systems:
        words = ", ".join(dict.fromkeys(titled(t, task.text) for task in system.tasks))
        roles = ", ".join(view.roles[role] for role in tasks[system.name])
        named = {task.group for task in system.tasks}
        others = ", ".join(group for group in groups.get(system.name, ()) if group not in named)
        cells.append(Cell(words, note=" · ".join(filter(None, (roles, others)))) if words else Cell(roles, note=others))
    return [cell if cell.text or cell.note else Cell(t("not recorded"), "info") for cell in cells]


def _line(view: View, t: Translator, system: System, task: Cell, state: State) -> _Line:
    tests = view.host_tests(system.name)
    return _Line(
        os=system.os or t("unknown: no snapshot"),
        task=task,
        state=toned(t, STATES, state),
        tests=Cell(passed_of(t, tests), tests_tone(tests)) if tests else Cell(t("none"), "info"),
        security=Cell(_score_text(t, view.scores.get(system.name))),
        changes=changed_cell(
            t, view.changes.get(system.name), is_compared=bool(system.snapshot_before and system.snapshot_after)
        ),
    )


STATES: dict[str, tuple[Tone, str]] = {
    "unreachable": ("bad", N_("not reachable")),
    "behind": ("bad", N_("did not get all of the work")),
    "not_ok": ("bad", N_("not OK")),
    "not_finished": ("bad", N_("not finished")),
    "trial": ("info", N_("trial run")),
    "not_tested": ("info", N_("not tested")),
    "stated": ("info", N_("in order as stated")),
    "remarks": ("warn", N_("OK, with remarks")),
    "insecure": ("warn", N_("OK, with security remarks")),
    "ok": ("good", N_("OK")),
}
"""What is known of a machine. Green is what got all of the work and was tested, nothing else."""


def _score_text(t: Translator, score: HostScore | None) -> str:
    before = score.before.score if score and score.before else None
    after = score.after.score if score and score.after else None
    return scores_text(t, before, after)


def scores_text(t: Translator, before: float | None, after: float | None) -> str:
    """`64 → 99`, or the one of the two that was measured."""
    if after is None:
        return t("not measured") if before is None else t("{score} before", score=t.number(before))
    return t.number(after) if before is None else f"{t.number(before)} → {t.number(after)}"


def changed_cell(t: Translator, change: Changed | None, *, is_compared: bool) -> Cell:
    """What was asked for, and as a note what came along with it; None is a machine on which nothing changed. Where
    nobody knows what was asked for, nothing is said to have come along."""
    if change is None:
        return Cell(t("none") if is_compared else t("not measured"))
    files, settings = _files(t, change.by_roles), _settings(t, change.settings - change.by_roles)
    if change.asked is None:
        return Cell(", ".join(filter(None, (_components(t, change.components), files, settings))))
    first = (_asked(t, change.asked), files)
    along = (_components(t, change.components - change.asked), settings)
    text, note = (", ".join(filter(None, parts)) for parts in (first, along))
    return Cell(text, note=t("came along: {changes}", changes=note)) if text and note else Cell(text or note)


def _asked(t: Translator, count: int) -> str:
    return t.plural("{count} package asked for", "{count} packages asked for", count) if count else ""


def _components(t: Translator, count: int) -> str:
    return t.plural("{count} component", "{count} components", count) if count else ""


def _files(t: Translator, count: int) -> str:
    return t.plural("{count} file by roles", "{count} files by roles", count) if count else ""


def _settings(t: Translator, count: int) -> str:
    return t.plural("{count} setting", "{count} settings", count) if count else ""
