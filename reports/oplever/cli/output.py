"""Words for the terminal. Everything that came from a machine goes through `oplever.text.printable`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oplever.cli.language import say, translator
from oplever.cli.tables import stage_word, verdict_word
from oplever.files import put
from oplever.kinds import registry
from oplever.page.reasons import missing_text, reason_text
from oplever.page.translator import N_, Translator
from oplever.record.model import Record
from oplever.store import documents
from oplever.store.documents import Documents
from oplever.text import printable

if TYPE_CHECKING:
    from oplever.app.join import Since


def summary(record: Record) -> str:
    """Verdict, stage and reasons in the words of the user."""
    t = translator()
    reasons = [f"  - {printable(reason_text(t, reason))}" for reason in record.document.reasons]
    return "\n".join([standing(record), *reasons])


def standing(record: Record) -> str:
    """Verdict and stage, with what a reader is told: the first two lines of a summary."""
    t = translator()
    title = registry.of(record).layout.headline(t, record).title
    unchecked = t("nobody checked the keys here, see: {command}", command="oplever verify")
    key = f"; {unchecked}" if record.stage == "signed" else ""
    lines = (
        t("verdict: {verdict}", verdict=verdict_word(t, record.verdict, record.kind)),
        t("stage: {stage} ({title})", stage=stage_word(t, record.stage), title=title[0].lower() + title[1:]) + key,
    )
    return "\n".join(lines)


def approved_incomplete(record: Record) -> str:
    """A warning when the record was approved while it lacks something; else nothing."""
    missing = record.completeness.missing
    if record.accountability.decision != "approved" or not missing:
        return ""
    t = translator()
    texts = "; ".join(missing_text(t, item.code, item.params) for item in missing)
    advice = t("an approved record takes corrections only")
    return f"oplever: {t('approved while this is missing: {texts}', texts=texts)}\n  -> {advice}"


def tell_added(directory: Path, record: Record, kinds: str) -> None:
    """Print what was added, what the record now says, and how far its documents are."""
    if warning := approved_incomplete(record):
        click.echo(warning, err=True)
    revision, name = record.document.revision, record.id
    say("added: {kinds}, revision {revision} of {record}", kinds=kinds, revision=revision, record=name)
    click.echo(summary(record))
    tell_documents(directory)


def tell_since(state: Since) -> None:
    """Print what a record of several runs does not have."""
    if state.runs:
        say("not in this record, though of its assignment: {runs}", runs=", ".join(state.runs), err=True)
    for name, taken, present in state.revisions:
        text = N_("{run} was taken in at revision {taken}, and is at revision {present} now")
        say(text, run=name, taken=taken, present=present, err=True)
    if state.runs or state.revisions:
        say("  -> take them in: {command}", command="oplever join", err=True)


def tell_documents(directory: Path) -> None:
    """Print of which revision the documents are when that is not the present one, and why they could not be made."""
    state = documents.examine(directory)
    if state.problem:
        say("oplever: documents could not be made: {problem}", problem=state.problem, err=True)
    if state.state != "current":
        say("documents: {state}", state=documents_state(state, directory, translator()))
    elif state.problem:
        say("  -> make them again: {command}", command=f"oplever report {directory.name}", err=True)


def documents_state(state: Documents, directory: Path, t: Translator) -> str:
    """Whether the documents are of the present revision, in words, with what to do; empty when they are."""
    advice = t("make them: {command}", command=f"oplever report {directory.name}")
    match state.state:
        case "current":
            return ""
        case "being_made":
            return t("being made, of revision {n}", n=state.current)
        case "out_of_date":
            of = t("of revision {n}", n=state.revision) if state.revision else t("of an unknown revision")
            text = t("out of date: {of}, while the record has revision {n}", of=of, n=state.current)
            return f"{text}; {advice}"
        case "none":
            return f"{t('none yet')}; {advice}"


def without_pdf(directory: Path) -> str:
    """A line, newline included, when the documents of a record were made without PDF; else nothing."""
    is_complete = (directory / "report.nl.pdf").exists() or not (directory / "report.nl.html").exists()
    text = translator()("documents: without PDF, which needs: {command}", command="pip install 'oplever[pdf]'")
    return "" if is_complete else f"{text}\n"


def deliver(content: bytes, output: str) -> str:
    """Put a file where somebody asked for it; `-` is standard output. The path as it is shown to people, empty when it
    was printed. Raises OpleverError (`file-unwritable`)."""
    if output == "-":
        click.echo(content, nl=False)
        return ""
    put(Path(output), content)
    return short(Path(output).resolve())


def short(path: Path) -> str:
    """A path as somebody standing here would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
