"""What makes a test the same test: its machine, its suite and its id. Everything that compares tests goes by this."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple, Protocol

from oplever.record.model import Test


class _Tested(Protocol):
    @property
    def host(self) -> str: ...
    @property
    def suite(self) -> str: ...
    @property
    def id(self) -> str: ...


class TestKey(NamedTuple):
    """Two suites may use one id, and one suite runs on many machines."""

    host: str
    suite: str
    id: str

    @classmethod
    def of(cls, test: _Tested) -> TestKey:
        return cls(test.host, test.suite, test.id)


_PLACE = attrgetter(*TestKey._fields)


def latest(tests: Iterable[Test]) -> list[Test]:
    """Of each test the result that counts: the last one after the work, else the last one during it."""
    last: dict[tuple[str, str, str], Test] = {}
    for test in tests:
        key = _PLACE(test)  # as a `TestKey`, which takes longer to make
        earlier = last.get(key)
        if earlier is None or test.stage == "after" or earlier.stage == "during":
            last[key] = test
    return list(last.values())


def is_measured(test: Test) -> bool:
    """Whether it was carried out: a test that does not apply was not."""
    return test.status != "not_applicable"
