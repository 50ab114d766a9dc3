"""`oplever sign`: sign a revision of a record with an SSH key."""

from __future__ import annotations

from pathlib import Path

import click

from oplever import store
from oplever.app.sign import sign as sign_record
from oplever.cli.language import say, translator
from oplever.cli.output import approved_incomplete, tell_documents
from oplever.cli.person import by_option_for
from oplever.messages import M_
from oplever.page.vocabulary import word
from oplever.record.entries import Role


@click.command()
@click.argument("record", default="latest")
@by_option_for("Who signs.")
@click.option(
    "--role",
    type=click.Choice(["executor", "verifier", "supervisor", "principal", "user"]),
    default="executor",
    show_default=True,
    help="Role in which you sign; it determines what the signature means.",
)
@click.option(
    "--decision", type=click.Choice(["approved", "rejected"]), help="Add this decision before signing (supervisor)."
)
@click.option("--remarks", default="", help="Remarks with the decision.")
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="OPLEVER_SIGNING_KEY",
    show_envvar=True,
    help="SSH key; default: the key in oplever.yml, then the first key of the SSH agent.",
)
def sign(*, record: str, by: str, role: Role, decision: str | None, remarks: str, key: Path | None) -> None:
    """Sign the current revision of RECORD. Later additions make a new revision, which this signature does not cover.
    Whoever carried out the work can only sign as executor.

    \b
    Examples:
      oplever sign --by "S. Yilmaz"
      oplever sign --by "M. de Wit" --role supervisor --decision approved
    """
    if decision and role != "supervisor":
        raise click.UsageError(M_("only a supervisor decides: --role supervisor"))
    directory = store.find(record)
    signed = sign_record(directory, by, role, key=key, decision=decision, remarks=remarks)
    if warning := approved_incomplete(signed.record):
        click.echo(warning, err=True)
    document = signed.record.document
    say(
        "signed: revision {revision} of {record}, as {role}; it is now revision {now}",
        revision=signed.revision,
        record=signed.record.id,
        role=word(translator(), role),
        now=document.revision,
    )
    tell_documents(directory)
