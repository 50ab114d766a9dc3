"""`oplever sign`: put a name to a revision of a record, with an SSH key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from oplever import store
from oplever.cli.build import build
from oplever.record import entries
from oplever.store import signatures


@click.command()
@click.argument("record", default="latest")
@click.option("--by", required=True, envvar="OPLEVER_PERSON", show_envvar=True, help="Who signs.")
@click.option(
    "--role",
    type=click.Choice(["executor", "verifier", "supervisor", "principal", "user"]),
    default="executor",
    show_default=True,
    help="As what; it decides what the signature means.",
)
@click.option(
    "--decision", type=click.Choice(["approved", "rejected"]), help="Decide on the report first (supervisor)."
)
@click.option("--remarks", default="", help="Remarks with the decision.")
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="OPLEVER_SIGNING_KEY",
    show_envvar=True,
    help="SSH key; without one that of oplever.yml, else the first of the SSH agent.",
)
@click.help_option(help="Show this help and stop.")
def sign(*, record: str, by: str, role: str, decision: str | None, remarks: str, key: Path | None) -> None:
    """Sign RECORD as it stands. What is added later makes a new revision; the signature keeps to its own.

    \b
    Examples:
      oplever sign --by "S. Yilmaz"
      oplever sign --by "M. de Wit" --role supervisor --decision approved
    """
    if decision and role != "supervisor":
        raise click.UsageError("only a supervisor decides: --role supervisor")
    directory = store.find(record)
    if decision:
        store.add(directory, entries.make("decision", by, _now(), {"decision": decision, "remarks": remarks}))
    build(directory)
    revision = signatures.sign(directory, by, role, _now(), key)
    derived = build(directory)
    click.echo(
        f"signed: revision {revision} of {derived.id}, as {role}; it is now revision {derived.document.revision}"
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
