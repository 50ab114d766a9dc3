"""One DNS question over UDP, then TCP when the answer was cut short (RFC 1035). The server is not trusted."""

from __future__ import annotations

import ipaddress
import os
import struct

from ansible_collections.oplever.lab.plugins.module_utils import network
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError

MAIN = "name"
SELECTORS = ("name", "type", "server", "port", "timeout")
NEEDS = ("name",)
ATTRIBUTES = ("exists", "rcode", "answers")
RUNNING = True
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


class MalformedError(ValueError):
    """The answer is not a DNS message, or not one to this question."""


def describe(select):
    server = " at %s" % select["server"] if select.get("server") else ""
    return "DNS %s %s%s" % (select.get("name"), select.get("type", "A"), server)


def endpoint(machine, select):
    return network.endpoint(machine, "udp", select.get("server") or first_server(machine), select.get("port", 53))


def look_up(machine, select):
    kind = str(select.get("type", "A")).upper()
    if kind not in TYPES:
        raise UnreadableError("DNS type %s is not known (there are: %s)" % (kind, ", ".join(sorted(TYPES))))
    server = select.get("server") or first_server(machine)
    question = _question(_reverse(str(select["name"])) if kind == "PTR" else str(select["name"]), TYPES[kind])
    address = (server, int(select.get("port", 53)))
    try:
        rcode, answers = parse(_ask(machine, question, address, float(select.get("timeout", 5))), question, TYPES[kind])
    except (OSError, MalformedError) as problem:
        raise UnreadableError("name server %s: %s" % (server, problem)) from None
    return {"exists": bool(answers), "rcode": RCODES.get(rcode, str(rcode)), "answers": answers}


def first_server(machine):
    """The server that programs on this machine ask first."""
    for line in (machine.text("/etc/resolv.conf") or "").splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            return words[1]
    raise UnreadableError("/etc/resolv.conf names no name server")


def _reverse(name):
    try:
        return ipaddress.ip_address(name).reverse_pointer
    except ValueError:
        return name


def _question(name, kind):
    try:
        labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    except UnicodeError:
        raise UnreadableError("%s is not a name for DNS" % name) from None
    packed = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + packed + struct.pack("!HH", kind, 1)


def _ask(machine, question, address, timeout):
    answer = network.ask(machine, *address, question, timeout)
    if len(answer) < 12 or not answer[2] & 0x02:
        return answer
    with network.connect(machine, *address, timeout) as tcp:
        tcp.sendall(struct.pack("!H", len(question)) + question)
        with tcp.makefile("rb") as stream:
            return stream.read(struct.unpack("!H", stream.read(2).rjust(2, b"\0"))[0])


def parse(message, question, kind):
    """(rcode, answers of that type as text without the final dot). Raises MalformedError."""
    try:
        identifier, flags, questions, count = struct.unpack("!HHHH", message[:8])
        if identifier != struct.unpack("!H", question[:2])[0] or not flags & 0x8000:
            raise MalformedError("the answer belongs to another question")
        at = 12
        for _ in range(questions):
            at = _name(message, at)[1] + 4
        answers = []
        for _ in range(count):
            at = _name(message, at)[1]
            record_type, _, _, length = struct.unpack("!HHIH", message[at : at + 10])
            at += 10
            if record_type == kind:
                answers.append(_value(message, at, length, record_type))
            at += length
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as problem:
        raise problem if isinstance(problem, MalformedError) else MalformedError("the answer is damaged") from None
    return flags & 0x0F, sorted(answers)


def _name(message, at):
    """(name, where it ends). A pointer may only point backwards, so this always ends."""
    labels, end, before = [], None, at
    while message[at]:
        if message[at] & 0xC0 == 0xC0:
            target = struct.unpack("!H", message[at : at + 2])[0] & 0x3FFF
            end = at + 2 if end is None else end
            if target >= before:
                raise MalformedError("a name points forward")
            at = before = target
            continue
        labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii"))
        at += 1 + message[at]
    return ".".join(labels), at + 1 if end is None else end


def _value(message, at, length, kind):
    data = message[at : at + length]
    if kind in (1, 28):
        return str(ipaddress.ip_address(data))
    if kind in (2, 5, 12):
        return _name(message, at)[0]
    if kind == 15:
        return "%d %s" % (struct.unpack("!H", data[:2])[0], _name(message, at + 2)[0])
    if kind == 33:
        return "%d %d %d %s" % (*struct.unpack("!HHH", data[:6]), _name(message, at + 6)[0])
    if kind == 6:
        return _name(message, at)[0]
    texts = []
    while data:
        texts.append(data[1 : 1 + data[0]].decode("utf-8", "replace"))
        data = data[1 + data[0] :]
    return "".join(texts)
