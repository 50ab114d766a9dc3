"""`oplever faq`: questions that users ask more than once, with answers that still hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oplever import store
from oplever.app import faq as questions
from oplever.app.faq import Candidate
from oplever.cli.help import Group
from oplever.cli.language import language_option, say, translator
from oplever.cli.output import summary, tell_documents
from oplever.cli.person import by_option
from oplever.cli.tables import as_json, format_option
from oplever.messages import M_
from oplever.overview.questions import Question
from oplever.page.translator import Translator
from oplever.record.model import Record
from oplever.text import printable
from oplever.words import Language

_MOST_WORDS = 3
record_argument = click.argument("record")


@click.group("faq", cls=Group)
def faq() -> None:
    """Make frequently asked questions of closed incidents, each with an answer that was shown to be right.

    \b
    Examples:
      oplever faq list
      oplever faq propose --category inloggen --guideline W-7 --answer "..." --card dokuwiki/log-in --of latest
      oplever faq accept RECORD --by "P. Visser"
    """


@faq.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that were withdrawn.")
@format_option
@language_option
def list_questions(every: bool, form: str, language: Language) -> None:
    """List the questions with how they stand, and the incidents that could become one."""
    listing, t = questions.listing(), Translator(language)
    shown = [q for q in listing.questions if every or q.state != "withdrawn"]
    if form == "json":
        as_json([*map(_plain, shown), *map(_plain_candidate, listing.candidates)])
        return
    for question in shown:
        click.echo(printable(f"{question.name}  {_standing(question, t)}"))
        click.echo(printable(f"  {' '.join(question.faq.question.split())}"))
        for reason in question.lapsed:
            say("  - {reason}", reason=reason)
    for candidate in listing.candidates:
        _show(candidate, t)
    if not shown and not listing.candidates:
        say("No question yet, and no three closed incidents of one category and guideline.")


def _standing(question: Question, t: Translator) -> str:
    if question.lapsed:
        return t("does not hold any more")
    words = {"proposed": t("proposed"), "accepted": t("accepted"), "withdrawn": t("withdrawn")}
    return words[question.state]


def _show(candidate: Candidate, t: Translator) -> None:
    count = t.plural("{count} closed incident", "{count} closed incidents", len(candidate.words))
    about = f"{candidate.category} / {candidate.guideline}"
    say("candidate: {about}: {count}", about=about, count=count)
    for name, words in list(candidate.words.items())[:_MOST_WORDS]:
        click.echo(printable(f"  {name}  {words.splitlines()[0] if words else '-'}"))


def _plain(question: Question) -> dict[str, Any]:
    faq_ = question.faq
    return {
        "name": question.name, "state": question.state, "shown": question.is_shown, "question": faq_.question,
        "answer": faq_.answer, "category": faq_.category, "guideline": faq_.guideline, "cases": faq_.cases,
        "lapsed": [str(reason) for reason in question.lapsed],
    }  # fmt: skip


def _plain_candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "state": "candidate", "category": candidate.category, "guideline": candidate.guideline,
        "cases": list(candidate.words), "words": list(candidate.words.values()),
    }  # fmt: skip


@faq.command("propose")
@by_option
@click.option("--category", required=True, help="The category of the incidents.")
@click.option("--guideline", required=True, help="The guideline by which they were solved.")
@click.option("--answer", required=True, help="The answer, in a few sentences.")
@click.option("--words-of", help="The incident in whose words the question is; the newest when left out.")
@click.option("--question", help="The question, when these words have to be changed.")
@click.option("--card", default="", help="The handout that has the answer, as dokuwiki/log-in.")
@click.option("--test", "tests", multiple=True, help="A test that shows the answer, as 'web1 dokuwiki.page'.")
@click.option("--of", "source", required=True, help="The record that the handout or the test is of.")
@language_option
def propose(*, by: str, card: str, tests: tuple[str, ...], source: str, **data: Any) -> None:
    """Propose a question, made of three or more closed incidents of one category and guideline.

    Prints its name last.
    """
    if not (card or tests):
        raise click.UsageError(M_("name what shows the answer: --card, --test or both"))
    directory, record = questions.propose(by, data, source=store.find(source), card=card, tests=tests)
    _tell(directory, record)
    click.echo(directory.name)


@faq.command("accept")
@record_argument
@by_option
@click.option("--remark", default="", help="What there is to say about it.")
def accept(record: str, by: str, remark: str) -> None:
    """Accept question and answer of RECORD, as somebody else than who proposed it."""
    directory = store.find(record)
    _tell(directory, questions.accept(directory, by, remark))


@faq.command("withdraw")
@record_argument
@by_option
@click.option("--reason", required=True, help="Why.")
def withdraw(record: str, by: str, reason: str) -> None:
    """Withdraw RECORD: it is shown to nobody any more."""
    directory = store.find(record)
    _tell(directory, questions.add(directory, "faq-withdrawn", by, {"reason": reason}))


@faq.command("check")
@click.option("--withdraw", "withdraws", is_flag=True, help="Withdraw what no longer holds, with the reason.")
@click.option("--by", envvar="OPLEVER_PERSON", show_envvar=True, help="Who withdraws it.")
@click.pass_context
def check(ctx: click.Context, withdraws: bool, by: str | None) -> None:
    """See whether every answer still holds: its incidents are closed, and its proof is so in the newest record. Ends
    with 1 when one does not and it is not withdrawn."""
    if withdraws and not by:
        raise click.UsageError(M_("Missing option '--by' (env var: 'OPLEVER_PERSON')."))
    live = [q for q in questions.listing().questions if q.state != "withdrawn"]
    lapsed = questions.withdraw_lapsed(by) if withdraws and by else tuple(q for q in live if q.lapsed)
    for question in lapsed:
        click.echo(printable(f"{question.name}  {question.faq.question}"))
        for reason in question.lapsed:
            say("  - {reason}", reason=reason)
        if withdraws:
            say("  withdrawn")
    t = translator()
    count = t.plural("{count} question", "{count} questions", len(live))
    say("{count}, {lapsed} that no longer hold", count=count, lapsed=len(lapsed))
    if lapsed and not withdraws:
        ctx.exit(1)


def _tell(directory: Path, record: Record) -> None:
    """What was added, and how the question stands."""
    say("faq: revision {revision} of {record}", revision=record.document.revision, record=record.id)
    click.echo(summary(record))
    tell_documents(directory)
