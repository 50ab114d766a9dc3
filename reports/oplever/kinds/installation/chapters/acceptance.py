"""What the user is asked, and what the user answered to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from oplever.page.blocks import Block, Cell, CheckItem, Checklist, Mark, Paragraph
from oplever.page.parts import Blocks, in_language, names_of, pairs, titled
from oplever.page.translator import LANGUAGES, N_, Translator
from oplever.page.view import View
from oplever.page.vocabulary import ACCEPTANCE, setting_name, toned, word
from oplever.record.model import Acceptance, AcceptanceItem, Setting, System, Test

_INSTRUCTED = N_("The user was told how to use it and whom to ask for help")
"""The last line of the form; an acceptance has an answer to it of its own."""

_USED = frozenset({"http", "dns", "command"})
"""Sources of tests that use a service as a user would."""

_SHOWN = frozenset({"host", "account"})
"""Kinds of settings a user can be shown: name, language, time zone and keyboard of the machine, and who can log in."""

_MOST_LINES = 10
"""Lines for one machine. A user does not go through a longer list."""
_MOST_NAMED = 4
"""Machines that a line names; more than that are counted first."""
_MOST_SETTINGS = 12
_MOST_TESTS = 48
_FIRST_PERSON, _LAST_PERSON = 1000, 59999


class FormItem(Struct, frozen=True):
    """One line of the form: as it stands on the page, and what an answer may call it, in every language. `apart` is
    the same line for each of several machines."""

    line: CheckItem
    names: frozenset[str]
    apart: tuple[FormItem, ...] = ()


class _Line(NamedTuple):
    """What to look at on the machine `host`; without one, at the work as a whole."""

    host: str
    text: str
    language: Mark = ""


def acceptance(view: View, t: Translator) -> Blocks:
    """What the user said, held against the form; or the form to ask it with."""
    answer, items = view.record.acceptance, form(view, t)
    if answer.verdict is None:
        return (
            Paragraph(t("The user was not asked yet. Print this form and go through it together."), "warn"),
            _checklist(t, tuple(item.line for item in items)),
        )
    return (
        *pairs(
            (t("User"), answer.user),
            (t("Verdict"), toned(t, ACCEPTANCE, answer.verdict)),
            (t("Date"), t.moment(answer.at) if answer.at else None),
            (t("Instruction given"), t("yes") if answer.instructed else Cell(t("not stated"), "info")),
            (t("Remarks"), answer.remarks),
            (t("Recorded by"), answer.by),
        ),
        *_answers(answer, items, t),
    )


def _answers(acceptance: Acceptance, items: tuple[FormItem, ...], t: Translator) -> tuple[Block, ...]:
    """Every line of the form with the answer to it; a line without one is not accepted, and says so."""
    answers: dict[str, list[AcceptanceItem]] = defaultdict(list)
    for answer in acceptance.items:
        answers[_name(answer.item)].append(answer)
    if acceptance.instructed:
        answers[_name(_INSTRUCTED)].append(AcceptanceItem(_INSTRUCTED, True))
    lines: list[CheckItem] = []
    answered = asked = 0
    for item in (part for whole in items for part in _with_answers(whole, answers)):
        matching = [answer for name in item.names for answer in answers.pop(name, ())]
        answered, asked = answered + bool(matching), asked + 1
        text, language = item.line.text, item.line.language
        lines += [CheckItem(text, answer.as_wanted, answer.remark, language) for answer in matching]
        lines += [] if matching else [CheckItem(text, None, t("not answered"), language)]
    for answer in (answer for unlisted in answers.values() for answer in unlisted):
        remark = ", ".join(part for part in (answer.remark, t("not on the form")) if part)
        lines.append(CheckItem(answer.item, answer.as_wanted, remark))
    count = t(
        "Lines of the form that were answered: {answered} of {count}.",
        answered=t.number(answered),
        count=t.number(asked),
    )
    return (Paragraph(count, "good" if answered == asked else "info"), _checklist(t, tuple(lines)))


def _checklist(t: Translator, lines: tuple[CheckItem, ...]) -> Checklist:
    return Checklist(t("Check with the user"), t("as wanted"), t("not as wanted"), t("Remark"), lines)


def _name(text: str) -> str:
    """What an answer is recognised by: capitals, spaces and a full stop at the end make no difference."""
    return re.sub(r"\s+", " ", text).strip().rstrip(".").casefold()


def _with_answers(item: FormItem, answers: Mapping[str, list[AcceptanceItem]]) -> tuple[FormItem, ...]:
    """The line as the user answered it: for several machines at once, or for each of them."""
    is_apart = any(name in answers for part in item.apart for name in part.names)
    return item.apart if is_apart else (item,)


def form(view: View, t: Translator) -> tuple[FormItem, ...]:
    """What to show the user, line by line; what is to be looked at on several machines is one line."""
    languages = [_lines(view, Translator(language)) for language in LANGUAGES]
    alike: dict[tuple[str, ...], list[_Line]] = defaultdict(list)
    for line, *translated in zip(_lines(view, t), *languages, strict=True):
        alike[tuple(line_text.text for line_text in translated)].append(line)
    return tuple(_item(view, t, lines, texts) for texts, lines in alike.items())


def _item(view: View, t: Translator, lines: list[_Line], texts: tuple[str, ...]) -> FormItem:
    """A line of the form for the machines of `lines`; `texts` is what it says in every language."""
    hosts, (first, *others) = [line.host for line in lines], lines
    names = [
        (_machines(view, Translator(language), hosts), text) for language, text in zip(LANGUAGES, texts, strict=True)
    ]
    return FormItem(
        CheckItem(_with_machines(_machines(view, t, hosts), first.text), language=first.language),
        frozenset(_name(_with_machines(whose, text)) for whose, text in names),
        tuple(_item(view, t, [line], texts) for line in lines) if others else (),
    )


def _with_machines(machines: str, text: str) -> str:
    return f"{machines}: {text}" if machines else text


def _machines(view: View, t: Translator, hosts: list[str]) -> str:
    if len(hosts) > 1 and len(hosts) == len(view.record.systems):
        return t("All {count} machines", count=t.number(len(hosts)))
    if len(hosts) <= _MOST_NAMED:
        return ", ".join(hosts)
    count = t.plural("{count} machine", "{count} machines", len(hosts))
    return f"{count} ({names_of(t, hosts)})"


def _lines(view: View, t: Translator) -> list[_Line]:
    """What the roles of each machine give; of a record without that, what tests show and settings say."""
    lines = [line for system in view.record.systems for line in handout(t, system)]
    return [*(lines or _proposal_lines(view, t)), _Line("", t(_INSTRUCTED))]


def handout(t: Translator, system: System) -> list[_Line]:
    """The lines that the roles of a machine give a user."""
    by_name = {titled(t, line): line for line in system.handout}
    return [_Line(system.name, text, in_language(t, line)) for text, line in list(by_name.items())[:_MOST_LINES]]


def _proposal_lines(view: View, t: Translator) -> list[_Line]:
    used: dict[tuple[str, str], Test] = {}
    for test in view.after or view.during:
        if test.source in _USED and test.status == "pass":
            used.setdefault((test.host, test.suite), test)
    noticed = [setting for setting in view.record.settings if _is_visible(setting)]
    return [
        *(
            _Line(test.host, titled(t, test.title) or test.id, in_language(t, test.title))
            for test in list(used.values())[:_MOST_TESTS]
        ),
        *(_Line(setting.host, _setting_line(t, setting)) for setting in noticed[:_MOST_SETTINGS]),
    ]


def _is_visible(setting: Setting) -> bool:
    """Whether a user can be shown it: an account only when it is a person's, by the range of Debian's adduser."""
    if setting.kind != "account":
        return setting.kind in _SHOWN
    uid = re.search(r"\buid=(\d+)\b", setting.after or setting.before)
    return uid is None or _FIRST_PERSON <= int(uid[1]) <= _LAST_PERSON


def _setting_line(t: Translator, setting: Setting) -> str:
    if setting.kind == "account":
        return f"{t('account {name}', name=setting.name)}, {word(t, setting.change)}"
    name = setting_name(t, setting.kind, setting.name)
    return f"{name}: {setting.after or t('removed')}"
