"""What a source of the snapshot says of a machine, and the limits that hold for all of them.

A source is a module with KINDS (name of a kind of fact -> Kind) and collect(machine, places), which yields Fact and
Unseen. A fact that is the same before and after has the same key and the same words: what changes by itself is not in
them. docs/reference/snapshot.md lists the kinds; tools/snapshot-kinds makes that list.
"""

from __future__ import annotations

from collections import namedtuple

from ansible_collections.oplever.lab.plugins.module_utils.masking.redact import redact_text

MOST_FACTS = 4000  # of one kind
LONGEST_TEXT = 16000  # characters of one text whose changed lines can be shown
MOST_TEXT = 3 << 20  # characters of all texts together

# Ends of words of what is as it is without anybody's doing: that something has become so, or went so, is not told.
AS_NEW_HOME = "as /etc/skel gives it"
AS_NEW_INTERFACE = "as the default for interfaces"

# kind, key, words; `text` has the lines behind the words, masked, None where they must not or need not be shown
Fact = namedtuple("Fact", ("kind", "key", "words", "text"))
Fact.__new__.__defaults__ = (None,)
# What could not be read, or not in full: of these keys nothing may be concluded.
Unseen = namedtuple("Unseen", ("kind", "reason"))


class Kind:
    """What a kind of fact is called in Dutch and English, `about` it in one line, and what counts as drift.

    `drift` False: it changes by itself, so a difference is shown as a setting and is no drift. `only` names the one
    difference that says something: `added`, `removed` or `changed`; empty for all.
    """

    __slots__ = ("about", "drift", "en", "nl", "only")

    def __init__(self, nl, en, about, drift=True, only=""):
        self.nl = nl
        self.en = en
        self.about = about
        self.drift = drift
        self.only = only


def masked(text):
    """Text that may leave the machine: what looks like a secret is replaced. None when it is too long to be shown."""
    return None if len(text) > LONGEST_TEXT else redact_text(text)


def joined(*parts):
    """Those of the parts that say something, as one line."""
    return ", ".join(part for part in parts if part)
