"""`oplever proposals`: what could be better, as all records together show it."""

from __future__ import annotations

from typing import Literal

import click

from oplever.cli.help import Group
from oplever.cli.language import language_option, translator
from oplever.cli.output import tell_added
from oplever.cli.person import by_option
from oplever.cli.tables import as_json, format_option
from oplever.page.parts import names_of
from oplever.page.translator import Translator
from oplever.page.vocabulary import word
from oplever.text import printable
from oplever.words import Language

_MOST_RECORDS = 5
record_option = click.option("--record", default="", help="The record that it is added to; one that shows it.")


@click.group(cls=Group)
def proposals() -> None:
    """Show what could be better, as all records together show it, and decide about it.

    A proposal of your own is added with `oplever add proposal`.

    \b
    Examples:
      oplever proposals list
      oplever proposals accept slow-1a2b3c4d --proposal "Use a mirror in the building"
      oplever proposals reject rule-1a2b3c4d --reason "The machines have no network"
    """


@proposals.command("list")
@click.option("--all", "with_decided", is_flag=True, help="Also what was decided already.")
@format_option
@language_option
def list_proposals(form: str, language: Language, *, with_decided: bool) -> None:
    """List what was found, each with its name, what was seen and the records that show it."""
    from oplever.app.proposals import all_findings  # noqa: PLC0415 - the help needs none of it
    from oplever.overview.words import observed, suggested  # noqa: PLC0415

    t = Translator(language)
    findings = [finding for finding in all_findings() if with_decided or finding.decision is None]
    if form == "json":
        as_json(
            [
                {
                    "id": finding.id,
                    "kind": finding.kind,
                    "what": finding.what,
                    "numbers": dict(finding.numbers),
                    "hosts": finding.hosts,
                    "records": [of.source.name for of in finding.records],
                    "decision": finding.decision and finding.decision.decision,
                }
                for finding in findings
            ]
        )
        return
    for finding in findings:
        click.echo(f"{finding.id}: {printable(observed(t, finding))}")
        click.echo(f"  -> {suggested(t, finding)}")
        click.echo(f"  {t('Machines')}: {printable(names_of(t, finding.hosts))}")
        names = [of.source.name for of in finding.records]
        more = t("and {count} more", count=len(names) - _MOST_RECORDS) if names[_MOST_RECORDS:] else ""
        click.echo(f"  {t('Records')}: {', '.join([*names[:_MOST_RECORDS], *filter(None, (more,))])}")
        if decision := finding.decision:
            text = ": ".join(filter(None, (word(t, decision.decision), decision.reason)))
            click.echo(printable(f"  {text} ({decision.by})"))
    if not findings:
        click.echo(t("Nothing was found in the last runs that could be better."))


@proposals.command()
@click.argument("name")
@click.option("--proposal", default="", help="What should be done; what the list says when left out.")
@click.option("--gain", default="", help="What it is expected to bring.")
@record_option
@by_option
def accept(name: str, by: str, proposal: str, gain: str, record: str) -> None:
    """Accept what was found as NAME: the proposal goes into a record that shows it."""
    _decide(name, by, "accepted", proposal=proposal, gain=gain, record=record)


@proposals.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why nothing is to be done about it.")
@record_option
@by_option
def reject(name: str, by: str, reason: str, record: str) -> None:
    """Reject what was found as NAME: that and why goes into a record that shows it, and it is listed no more."""
    _decide(name, by, "rejected", reason=reason, record=record)


def _decide(name: str, by: str, decision: Literal["accepted", "rejected"], **content: str) -> None:
    from oplever.app.proposals import decide  # noqa: PLC0415 - the help needs none of it

    decided = decide(name, by, decision, translator(), **content)
    tell_added(decided.directory, decided.record, "proposal")
