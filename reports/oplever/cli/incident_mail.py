"""`oplever incident mail`, `tell` and `attachment`: what goes between a desk and the mailboxes of its users."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from oplever import store
from oplever.app import incidents, mail_answers, mail_intake
from oplever.app.mail_files import attachment as attachment_of
from oplever.cli.add import parameter, typed
from oplever.cli.language import say, translator
from oplever.cli.output import deliver, short, tell_documents
from oplever.cli.person import by_option, by_parameter
from oplever.cli.tables import table
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.mail.sources import source as open_source
from oplever.messages import M_, translated
from oplever.page.vocabulary import OUTCOMES
from oplever.record.entries.fields import fields
from oplever.record.model import Record
from oplever.store import mails
from oplever.store.mails import Outcome

_CONTACT = registry.entry_kind("contact")


_DIGEST = re.compile(r"[0-9a-f]{6,64}")


def _list_aside_and_end(ctx: click.Context, param: click.Parameter, is_given: bool) -> None:
    """Before anything is asked that a list does not need."""
    if is_given and not ctx.resilient_parsing:
        _list_aside()
        ctx.exit()


@click.command("mail")
@by_option
@click.option("--accept", "accepted", metavar="DIGEST", help="Take in a mail that was set aside after all.")
@click.option(
    "--aside",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_aside_and_end,
    help="List the mails that were set aside, with the reason; takes nothing in.",
)
@click.pass_context
def mail(ctx: click.Context, by: str, accepted: str | None) -> None:
    """Take in the mail that waits in the mailbox of oplever.yml.

    Each mail makes a case, is added to the one that it answers, or is set aside with the reason; then it is moved to
    the folder Oplever or Oplever-aside of the mailbox. Can be stopped and run again at any time. Ends with 1 when
    somebody has to look at a mail.
    """
    digest = (accepted or "").strip().lower()
    if accepted is not None and not _DIGEST.fullmatch(digest):
        raise click.UsageError(M_("--accept takes a digest as --aside lists them, or six characters of its beginning"))
    settings = mail_intake.settings()
    mailbox = open_source(settings)
    counts: dict[Outcome, int] = {}
    is_problem = False
    try:
        for handled in mail_intake.take_in(mailbox, settings, by, accepted=digest):
            counts[handled.outcome] = counts.get(handled.outcome, 0) + 1
            is_problem |= handled.is_problem or bool(handled.notice)
            _show(handled)
    finally:
        mailbox.close()
    for path in mails.unfinished(store.records_directory()):
        is_problem = True
        say("this mail may have gone out and is in no case: {path}", path=short(path), err=True)
    t = translator()
    parts = ", ".join(f"{count} {t(OUTCOMES[outcome])}" for outcome, count in sorted(counts.items()))
    say("mail: {counts}", counts=parts or "0")
    if is_problem:
        ctx.exit(1)


def _show(handled: mail_intake.Handled) -> None:
    t = translator()
    name = handled.case or handled.digest[:12] or "?"
    text = translated(handled.reason, t) or handled.subject
    click.echo(f"{t(OUTCOMES[handled.outcome]):10}  {name}  {_line(text)}".rstrip())
    if handled.notice:
        say("  -> {notice}", notice=handled.notice, err=True)


def _list_aside() -> None:
    """The mails that were set aside, by the digest that --accept takes."""
    t = translator()
    lines = mails.aside(store.records_directory())
    rows = [(line.digest[:12] or "?", t.moment(line.at), _line(translated(line.why(), t))) for line in lines]
    if rows:
        table((t("mail"), t("when"), t("reason")), rows)
    else:
        say("no mail was set aside")


def _line(text: str) -> str:
    from oplever.text import printable  # noqa: PLC0415 - most commands show no mail

    return printable(text)[:120]


def _tell(case: str, by: str, send: bool, address: str | None, **data: Any) -> None:
    directory, filled = incidents.find(case), typed(data)
    if not send and address:
        raise click.UsageError(M_("--address is for a mail that is sent: --send"))
    if send:
        record = mail_answers.tell(directory, by, filled, mail_intake.settings(), address or "")
        say("sent to: {address}", address=record.case.mails[-1].address)
    else:
        record = incidents.add(directory, "contact", by, filled)
    _print_added(directory, record)


def _print_added(directory: Path, record: Record) -> None:
    say("{action}: revision {revision} of {record}", action="tell", revision=record.document.revision, record=record.id)
    tell_documents(directory)


tell = click.Command(
    "tell",
    params=[
        click.Argument(["case"]),
        by_parameter(),
        click.Option(["--send"], is_flag=True, help="Send it by mail, with the number of the case; then it is added."),
        click.Option(["--address"], help="Where the mail goes, when not to where the report came from."),
        *(parameter(field, "") for field in fields(_CONTACT)),
    ],
    callback=_tell,
    help=(_CONTACT.__doc__ or "").strip(),
    short_help=(_CONTACT.__doc__ or "").strip(),
)
"""Of an event, with what it takes to send it."""


@click.command("attachment")
@click.argument("case")
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--output", "-o", help="File to write attachment NUMBER to; - is standard output.")
def attachment(case: str, number: int | None, output: str | None) -> None:
    """List the files in the mails of CASE, or write file NUMBER of that list. What is in it is not looked at: it may be
    harmful."""
    directory = incidents.find(case)
    record = store.load(directory)
    rows = [(mail, place) for mail in incidents.case_of(record).mails for place in range(len(mail.attachments))]
    if number is None:
        if output:
            raise click.UsageError(M_("say which file of the list: NUMBER"))
        if not rows:
            say("No mail of this case has a file.")
            return
        table(
            ("#", "name", "type", "bytes", "sha256"),
            [
                (str(row), file.name or "-", file.type, str(file.size_bytes), file.sha256[:16])
                for row, (mail, place) in enumerate(rows, 1)
                for file in (mail.attachments[place],)
            ],
        )
        return
    if number > len(rows):
        raise OpleverError(
            "entry-invalid",
            M_("{id} has {count} attachments", id=record.id, count=len(rows)),
            M_("list them: oplever incident attachment {id}", id=record.id),
        )
    if not output:
        raise click.UsageError(M_("say where to write it: --output FILE"))
    if path := deliver(attachment_of(directory, *rows[number - 1]), output):
        say("attachment: {path}", path=path)
