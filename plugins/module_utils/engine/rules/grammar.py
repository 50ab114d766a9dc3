"""What may be written in a check, and every mistake in it by its place (docs/reference/checks.md).

Knows nothing of machines: which sources there are is given to it, so that the command `oplever checks lint` on the
controller and the module on the machine say the same. Standard library and relative imports only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from . import matchers
from .text import meant

SINGLE = ("source", "select", "expect")
GROUPS = ("all", "any", "none")
ABOUT = (
    "id", "title", "when", "reason", "severity", "area", "level", "not_for", "only_for", "rationale", "remedy", "refs",
    "builds_on",
)  # fmt: skip
TEXTS = ("title", "reason", "rationale", "remedy")
LANGUAGES = ("nl", "en")
SEVERITIES = ("high", "medium", "low")
PARAM = "param"

Place = tuple[Any, ...]  # keys and positions: the way from the list of checks to what is wrong


class Source(NamedTuple):
    """What may be written about one source: `main` (the selector that a plain value fills), `selectors`, `attributes`
    (one that ends in a dot has members of any name), `needs` (one of these selectors must be given)."""

    main: str
    selectors: tuple[str, ...]
    attributes: tuple[str, ...]
    needs: tuple[str, ...]


class Mistake(NamedTuple):
    """Something that cannot be carried out: `place` in the list of checks, `message` for a person."""

    place: Place
    message: str


def mistakes(checks: Any, sources: Mapping[str, Source], parameters: Mapping[str, Any] | None = None) -> list[Mistake]:
    """All that is wrong with a list of checks; empty when it can be carried out.

    `parameters` are the values of the profile; None says that they are not known here, so that any name will do.
    """
    if not isinstance(checks, list):
        return [Mistake((), "a list of checks is needed, not %s" % _kind(checks))]
    rules = _Rules(sources, parameters)
    return [mistake for position, check in enumerate(checks) for mistake in rules.check((position,), check)] + [
        Mistake((position, "id"), "this id is used twice; results would not be told apart")
        for position in _repeated(checks)
    ]


def _repeated(checks: list[Any]) -> Iterator[int]:
    names = set()
    for position, check in enumerate(checks):
        name = str(check["id"]) if isinstance(check, dict) and check.get("id") else None
        if name in names:
            yield position
        if name is not None:
            names.add(name)


def resolve(value: Any, parameters: Mapping[str, Any]) -> Any:
    """`value` with each `{param: name}` in it replaced by the value that the profile gives that name."""
    if isinstance(value, list):
        return [resolve(item, parameters) for item in value]
    if isinstance(value, dict):
        name = parameter(value)
        if name is not None:
            return parameters[name]
        return {key: resolve(item, parameters) for key, item in value.items()}
    return value


def parameter(value: Any) -> str | None:
    """The name in `{param: name}`, or None for anything else."""
    if isinstance(value, dict) and set(value) == {PARAM} and isinstance(value[PARAM], str):
        return str(value[PARAM])
    return None


def translations(text: Any) -> dict[str, str]:
    """`{nl, en}` of a text that may be one string for both languages, or missing."""
    if isinstance(text, dict):
        return {language: str(text.get(language, "")) for language in LANGUAGES}
    return dict.fromkeys(LANGUAGES, str(text or ""))


def listed(value: Any) -> list[Any]:
    """A list of what may be one thing, several, or nothing."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _kind(value: Any) -> str:
    return {"dict": "a mapping", "list": "a list", "str": "a text", "NoneType": "nothing"}.get(
        type(value).__name__, str(value)
    )


class _Rules:
    def __init__(self, sources: Mapping[str, Source], parameters: Mapping[str, Any] | None) -> None:
        self.sources = sources
        self.parameters = parameters

    def check(self, place: Place, check: Any) -> Iterator[Mistake]:
        if not isinstance(check, dict):
            yield Mistake(place, "a check is a mapping, not %s" % _kind(check))
            return
        keys = SINGLE + GROUPS + ABOUT
        for key in check:
            if key not in keys:
                yield Mistake((*place, key), "'%s' is not a key of a check%s" % (key, meant(key, keys)))
        yield from self._about(place, check)
        yield from self._expectation(place, {key: check[key] for key in check if key in SINGLE + GROUPS})
        for position, condition in enumerate(listed(check.get("when"))):
            at = (*place, "when", position) if isinstance(check["when"], list) else (*place, "when")
            for mistake in self._expectation(at, condition):
                yield Mistake(mistake.place, "when: " + mistake.message)

    def _about(self, place: Place, check: dict[str, Any]) -> Iterator[Mistake]:
        if not isinstance(check.get("id"), str) or not check["id"]:
            yield Mistake((*place, "id"), "an id is needed (a text that never changes)")
        if not check.get("title"):
            yield Mistake((*place, "title"), "a title is needed ({nl, en}, or one text for both)")
        for key in TEXTS:
            yield from _of_text((*place, key), key, check.get(key))
        if check.get("severity", "medium") not in SEVERITIES:
            wrong = "severity is one of %s%s" % (", ".join(SEVERITIES), meant(check["severity"], SEVERITIES))
            yield Mistake((*place, "severity"), wrong)
        if not isinstance(check.get("area", ""), str):
            yield Mistake((*place, "area"), "area is a text")
        if check.get("level", 1) not in (1, 2) or isinstance(check.get("level"), bool):
            yield Mistake((*place, "level"), "level is 1 or 2")
        for key in ("not_for", "only_for", "builds_on"):
            purposes = check.get(key, [])
            if not isinstance(purposes, list) or not all(isinstance(purpose, str) for purpose in purposes):
                yield Mistake((*place, key), "%s is a list of purposes of a machine" % key)
        refs = check.get("refs", {})
        if not isinstance(refs, dict) or not all(isinstance(ids, list) for ids in refs.values()):
            yield Mistake((*place, "refs"), "refs wants a mapping: list name -> list of ids")

    def _expectation(self, place: Place, expectation: Any) -> Iterator[Mistake]:
        if not isinstance(expectation, dict):
            yield Mistake(place, "an expectation is a mapping with source, select and expect")
            return
        groups = [key for key in GROUPS if key in expectation]
        if groups:
            yield from self._group(place, groups, expectation)
            return
        for key in expectation:
            if key not in SINGLE:
                yield Mistake((*place, key), "'%s' is not a key of an expectation%s" % (key, meant(key, SINGLE)))
        name = expectation.get("source")
        if not isinstance(name, str) or name not in self.sources:
            hint = meant(name, self.sources)
            wrong = "there is no source %s%s (there are: %s)" % (name, hint, ", ".join(sorted(self.sources)))
            yield Mistake((*place, "source"), wrong if name else "source is needed: where the truth comes from")
            return
        yield from self._select(place, name, expectation.get("select"))
        yield from self._expect((*place, "expect"), name, expectation.get("expect"))

    def _group(self, place: Place, groups: list[str], expectation: dict[str, Any]) -> Iterator[Mistake]:
        parts = expectation[groups[0]]
        if len(groups) > 1 or len(expectation) > 1:
            yield Mistake((*place, groups[0]), "'%s' stands alone, beside no other expectation" % groups[0])
        elif not isinstance(parts, list) or not parts:
            yield Mistake((*place, groups[0]), "'%s' wants a list of expectations" % groups[0])
        else:
            for position, part in enumerate(parts):
                yield from self._expectation((*place, groups[0], position), part)

    def _select(self, place: Place, name: str, select: Any) -> Iterator[Mistake]:
        source = self.sources[name]
        chosen = selector(source, select)
        for key, value in chosen.items():
            at = (*place, "select", key) if isinstance(select, dict) else (*place, "select")
            if key not in source.selectors:
                wrong = "source %s has no selector '%s'%s (it has: %s)"
                hint = meant(key, source.selectors)
                yield Mistake(at, wrong % (name, key, hint, ", ".join(source.selectors)))
            yield from self._parameters(at, value)
        if source.needs and not any(chosen.get(key) not in (None, "") for key in source.needs):
            needed = " or ".join(source.needs)
            yield Mistake((*place, "select"), "source %s must be told which: select %s" % (name, needed))

    def _expect(self, place: Place, name: str, expect: Any) -> Iterator[Mistake]:
        source = self.sources[name]
        if not isinstance(expect, dict) or not expect:
            yield Mistake(place, "expect is needed: attribute -> value or matcher")
            return
        for attribute, matcher in expect.items():
            at = (*place, attribute)
            if not known_attribute(source, str(attribute)):
                wrong = "source %s has no attribute '%s'%s (it has: %s)"
                hint = meant(attribute, source.attributes)
                yield Mistake(at, wrong % (name, attribute, hint, ", ".join(source.attributes)))
            unknown = list(self._parameters(at, matcher))
            yield from unknown
            if not unknown:
                values = resolve(matcher, _Any() if self.parameters is None else self.parameters)
                for inside, message in matchers.mistakes(values):
                    yield Mistake(at + inside, "%s: %s" % (attribute, message))

    def _parameters(self, place: Place, value: Any) -> Iterator[Mistake]:
        """Names of parameters that the profile does not have."""
        name = parameter(value)
        if name is not None:
            if self.parameters is not None and name not in self.parameters:
                hint = meant(name, self.parameters)
                yield Mistake(place, "the profile gives no parameter '%s'%s" % (name, hint))
        elif isinstance(value, (dict, list)):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in inner:
                yield from self._parameters((*place, key), item)


class _Any(dict):  # type: ignore[type-arg]
    """Gives every parameter the value that no matcher finds fault with."""

    def __missing__(self, name: str) -> object:
        return matchers.UNKNOWN


def selector(source: Source, select: Any) -> dict[str, Any]:
    """`select` as a mapping: a plain value fills the main selector of the source."""
    if select is None:
        return {}
    return dict(select) if isinstance(select, dict) and parameter(select) is None else {source.main: select}


def known_attribute(source: Source, attribute: str) -> bool:
    names = source.attributes
    return any(attribute == name or (name.endswith(".") and attribute.startswith(name)) for name in names)


def _of_text(place: Place, key: str, text: Any) -> Iterator[Mistake]:
    if isinstance(text, dict):
        if not set(LANGUAGES) >= set(text) > set() or not all(isinstance(value, str) for value in text.values()):
            yield Mistake(place, "'%s' wants the languages nl and en, or one text" % key)
    elif text is not None and not isinstance(text, str):
        yield Mistake(place, "'%s' wants the languages nl and en, or one text" % key)
