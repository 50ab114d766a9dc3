"""`oplever show`: one record, one machine of a record, or the history of one machine over all records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oplever import store
from oplever.cli.language import language_option, say
from oplever.cli.output import tell_since
from oplever.cli.overview import overview
from oplever.cli.tables import as_json, format_option, stage_word, styles, table, verdict_word
from oplever.page.translator import Translator
from oplever.page.vocabulary import CHECK, TASK, kind_name, word
from oplever.record.model import Record
from oplever.store.joined_records import of_runs
from oplever.text import printable
from oplever.words import REFUSING, Language

if TYPE_CHECKING:
    from oplever.store.machine_history import Visit

_MOST = 40


@click.command()
@click.argument("record", required=False)
@click.option("--host", help="Show only this machine; without RECORD, its history over all records.")
@format_option
@language_option
@click.pass_context
def show(ctx: click.Context, record: str | None, host: str | None, form: str, language: Language) -> None:
    """Show the verdict of RECORD, what is missing and where its documents are.

    \b
    Examples:
      oplever show                  the latest record
      oplever show --host web1      the history of a machine over all records
      oplever show latest --host web1
    """
    t = Translator(language)
    if host is None:
        _record(ctx, record or "latest", form, t)
        return
    from oplever.app.history import history  # noqa: PLC0415 - one record needs no database

    directory = store.find(record) if record else None
    visits = history(host, directory)
    if form == "json":
        as_json(visits)
    elif directory:
        _machine(host, visits[0], t)
    else:
        _life(host, visits, t)


def _record(ctx: click.Context, name: str, form: str, t: Translator) -> None:
    directory = store.find(name)
    derived = store.load(directory)
    if form == "json":
        as_json(derived)
    else:
        overview(derived, directory, t)
        _tell_whole(derived, directory)
    if derived.verdict in REFUSING:
        ctx.exit(1)


def _tell_whole(record: Record, directory: Path) -> None:
    """What a record of several runs does not have, or in which such record a run is."""
    if record.runs:
        from oplever.app.join import since  # noqa: PLC0415 - one run needs no database

        tell_since(since(directory, record))
    elif wholes := of_runs(directory.parent).get(directory.name):
        say("This run is in {record}, which is signed as a whole.", record=wholes[-1].name)


def _life(host: str, visits: Sequence[Visit], t: Translator) -> None:
    """One row a record, then what changed between records without a recorded play, and what fails now."""
    in_order = [visit.record.started for visit in visits if _is_in_order(visit)]
    delivered = [visit.record.started for visit in visits if visit.record.stage in ("approved", "signed")]
    last = t(
        "last in order {in_order}, delivered {delivered}",
        in_order=t.moment(in_order[-1] or "") if in_order else t("never"),
        delivered=t.moment(delivered[-1] or "") if delivered else t("never"),
    )
    count = t.plural("{count} record", "{count} records", len(visits))
    click.echo(f"{host}: {count}, {last}\n")
    columns = (
        t("record"), t("verdict"), t("stage"), t("changed"), t("tests"), t("score"), t("components"), t("settings"),
        t("drift"), t("failing"),
    )  # fmt: skip
    table(columns, [_life_row(visit, t) for visit in visits], styles=styles(t))
    for visit in visits:
        if visit.drift or visit.uncompared:
            click.echo()
            _drift(visit, t)
    if visits[-1].failing:
        click.echo()
        _failing(visits[-1], t)


def _is_in_order(visit: Visit) -> bool:
    """Whether a record showed the machine in order: with tests, not in a trial run."""
    is_well = (visit.record.verdict or "").startswith("delivered") and visit.record.stage != "trial"
    return is_well and visit.ran > 0


def _life_row(visit: Visit, t: Translator) -> tuple[object, ...]:
    settings = sum(change.section == "setting" for change in visit.changes)
    components = len(visit.changes) - settings
    is_known = visit.is_compared or bool(visit.changes)
    score = "-" if visit.score is None else f"{visit.score:.0f}"
    tests = f"{visit.passed}/{visit.ran}" if visit.ran else "-"
    failing = " ".join(row.id for row in visit.failing[:3]) + (" ..." if visit.failing[3:] else "")
    return (
        visit.record.name, verdict_word(t, visit.record.verdict, visit.record.kind), stage_word(t, visit.record.stage),
        visit.counts["changed"], tests, score, components if is_known else "-",
        settings if is_known else "-", len(visit.drift) if visit.since else "-", failing,
    )  # fmt: skip


def _machine(host: str, visit: Visit, t: Translator) -> None:
    counts = ", ".join(f"{t(TASK[key][1])} {value}" for key, value in visit.counts.items() if value)
    score = t("not measured") if visit.score is None else f"{visit.score:.0f}"
    tests = f"{visit.passed}/{visit.ran}" if visit.ran else t("none")
    words = f"{verdict_word(t, visit.record.verdict, visit.record.kind)}, {stage_word(t, visit.record.stage)}"
    click.echo(t("{host} in {record}: {words}", host=host, record=visit.record.name, words=words))
    click.echo(f"  {counts or t('nothing done')}; {t('tests')} {tests}; {t('score')} {score}")
    if visit.roles:
        click.echo(f"  {t('Roles')}: {', '.join(visit.roles)}")
    if visit.failing:
        _failing(visit, t)
    if visit.changes:
        rows = [
            (kind_name(t, row.kind), row.name, word(t, row.change), _short(row.before, t), _short(row.after, t))
            for row in visit.changes
        ]
        _some(t("Changed during the work"), (t("Kind"), t("Name"), t("Change"), t("Before"), t("After")), rows, t)
    if visit.since and not (visit.drift or visit.uncompared):
        click.echo(t("nothing changed since {record}", record=visit.since))
    elif visit.since:
        _drift(visit, t)


def _failing(visit: Visit, t: Translator) -> None:
    rows = [(t(CHECK[row.status][1]), row.id, _short(row.expected, t), _short(row.found, t)) for row in visit.failing]
    _some(t("Fails"), (t("Result"), t("Test"), t("Expected"), t("Found")), rows, t)


def _drift(visit: Visit, t: Translator) -> None:
    rows = [(kind_name(t, row.kind), row.name, _short(row.a, t), _short(row.b, t)) for row in visit.drift]
    if rows:
        title = t("Changed between {earlier} and {later}", earlier=visit.since, later=visit.record.name)
        _some(title, (t("Kind"), t("Name"), t("Before"), t("After")), rows, t)
    for part in visit.uncompared:
        text = t(
            "not comparable between {earlier} and {later}: {what}: {reason}",
            earlier=visit.since,
            later=visit.record.name,
            what=kind_name(t, part.kind) if part.kind else t("settings"),
            reason=part.reason,
        )
        click.echo(printable(text))


def _some(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], t: Translator) -> None:
    table(columns, rows[:_MOST], title, styles=styles(t))
    if rows[_MOST:]:
        click.echo(f"  {t('and {count} more', count=len(rows) - _MOST)}: --format json")


def _short(text: str | None, t: Translator) -> str:
    if text is None:
        return t("absent")
    return text if len(text) <= 60 else text[:59] + "…"
