"""Forked processes do not look at what the run had before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils import memory


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


class Ring:
    """An object that only a collection takes away."""

    gone = False

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Ring.gone = True


def test_what_nobody_uses_goes_and_the_rest_is_left_out_of_collections() -> None:
    gc.unfreeze()
    kept = [Ring()]
    Ring()
    memory.settle()
    assert Ring.gone
    assert gc.get_freeze_count() > 0
    assert not any(thing is kept for thing in gc.get_objects())
