"""What differs between two records, or between two machines."""

from __future__ import annotations

from collections.abc import Sequence

from oplever import store
from oplever.errors import OpleverError
from oplever.record import compare as comparison
from oplever.record.compare import Comparison, Side
from oplever.store.index import open_index
from oplever.store.query import newest

_MOST = 40


def compare(records: Sequence[str], hosts: Sequence[str]) -> Comparison:
    """Two records, by name or path; of one record, or of the last ones, two machines; of one machine its last record
    and the one before. With two records and one machine only that machine.

    Raises OpleverError: `compare-sides` when the names do not make two sides, `record-unknown`, `host-unknown`.
    """
    first, second = _names(list(records), list(hosts))
    return comparison.compare(_side(*first), _side(*second))


_Side = tuple[str, str | None]
"""A record and the machine of it that is compared; None for all."""


def _names(records: list[str], hosts: list[str]) -> tuple[_Side, _Side]:
    match records, hosts:
        case [a, b], []:
            return (a, None), (b, None)
        case [a, b], ([host] | [host, _]):
            return (a, host), (b, hosts[-1])
        case [a], [host, other]:
            return (a, host), (a, other)
        case [], [host]:
            last, before = _newest(host, 2)
            return (before, host), (last, host)
        case [], [host, other]:
            return (_newest(host, 1)[0], host), (_newest(other, 1)[0], other)
    message = f"{len(records)} records and {len(hosts)} machines are not two sides to compare"
    raise OpleverError("compare-sides", message, "name two records, or one or two machines: oplever compare --help")


def _newest(host: str, count: int) -> list[str]:
    with open_index() as index:
        names = newest(index, host, count)
    if len(names) < count:
        message = f"{host} has a snapshot in {len(names)} records; {count} are needed"
        raise OpleverError("host-unknown", message, "name the records: oplever compare A B --host ...")
    return names


def _side(name: str, host: str | None) -> Side:
    directory = store.find(name)
    examined = store.examine(directory)
    if host is not None and all(system.name != host for system in examined.record.systems):
        machines = ", ".join(system.name for system in examined.record.systems[:_MOST]) or "none"
        raise OpleverError("host-unknown", f"{host} is not in {directory.name}", f"machines in it: {machines}")
    return Side(examined.record, examined.looks, host)
