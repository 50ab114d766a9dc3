"""A record on the terminal: the first screen of its report, drawn from the same tree as the documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from oplever import store
from oplever.cli.language import say
from oplever.cli.output import documents_state, short
from oplever.cli.tables import table
from oplever.errors import OpleverError
from oplever.kinds import registry
from oplever.kinds.base import about
from oplever.page.blocks import STAGE_SYMBOLS, SYMBOLS, Attention, AttentionItem, Block, Table, Waiting
from oplever.page.translator import Translator
from oplever.page.view import View
from oplever.record.model import Record
from oplever.store import documents
from oplever.text import clean, printable, wrapped

_WIDE = 110
_MARGIN = 16


def overview(record: Record, directory: Path, t: Translator) -> None:
    """What a person wants to know before opening a document, and where the documents are."""
    view, layout = View.of(clean(record)), registry.of(record).layout
    verdict = layout.verdict(view.record, t)  # the reasons are in what needs attention
    click.echo(f"{record.id}  {printable(layout.title(view.record, t))}")
    click.echo(f"{SYMBOLS[verdict.tone]} {printable(verdict.title)}")
    click.echo(" · ".join(f"{STAGE_SYMBOLS[stage.state]} {stage.label}" for stage in verdict.stages))
    click.echo("\n".join(wrapped(verdict.figures, _WIDE)))
    if verdict.stages[-1].state == "done":
        command = "oplever verify" if _is_latest(directory) else f"oplever verify {directory.name}"
        click.echo(t("Nobody checked the keys here, see: {command}", command=command))
    is_approved = record.status == "approved"  # and takes nothing of what is still needed
    typed = partial(about, name=directory.name, is_latest=_is_latest(directory))
    for block in layout.summary(view, t):  # the sections below it are not drawn here, so not made either
        _block(block, None if is_approved else typed)
    if record.completeness.missing and is_approved:
        click.echo(f"\n{t('An approved record takes corrections only.')}")
    elif record.completeness.missing:
        click.echo("\n" + t("All of it in one go: {command}", command=f"oplever complete {directory.name}"))
    examined = documents.examine(directory)
    state = documents_state(examined, directory, t)
    click.echo(f"\n{t('Documents')}: {state}" if state else f"\n{t('Documents')}")
    for path in sorted(directory.glob("report.*")):
        click.echo(f"  {short(path)}")
    if examined.problem:
        say("oplever: documents could not be made: {problem}", problem=examined.problem, err=True)


def _is_latest(directory: Path) -> bool:
    """Whether a command that names no record means this one."""
    try:
        return store.find("latest") == directory.resolve()
    except OpleverError:
        return False


def _block(block: Block, typed: Callable[[str], str] | None) -> None:
    """`typed` gives a command as it is typed for this record; None when it takes nothing of what is needed."""
    if isinstance(block, Attention):
        click.echo(f"\n{block.title}")
        for line in block.lines:
            _line(line)
    elif isinstance(block, Waiting):
        _waiting(block, typed)
    elif isinstance(block, Table):
        rows = [[f"{SYMBOLS[cell.tone]} {cell.text}".strip() for cell in row] for row in block.rows]
        click.echo("")
        table([column.title for column in block.columns], rows)


def _line(line: AttentionItem) -> None:
    detail = "".join(phrase.text for phrase in line.detail)
    text = f"{line.text} ({detail})" if detail else line.text
    _print_labelled(SYMBOLS[line.tone] or " ", line.label, text)


def _print_labelled(symbol: str, label: str, text: str) -> None:
    head = f"  {symbol} {printable(label):<{_MARGIN}} "
    click.echo("\n".join(wrapped(head + text, _WIDE, rest=" " * len(head))))


def _waiting(block: Waiting, typed: Callable[[str], str] | None) -> None:
    """What is needed, each with the command that supplies it: on paper only who is waited for is of use."""
    click.echo(f"\n{block.title}")
    for who, needs in block.lines:
        for need in needs:
            _print_labelled(SYMBOLS["info"], who, need.text)
            if need.command and typed:
                commands = (typed(command) for command in need.command.split(" / "))
                click.echo(" " * (_MARGIN + 5) + " / ".join(commands))
