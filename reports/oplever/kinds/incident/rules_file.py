"""The rules of an organisation, read from YAML: every mistake with its line, and what was probably meant. Pure.

The texts of the file are read as they are typed, so that `no` stays a text and a day stays a day; what type each has is
what the declaration in `oplever.record.model.incident_rules` says.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from importlib import resources
from itertools import product
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import yaml
from msgspec import inspect

from oplever.messages import M_
from oplever.record.model.incident_rules import LEVELS, Calendar, Category, Rules
from oplever.words import Text
from oplever.yaml_nodes import compose, mark_of, reason_of

Place = tuple[str, ...]
"""Keys from the top of the file to a value; rows of a list by their number from 0."""
_LARGEST = 1 << 20


class Mistake(NamedTuple):
    """`line` and `column` count from 1; `message` is a sentence that can still be translated."""

    line: int
    column: int
    message: str


class Parsed(NamedTuple):
    """`rules` is None when there are mistakes."""

    rules: Rules | None
    mistakes: tuple[Mistake, ...]


def parse(content: bytes) -> Parsed:
    """The rules in a file, or everything that is wrong with it."""
    if len(content) > _LARGEST:
        return Parsed(None, (Mistake(1, 1, M_("the file is larger than {size} MiB", size=_LARGEST >> 20)),))
    try:
        root = compose(content)
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        mark = mark_of(problem)
        message = M_("this is not YAML: {problem}", problem=reason_of(problem))
        return Parsed(None, (Mistake(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message),))
    if root is None:
        return Parsed(None, (Mistake(1, 1, M_("the file is empty")),))
    reading = _Reading()
    plain = reading.value(root, inspect.type_info(Rules), ())
    if not reading.mistakes:
        rules = msgspec.convert(plain, Rules)
        reading.mistakes += [reading.at(place, message) for place, message in _contradictions(rules)]
        if not reading.mistakes:
            return Parsed(rules, ())
    return Parsed(None, tuple(sorted(reading.mistakes)))


@cache
def defaults() -> Rules:
    """The rules that hold where there is no file."""
    content = resources.files("oplever.kinds.incident").joinpath("defaults.yml").read_bytes()
    rules = parse(content).rules
    assert rules is not None  # noqa: S101 - a test reads them
    return rules


def digest(rules: Rules) -> str:
    """SHA-256 of what the rules say: a comment or another order of keys changes nothing."""
    return hashlib.sha256(msgspec.json.encode(rules, order="deterministic")).hexdigest()


class _Reading:
    """The walk through a file: values as the declaration has them, with the place of each, and what is wrong."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.marks: dict[Place, yaml.Mark] = {}

    def at(self, place: Place, message: str) -> Mistake:
        """A mistake at a place, or at the deepest part of it that the file has."""
        while place and place not in self.marks:
            place = place[:-1]
        mark = self.marks.get(place)
        return Mistake(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message)

    def value(self, node: yaml.Node, kind: inspect.Type, place: Place) -> Any:
        self.marks.setdefault(place, node.start_mark)
        match _bare(kind):
            case inspect.StructType() as struct:
                return self._struct(node, struct, place)
            case inspect.DictType(key_type=key_type, value_type=value_type):
                return self._dict(node, key_type, value_type, place)
            case inspect.VarTupleType(item_type=item):
                if not isinstance(node, yaml.SequenceNode):
                    return self._wrong(place, M_("write a list: [first, second]"))
                return [self.value(row, item, (*place, str(number))) for number, row in enumerate(node.value)]
        return self._scalar(node, kind, place)

    def _struct(self, node: yaml.Node, kind: inspect.StructType, place: Place) -> Any:
        if kind.cls is Text and isinstance(node, yaml.ScalarNode):
            return {"nl": node.value, "en": node.value}
        pairs = self._pairs(node, place)
        fields = {field.encode_name: field for field in kind.fields}
        for name in pairs.keys() - fields.keys():
            self._wrong((*place, name), M_("there is no '{name}' here{meant}", name=name, meant=meant(name, fields)))
        missing = [name for name, field in fields.items() if field.required and name not in pairs]
        if missing and isinstance(node, yaml.MappingNode):
            self._wrong(place, M_("missing: {names}", names=", ".join(missing)))
        return {
            name: self.value(child, fields[name].type, (*place, name))
            for name, child in pairs.items()
            if name in fields
        }

    def _dict(self, node: yaml.Node, key_type: inspect.Type, value_type: inspect.Type, place: Place) -> Any:
        pairs = self._pairs(node, place)
        if isinstance(key_type, inspect.LiteralType):
            words = [str(word) for word in key_type.values]
            for name in pairs.keys() - set(words):
                self._wrong((*place, name), M_("there is no '{name}' here{meant}", name=name, meant=meant(name, words)))
        return {name: self.value(child, value_type, (*place, name)) for name, child in pairs.items()}

    def _pairs(self, node: yaml.Node, place: Place) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(place, M_("write names with values: name: value"))
            return {}
        pairs: dict[str, yaml.Node] = {}
        for key, child in node.value:
            name = str(key.value)
            if name in pairs:
                self.mistakes.append(
                    Mistake(
                        key.start_mark.line + 1,
                        key.start_mark.column + 1,
                        M_("'{name}' stands here twice; only the last would count", name=name),
                    )
                )
            self.marks[*place, name] = key.start_mark
            pairs[name] = child
        return pairs

    def _scalar(self, node: yaml.Node, kind: inspect.Type, place: Place) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return self._wrong(place, M_("write a single value"))
        text: Any = node.value
        match _bare(kind):
            case inspect.BoolType():
                text = {"yes": True, "true": True, "no": False, "false": False}.get(text.casefold(), text)
            case inspect.IntType() | inspect.FloatType():
                text = _number(text)
        try:
            return msgspec.convert(text, _python_type(kind))
        except msgspec.ValidationError as problem:
            reason = _reason(kind, node.value, str(problem))
            return self._wrong(place, M_("'{value}': {reason}", value=node.value, reason=reason))

    def _wrong(self, place: Place, message: str) -> None:
        self.mistakes.append(self.at(place, message))


def meant(name: str, words: Iterable[str]) -> str:
    """What was probably meant, else what there is."""
    choices = list(words)
    if close := _closest(name, choices):
        return M_("; did you mean '{name}'?", name=close)
    return M_("; there are: {names}", names=", ".join(choices)) if choices else ""


def _closest(text: str, words: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(text, words, 1)), None)


def _bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):  # `None` is what is left out
        return _bare(next(part for part in kind.types if not isinstance(part, inspect.NoneType)))
    return kind


def _python_type(kind: inspect.Type) -> Any:
    """The type of a single value, with its limits."""
    match _bare(kind):
        case inspect.LiteralType(values=values):
            return Literal[values]
        case inspect.StrType(min_length=least, max_length=most, pattern=pattern):
            return _limits(str, min_length=least, max_length=most, pattern=pattern)
        case inspect.IntType() as number:
            return _limits(int, gt=number.gt, ge=number.ge, lt=number.lt, le=number.le)
        case inspect.FloatType() as number:
            return _limits(float, gt=number.gt, ge=number.ge, lt=number.lt, le=number.le)
        case inspect.BoolType():
            return bool
    raise TypeError(f"no single value: {kind}")


def _limits(kind: type, **limits: Any) -> Any:
    set_limits = {name: value for name, value in limits.items() if value is not None}
    return Annotated[kind, msgspec.Meta(**set_limits)] if set_limits else kind


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


_FORMS = {
    "-(": M_("write hours as 08:00-12:30"),
    "[mhd]": M_("write a time as 15m, 4h or 2d"),
    r"\d{4}-": M_("write a day as 2026-12-21"),
}


def _reason(kind: inspect.Type, text: str, message: str) -> str:
    bare = _bare(kind)
    if isinstance(bare, inspect.StrType) and bare.pattern:
        return next((advice for part, advice in _FORMS.items() if part in bare.pattern), message)
    if isinstance(bare, inspect.LiteralType):
        words = [str(word) for word in bare.values]
        if close := _closest(text, words):
            return M_("did you mean '{name}'? choose: {words}", name=close, words=", ".join(words))
        return M_("choose: {words}", words=", ".join(words))
    if isinstance(bare, inspect.BoolType):
        return M_("write yes or no")
    if isinstance(bare, (inspect.IntType, inspect.FloatType)):
        if bare.ge is None:
            return M_("write a number, more than {least} and at most {most}", least=bare.gt, most=bare.le)
        return M_("write a number from {least} to {most}", least=bare.ge, most=bare.le)
    return message.partition(" - at ")[0][:1].lower() + message.partition(" - at ")[0][1:]


def _contradictions(rules: Rules) -> Iterator[tuple[Place, str]]:
    """What cannot be, though every value by itself can."""
    yield from _calendar(rules.calendar)
    for impact, urgency in product(LEVELS, LEVELS):
        if rules.priorities.level(impact, urgency) is None:
            yield (
                ("priorities", "matrix", str(impact)),
                M_("no priority for impact {impact} and urgency {urgency}", impact=impact, urgency=urgency),
            )
    priorities = {str(level) for row in rules.priorities.matrix.values() for level in row.values()}
    for level in sorted(priorities - set(rules.targets)):
        yield ("targets",), M_("the matrix gives priority {level}, which has no target", level=level)
    for name, category in rules.categories.items():
        yield from _category(rules, ("categories", name), category)


def _category(rules: Rules, place: Place, category: Category) -> Iterator[tuple[Place, str]]:
    for key, name, names in (
        ("team", category.team, rules.teams),
        ("needs", category.needs, rules.authorised),
    ):
        if name and name not in names:
            yield (*place, key), M_("there is no '{name}'{meant}", name=name, meant=meant(name, names))
    identifiers = [question.id for question in category.questions]
    for number, question in enumerate(category.questions):
        row = (*place, "questions", str(number))
        if question.id in identifiers[:number]:
            yield (*row, "id"), M_("'{name}' is asked twice", name=question.id)
        if (question.type == "choice") != bool(question.choices):
            yield row, M_("a question of type choice has choices, and no other has")


def _calendar(calendar: Calendar) -> Iterator[tuple[Place, str]]:
    try:
        ZoneInfo(calendar.zone)
    except (KeyError, OSError, ValueError):  # an unknown zone is a KeyError
        close = _closest(calendar.zone, available_timezones()) or "Europe/Amsterdam"
        more = M_("; did you mean '{name}'?", name=close)
        yield ("calendar", "zone"), M_("there is no time zone '{name}'{meant}", name=calendar.zone, meant=more)
    hours: list[tuple[Place, str]] = [
        (("calendar", "week", str(day), str(number)), text)
        for day, texts in calendar.week.items()
        for number, text in enumerate(texts)
    ]
    hours += [(("calendar", "breaks", str(number)), text) for number, text in enumerate(calendar.breaks)]
    for place, text in hours:
        first, _, last = text.partition("-")
        if first >= last:
            past = M_(
                "'{text}' ends before it begins; hours past midnight are two: 22:00-24:00 and 00:00-06:00", text=text
            )
            yield place, past
    for number, closure in enumerate(calendar.closures):
        place = ("calendar", "closures", str(number))
        for key, day in (("from", closure.first), ("until", closure.until)):
            if not _is_day(day):
                yield (*place, key), M_("there is no day {day}", day=day)
        if closure.first > closure.until:
            yield place, M_("it ends ({until}) before it begins ({first})", until=closure.until, first=closure.first)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
