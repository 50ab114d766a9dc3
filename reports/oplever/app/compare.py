"""What differs between two records, or between two machines."""

from __future__ import annotations

from collections.abc import Sequence

from oplever import store
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.record import compare as comparison
from oplever.record.compare import Comparison, Side
from oplever.store.index import open_index
from oplever.store.machine_history import newest

_MOST = 40


def compare(records: Sequence[str], hosts: Sequence[str]) -> Comparison:
    """Two records, by name or path; of one record, or of the last ones, two machines; of one machine its last record
    and the one before. With two records and one machine only that machine.

    Raises OpleverError: `compare-sides` when the names do not make two sides, `record-unknown`, `host-unknown`.
    """
    if len(hosts) > 1 and len(set(hosts)) == 1 and len(records) < 2:
        raise _no_sides(M_("both machines are {host}", host=hosts[0]))
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
    message = M_(
        "{count} records and {count2} machines are not two sides to compare", count=len(records), count2=len(hosts)
    )
    raise _no_sides(message)


def _no_sides(message: str) -> OpleverError:
    return OpleverError(
        "compare-sides", message, M_("name two records, or one or two machines: oplever compare --help")
    )


def _newest(host: str, count: int) -> list[str]:
    with open_index() as index:
        names = newest(index, host, count)
    if len(names) < count:
        message = M_(
            "{host} has a snapshot in {count} records, and this takes {count2}",
            host=host,
            count=len(names),
            count2=count,
        )
        raise OpleverError("host-unknown", message, M_("name the records: oplever compare A B --host ..."))
    return names


def _side(name: str, host: str | None) -> Side:
    directory = store.find(name)
    examined = store.examine(directory)
    if host is not None and all(system.name != host for system in examined.record.systems):
        machines = ", ".join(system.name for system in examined.record.systems[:_MOST]) or M_("none")
        raise OpleverError(
            "host-unknown",
            M_("{host} is not in {name}", host=host, name=directory.name),
            M_("machines in it: {machines}", machines=machines),
        )
    return Side(examined.record, examined.looks, host)
