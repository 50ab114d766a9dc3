"""`oplever handout`: cards and sheets for users, with what was delivered."""

from __future__ import annotations

from pathlib import Path

import click

from oplever import store
from oplever.app import handouts
from oplever.checks import handout as linter
from oplever.checks.readability import EASY
from oplever.cli.language import language_option, say, translator
from oplever.cli.output import deliver
from oplever.messages import M_
from oplever.record.handout import AUDIENCES
from oplever.text import printable
from oplever.words import Language


@click.command("handout")
@click.argument("record", default="latest")
@click.option("--room", default="", help="Only what is in this room: a group of machines. Default: everything.")
@click.option("--audience", type=click.Choice(list(AUDIENCES)), help="For whom. Default: everybody.")
@click.option(
    "--shape",
    type=click.Choice(["sheet", "cards"]),
    default="sheet",
    show_default=True,
    help="One paper for the wall, or a card of A6 size for each task.",
)
@click.option(
    "--each-machine", is_flag=True, help="For each machine its own card or sheet, also where they say the same."
)
@language_option
@click.option(
    "--format", "fmt", type=click.Choice(["pdf", "html", "md"]), default="pdf", show_default=True, help="Kind of file."
)
@click.option(
    "--out",
    "--output",
    "-o",
    "out",
    help="File to write; - is standard output. Default: a name of its own, where you are.",
)
@click.option(
    "--lint",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Find mistakes in meta/handout.yml of this role, or of all roles in this directory; makes nothing.",
)
def handout(
    *,
    record: str,
    room: str,
    audience: str | None,
    shape: handouts.Shape,
    each_machine: bool,
    language: Language,
    fmt: handouts.Format,
    out: str | None,
    paths: tuple[Path, ...],
) -> None:
    """Make cards or a sheet that tell users of RECORD how to use what was delivered.

    Addresses, names and versions are those of the record. A card of which a test fails, or a value is not there, is not
    made, and the command says so.

    \b
    Examples:
      oplever handout --audience user --room workstations
      oplever handout --shape cards --language nl --out cards.pdf
      oplever handout --room workstations --each-machine
      oplever handout --lint roles
    """
    if paths:
        _lint(paths)
        return
    directory = store.find(record)
    drawn = handouts.handout(
        directory,
        audience=audience or "",
        room=room,
        language=language,
        shape=shape,
        fmt=fmt,
        each_machine=each_machine,
    )
    for reason in handouts.reasons(drawn.left_out):
        say("{reason}", reason=reason, err=True)
    about = "-".join(part for part in (shape, room, audience or "", "each-machine" if each_machine else "") if part)
    path = deliver(drawn.content, out or f"{about}-{directory.name}.{language}.{fmt}")
    if not path:
        return
    count = translator().plural("{count} card", "{count} cards", len(drawn.cards))
    say("handout: {path} ({count})", path=path, count=count)
    for card in drawn.cards:
        click.echo(printable(f"  {card.name} {card.version}"))


def _lint(paths: tuple[Path, ...]) -> None:
    """Mistakes as compilers write them; the reading ease of each card as advice."""
    wrong = cards = 0
    for path in linter.files(paths):
        linted = linter.lint(path)
        for mistake in linted.mistakes:
            click.echo(printable(f"{path}:{mistake.line}:{mistake.column}: {mistake.message}"))
        for name, scores in linted.scores.items():
            for language, score in scores.items():
                advice = "" if score is None or score >= EASY else M_(" (advice: shorter words and sentences)")
                shown = "-" if score is None else f"{score:.0f}"
                say(
                    "{path}: {card} ({language}): reading ease {score} of 100{advice}",
                    path=path, card=name, language=language, score=shown, advice=advice,
                )  # fmt: skip
        wrong += len(linted.mistakes)
        cards += linted.cards
    if wrong:
        raise click.exceptions.Exit(1)
    say("{cards}, no mistakes", cards=translator().plural("{count} card", "{count} cards", cards))
