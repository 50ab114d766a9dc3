"""`oplever sign`: sign a revision of a record with an SSH key."""

from __future__ import annotations

from pathlib import Path

import click

from oplever import clock, store
from oplever.app.build import build
from oplever.cli.output import approved_incomplete
from oplever.errors import OpleverError
from oplever.record import entries, own_work
from oplever.record.entries import Role
from oplever.store import manifest, signatures


@click.command()
@click.argument("record", default="latest")
@click.option("--by", required=True, envvar="OPLEVER_PERSON", show_envvar=True, help="Who signs.")
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
@click.help_option(help="Show this help and exit.")
def sign(*, record: str, by: str, role: Role, decision: str | None, remarks: str, key: Path | None) -> None:
    """Sign the current revision of RECORD. Later additions make a new revision, which this signature does not cover.
    Whoever carried out the work can only sign as executor.

    \b
    Examples:
      oplever sign --by "S. Yilmaz"
      oplever sign --by "M. de Wit" --role supervisor --decision approved
    """
    if decision and role != "supervisor":
        raise click.UsageError("only a supervisor decides: --role supervisor")
    directory = store.find(record)
    _refuse_altered(directory)
    own_work.check_role(store.load(directory), by, role)
    signatures.try_key(key)  # before anything is written: a decision cannot be taken back
    if decision:
        store.add(
            directory, entries.make("decision", by, clock.now(), {"decision": decision, "remarks": remarks or None})
        )
    build(directory)
    revision = signatures.sign(directory, by, role, clock.now(), key)
    derived = build(directory)
    if warning := approved_incomplete(derived):
        click.echo(warning, err=True)
    click.echo(
        f"signed: revision {revision} of {derived.id}, as {role}; it is now revision {derived.document.revision}"
    )


def _refuse_altered(directory: Path) -> None:
    """Nobody puts their name to what is not as it was made, or not as somebody else signed it."""
    wrong = manifest.problems(directory) if (directory / store.MANIFEST).is_file() else []
    wrong += [problem for each in signatures.check(directory, None) for problem in each.altered]
    if wrong:
        advice = "list all changes: oplever verify; make the documents again: oplever report"
        raise OpleverError("record-altered", f"{directory.name} was changed: {wrong[0]}", advice)
