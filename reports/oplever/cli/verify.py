"""`oplever verify`: check that no byte of a record changed, and who signed it."""

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
    help="File of allowed signers (see ssh-keygen(1)); default: the one in oplever.yml.",
)
@click.pass_context
@click.help_option(help="Show this help and exit.")
def verify(ctx: click.Context, record: str, allowed_signers: str | None) -> None:
    """Check RECORD against its checksums, the chain of its entries and its signatures.

    Lists each file that was changed, removed or added, and each line of the entries that was changed, removed or moved.
    Exits with 1 if there is one, or if a signature is not valid.
    """
    directory = store.find(record)
    allowed = signatures.allowed_signers(allowed_signers)
    checked, entries = signatures.check(directory, allowed), store.read_entries(directory)
    wrong = manifest.problems(directory) + signatures.strangers(directory)
    wrong += [problem for each in checked for problem in each.problems]
    for problem in dict.fromkeys(wrong):
        click.echo(f"oplever: {printable(problem)}", err=True)
    if checked:
        click.echo(printable(f"allowed signers: {allowed if allowed else 'none given'}"))
    for each in checked:
        click.echo(printable(_told(each, len(entries) + manifest.first_revision(directory))))
    for entry in entries:
        if isinstance(entry.entry, PseudonymisedEntry):
            click.echo(f"pseudonymised at {entry.at}: {', '.join(entry.entry.names)}")
    if wrong:
        ctx.exit(1)
    if decided := _decision(store.load(directory)):
        click.echo(printable(decided))
    click.echo(f"{directory.name}: no file has changed" + ("" if checked else "; not signed"))


def _told(each: Checked, revision: int) -> str:
    who = f"{each.name} as {each.role}, revision {each.revision}"
    key = f" with the key of {each.signer.principal} ({each.signer.key})" if each.signer else ""
    state = "not valid" if each.problems else "valid" if each.signer else "cannot be checked"
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
