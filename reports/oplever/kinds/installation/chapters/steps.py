"""The steps that were carried out: by machine, by run, and by hand."""

from __future__ import annotations

from itertools import groupby

from msgspec import structs

from oplever.kinds.installation.chapters.runs import run_name
from oplever.page.blocks import Cell, Column, Details, Paragraph, Table, Tone
from oplever.page.parts import Blocks, folds, step_cell, table
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import TASK, toned
from oplever.record import figures
from oplever.record.model import HostResult, Recap, Step
from oplever.record.start import is_stated

_TROUBLE = frozenset({"failed", "unreachable"})
_RECAP = {
    "ok": N_("OK"),
    "changed": N_("of which changed"),
    "unreachable": N_("not reachable"),
    "failed": N_("failed"),
    "skipped": N_("skipped"),
    "rescued": N_("rescued"),
    "ignored": N_("ignored"),
}
"""The counts of Ansible's recap, in its order. What changed is counted as OK too."""


def steps(view: View, t: Translator) -> Blocks:
    if not view.record.steps:
        return ()
    if is_stated(view.record):
        return _by_hand(view, t)
    failed = [
        (
            Cell(result.host, note=run_name(t, step.run)),
            step_cell(t, step.name, step.role, view.part(step)),
            *_outcome(t, step, result),
        )
        for step in view.record.steps
        for result in step.results
        if result.status in _TROUBLE
    ]
    columns = (Column(t("Machine"), 2), Column(t("Step"), 4), Column(t("Result"), 2), Column(t("Time"), 2, True))
    return (
        _recap(view, t),
        *_counted_otherwise(view, t),
        *table(t("Steps that failed"), (*columns, Column(t("Message"), 6)), failed),
        *_by_hand(view, t),
        *folds(t, [_host_steps(view, t, host, results) for host, results in view.steps_by_host.items() if results]),
    )


def _outcome(t: Translator, step: Step, result: HostResult) -> tuple[Cell, Cell, Cell]:
    """Result, time and message of one step on one machine."""
    if result.censored:
        message = Cell(t("hidden: the step handles secrets"))
    else:
        items = "\n".join(f"{item.item}: {item.message}" for item in result.items if item.status == "failed")
        output = "\n".join(part for part in (result.message, items) if part)
        message = Cell(output, language=t.mark("en") if output else "")
    tries = t.plural("{count} attempt", "{count} attempts", result.attempts) if result.attempts > 1 else ""
    where = t("on {host}", host=result.delegated_to) if result.delegated_to else ""
    note = ", ".join(part for part in (tries, where) if part)
    is_tried = step.check_mode and result.status == "changed"
    status = Cell(t("would change"), "info", note=note) if is_tried else toned(t, TASK, result.status, note)
    return status, Cell(t.duration(result.duration)), message


def _recap(view: View, t: Translator) -> Table:
    """The counts per machine, exactly as Ansible's own recap gives them."""
    rows = []
    for system in view.record.systems:
        cells = [
            Cell(t.number(count), "bad" if count and name in _TROUBLE else "plain")
            for name, count in structs.asdict(system.recap).items()
        ]
        rows.append((Cell(system.name), *cells, Cell(t.duration(system.machine_seconds))))
    columns = (
        Column(t("Machine"), 3),
        *(Column(t(title), 2, True) for title in _RECAP.values()),
        Column(t("Time in steps"), 3, True),
    )
    return Table(t("Steps per machine"), columns, tuple(rows))


def _counted_otherwise(view: View, t: Translator) -> Blocks:
    """Why the counts of Ansible are not those of the rows below, where they are not."""
    if view.record.runs:
        text = t("These are the counts of the last run on each machine; the steps of all runs are below.")
        return (Paragraph(text, "info"),)
    rows = {host: figures.recap_of(results) for host, results in view.steps_by_host.items()}
    if all(system.recap == rows[system.name] for system in view.record.systems):
        return ()
    text = t(
        "Counted by Ansible: a step that includes files counts once for each file, a failure that the playbook ignores "
        "can count as changed, and manual steps are not counted."
    )
    return (Paragraph(text, "info"),)


def _by_hand(view: View, t: Translator) -> Blocks:
    rows = [
        (
            Cell(step.name, note=result.message),
            Cell(result.host),
            toned(t, TASK, result.status),
            Cell(step.by),
            Cell(t.moment(step.started)),
        )
        for step in view.record.steps
        if step.by != "machine"
        for result in step.results
    ]
    columns = (
        Column(t("Step"), 5),
        Column(t("Machine"), 2),
        Column(t("Result"), 2),
        Column(t("By"), 2),
        Column(t("When"), 3),
    )
    return table(t("Manual steps"), columns, rows)


def _host_steps(view: View, t: Translator, host: str, of_host: list[tuple[Step, HostResult]]) -> Details:
    columns = (Column(t("No."), 1, True), Column(t("Step"), 5), Column(t("Result"), 2), Column(t("Time"), 1, True))
    parts = []
    for (run, part), group in groupby(of_host, key=lambda pair: (pair[0].run, view.part(pair[0]))):
        results, name = list(group), " · ".join(filter(None, (run_name(t, run), part)))
        rows = [
            (Cell(str(step.number)), step_cell(t, step.name, step.role, _kind(t, step)), *_outcome(t, step, result))
            for step, result in results
        ]
        counts = figures.recap_of(results)
        unnamed = t("Manual steps") if _is_by_hand(results) else t("without a name")
        caption = t("Steps of {part} on {host}", part=name, host=host) if name else f"{unnamed}, {host}"
        parts.append(
            Details(
                name or unnamed,
                table(caption, (*columns, Column(t("Message"), 5)), rows),
                count=_recap_counts(t, counts),
                tone=_tone(counts),
            )
        )
    total = figures.recap_of(of_host)
    title = t("All steps on {host}", host=host)
    return Details(title, tuple(parts), count=_recap_counts(t, total), tone=_tone(total))


def _is_by_hand(results: list[tuple[Step, HostResult]]) -> bool:
    return all(step.by != "machine" for step, _ in results)


def _tone(counts: Recap) -> Tone:
    return "bad" if counts.failed or counts.unreachable else "plain"


def _kind(t: Translator, step: Step) -> str:
    marks = [t("handler")] if step.handler else []
    marks += [t("check mode")] if step.check_mode else []
    return " · ".join([step.action, *marks])


def _recap_counts(t: Translator, recap: Recap) -> str:
    """`122 OK, of which 31 changed, 5 skipped`: the counts of a recap that are not 0."""
    counts = structs.asdict(recap)
    return ", ".join(f"{t(prefix)} {t.number(counts[name])}" for name, prefix in _RECAP.items() if counts[name])
