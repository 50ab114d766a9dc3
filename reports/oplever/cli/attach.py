"""`oplever attach`: a photo or another file joins a record."""

from __future__ import annotations

from pathlib import Path

import click

from oplever import store
from oplever.cli.output import tell_added
from oplever.cli.person import by_option


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--what", required=True, help="What it shows.")
@click.option("--record", default="latest", show_default=True, help="Record, by name or path.")
@by_option
def attach(path: Path, by: str, what: str, record: str) -> None:
    """Add the photo, PDF or text PATH to a record. What a photo says about place and camera is taken out.

    \b
    Example:
      oplever attach rack.jpg --what "Cabling of rack 2, front" --by "S. Yilmaz"
    """
    from oplever.app.annexes import attach_file  # noqa: PLC0415 - the help needs none of it

    directory = store.find(record)
    tell_added(directory, attach_file(directory, by, path, what), "annex")
