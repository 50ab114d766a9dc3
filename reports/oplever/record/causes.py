"""Which failing tests follow from which, so that a reader sees causes before consequences. Pure.

A service fails in a known order: its package is not there, its configuration is refused or another program has its
port, so its unit does not run, so nothing listens, so nothing answers. `RULES` is that order as data; `Cause` is what
comes of it. Nothing is concluded from a text that a program wrote, but for the kernel's words of a full disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, NamedTuple

from oplever._shared.differences import SUITE, thing
from oplever.record.identity import TestKey
from oplever.record.model import System, Test

State = Literal["full", "not_installed", "refused", "port_taken", "not_running", "not_listening", "unread", "no_answer"]
"""What a failing test shows about a service: `full` the disk that it writes to, `refused` its configuration, `unread`
the settings that only a valid configuration shows, `no_answer` a command that asks the service."""

RULES: tuple[tuple[State, State], ...] = (
    ("not_installed", "refused"),
    ("not_installed", "not_running"),
    ("refused", "not_running"),
    ("port_taken", "not_running"),
    ("not_running", "not_listening"),
    ("refused", "unread"),
    ("not_running", "no_answer"),
)
"""Inside one suite on one machine: the first explains the second. A program that holds a port is only known by its
test of that port; a configuration that is refused stops nothing that still runs."""
ANSWERING: tuple[State, ...] = ("port_taken", "not_listening", "not_running")
"""States of the service at an endpoint that explain each failing test that speaks to it, the nearest first."""

RESOLVER = "resolver"
FILTER = "firewall"
"""The suite of a packet filter, which explains what does not come from another machine, and silence anywhere."""
SILENCE = "did not answer within"
"""In the words of the check engine (module_utils/network.py): a connection that was neither taken nor refused."""
NO_ROOM = ("No space left on device", "Errcode: 28", "errno: 28")
"""What the kernel says of a full disk, in the last words of a unit that failed."""
NAMES = "dns_client"
"""The suite that tests how a machine finds names."""


@dataclass(frozen=True)
class Cause:
    """A failing test that no other one explains, with those that it explains, in their order."""

    test: Test
    consequences: tuple[Test, ...]


def causes(tests: Sequence[Test], every: Iterable[Test], systems: Iterable[System]) -> tuple[Cause, ...]:
    """The failing `tests` grouped: every one of them is in the result once. Causes of the most come first, the others
    in their order. `every` are the tests of the record, failing or not, and tell what listens where."""
    network = _Network(tests, every, systems)
    followers: dict[TestKey, list[Test]] = defaultdict(list)
    roots = []
    for test in tests:
        root = _root(network, test)
        if root is test:
            roots.append(test)
        else:
            followers[TestKey.of(root)].append(test)
    groups = [Cause(test, tuple(followers[TestKey.of(test)])) for test in roots]
    return tuple(sorted(groups, key=lambda cause: -len(cause.consequences)))


def state(test: Test) -> State | None:
    """What a failing test shows; None when it explains no other test."""
    differs = _differs(test)
    match test.source:
        case "mount" if "full" in differs:
            return "full"
        case "package" if "exists" in differs or "status" in differs:
            return "not_installed"
        case "command" if test.id.endswith(".configuration") and "rc" in differs:
            return "refused"
        case "unit" if "active" in differs or "exists" in differs:
            return "not_running"
        case "socket" if "process" in differs:
            return "port_taken"
        case "socket" if "exists" in differs:
            return "not_listening"
        case "sshd" | "nginx" if test.status == "error":
            return "unread"
        case "command" if "rc" in differs:
            return "no_answer"
        case "time" | "mariadb" | "postgresql" | "nftables" if "exists" in differs or test.status == "error":
            return "no_answer"
    return None


def _differs(test: Test) -> frozenset[str]:
    """Attributes that are not as expected. Journals of before they were in the result have them in its text alone, as
    `active = failed and enabled = disabled`."""
    if test.differs is not None:
        return frozenset(test.differs)
    if test.found.startswith("does not exist"):
        return frozenset({"exists"})
    return frozenset(part.partition(" = ")[0] for part in test.found.split(" and ") if " = " in part)


def _root(network: _Network, test: Test) -> Test:
    """What explains the test in the end; the test itself when that leads in a circle."""
    root, visited = test, {TestKey.of(test)}
    while cause := next(network.explains(root), None):
        if TestKey.of(cause) in visited:
            return test
        visited.add(TestKey.of(cause))
        root = cause
    return root


class _Port(NamedTuple):
    """A port of a machine, by the name of the machine; by its address when that is of no machine in the record."""

    host: str
    protocol: str
    number: str


class _Network:
    """The failing tests by where they belong: suites of machines, and ports to which machines speak.

    `services` is the suite that tests each port, `silent` the first test that waited for a port in vain, on the machine
    itself if there is one.
    """

    def __init__(self, failing: Sequence[Test], every: Iterable[Test], systems: Iterable[System]) -> None:
        self.failing: dict[tuple[str, str], list[Test]] = defaultdict(list)
        for test in failing:
            self.failing[test.host, test.suite].append(test)
        self.by_key = {(test.host, test.id): test for test in failing}
        self.full = [test for test in failing if state(test) == "full"]
        self.services = {
            _Port(test.host, *_service(test.endpoint)): test.suite
            for test in every
            if test.source == "socket" and test.endpoint
        }
        self.machines = {address: system.name for system in systems for address in _addresses(system)}
        self.hosts = frozenset(self.machines.values())
        self.silent: dict[_Port, Test] = {}
        for test in failing:
            if test.endpoint not in ("", RESOLVER) and _is_silent(test):
                port = self._port(test)
                if port not in self.silent or (test.host == port.host != self.silent[port].host):
                    self.silent[port] = test

    def explains(self, test: Test) -> Iterator[Test]:
        """Failing tests that explain this one, the nearest first."""
        yield from (self.by_key[test.host, name] for name in test.builds_on if (test.host, name) in self.by_key)
        if test.suite == SUITE:
            yield from self._of_drift(test)
            return
        yield from self._of_service(test)
        if test.suite == NAMES and not test.endpoint:
            yield from self._of_names(test)
        if test.endpoint and test.source != "socket":
            yield from self._of_answer(test)

    def _of_service(self, test: Test) -> Iterator[Test]:
        """An earlier state of the same service, by RULES, or the full disk that keeps it from running."""
        effect = state(test)
        for cause, result in RULES:
            has_failed = "failed" in test.found or cause == "not_installed"  # else nobody started it
            if effect == result and (effect != "not_running" or has_failed):
                yield from self._in_suite(test.host, test.suite, cause)
        if effect == "not_running" and any(words in test.found for words in NO_ROOM):
            yield from self._full_disks(test.host)

    def _full_disks(self, host: str) -> Iterator[Test]:
        return (test for test in self.full if test.host == host)

    def _in_suite(self, host: str, suite: str, cause: State) -> Iterator[Test]:
        return (test for test in self.failing.get((host, suite), ()) if state(test) == cause)

    def _of_names(self, test: Test) -> Iterator[Test]:
        """A server of names that fails. Where no server is known, the first name that is not found stands for all."""
        yield from (other for other in self.failing[test.host, NAMES] if other.endpoint)
        first = next(other for other in self.failing[test.host, test.suite] if other.source == test.source)
        if first is not test and state(first) == state(test) == "no_answer":
            yield first

    def _of_answer(self, test: Test) -> Iterator[Test]:
        """What keeps an endpoint from answering: the names, the service there, the packet filter, or silence that
        another test met first."""
        if test.endpoint == RESOLVER:
            yield from (cause for cause in self.failing.get((test.host, NAMES), ()) if cause is not test)
            return
        port = self._port(test)
        suite = self.services.get(port)
        if suite is not None:
            for cause in ANSWERING:
                yield from self._in_suite(port.host, suite, cause)
        if port.host in self.hosts and (port.host != test.host or _is_silent(test)):
            yield from self.failing.get((port.host, FILTER), ())
        first = self.silent.get(port)
        if _is_silent(test) and first is not None and first is not test:
            yield first

    def _port(self, test: Test) -> _Port:
        """The port that a test speaks to."""
        protocol, address, number = test.endpoint.split(" ")
        host = test.host if _is_own(address) else self.machines.get(address, address)
        return _Port(host, protocol, number)

    def _of_drift(self, test: Test) -> Iterator[Test]:
        """A test of the unit or the port that changed since the delivery."""
        kind, name = thing(test.id)
        if kind == "space":
            yield from self._full_disks(test.host)
        for (host, suite), tests in self.failing.items():
            if host == test.host and suite != SUITE:
                for other in tests:
                    if (other.source, kind) == ("unit", "unit") and _unit(other.subject) == name:
                        yield other
                    if (other.source, kind) == ("socket", "socket") and _service(other.endpoint) == _service(name):
                        yield other


def _is_own(address: str) -> bool:
    """Whether a machine reaches itself by it. What a machine sends need not be an address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "*"


def _is_silent(test: Test) -> bool:
    return SILENCE in test.found + test.reason


def _service(endpoint: str) -> tuple[str, str]:
    """Protocol and port of `tcp 10.0.0.2 80`."""
    words = endpoint.split(" ")
    return words[0], words[-1]


def _unit(name: str) -> str:
    return name if "." in name else f"{name}.service"


def _addresses(system: System) -> Iterator[str]:
    yield system.address
    for interface in system.interfaces:
        yield from (address.partition("/")[0] for address in interface.addresses)
