"""The language of checks, with the sources that this machine's code has. The rules themselves are in grammar.py."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import grammar
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules.grammar import (
    GROUPS,
    SEVERITIES,
    listed,
    resolve,
    translations,
)
from ansible_collections.oplever.lab.plugins.module_utils.sources.registry import SOURCES

__all__ = [
    "GROUPS",
    "SEVERITIES",
    "VOCABULARY",
    "expectations",
    "listed",
    "problems",
    "resolve",
    "selector",
    "translations",
]


def declaration(source):
    """What may be written about a source, as its module declares it."""
    return grammar.Source(source.MAIN, source.SELECTORS, source.ATTRIBUTES, getattr(source, "NEEDS", ()))


class _Vocabulary(Mapping):
    """Source -> what may be written about it, read from the source when a check names it."""

    def __getitem__(self, name):
        return declaration(SOURCES[name])

    def __iter__(self):
        return iter(SOURCES)

    def __len__(self):
        return len(SOURCES)


VOCABULARY = _Vocabulary()


def problems(checks, parameters=None):
    """All that is wrong with a list of checks, each message naming its check; empty when it can be carried out."""
    return [_named(checks, mistake) for mistake in grammar.mistakes(checks, VOCABULARY, parameters)]


def selector(source, select):
    """`select` as a mapping: a plain value fills the main selector of the source."""
    return grammar.selector(VOCABULARY[source], select)


def expectations(check):
    """All single expectations of a check, also those of its condition and inside groups."""
    waiting = [check, *listed(check.get("when"))]
    while waiting:
        expectation = waiting.pop()
        if "source" in expectation:
            yield expectation
        for name in GROUPS:
            waiting += expectation.get(name, [])


def _named(checks, mistake):
    if not mistake.place:
        return "checks: " + mistake.message
    check = checks[mistake.place[0]]
    name = check.get("id") if isinstance(check, dict) else None
    return "check %s: %s" % (name or "number %d" % (mistake.place[0] + 1), mistake.message)
