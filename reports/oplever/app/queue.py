"""The queue of incidents, in the order in which they are to be handled."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from oplever.store.cases import Case, cases
from oplever.store.index import open_index
from oplever.words import OpenCaseState


def listing(states: Collection[str] = get_args(OpenCaseState), *, with_unread: bool = False) -> list[Case]:
    """The cases in these states, first in the queue first; `with_unread` also others with unread mail.

    Raises OpleverError (`store-unusable`, ...)."""
    with open_index() as index:
        return cases(index, states, with_unread=with_unread)
