"""The first screen: what, where, when, who; the verdict; what needs attention; one tile per machine."""

from __future__ import annotations

from oplever.kinds.installation.chapters.attention import attention
from oplever.kinds.installation.chapters.faults import unsolved
from oplever.kinds.installation.chapters.tests import passed_of, tests_tone
from oplever.kinds.installation.chapters.timeline import timeline
from oplever.kinds.installation.headline import headline
from oplever.kinds.installation.order import Order, State
from oplever.page.blocks import Attention, AttentionItem, Cell, Column, Details, Tile, Tiles, Tone, Verdict
from oplever.page.parts import Blocks, people_named, table
from oplever.page.translator import N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import missing_text, reason_text, toned, word, work_process
from oplever.record.model import Missing, Record, System
from oplever.record.start import is_stated

_MOST_TILES = 12


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
    return (*attention(view, t), *_supply(view, t), *_machines(view, t), *timeline(view, t))


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
    order = Order(view.record)
    tiles = [_tile(view, t, system, order.state(system)) for system in view.record.systems]
    if len(tiles) <= _MOST_TILES:
        return (Tiles(t("Machines"), tuple(tiles)),) if tiles else ()
    telling = [tile for tile in tiles if tile.status.tone != "good"][:_MOST_TILES]
    names = [name for name, _ in tiles[0].facts]
    columns = (Column(t("Machine"), 2), Column(t("State"), 2), *(Column(name, 2) for name in names))
    rows = [(Cell(tile.title, note=tile.subtitle), tile.status, *(cell for _, cell in tile.facts)) for tile in tiles]
    every = t.plural("{count} machine", "{count} machines", len(tiles))
    shown: Blocks = (Tiles(t("Machines"), tuple(telling)),) if telling else ()
    return (*shown, Details(t("All machines"), table(t("All machines"), columns, rows, 200), count=every, paper=True))


def _tile(view: View, t: Translator, system: System, state: State) -> Tile:
    tests = view.host_tests(system.name)
    faults = view.faults_on[system.name]
    score = view.scores.get(system.name)
    before = score.before.score if score and score.before else None
    after = score.after.score if score and score.after else None
    in_steps = t.duration(system.machine_seconds)
    return Tile(
        title=system.name,
        subtitle=system.os or t("unknown: no snapshot"),
        status=toned(t, STATES, state),
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


STATES: dict[str, tuple[Tone, str]] = {
    "unreachable": ("bad", N_("not reachable")),
    "behind": ("bad", N_("did not get all of the work")),
    "not_ok": ("bad", N_("not OK")),
    "not_finished": ("warn", N_("not finished")),
    "trial": ("info", N_("trial run")),
    "not_tested": ("info", N_("not tested")),
    "stated": ("info", N_("in order as stated")),
    "remarks": ("warn", N_("OK, with remarks")),
    "insecure": ("warn", N_("OK, with security remarks")),
    "ok": ("good", N_("OK")),
}
"""What is known of a machine. Green is what got all of the work and was tested, nothing else."""


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
