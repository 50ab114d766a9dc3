"""The runs of which a record of several is made: what became of each, and what of it was taken in."""

from __future__ import annotations

from collections.abc import Iterable

from oplever.page.blocks import Cell, Column, Tone
from oplever.page.parts import Blocks, code, names_of, table
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.page.vocabulary import CHECK, VERDICTS
from oplever.record.model import EarlierResult, Fault, JoinedRun

_TONES: dict[str | None, Tone] = {
    "delivered": "good",
    "delivered_with_remarks": "warn",
    "not_delivered": "bad",
    "interrupted": "bad",
}


def run_name(t: Translator, number: int) -> str:
    """What a run is called in the rest of the record; empty for what belongs to no run."""
    return t("run {number}", number=number) if number else ""


def runs(view: View, t: Translator) -> Blocks:
    """What became of each run, on the first page; of a record of one run nothing."""
    rows = [
        (
            Cell(str(run.number)),
            Cell(t.moment(run.started) if run.started else t("not known"), note=_took(t, run)),
            Cell(_what(run), note=names_of(t, run.hosts) if run.hosts else ""),
            _result(t, run),
            Cell(_tests(t, run)),
            Cell(_faults(t, view, run.number)),
        )
        for run in view.record.runs
    ]
    columns = (
        Column(t("Run"), 1, True),
        Column(t("Started"), 4),
        Column(t("Playbook and machines"), 5),
        Column(t("Result of this run"), 5),
        Column(t("Tests"), 3),
        Column(t("Faults"), 4),
    )
    return table(t("Runs"), columns, rows)


def _took(t: Translator, run: JoinedRun) -> str:
    if not run.started:
        return ""
    return t("took {duration}", duration=t.duration(run.duration)) if run.ended else t("not finished")


def _what(run: JoinedRun) -> str:
    limits = [f"--limit {run.limit}"] if run.limit else []
    limits += [f"--tags {','.join(run.tags)}"] if run.tags not in ((), ("all",)) else []
    return " ".join([", ".join(name.rsplit("/", 1)[-1] for name in run.playbooks), *limits])


def _result(t: Translator, run: JoinedRun) -> Cell:
    """What the run said by itself, and for which machines that still counts."""
    if run.problem:
        return Cell(t("cannot be read"), "bad", note=t(run.problem))
    if run.check_mode:
        return Cell(t("trial run"), "info")
    if not run.deciding:
        note = t("a later run did all of it again")
    elif set(run.deciding) == set(run.hosts):
        note = ""
    else:
        note = t("the last one for {machines}", machines=names_of(t, run.deciding))
    return Cell(t(VERDICTS[run.verdict or ""]), _TONES[run.verdict], note=note)


def _tests(t: Translator, run: JoinedRun) -> str:
    if run.problem:
        return ""
    return t("{passed} of {count}", passed=t.number(run.passed), count=t.number(run.measured)) if run.measured else "–"


def _faults(t: Translator, view: View, number: int) -> str:
    """How many were found in the run, and how many the run showed to be solved."""
    faults = view.record.faults
    located = sum(fault.run == number for fault in faults)
    solved = sum(fault.solved_in == number for fault in faults)
    parts = (
        t.plural("{count} found", "{count} found", located) if located else "",
        t.plural("{count} solved", "{count} solved", solved) if solved else "",
    )
    return ", ".join(part for part in parts if part) or t("none")


def cited(view: View, t: Translator) -> Blocks:
    """Which records it is made of, and what they were like when they were taken in."""
    rows = [
        (
            Cell(str(run.number)),
            code(run.record),
            Cell(str(run.revision)),
            code(run.digest),
            Cell(t("yes, {lines} lines", lines=t.number(run.lines)), "good")
            if run.is_whole
            else Cell(t("no: lines are missing, or were added"), "bad"),
        )
        for run in view.record.runs
    ]
    columns = (
        Column(t("Run"), 1, True),
        Column(t("Record"), 4),
        Column(t("Revision"), 1, True),
        Column(t("Digest of the journal"), 5),
        Column(t("Journal complete"), 3),
    )
    return table(t("Records of the runs"), columns, rows)


def before(t: Translator, earlier: Iterable[EarlierResult]) -> str:
    """How a test ended in earlier runs: `run 1 failed, run 2 passed`."""
    return ", ".join(f"{run_name(t, result.run)} {t(CHECK[result.status][1])}" for result in earlier)


def fault_runs(t: Translator, fault: Fault) -> tuple[str, str]:
    """In which run it was found, and in which it was solved."""
    return run_name(t, fault.run), run_name(t, fault.solved_in)
