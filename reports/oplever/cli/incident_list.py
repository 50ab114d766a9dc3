"""`oplever incident list`: the queue. It asks the index, and waits for nothing that reads whole records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import click

from oplever.app import queue
from oplever.cli.language import language_option, say
from oplever.cli.tables import as_json, format_option, status_word, table
from oplever.page.translator import Translator
from oplever.store.cases import Case
from oplever.words import CaseState, Language, OpenCaseState


@click.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are closed or joined with another.")
@click.option("--state", type=click.Choice(get_args(CaseState)), help="Only those in this state.")
@click.option("--with", "assignee", help="Only those that this person or team has.")
@format_option
@language_option
def list_cases(every: bool, state: str | None, assignee: str | None, form: str, language: Language) -> None:
    """List the open cases, and closed ones with mail that nobody has read, the first to handle first: by priority, what
    is due first, the oldest. What nobody has classified yet comes before all others."""
    states = [state] if state else [] if every else get_args(OpenCaseState)
    listed = queue.listing(states, with_unread=not (state or every))
    cases = [case for case in listed if not assignee or _has(case, assignee)]
    if form == "json":
        as_json(cases)
    elif cases:
        now = datetime.now(UTC).isoformat()
        t = Translator(language)
        columns = (t("case"), t("Priority"), t("State"), t("due"), t("with"), t("Place"), t("Title"))
        table(columns, [_row(t, case, now) for case in cases], headings=False)
    elif state or assignee or every:
        say("No case matches.")
    else:
        say("No open case.")


def _has(case: Case, assignee: str) -> bool:
    """Whether a person or a team has it, however the name is written."""
    from oplever.record.persons import same_person  # noqa: PLC0415 - the queue without a name reads no whole records

    return case.assignee.casefold() == assignee.casefold() or same_person(case.assignee, assignee)


def _row(t: Translator, case: Case, now: str) -> tuple[str, ...]:
    due = f"{t.moment(case.due)}{', ' + t('late') if case.due < now else ''}" if case.due else ""
    state = status_word(t, case.state)
    if case.unread:
        state = f"{state}, {t.plural('{count} new mail', '{count} new mails', case.unread)}"
    return case.name, str(case.priority or "?"), state, due, case.assignee, case.place, case.title
