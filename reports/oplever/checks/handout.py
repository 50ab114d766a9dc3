"""Mistakes in `meta/handout.yml` of a role, with line and column: what a user could not follow, and what is not there.

A step is one action in one short sentence, in Dutch and in English; a value has a source, and a test that is named is a
test of the role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

import msgspec
import yaml
from msgspec import Struct

from oplever.checks import readability
from oplever.errors import OpleverError
from oplever.files import bounded, unreadable
from oplever.messages import M_
from oplever.words import Audience, Language
from oplever.yaml_nodes import compose, mark_of, plain, reason_of, repeated_keys

FILE: Final = Path("meta", "handout.yml")
MOST_CARDS: Final = 12
MOST_STEPS: Final = 10
MOST_WORDS: Final = 12
MOST_TASKS: Final = 12
MOST_TASK_CHARACTERS: Final = 40
LONGEST: Final = 200
"""Characters of a text; the callback keeps no more."""

_LARGEST_BYTES = 1 << 20
_LARGEST_OF_ROLE_BYTES = 64 << 20
"""Of one file of a role, in which the names of its tests are looked up."""
Place = tuple[str, ...]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_MACHINE: Final = ("name", "address", "os")
_SOURCES: Final = ("test", "machine", "package")
_KEYS: Final[dict[str, frozenset[str]]] = {
    "card": frozenset({"id", "for", "title", "everywhere", "proof", "values", "steps", "trouble"}),
    "step": frozenset({"do", "see"}),
    "trouble": frozenset({"when", "do"}),
    "value": frozenset({*_SOURCES, "label"}),
}
_ID = re.compile(r"[a-z][a-z0-9-]*")
_VALUE = re.compile(r"\{(\w+)\}")
_QUOTED = re.compile(r"^[^:]*: \S")
"""A line to type stands behind a colon, as it is: words and full stops in it are not those of the sentence."""
_PROSE = re.compile(r"(?<=\s)(?:en|de|het|een|and|the|followed|daarna)(?=\s)|[,.](?=\s|$)")
"""What is no part of a command: on paper all that stands behind the colon looks as what one types."""
_END = re.compile(r"[.!?](?=\s|$)")
_JOINTS: Final[dict[Language, str]] = {
    "nl": r"\b(?:en|of|daarna|vervolgens|dan)\b|[,;]",
    "en": r"\b(?:and|or|then)\b|[,;]",
}
_PASSIVE: Final[dict[Language, str]] = {
    "nl": r"\b(?:word|wordt|worden|werd|werden)\b",
    "en": r"\b(?:is|are|was|were|be|been)\s+\w+ed\b",
}


class Mistake(NamedTuple):
    """`line` and `column` count from 1."""

    line: int
    column: int
    message: str


class Words(Struct, frozen=True):
    """`actions` are words by which somebody does something: two of them in a sentence are two steps. `plain` are words
    that a user need not know, with the word of the glossary, or a plain one, to use on a card for users."""

    actions: dict[Language, frozenset[str]]
    plain: dict[Language, dict[str, str]]


@cache
def words() -> Words:
    return msgspec.yaml.decode((resources.files("oplever.checks") / "plain_words.yml").read_bytes(), type=Words)


class Linted(Struct, frozen=True):
    """`scores` are the reading ease of each card, by language; None when it has no words."""

    cards: int
    mistakes: tuple[Mistake, ...]
    scores: dict[str, dict[Language, float | None]]


def mistakes_of(card: Mapping[str, Any]) -> list[str]:
    """What is wrong with the texts of a card as a record has it, with its values: sources are not asked about."""
    declared = {**card, "proof": card.get("proof") or ["-"]}
    return [message for _, message in _card(declared, None, ())]


def files(paths: tuple[Path, ...]) -> list[Path]:
    """The files in these roles and directories of roles. Raises OpleverError (`handout-none`) when a path has none."""
    every: list[Path] = []
    for path in paths:
        chosen = [path] if path.is_file() else sorted({*path.glob(str(FILE)), *path.glob(f"*/{FILE}")})
        if not chosen:
            raise OpleverError(
                "handout-none",
                M_("{path} has no meta/handout.yml", path=path),
                M_("give the file, a role or a directory with roles"),
            )
        every += chosen
    return list(dict.fromkeys(every))


def lint(path: Path) -> Linted:
    """Everything that is wrong with a file. Raises OpleverError (`file-unreadable`)."""
    try:
        root = compose(bounded(path, _LARGEST_BYTES).decode("utf-8"))
        content = plain(root)
    except OSError as problem:
        raise unreadable(path, problem) from None
    except (yaml.YAMLError, ValueError) as problem:
        mark = mark_of(problem)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Linted(0, (Mistake(line, column, f"this is not YAML: {reason_of(problem)}"),), {})
    marks = dict(_marks(root, ())) if root else {}
    parts = {"check": content} if isinstance(content, list) else content
    if not isinstance(parts, dict):
        return Linted(0, (Mistake(1, 1, "the file needs `check`, `cards` or `tasks`"),), {})
    below = () if isinstance(content, list) else ("check",)
    problems = [*_lines(parts.get("check"), below), *_unknown_keys(parts, frozenset({"check", "cards", "tasks"}), ())]
    problems += _tasks(parts.get("tasks"))
    cards = parts.get("cards") or []
    if not isinstance(cards, list):
        problems.append((("cards",), "cards is a list"))
        cards = []
    problems += _cards(cards, _texts_of_role(path.parent.parent))
    repeated = [
        Mistake(mark.line + 1, mark.column + 1, f"{name} stands here twice; only the last would count")
        for mark, name in repeated_keys([root] if root else [])
    ]
    mistakes = sorted([*repeated, *(Mistake(*_mark(marks, place), message) for place, message in problems)])
    scores = {str(card.get("id")): _scores(card) for card in cards if isinstance(card, dict)}
    return Linted(len(cards), tuple(mistakes), scores)


def _marks(node: yaml.Node, place: Place) -> Iterator[tuple[Place, yaml.Mark]]:
    yield place, node.start_mark
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _marks(value, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _marks(value, (*place, str(number)))


def _mark(marks: Mapping[Place, yaml.Mark], place: Place) -> tuple[int, int]:
    """Where that is in the file; of what is not there where it should be."""
    while place not in marks and place:
        place = place[:-1]
    mark = marks.get(place)
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _texts_of_role(role: Path) -> str:
    """What the tests of a role are made of: a test has to be in there by its name."""
    paths = [path for name in ("templates", "tasks", "vars", "files") for path in sorted((role / name).rglob("*"))]
    return "\n".join(_text_of_file(path) for path in paths if path.is_file())


def _text_of_file(path: Path) -> str:
    try:
        return bounded(path, _LARGEST_OF_ROLE_BYTES).decode("utf-8", "replace")
    except OSError as problem:
        raise unreadable(path, problem) from None


Problems = Iterator[tuple[Place, str]]


def _unknown_keys(row: Mapping[str, Any], keys: frozenset[str], place: Place) -> Problems:
    for key in row:
        if key not in keys:
            yield (*place, str(key)), f"{key} is no key here: {', '.join(sorted(keys))}"


def _lines(rows: Any, place: Place) -> Problems:
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        yield from _text(row, (*place, str(number)))


def _tasks(tasks: Any) -> Problems:
    """What machines of a group are for: a few words each."""
    if tasks is not None and not isinstance(tasks, dict):
        yield ("tasks",), "tasks is a group of machines with a text: {print_servers: {nl: ..., en: ...}}"
        return
    for group, text in (tasks or {}).items():
        place = ("tasks", str(group))
        yield from _text(text, place)
        for language in LANGUAGES if isinstance(text, dict) else ():
            if len(str(text.get(language, ""))) > MOST_TASK_CHARACTERS:
                yield (
                    (*place, language),
                    f"the text has more than {MOST_TASK_CHARACTERS} characters: it stands in a table",
                )
    if tasks and len(tasks) > MOST_TASKS:
        yield ("tasks",), f"a role has words for at most {MOST_TASKS} groups"


def _cards(cards: list[Any], role: str) -> Problems:
    if len(cards) > MOST_CARDS:
        yield ("cards",), f"a role has at most {MOST_CARDS} cards"
    taken: set[str] = set()
    for number, card in enumerate(cards):
        place = ("cards", str(number))
        if not isinstance(card, dict):
            yield place, "a card has id, for, title and steps"
            continue
        name = str(card.get("id", ""))
        if not _ID.fullmatch(name):
            yield (*place, "id"), "id is a word in small letters, such as log-in"
        elif name in taken:
            yield (*place, "id"), f"there are two cards {name}"
        taken.add(name)
        yield from _card(card, role, place)


def _card(card: Mapping[str, Any], role: str | None, place: Place) -> Problems:
    """`role` is the text of the files of the role; None when there is no role to look into."""
    yield from _unknown_keys(card, _KEYS["card"], place)
    stated = card.get("for")
    audiences: list[Any] = stated if isinstance(stated, list) else []
    if not audiences or set(audiences) - set(get_args(Audience)):
        yield (*place, "for"), f"for is a list of: {', '.join(get_args(Audience))}"
    yield from _text(card.get("title"), (*place, "title"))
    if role is not None:
        yield from _sources(card, role, place)
    is_plain = bool(set(audiences) - {"administrator"})
    for name, kind, required in (("steps", "step", ("do",)), ("trouble", "trouble", ("when", "do"))):
        rows = card.get(name) or []
        if not isinstance(rows, list) or len(rows) > MOST_STEPS or (name == "steps" and not rows):
            yield (*place, name), f"{name} is a list of 1 to {MOST_STEPS}"
            continue
        for number, row in enumerate(rows):
            yield from _row(row, _KEYS[kind], required, (*place, name, str(number)), is_plain=is_plain)


def _row(row: Any, keys: frozenset[str], required: tuple[str, ...], place: Place, *, is_plain: bool) -> Problems:
    """A step, or what to do when something goes wrong: its texts, and those that may be there too."""
    if not isinstance(row, dict):
        yield place, f"it has {' and '.join(required)}"
        return
    yield from _unknown_keys(row, keys, place)
    for key in (*required, *(key for key in row if key in keys and key not in required)):
        yield from _text(row.get(key), (*place, key))
        yield from _sentences(row.get(key), (*place, key), is_action=key == "do", is_plain=is_plain)


def _text(text: Any, place: Place) -> Problems:
    """A text is there in both languages, with the same values."""
    if not isinstance(text, dict):
        yield place, "a text in both languages is missing: {nl: ..., en: ...}"
        return
    yield from _unknown_keys(text, frozenset(LANGUAGES), place)
    for language in LANGUAGES:
        value = text.get(language)
        if not isinstance(value, str) or not value.strip():
            yield (*place, language), f"the text in {language} is missing"
        elif len(value) > LONGEST:
            yield (*place, language), f"the text has {len(value)} characters, at most {LONGEST} are kept"
    values = [set(_VALUE.findall(str(text.get(language, "")))) for language in LANGUAGES]
    if values[0] != values[1]:
        yield place, "the languages do not have the same values"


def _sentences(text: Any, place: Place, *, is_action: bool, is_plain: bool) -> Problems:
    """One action in one short sentence, in plain words."""
    for language in LANGUAGES:
        value = text.get(language) if isinstance(text, dict) else None
        if not isinstance(value, str):
            continue
        at, prose = (*place, language), value.partition(": ")[0] if _QUOTED.match(value) else value
        if len(prose.split()) > MOST_WORDS:
            yield at, f"the sentence has {len(prose.split())} words, at most {MOST_WORDS}"
        if len(_END.findall(prose)) > 1:
            yield at, "that is more than one sentence"
        if re.search(_PASSIVE[language], prose, re.IGNORECASE):
            yield at, "say who does it: no passive"
        if is_action:
            yield from _actions(prose, language, at)
            if prose != value and (words_of := _PROSE.search(value.removeprefix(prose))):
                shown = words_of[0].strip()
                yield at, f"{shown!r} would be typed as well: write what one fills in as a word in capitals"
        if is_plain:
            for word in re.findall(r"[\w-]+", _VALUE.sub("", prose).casefold()):
                if better := words().plain[language].get(word):
                    yield at, f"{word} is no word for a user: write {better}"


def _actions(prose: str, language: Language, place: Place) -> Problems:
    """A step begins with what to do, and has one thing to do."""
    first, *others = [part.split() for part in re.split(_JOINTS[language], prose, flags=re.IGNORECASE)]
    verb = first[0].casefold().strip(".,:") if first else ""
    if verb not in words().actions[language]:
        yield place, f"begin with what to do: {verb or 'nothing'} is none of the words for that"
    for part in others:
        second = part[0].casefold().strip(".,:") if part else ""
        if second in words().actions[language]:
            yield place, f"that is more than one action: {verb} and {second}"


def _sources(card: Mapping[str, Any], role: str, place: Place) -> Problems:
    """Every value has one source, is used, and names a test of the role."""
    values = card.get("values") or {}
    if not isinstance(values, dict):
        yield (*place, "values"), "values are names with a source"
        return
    used = set(_VALUE.findall(str([card.get(part) for part in ("title", "steps", "trouble")])))
    for name in sorted(used - set(values)):
        yield place, f"there is no value {name}"
    for name, value in values.items():
        yield from _value(str(name), value, role, (*place, "values", str(name)), is_used=name in used)
    tests = [str(value["test"]) for value in values.values() if isinstance(value, dict) and "test" in value]
    if sum("*" in test for test in tests) > 1:
        yield (*place, "values"), "one value at most is that of many tests (*)"
    for number, test in enumerate(card.get("proof") or []):
        yield from _test(test, role, (*place, "proof", str(number)))
    if not (card.get("proof") or tests):
        yield place, "proof is missing: the test that shows that what the card says is so"


def _value(name: str, value: Any, role: str, place: Place, *, is_used: bool) -> Problems:
    """One value: its source, and its label, which one that is not in a text must have."""
    if not isinstance(value, dict) or sum(key in value for key in _SOURCES) != 1:
        yield place, f"a value has one source: {', '.join(_SOURCES)}"
        return
    yield from _unknown_keys(value, _KEYS["value"], place)
    if value.get("machine") not in (None, *_MACHINE):
        yield (*place, "machine"), f"of a machine is known: {', '.join(_MACHINE)}"
    if "label" in value:
        yield from _text(value["label"], (*place, "label"))
    elif not is_used:
        yield place, f"{name} is not used, and has no label"
    if "test" in value:
        yield from _test(value["test"], role, (*place, "test"))


def _test(name: Any, role: str, place: Place) -> Problems:
    literal = str(name).partition("*")[0]
    if not literal or literal not in role:
        yield place, f"the role has no test {name}"


def _scores(card: Mapping[str, Any]) -> dict[Language, float | None]:
    rows = [row for name in ("steps", "trouble") for row in card.get(name) or [] if isinstance(row, dict)]
    texts = [text for row in rows for text in row.values() if isinstance(text, dict)]
    return {
        language: readability.score([str(text.get(language, "")) for text in texts], language) for language in LANGUAGES
    }
