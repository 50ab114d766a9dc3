"""`oplever verify`: is every byte of a record as it was made, and who signed it."""

from __future__ import annotations

import click

from oplever import store
from oplever.kinds.installation.stage import changed_since_decision, reached
from oplever.record.entries import PseudonymisedEntry
from oplever.record.model import Record
from oplever.record.persons import among, supervisors
from oplever.store import manifest, signatures
from oplever.store.signatures import Checked
from oplever.text import printable


@click.command()
@click.argument("record", default="latest")
@click.option(
    "--allowed-signers",
    envvar="OPLEVER_ALLOWED_SIGNERS",
    show_envvar=True,
    help="Whose key is whose (ssh-keygen(1), ALLOWED SIGNERS); without it as in oplever.yml.",
)
@click.pass_context
@click.help_option(help="Show this help and stop.")
def verify(ctx: click.Context, record: str, allowed_signers: str | None) -> None:
    """Compare RECORD with its fingerprints, the chain of its entries and its signatures.

    Names each file that was changed, is gone or was added, and each line of entries that was changed, removed or moved.
    Ends with 1 when there is one, or when a signature does not hold.
    """
    directory = store.find(record)
    allowed = signatures.allowed_signers(allowed_signers)
    checked, entries = signatures.check(directory, allowed), store.read_entries(directory)
    wrong = manifest.problems(directory) + signatures.strangers(directory)
    wrong += [problem for each in checked for problem in each.problems]
    for problem in dict.fromkeys(wrong):
        click.echo(f"oplever: {printable(problem)}", err=True)
    if checked:
        click.echo(printable(f"allowed signers: {allowed if allowed else 'no file says whose key is whose'}"))
    for each in checked:
        click.echo(printable(_told(each, len(entries) + manifest.first_revision(directory))))
    for entry in entries:
        if isinstance(entry.entry, PseudonymisedEntry):
            click.echo(f"pseudonymised at {entry.at}: {', '.join(entry.entry.names)}")
    if wrong:
        ctx.exit(1)
    if decided := _decision(store.load(directory)):
        click.echo(printable(decided))
    click.echo(f"{directory.name}: every file is as it was made" + ("" if checked else "; nobody signed it"))


def _told(each: Checked, revision: int) -> str:
    who = f"{each.name} as {each.role}, revision {each.revision}"
    key = f" with the key of {each.signer.principal} ({each.signer.key})" if each.signer else ""
    state = "does not hold" if each.problems else "holds" if each.signer else "not here"
    since = f"; the record was changed since: revision {each.revision} -> {revision}" if each.later else ""
    return f"signature of {who}{key}: {state}" + (f"; {each.note}" if each.note else "") + since


def _decision(record: Record) -> str:
    """Who decided, and whether that is whom the assignment names. A decision is a statement, unless it was signed."""
    decision, assigned = record.accountability, supervisors(record)
    if decision.decision is None:
        return ""
    whether = "the assigned supervisor" if among(decision.decided_by, assigned) else f"not {', '.join(assigned)}"
    role = f", {whether}" if assigned else ""
    signed = "signed" if reached(record)["signed"] else "not signed"
    changed = changed_since_decision(record)
    since = f"; the record was changed since: revision {changed[0]} -> {changed[1]}" if changed else ""
    return f"{decision.decision} by {decision.decided_by}{role}; {signed}{since}"
