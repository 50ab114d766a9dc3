"""Cards as a role declares them (`meta/handout.yml`), before the values of a record are filled in."""

from __future__ import annotations

from msgspec import Struct

from oplever.words import Text

NO_TEXT = Text("", "")


class CardStep(Struct, frozen=True):
    """One action, and what somebody then sees; `see` is empty where there is nothing to tell."""

    do: Text
    see: Text = NO_TEXT


class Trouble(Struct, frozen=True):
    """What somebody may see instead, and what to do then."""

    when: Text
    do: Text


class Value(Struct, frozen=True):
    """Where a value comes from: what a test that passed asked about (`*` in its name: a card for each such test), the
    `name`, `address` or `os` of the machine, or the version of a package that came with the work. With a `label` it
    stands below the steps too."""

    test: str = ""
    machine: str = ""
    package: str = ""
    label: Text = NO_TEXT


class Card(Struct, frozen=True):
    """`role` is who declares it. `proof` are tests of the machine without which the card is not true; one that is for
    `everywhere` is about a service that people use from every room."""

    id: str
    audiences: tuple[str, ...]
    title: Text
    steps: tuple[CardStep, ...]
    trouble: tuple[Trouble, ...] = ()
    values: dict[str, Value] = {}
    proof: tuple[str, ...] = ()
    everywhere: bool = False
    role: str = ""
