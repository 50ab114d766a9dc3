"""What a check found, in the words of its result."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules.text import short

ABSENT = "does not exist"
CONTENTS = ("content", "lines")
SHOWN = 200  # characters of one value


def observation(facts, values, expect, *, failed):
    """What was found of the attributes in `values`, compared with `expect`. Of a check that `failed` the words of the
    machine itself go with it, such as what a command wrote to its standard error."""
    text = ABSENT if _is_only_absent(facts, values, failed) else _attributes(facts, values, expect)
    note = _note(facts, values) if failed else None
    return "%s (%s)" % (text, short(note, 400)) if note else text


def _is_only_absent(facts, values, failed):
    """Whether that a thing does not exist says all: not when its check passed on another value than none, nor when a
    text was compared all the same, and not when existence alone was compared."""
    compared = [value for attribute, value in values.items() if attribute != "exists"]
    if facts.get("exists", True) or not compared:
        return False
    if failed:
        return not any(value and isinstance(value, str) for value in compared)
    return all(value is None for value in compared)


def _attributes(facts, values, expect):
    text = " and ".join(attribute_with_value(name, value, expect[name]) for name, value in values.items())
    version = facts.get("version") if list(values) == ["exists"] else None
    return text + (" (version %s)" % short(version, 80) if version and isinstance(version, str) else "")


def _note(facts, values):
    """What the machine said about a failure, unless that is among the values already."""
    if {"error", "stderr"} & set(values):
        return None
    note = facts.get("error") or facts.get("stderr")
    return note() if callable(note) else note


def attribute_with_value(attribute, value, matcher):
    """The content of a file can be confidential, so of a text only its size is told, and which lines the check is
    about."""
    if attribute in CONTENTS and value is not None:
        numbers = matchers.lines_with(value, matcher)
        lines = "%s %s" % ("line" if len(numbers) == 1 else "lines", ", ".join(map(str, numbers[:20])))
        size = "%d %s" % (len(value), "lines" if isinstance(value, list) else "characters")
        return "%s of %s" % (lines if numbers else attribute, size)
    text = short(value, SHOWN)
    if len(text) > SHOWN:  # it was cut: what is wrong in it must not be what is cut off
        parts, others = matchers.offending(value, matcher)
        text = "%s (and %d others)" % (short(parts, SHOWN), others) if parts else text
    return "%s = %s" % (attribute, text)
