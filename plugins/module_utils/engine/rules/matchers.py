"""Matchers: one wanted value against one found value (docs/reference/checks.md, Matchers).

A found value of None means that the attribute or the thing does not exist; it matches nothing but `absent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .text import meant, plain, short

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")
UNKNOWN = object()  # stands for a value that is only known later, as a parameter of a profile
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def equal(actual: Any, expected: Any) -> bool:
    """Equality as an admin means it: 1 is "1", true is "yes", lists member by member."""
    if isinstance(expected, bool) or isinstance(actual, bool):
        return _boolean(actual) is _boolean(expected) and _boolean(expected) is not None
    if isinstance(expected, (int, float)) or isinstance(actual, (int, float)):
        left, right = number(actual), number(expected)
        return left is not None and left == right
    if isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        return len(actual) == len(expected) and all(map(equal, actual, expected))
    return str(actual) == str(expected)


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    return True if word in TRUE else False if word in FALSE else None


def number(value: Any) -> int | float | None:
    """As a number, or None when it is not one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    if not NUMBER.match(text):
        return None
    return float(text) if "." in text else int(text)


def _member(actual: Any, expected: Any) -> bool:
    if isinstance(actual, (list, tuple)):
        return any(equal(item, expected) for item in actual)
    return str(expected) in str(actual)


def lines_with(actual: Any, matcher: Any) -> list[int]:
    """Numbers of the members of a list, from 1, that a matcher asks for by their whole text or a pattern; none of a
    matcher that asks for something else."""
    if not isinstance(actual, (list, tuple)):
        return []
    conditions = dict(_parts(matcher))
    texts = [*_list(conditions.get("contains", [])), *_list(conditions.get("contains_all", []))]
    pattern = conditions.get("matches")
    return [
        number
        for number, line in enumerate(actual, 1)
        if any(equal(line, text) for text in texts) or (pattern is not None and _search(str(line), pattern))
    ]


def offending(actual: Any, matcher: Any) -> tuple[list[str], int]:
    """Members of a list, or words of a text with commas or blanks between them, that a matcher does not want, and how
    many others there are; none of a matcher that refuses no single one."""
    conditions = dict(_parts(matcher))
    members = actual if isinstance(actual, (list, tuple)) else re.split(r"[,\s]+", str(actual))
    unwanted = [*_list(conditions.get("contains_none", [])), *_list(conditions.get("none_of", []))]
    pattern, only = conditions.get("not_matches"), conditions.get("subset_of")
    parts = [
        str(member)
        for member in members
        if any(equal(member, text) for text in unwanted)
        or (pattern is not None and _search(str(member), pattern))
        or (only is not None and not _member(list(only), member))
    ]
    return parts, len(members) - len(parts)


def _search(actual: Any, pattern: Any) -> bool:
    text = "\n".join(str(item) for item in actual) if isinstance(actual, (list, tuple)) else str(actual)
    return re.search(pattern, text, re.MULTILINE) is not None


def _at_least(actual: Any, expected: Any) -> bool:
    value, limit = number(actual), number(expected)
    return value is not None and limit is not None and value >= limit


def _at_most(actual: Any, expected: Any) -> bool:
    value, limit = number(actual), number(expected)
    return value is not None and limit is not None and value <= limit


def _mode_at_most(actual: Any, expected: Any) -> bool:
    try:
        return int(str(actual), 8) & ~int(str(expected), 8) == 0
    except ValueError:
        return False


def _list(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


# name -> (test of the actual value against the expected one, how to say it)
MATCHERS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (equal, "= %s"),
    "one_of": (lambda actual, expected: any(equal(actual, item) for item in expected), "is one of %s"),
    "none_of": (lambda actual, expected: not any(equal(actual, item) for item in expected), "is none of %s"),
    "at_least": (_at_least, ">= %s"),
    "at_most": (_at_most, "<= %s"),
    "contains": (_member, "contains %s"),
    "contains_all": (lambda actual, expected: all(_member(actual, item) for item in expected), "contains all of %s"),
    "contains_none": (
        lambda actual, expected: not any(_member(actual, item) for item in expected),
        "contains none of %s",
    ),
    "matches": (_search, "matches %s"),
    "not_matches": (lambda actual, expected: not _search(actual, expected), "does not match %s"),
    "subset_of": (
        lambda actual, expected: all(_member(list(expected), item) for item in _list(actual)),
        "has nothing but %s",
    ),
    "empty": (
        lambda actual, expected: (len(actual) == 0 if hasattr(actual, "__len__") else False) is expected,
        "empty: %s",
    ),
    "absent": (lambda actual, expected: (actual is None) is expected, "absent: %s"),
    "present": (lambda actual, expected: (actual is not None) is expected, "present: %s"),
    "mode_at_most": (_mode_at_most, "has no permission beyond %s"),
    "count_at_least": (lambda actual, expected: _at_least(len(_list(actual)), expected), "has at least %s"),
    "count_at_most": (lambda actual, expected: _at_most(len(_list(actual)), expected), "has at most %s"),
}

LISTS = ("one_of", "none_of", "contains_all", "contains_none", "subset_of")
NUMBERS = ("at_least", "at_most", "count_at_least", "count_at_most")
PATTERNS = ("matches", "not_matches")
SWITCHES = ("empty", "absent", "present")
# These say something about a thing that is not there.
ABOUT_NOTHING = ("absent", "present")


def holds(matcher: Any, actual: Any) -> bool:
    """Whether a matcher (plain value or mapping) holds for what was found."""
    for name, expected in _parts(matcher):
        if name == "not":
            if actual is None or holds(expected, actual):
                return False
        elif (actual is None and name not in ABOUT_NOTHING) or not MATCHERS[name][0](actual, expected):
            return False
    return True


def describe(attribute: str, matcher: Any) -> str:
    """A matcher in words: `status = 200`, `mode has no permission beyond 0640`."""
    return " and ".join(_phrase(attribute, name, expected) for name, expected in _parts(matcher))


def mistakes(matcher: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """What is wrong with a matcher as written: (place inside it, message) of each mistake."""
    if not isinstance(matcher, dict):
        return
    if not matcher:
        yield place, "an empty mapping says nothing; write a value or a matcher"
    for name, expected in matcher.items():
        at = (*place, name)
        if name == "not":
            yield from mistakes(expected, at)
        elif name not in MATCHERS:
            names = sorted([*MATCHERS, "not"])
            yield at, "there is no matcher '%s'%s (there are: %s)" % (name, meant(name, names), ", ".join(names))
        else:
            for message in _wrong(name, expected):
                yield at, message


def problems(matcher: Any) -> list[str]:
    """The messages of `mistakes`; empty when the matcher can be used."""
    return [message for _, message in mistakes(matcher)]


def _wrong(name: str, expected: Any) -> list[str]:
    if expected is UNKNOWN:
        return []
    if name in LISTS and not isinstance(expected, (list, tuple)):
        return ["'%s' wants a list, not %s" % (name, short(expected, 40))]
    if name in NUMBERS and number(expected) is None:
        return ["'%s' wants a number, not %s" % (name, short(expected, 40))]
    if name in SWITCHES and not isinstance(expected, bool):
        return ["'%s' wants true or false, not %s" % (name, short(expected, 40))]
    if name == "mode_at_most" and not re.match(r"[0-7]{3,4}\Z", str(expected)):
        return ["'mode_at_most' wants octal digits in quotes, as \"0640\", not %s" % short(expected, 40)]
    if name in PATTERNS:
        try:
            re.compile(str(expected))
        except re.error as problem:
            return ["'%s' has a wrong regular expression %s: %s" % (name, short(expected, 80), problem)]
    return []


def _parts(matcher: Any) -> list[tuple[str, Any]]:
    return list(matcher.items()) if isinstance(matcher, dict) else [("equals", matcher)]


def _phrase(attribute: str, name: str, expected: Any) -> str:
    if name == "not":
        return "not (%s)" % describe(attribute, expected)
    if name in SWITCHES:
        return "%s is %s%s" % (attribute, "" if expected else "not ", name)
    return "%s %s" % (
        attribute,
        MATCHERS[name][1] % (short(expected) if not isinstance(expected, str) else plain(expected)),
    )
