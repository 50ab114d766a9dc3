"""The check of cards sees what a user could not follow, and what is not there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import school
import yaml
from ansible_collections.oplever.lab.plugins.plugin_utils import handout
from command import attempt
from oplever.checks import handout as linter
from oplever.checks import readability
from oplever.errors import OpleverError

Card = dict[str, Any]
GOOD: Card = {
    "id": "open",
    "for": ["user"],
    "title": {"nl": "De wiki openen", "en": "Open the wiki"},
    "proof": ["wiki.page"],
    "values": {"address": {"test": "wiki.page"}},
    "steps": [
        {"do": {"nl": "Typ {address} in.", "en": "Type {address}."}, "see": {"nl": "U ziet a.", "en": "You see a."}}
    ],
    "trouble": [{"when": {"nl": "Er is niets.", "en": "There is nothing."}, "do": {"nl": "Bel.", "en": "Call."}}],
}


def role(place: Path, cards: list[Card]) -> Path:
    (place / "meta").mkdir(parents=True, exist_ok=True)
    (place / "templates").mkdir(exist_ok=True)
    (place / "templates" / "checks.yml.j2").write_text("- id: wiki.page\n")
    (place / "meta" / "handout.yml").write_text(yaml.safe_dump({"cards": cards}, allow_unicode=True))
    return place / "meta" / "handout.yml"


def mistakes(place: Path, cards: list[Card]) -> list[str]:
    return [mistake.message for mistake in linter.lint(role(place, cards)).mistakes]


def _set(value: Any, *path: Any) -> Callable[[Card], None]:
    def change(card: Card) -> None:
        for key in path[:-1]:
            card = card[key]
        card[path[-1]] = value

    return change


def _do(nl: str, en: str = "Type {address}.") -> Callable[[Card], None]:
    return _set({"nl": nl, "en": en}, "steps", 0, "do")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_do("Typ {address} in en druk op Enter."), "more than one action: typ and druk"),
        (_do("Typ {address} in. Wacht."), "more than one sentence"),
        (_do("Typ {address} in.", "Type {address}, then press Enter."), "more than one action: type and press"),
        (_do("De wiki {address}."), "begin with what to do: de"),
        (_do("Typ " + "heel " * 12 + "{address}."), "14 words, at most 12"),
        (_do("Typ de URL {address}."), "url is no word for a user: write adres"),
        (_do("Typ wat gevraagd wordt: {address}"), "say who does it: no passive"),
        (_do("Typ {adres} in."), "the languages do not have the same values"),
        (_do("Typ {adres} in.", "Type {adres}."), "there is no value adres"),
        (_do("Typ {address}: restore, de naam"), "',' would be typed as well"),
        (_do("Typ {address}: unlock en de naam"), "'en' would be typed as well"),
        (_do("Typ {address}: restart wiki."), "'.' would be typed as well"),
        (_do("", "Type {address}."), "the text in nl is missing"),
        (_set({"nl": "Typ in."}, "steps", 0, "do"), "the text in en is missing"),
        (_set(["leerling"], "for"), "for is a list of: user, student, teacher, administrator"),
        (_set([], "for"), "for is a list of"),
        (_set("Open", "id"), "id is a word in small letters"),
        (_set([], "steps"), "steps is a list of 1 to 10"),
        (_set(["wiki.pagina"], "proof"), "the role has no test wiki.pagina"),
        (_set({"test": "wiki.pagina"}, "values", "address"), "the role has no test wiki.pagina"),
        (_set({"machine": "colour"}, "values", "address"), "of a machine is known: name, address, os"),
        (_set({"test": "wiki.page", "machine": "name"}, "values", "address"), "a value has one source"),
        (_set({"machine": "name"}, "values", "host"), "host is not used, and has no label"),
        (_set(True, "plaats"), "plaats is no key here"),
    ],
)
def test_each_mistake_is_seen(change: Callable[[Card], None], message: str, tmp_path: Path) -> None:
    card = copy.deepcopy(GOOD)
    assert mistakes(tmp_path, [card]) == []
    change(card)
    assert any(message in text for text in mistakes(tmp_path, [card])), mistakes(tmp_path, [card])


def test_a_card_needs_something_that_shows_it(tmp_path: Path) -> None:
    card = copy.deepcopy(GOOD) | {"values": {"address": {"machine": "address"}}}
    del card["proof"]
    assert mistakes(tmp_path, [card]) == ["proof is missing: the test that shows that what the card says is so"]


def test_administrators_read_more_words(tmp_path: Path) -> None:
    card = copy.deepcopy(GOOD)
    _do("Typ de URL {address}.")(card)
    assert mistakes(tmp_path, [card | {"for": ["administrator"]}]) == []


def test_two_cards_do_not_have_one_name(tmp_path: Path) -> None:
    assert mistakes(tmp_path, [GOOD, GOOD]) == ["there are two cards open"]


def test_the_command_names_the_place_and_ends_with_1(tmp_path: Path) -> None:
    card = copy.deepcopy(GOOD)
    _do("Typ {address} in en druk op Enter.")(card)
    path = role(tmp_path / "wiki", [card])
    done = attempt("handout", "--lint", str(tmp_path))
    assert done.exit_code == 1
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "druk op Enter" in text)
    assert f"{path}:{line}:" in done.stdout


def test_a_key_that_stands_there_twice_is_named_with_its_place(tmp_path: Path) -> None:
    path = role(tmp_path, [GOOD])
    path.write_text(f"cards: []\n{path.read_text()}")
    (mistake,) = linter.lint(path).mistakes
    assert (mistake.line, mistake.message) == (2, "cards stands here twice; only the last would count")


def test_a_file_of_the_role_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = role(tmp_path, [GOOD])
    (tmp_path / "files").mkdir(exist_ok=True)
    (tmp_path / "files/memory").symlink_to("/proc/self/mem")  # a file, and reading it from its start fails
    with pytest.raises(OpleverError, match="files/memory: Input/output error"):
        linter.lint(path)


@pytest.mark.parametrize("content", ["[", "a: [", "x", "5"])
def test_what_is_no_such_file_is_said(content: str, tmp_path: Path) -> None:
    path = role(tmp_path, [])
    path.write_text(content)
    assert linter.lint(path).mistakes
    with pytest.raises(OpleverError, match="has no meta/handout"):
        linter.files((tmp_path / "nowhere",))


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (["wiki_servers"], "tasks is a group of machines with a text"),
        ({"wiki_servers": {"nl": "de wiki"}}, "the text in en is missing"),
        (
            {"wiki_servers": {"nl": "de wiki van de hele school en van iedereen", "en": "a"}},
            "more than 40 characters",
        ),
        ({f"group{number}": {"nl": "a", "en": "b"} for number in range(13)}, "words for at most 12 groups"),
    ],
)
def test_words_for_groups_are_few_and_in_both_languages(tasks: Any, message: str, tmp_path: Path) -> None:
    path = role(tmp_path, [GOOD])
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"tasks": {"wiki_servers": {"nl": "de wiki", "en": "the wiki"}}}))
    assert linter.lint(path).mistakes == ()
    path.write_text(yaml.safe_dump(content | {"tasks": tasks}))
    assert [mistake.message for mistake in linter.lint(path).mistakes if message in mistake.message] != []


WITHOUT_CARD = {"harden", "lab"}
"""Roles that nobody uses: what is hardened has rules of the baseline and no tests that a card could go by."""


@pytest.mark.slow
def test_the_roles_here_have_no_mistake_and_each_has_a_card() -> None:
    linted = {path.parts[-3]: linter.lint(path) for path in linter.files((school.ROLES,))}
    assert {role: result.mistakes for role, result in linted.items() if result.mistakes} == {}
    roles = {path.name for path in school.ROLES.iterdir() if (path / "tasks").is_dir()}
    assert roles - {role for role, result in linted.items() if result.cards} == WITHOUT_CARD


@pytest.mark.slow
def test_the_callback_keeps_every_card_of_the_roles_here_whole() -> None:
    for path in linter.files((school.ROLES,)):
        content = yaml.safe_load(path.read_text())
        declared = content.get("cards", []) if isinstance(content, dict) else []
        kept = handout.read(str(path.parent.parent)).get("cards", [])
        assert [(card["id"], len(card["steps"]), len(card["trouble"]), card["audiences"]) for card in kept] == [
            (card["id"], len(card["steps"]), len(card["trouble"]), card["for"]) for card in declared
        ]


def test_both_keep_to_one_measure() -> None:
    assert (linter.MOST_CARDS, linter.MOST_STEPS, linter.LONGEST, str(linter.FILE)) == (
        handout.MOST_CARDS,
        handout.MOST_STEPS,
        handout.LONGEST,
        handout.FILE,
    )


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [("wachtwoord", "nl", 2), ("aanmelden", "nl", 3), ("mooie", "nl", 2), ("password", "en", 2), ("table", "en", 2),
     ("take", "en", 1), ("the", "en", 1)],
)  # fmt: skip
def test_syllables(word: str, language: Any, count: int) -> None:
    assert readability.syllables(word, language) == count


def test_long_words_and_sentences_read_less_easily() -> None:
    easy = readability.score(["Druk op Enter.", "Klik op de knop."], "nl")
    hard = readability.score(["Authenticeer uzelf middels de daartoe beschikbaar gestelde inloggegevens."], "nl")
    assert easy is not None
    assert hard is not None
    assert easy > readability.EASY > hard
    assert readability.score(["http://wiki.example/"], "nl") is None
