"""What a source of truth answers about the thing that one expectation is about."""

from __future__ import annotations

from ansible_collections.oplever.lab.plugins.module_utils import bounded
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES

SECONDS = 120  # for all that one expectation asks; the walk and commands have shorter limits of their own


class Answer:
    """`facts` as the source gives them, `values` of the attributes that were asked for, and a problem in `unread` for
    each attribute that could not be read. `variant` is the label of the variant that the facts are of, if any."""

    __slots__ = ("facts", "unread", "values", "variant")

    def __init__(self, facts, values, unread=(), variant=""):
        self.facts = facts
        self.values = values
        self.unread = unread
        self.variant = variant

    def mismatches(self, expect):
        """The attributes whose value is not as `expect` (attribute -> matcher) asks."""
        return [attribute for attribute, value in self.values.items() if not matchers.holds(expect[attribute], value)]

    def decisive(self, expect):
        """This answer, or the first of its variants that does not match when this one does. A source gives `variants`,
        label and facts of each, where something else holds for some: for a group of accounts, or an interface."""
        if self.mismatches(expect):
            return self
        for label, facts in self.facts.get("variants", ()):
            variant = Answer(facts, {name: value_of(facts, name) for name in self.values}, self.unread, label)
            if variant.mismatches(expect):
                return variant
        return self


def look_up(machine, source, select, attributes):
    """The Answer of a source. One that is slow, or wrong in a way that nobody foresaw, gives an answer with nothing
    but the problem, so that only its own checks are errors."""
    try:
        with bounded.within(SECONDS):
            return _answer(machine, source, select, attributes)
    except UnreadableError as problem:
        return Answer({}, {}, [problem])
    except bounded.TooLongError:
        return Answer({}, {}, [UnreadableError("source %s took longer than %d s" % (source, SECONDS))])
    except Exception as problem:
        description = "%s: %s" % (type(problem).__name__, problem)
        text = "source %s failed in a way that is not foreseen: %s" % (source, description)
        return Answer({}, {}, [UnreadableError(text)])


def _answer(machine, source, select, attributes):
    if getattr(SOURCES[source], "RUNNING", False):
        machine.must_run(source)
    facts = SOURCES[source].look_up(machine, select)
    values, unread = {}, []
    for attribute in attributes:
        try:
            values[attribute] = value_of(facts, attribute)
        except UnreadableError as problem:
            unread.append(problem)
    return Answer(facts, values, unread)


def value_of(facts, attribute):
    """`headers.server` is the member `server` of the attribute `headers`; a thing that does not exist has no value."""
    head, dot, member = attribute.partition(".")
    value = facts.get(attribute if attribute in facts or not dot else head)
    value = value() if callable(value) else value
    if isinstance(value, UnreadableError):
        raise value
    return value.get(member) if attribute not in facts and isinstance(value, dict) else value
