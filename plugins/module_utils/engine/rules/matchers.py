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


def equal(found: Any, wanted: Any) -> bool:
    """Equality as an admin means it: 1 is "1", true is "yes", lists member by member."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return _boolean(found) is _boolean(wanted) and _boolean(wanted) is not None
    if isinstance(wanted, (int, float)) or isinstance(found, (int, float)):
        left, right = number(found), number(wanted)
        return left is not None and left == right
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(found) == len(wanted) and all(map(equal, found, wanted))
    return str(found) == str(wanted)


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


def _member(found: Any, wanted: Any) -> bool:
    if isinstance(found, (list, tuple)):
        return any(equal(item, wanted) for item in found)
    return str(wanted) in str(found)


def _search(found: Any, pattern: Any) -> bool:
    text = "\n".join(str(item) for item in found) if isinstance(found, (list, tuple)) else str(found)
    return re.search(pattern, text, re.MULTILINE) is not None


def _at_least(found: Any, wanted: Any) -> bool:
    value, limit = number(found), number(wanted)
    return value is not None and limit is not None and value >= limit


def _at_most(found: Any, wanted: Any) -> bool:
    value, limit = number(found), number(wanted)
    return value is not None and limit is not None and value <= limit


def _mode_at_most(found: Any, wanted: Any) -> bool:
    try:
        return int(str(found), 8) & ~int(str(wanted), 8) == 0
    except ValueError:
        return False


def _list(found: Any) -> Any:
    return found if isinstance(found, (list, tuple)) else [found]


# name -> (test of found against wanted, how to say it)
MATCHERS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (equal, "= %s"),
    "one_of": (lambda found, wanted: any(equal(found, item) for item in wanted), "is one of %s"),
    "none_of": (lambda found, wanted: not any(equal(found, item) for item in wanted), "is none of %s"),
    "at_least": (_at_least, ">= %s"),
    "at_most": (_at_most, "<= %s"),
    "contains": (_member, "contains %s"),
    "contains_all": (lambda found, wanted: all(_member(found, item) for item in wanted), "contains all of %s"),
    "contains_none": (lambda found, wanted: not any(_member(found, item) for item in wanted), "contains none of %s"),
    "matches": (_search, "matches %s"),
    "not_matches": (lambda found, wanted: not _search(found, wanted), "does not match %s"),
    "subset_of": (
        lambda found, wanted: all(_member(list(wanted), item) for item in _list(found)),
        "has nothing but %s",
    ),
    "empty": (lambda found, wanted: (len(found) == 0 if hasattr(found, "__len__") else False) is wanted, "empty: %s"),
    "absent": (lambda found, wanted: (found is None) is wanted, "absent: %s"),
    "present": (lambda found, wanted: (found is not None) is wanted, "present: %s"),
    "mode_at_most": (_mode_at_most, "has no permission beyond %s"),
    "count_at_least": (lambda found, wanted: _at_least(len(_list(found)), wanted), "has at least %s"),
    "count_at_most": (lambda found, wanted: _at_most(len(_list(found)), wanted), "has at most %s"),
}

LISTS = ("one_of", "none_of", "contains_all", "contains_none", "subset_of")
NUMBERS = ("at_least", "at_most", "count_at_least", "count_at_most")
PATTERNS = ("matches", "not_matches")
SWITCHES = ("empty", "absent", "present")
# These say something about a thing that is not there.
ABOUT_NOTHING = ("absent", "present")


def holds(matcher: Any, found: Any) -> bool:
    """Whether a matcher (plain value or mapping) holds for what was found."""
    for name, wanted in _parts(matcher):
        if name == "not":
            if found is None or holds(wanted, found):
                return False
        elif (found is None and name not in ABOUT_NOTHING) or not MATCHERS[name][0](found, wanted):
            return False
    return True


def describe(attribute: str, matcher: Any) -> str:
    """A matcher in words: `status = 200`, `mode has no permission beyond 0640`."""
    return " and ".join(_phrase(attribute, name, wanted) for name, wanted in _parts(matcher))


def mistakes(matcher: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """What is wrong with a matcher as written: (place inside it, message) of each mistake."""
    if not isinstance(matcher, dict):
        return
    if not matcher:
        yield place, "an empty mapping says nothing; write a value or a matcher"
    for name, wanted in matcher.items():
        at = (*place, name)
        if name == "not":
            yield from mistakes(wanted, at)
        elif name not in MATCHERS:
            known = sorted([*MATCHERS, "not"])
            yield at, "there is no matcher '%s'%s (there are: %s)" % (name, meant(name, known), ", ".join(known))
        else:
            for message in _wrong(name, wanted):
                yield at, message


def problems(matcher: Any) -> list[str]:
    """The messages of `mistakes`; empty when the matcher can be used."""
    return [message for _, message in mistakes(matcher)]


def _wrong(name: str, wanted: Any) -> list[str]:
    if wanted is UNKNOWN:
        return []
    if name in LISTS and not isinstance(wanted, (list, tuple)):
        return ["'%s' wants a list, not %s" % (name, short(wanted, 40))]
    if name in NUMBERS and number(wanted) is None:
        return ["'%s' wants a number, not %s" % (name, short(wanted, 40))]
    if name in SWITCHES and not isinstance(wanted, bool):
        return ["'%s' wants true or false, not %s" % (name, short(wanted, 40))]
    if name == "mode_at_most" and not re.match(r"[0-7]{3,4}\Z", str(wanted)):
        return ["'mode_at_most' wants octal digits in quotes, as \"0640\", not %s" % short(wanted, 40)]
    if name in PATTERNS:
        try:
            re.compile(str(wanted))
        except re.error as problem:
            return ["'%s' has a wrong regular expression %s: %s" % (name, short(wanted, 80), problem)]
    return []


def _parts(matcher: Any) -> list[tuple[str, Any]]:
    return list(matcher.items()) if isinstance(matcher, dict) else [("equals", matcher)]


def _phrase(attribute: str, name: str, wanted: Any) -> str:
    if name == "not":
        return "not (%s)" % describe(attribute, wanted)
    if name in SWITCHES:
        return "%s is %s%s" % (attribute, "" if wanted else "not ", name)
    return "%s %s" % (attribute, MATCHERS[name][1] % (short(wanted) if not isinstance(wanted, str) else plain(wanted)))
