"""`oplever verify`: check that no byte of a record changed, and who signed it."""

from __future__ import annotations

import click

from oplever import store
from oplever.app.verify import Decision
from oplever.app.verify import verify as verify_record
from oplever.cli.output import tell_documents
from oplever.store import fingerprint
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

    RECORD may be the code of a document on paper, oplever:RECORD:REVISION:FINGERPRINT: then that it was made of this
    record is checked too.

    Lists each file that was changed, removed or added, and each line of the entries that was changed, removed or moved.
    Exits with 1 if there is one, or if a signature is not valid or cannot be checked.
    """
    printed = fingerprint.parse(record) if fingerprint.is_printed(record) else None
    directory = store.find(printed.record if printed else record)
    verified = verify_record(directory, allowed_signers, printed)
    for problem in verified.problems:
        click.echo(f"oplever: {printable(problem)}", err=True)
    if any(signature.unknown for signature in verified.signatures):
        click.echo("  -> name the file that says whose key is whose: --allowed-signers FILE", err=True)
    if verified.signatures:
        click.echo(printable(f"allowed signers: {verified.allowed or 'none given'}"))
    for signature in verified.signatures:
        click.echo(printable(_signature(signature, verified.revision)))
    for replaced in verified.pseudonymised:
        click.echo(f"pseudonymised at {replaced.at}: {', '.join(replaced.names)}")
    tell_documents(directory)
    if verified.problems:
        ctx.exit(1)
    if printed:
        since = "" if printed.revision == verified.revision else f"; the present revision is {verified.revision}"
        click.echo(f"the document is of revision {printed.revision} of this record{since}")
    if verified.decision:
        click.echo(printable(_decision(verified.decision)))
    click.echo(f"{directory.name}: no file has changed" + ("" if verified.signatures else "; not signed"))


def _signature(checked: Checked, revision: int) -> str:
    who = f"{checked.name} as {checked.role}, revision {checked.revision}"
    key = f" with the key of {checked.signer.principal} ({checked.signer.key})" if checked.signer else ""
    is_wrong = checked.altered or (checked.unproven and not checked.unknown)
    state = "not valid" if is_wrong else "valid" if checked.signer else "cannot be checked"
    note = f"; {checked.note}" if checked.note else ""
    since = f"; the record was changed since: revision {checked.revision} -> {revision}" if checked.later else ""
    return f"signature of {who}{key}: {state}{note}{since}"


def _decision(decision: Decision) -> str:
    whether = "the assigned supervisor" if decision.is_assigned else f"not {', '.join(decision.assigned)}"
    role = f", {whether}" if decision.assigned else ""
    signed = "signed" if decision.is_signed else "not signed"
    changed = decision.changed
    since = f"; the record was changed since: revision {changed[0]} -> {changed[1]}" if changed else ""
    return f"{decision.decision} by {decision.by}{role}; {signed}{since}"
