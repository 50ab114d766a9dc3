"""Matchers: one wanted value against one found value (docs/reference/checks.md, Matchers).

A found value of None means that the attribute or the thing does not exist; it matches nothing but `absent`.
"""

from __future__ import annotations

import re

from ansible_collections.oplever.lab.plugins.module_utils.engine.text import plain, short

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def equal(found, wanted):
    """Equality as an admin means it: 1 is "1", true is "yes", lists member by member."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return _boolean(found) is _boolean(wanted) and _boolean(wanted) is not None
    if isinstance(wanted, (int, float)) or isinstance(found, (int, float)):
        left, right = number(found), number(wanted)
        return left is not None and left == right
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(found) == len(wanted) and all(equal(f, w) for f, w in zip(found, wanted, strict=False))
    return str(found) == str(wanted)


def _boolean(value):
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    return True if word in TRUE else False if word in FALSE else None


def number(value):
    """As a number, or None when it is not one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    if not NUMBER.match(text):
        return None
    return float(text) if "." in text else int(text)


def _member(found, wanted):
    if isinstance(found, (list, tuple)):
        return any(equal(item, wanted) for item in found)
    return str(wanted) in str(found)


def _search(found, pattern):
    text = "\n".join(str(item) for item in found) if isinstance(found, (list, tuple)) else str(found)
    return re.search(pattern, text, re.MULTILINE) is not None


def _at_least(found, wanted):
    value = number(found)
    return value is not None and value >= number(wanted)


def _at_most(found, wanted):
    value = number(found)
    return value is not None and value <= number(wanted)


def _mode_at_most(found, wanted):
    try:
        return int(str(found), 8) & ~int(str(wanted), 8) == 0
    except ValueError:
        return False


def _list(found):
    return found if isinstance(found, (list, tuple)) else [found]


# name -> (test of found against wanted, how to say it)
MATCHERS = {
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
    "count_at_least": (lambda found, wanted: len(_list(found)) >= number(wanted), "has at least %s"),
    "count_at_most": (lambda found, wanted: len(_list(found)) <= number(wanted), "has at most %s"),
}

LISTS = ("one_of", "none_of", "contains_all", "contains_none", "subset_of")
NUMBERS = ("at_least", "at_most", "count_at_least", "count_at_most")
PATTERNS = ("matches", "not_matches")
SWITCHES = ("empty", "absent", "present")
# These say something about a thing that is not there.
ABOUT_NOTHING = ("absent", "present")


def holds(matcher, found):
    """Whether a matcher (plain value or mapping) holds for what was found."""
    for name, wanted in _parts(matcher):
        if name == "not":
            if found is None or holds(wanted, found):
                return False
        elif (found is None and name not in ABOUT_NOTHING) or not MATCHERS[name][0](found, wanted):
            return False
    return True


def describe(attribute, matcher):
    """A matcher in words: `status = 200`, `mode has no permission beyond 0640`."""
    return " and ".join(_phrase(attribute, name, wanted) for name, wanted in _parts(matcher))


def problems(matcher):
    """What is wrong with a matcher as written: list of messages, empty when it can be used."""
    if not isinstance(matcher, dict):
        return []
    if not matcher:
        return ["an empty mapping says nothing; write a value or a matcher"]
    found = []
    for name, wanted in matcher.items():
        if name == "not":
            found += problems(wanted)
        elif name not in MATCHERS:
            found.append("there is no matcher '%s' (there are: not, %s)" % (name, ", ".join(sorted(MATCHERS))))
        else:
            found += _wrong(name, wanted)
    return found


def _wrong(name, wanted):
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


def _parts(matcher):
    return list(matcher.items()) if isinstance(matcher, dict) else [("equals", matcher)]


def _phrase(attribute, name, wanted):
    if name == "not":
        return "not (%s)" % describe(attribute, wanted)
    if name in SWITCHES:
        return "%s is %s%s" % (attribute, "" if wanted else "not ", name)
    return "%s %s" % (attribute, MATCHERS[name][1] % (short(wanted) if not isinstance(wanted, str) else plain(wanted)))
