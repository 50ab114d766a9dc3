"""`oplever publish`: pages over all records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from oplever.cli.language import language_option, say, translator
from oplever.cli.output import short
from oplever.words import Language


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for the pages; default: overview below the records.",
)
@language_option
def publish(out: Path | None, language: Language) -> None:
    """Make static pages over all records.

    The pages are in Dutch and English, need no server, and load nothing from elsewhere: put them on a file share.

    \b
    Examples:
      oplever publish
      oplever publish --out /srv/share/overview --language nl
    """
    from oplever.app.publish import publish as make  # noqa: PLC0415 - the help needs none of it

    published = make(datetime.now(UTC), out, language)
    say(
        "published: {start} ({records} records; {changed} of {files} files changed)",
        start=short(published.start),
        records=published.records,
        changed=published.changed,
        files=published.files,
    )
    if published.unreadable:
        t = translator()
        text = t.plural(
            "{count} record cannot be read; the pages say why",
            "{count} records cannot be read; the pages say why",
            published.unreadable,
        )
        click.echo(f"oplever: {text}", err=True)
