"""What `oplever incident new` asks at a terminal: everything that a report takes, in the order of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import click

from oplever.cli.language import say, translator
from oplever.kinds.incident.chapters.terms import CHANNELS
from oplever.kinds.incident.entries.intake import Channel
from oplever.page.parts import titled
from oplever.page.translator import N_
from oplever.record.model.incident_rules import Category, Question, Rules
from oplever.text import printable

_REPORT: dict[str, str] = {
    "channel": N_("How does the report come in?"),
    "text": N_("What is the matter, in the words of the reporter?"),
    "reporter": N_("Who reports it?"),
    "category": N_("What is it about?"),
    "place": N_("In which room?"),
    "machine": N_("On which machine?"),
}
_NEEDED = ("channel", "text", "reporter")
_CLASSIFICATION: dict[str, tuple[str, dict[str, str]]] = {
    "impact": (
        N_("How many people does it hinder?"),
        {"1": N_("the whole school"), "2": N_("a room or group"), "3": N_("one person")},
    ),
    "urgency": (
        N_("How soon does it have to be solved?"),
        {"1": N_("work stands still"), "2": N_("work is hindered"), "3": N_("it can wait")},
    ),
}
_YES_OR_NO: dict[str, str] = {"yes": N_("yes"), "no": N_("no")}


def ask(data: dict[str, Any], rules: Rules) -> None:
    """Add to `data` what is missing in it of a report, the answers to the questions of its category, and impact and
    urgency. Enter alone leaves out what may be left out."""
    t = translator()
    words = {
        "channel": {code: t(CHANNELS[code]) for code in get_args(Channel) if code != "machine"},
        "category": {name: titled(t, category.title) for name, category in rules.categories.items()},
    }
    for name, question in _REPORT.items():
        if not data.get(name):
            _put(data, name, _prompt(t(question), words.get(name, {}), needed=name in _NEEDED))
    category = rules.categories.get(str(data.get("category")))
    if category and not data.get("answer"):
        _put(data, "answer", _answers(category))
    for name, (question, choices) in _CLASSIFICATION.items():
        if not data.get(name):
            is_needed = bool(
                data.get("impact") or data.get("urgency")
            )  # the one without the other is no classification
            answer = _prompt(t(question), {code: t(word) for code, word in choices.items()}, needed=is_needed)
            if not answer:
                return
            data[name] = answer


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    if value:
        data[name] = value


def _answers(category: Category) -> list[str]:
    pairs = [(question.id, _answer(question)) for question in category.questions]
    return [f"{name}={text}" for name, text in pairs if text]


def _answer(question: Question) -> str:
    t = translator()
    words = {code: t(word) for code, word in _YES_OR_NO.items()} if question.type == "yes_no" else {}
    words |= {choice: choice for choice in question.choices}
    return _prompt(titled(t, question.ask), words, needed=question.required)


def _prompt(question: str, words: Mapping[str, str], *, needed: bool) -> str:
    """What was typed: where there are choices its code, by number, word or code; empty when Enter alone was, for what
    is not needed."""
    numbers = {str(number): code for number, code in enumerate(words, 1)}
    click.echo(printable(question))
    for number, code in numbers.items():
        click.echo(printable(f"  {number}  {words[code]}"))
    typed = {**numbers, **{word.casefold(): code for code, word in words.items()}, **{code: code for code in words}}
    while True:
        answer = str(click.prompt(">", prompt_suffix=" ", default=None if needed else "", show_default=False)).strip()
        if not words or (not answer and not needed):
            return answer
        if answer.casefold() in typed:
            return typed[answer.casefold()]
        say("  choose a number from 1 to {count}, or one of these words", count=len(words))
