"""Connections to servers, for every source that speaks to one: where they lead, and who was seen not to answer."""

from __future__ import annotations

import socket

CONNECT_SECONDS = 5.0  # a server that is there takes a connection in milliseconds
OWN_SECONDS = 2.0  # on the machine itself nothing is lost on the way, and the kernel answers for the server
RESOLVER = "resolver"
"""The endpoint of a question that got no further than its name."""


class SilentError(OSError):
    """A server did not answer, now or when it was asked before; the text says which of the two."""


def endpoint(machine, protocol, host, port):
    """`tcp 10.0.0.2 80`: where a connection to `host` leads; `resolver` when the name has no address."""
    try:
        return "%s %s %d" % (protocol, addresses(machine, host)[0], int(port))
    except OSError:
        return RESOLVER


def addresses(machine, host):
    """The addresses of a name or address, asked once: a resolver that is away takes its time. Raises OSError."""
    answers = machine.once(_addresses)
    if host not in answers:
        try:
            answers[host] = list(dict.fromkeys(row[4][0] for row in socket.getaddrinfo(host, None)))
        except (OSError, UnicodeError) as problem:
            answers[host] = problem
    if isinstance(answers[host], Exception):
        raise OSError("%s: %s" % (host, answers[host]))
    return answers[host]


def connect(machine, host, port, seconds):
    """A TCP connection. A server that did not answer is not asked again by this machine object: many checks of one
    server would each wait for the same silence. Raises OSError, SilentError for silence."""
    silent = machine.once(_silent)
    problem = None
    for address in addresses(machine, host):
        own = address == "::1" or address.startswith("127.")
        wait = min(seconds, OWN_SECONDS if own else CONNECT_SECONDS)
        _refuse_silent(silent, address, port)
        try:
            return socket.create_connection((address, port), wait)
        except socket.timeout:
            problem = _remembered(silent, address, port, wait)
        except OSError as refusal:
            problem = refusal
    raise problem


def ask(machine, host, port, question, seconds):
    """The first datagram that answers `question` (whose first two bytes it repeats). Raises as `connect`."""
    silent, address = machine.once(_silent), addresses(machine, host)[0]
    _refuse_silent(silent, address, port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(seconds)
        udp.connect((address, port))
        udp.send(question)
        try:
            answer = udp.recv(65535)
            while answer[:2] != question[:2]:
                answer = udp.recv(65535)
        except socket.timeout:
            raise _remembered(silent, address, port, seconds) from None
    return answer


def _addresses(machine):
    """Host -> its addresses, or why there are none."""
    return {}


def _silent(machine):
    """(address, port) -> seconds that were waited."""
    return {}


def _refuse_silent(silent, address, port):
    if (address, port) in silent:
        waited = silent[address, port]
        raise SilentError("%s port %d did not answer within %g s and was not asked again" % (address, port, waited))


def _remembered(silent, address, port, seconds):
    silent[address, port] = seconds
    return SilentError("%s port %d did not answer within %g s" % (address, port, seconds))
