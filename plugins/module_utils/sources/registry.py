"""All sources of truth by name, each loaded when a check first asks for it: a test of one service does not pay for all.

A source has MAIN (the selector that a plain value fills), SELECTORS, ATTRIBUTES, perhaps NEEDS (one of these must be
given) and RUNNING (all of it needs a running system), look_up(machine, select) -> attributes with `exists`,
describe(select) -> one line of evidence, and perhaps prepare(machine, selects), called once with all that checks ask.
An attribute that could not be read has an UnreadableError as its value; one that costs something is a function without
arguments, called when a check names it. `evidence` among them says where exactly: file:line, value. `variants` is a
list of (label, attributes) of what holds instead for some, as for users of a Match block; a check must hold for each.

A new source is a file in this directory; tools/checks-schema adds it to the catalogue and to what is made from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from ansible_collections.oplever.lab.plugins.module_utils.sources.catalogue import NAMES

PACKAGE = "ansible_collections.oplever.lab.plugins.module_utils.sources."


class _Sources(Mapping):
    def __getitem__(self, name):
        if name not in NAMES:
            raise KeyError(name)
        return import_module(PACKAGE + name)

    def __iter__(self):
        return iter(NAMES)

    def __len__(self):
        return len(NAMES)


SOURCES = _Sources()
