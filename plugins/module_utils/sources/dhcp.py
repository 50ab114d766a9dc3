"""What a DHCP server offers (RFC 2131): a question for an address and the first answer to it, which is not taken up.

Question and answer pass the kernel as whole packets (packet(7)), so that the machine keeps the address that it has, can
ask for another machine, and can ask the server that runs on it. The server is not trusted.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import time

from ansible_collections.oplever.lab.plugins.module_utils import network
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import route

MAIN = "mac"
SELECTORS = ("mac", "interface", "server", "network", "architecture", "timeout")
NEEDS = ("mac",)
ATTRIBUTES = (
    "exists", "address", "server", "mask", "gateway", "name_servers", "domain", "host_name", "ntp_servers", "lease",
    "next_server", "boot_file",
)  # fmt: skip
RUNNING = True

EVERY_PROTOCOL, IP = 0x0003, 0x0800  # of Ethernet, as linux/if_ether.h numbers them
UDP = 17
SERVER_PORT, CLIENT_PORT = 67, 68
COOKIE = b"\x63\x82\x53\x63"
BROADCAST = 0x8000
NOWHERE = "0.0.0.0"  # noqa: S104 - the source of a machine that has no address yet
DISCOVER, OFFER = 1, 2
HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")
PAUSE = 1.0  # seconds after which the question is sent again: a packet may be lost
MASK, ROUTERS, NAME_SERVERS, HOST_NAME, DOMAIN, TIME_SERVERS = 1, 3, 6, 12, 15, 42
LEASE, KIND, SERVER, PARAMETERS, VENDOR, FILE, ARCHITECTURE = 51, 53, 54, 55, 60, 67, 93
ASKED = (MASK, ROUTERS, NAME_SERVERS, HOST_NAME, DOMAIN, TIME_SERVERS, LEASE, SERVER, FILE)


class MalformedError(ValueError):
    """The packet is not an offer, or not one to this question."""


def describe(select):
    relayed = " in the network of %s" % select["network"] if select.get("network") else ""
    at = " of %s" % select["server"] if select.get("server") else ""
    return "DHCP offer%s for %s%s" % (at, select.get("mac"), relayed)


def endpoint(machine, select):
    return network.endpoint(machine, "udp", select["server"], SERVER_PORT) if select.get("server") else ""


def look_up(machine, select):
    """`network` is the address of a relay in another network: what a machine behind it would be offered. `server` takes
    offers of that server alone, `architecture` is the number of a client that boots over the network."""
    interface = str(select.get("interface") or _interface(machine))
    identifier = os.urandom(4)
    message = question(identifier, str(select["mac"]), select.get("network"), select.get("architecture"))
    # A relay asks and is answered on the port of servers.
    port = SERVER_PORT if select.get("network") else CLIENT_PORT
    packet = _packet(message, str(select.get("network") or NOWHERE), port)
    try:
        offer = _ask(interface, packet, identifier, select.get("server"), float(select.get("timeout", 5)))
    except PermissionError:
        raise UnreadableError("a question to a DHCP server can only be sent as root") from None
    except OSError as problem:
        raise UnreadableError("%s: %s" % (interface, problem.strerror or problem)) from None
    return dict({"exists": False} if offer is None else offer, interface=interface)


def _interface(machine):
    """The one that leads to other networks."""
    name = route.look_up(machine, {"destination": "default"}).get("interface")
    if not name:
        raise UnreadableError("no interface was named, and there is no default route that shows which one is meant")
    return name


def question(identifier, mac, relay=None, architecture=None):
    """The message that asks for an offer, to be answered to everybody. Raises UnreadableError for a wrong MAC."""
    try:
        hardware = bytes.fromhex(mac.replace(":", "").replace("-", ""))
    except ValueError:
        hardware = b""
    if len(hardware) != 6:
        raise UnreadableError("%s is not a MAC address" % mac)
    nowhere = bytes(4)
    gateway = ipaddress.IPv4Address(relay).packed if relay else nowhere
    head = HEADER.pack(
        1, 1, 6, 1 if relay else 0, int.from_bytes(identifier, "big"), 0, BROADCAST, nowhere, nowhere, nowhere, gateway,
        hardware, b"", b"",
    )  # fmt: skip
    options = _option(KIND, bytes([DISCOVER])) + _option(PARAMETERS, bytes(ASKED))
    if architecture is not None:
        options += _option(VENDOR, b"PXEClient") + _option(ARCHITECTURE, struct.pack("!H", int(architecture)))
    return head + COOKIE + options + b"\xff"


def _option(code, value):
    return bytes([code, len(value)]) + value


def _packet(message, source, port):
    """The message in UDP in IP, to everybody on the network."""
    datagram = struct.pack("!HHHH", port, SERVER_PORT, 8 + len(message), 0) + message
    addresses = ipaddress.IPv4Address(source).packed + b"\xff" * 4
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, UDP, 0) + addresses
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + datagram


def _checksum(head):
    total = sum(struct.unpack("!%dH" % (len(head) // 2), head))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _ask(interface, packet, identifier, server, seconds):
    """The first offer, or None. Raises OSError."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as link:
        # Every protocol: only so does it show what this machine itself sends, if the server runs on it.
        link.bind((interface, EVERY_PROTOCOL))
        end, again = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            if time.monotonic() >= again:
                link.sendto(packet, (interface, IP, 0, 0, b"\xff" * 6))
                again = time.monotonic() + PAUSE
            link.settimeout(max(0.01, min(again, end) - time.monotonic()))
            try:
                offer = parse(link.recv(65535), identifier)
            except (socket.timeout, MalformedError):
                continue
            if server in (None, offer["server"]):
                return offer
    return None


def parse(packet, identifier):
    """The attributes of an offer in an IP packet. Raises MalformedError."""
    try:
        size = (packet[0] & 0x0F) * 4
        if packet[0] >> 4 != 4 or packet[9] != UDP or packet[size : size + 2] != struct.pack("!H", SERVER_PORT):
            raise MalformedError("not from a DHCP server")
        message = packet[size + 8 :]
        head = HEADER.unpack(message[: HEADER.size])
        if head[0] != 2 or head[4] != int.from_bytes(identifier, "big"):
            raise MalformedError("not an answer to this question")
        options = _options(message[HEADER.size :])
        if options.get(KIND) != bytes([OFFER]):
            raise MalformedError("not an offer")
        return {
            "exists": True,
            "address": str(ipaddress.IPv4Address(head[8])),
            "server": _first(options, SERVER),
            "mask": _first(options, MASK),
            "gateway": _first(options, ROUTERS),
            "name_servers": _addresses(options, NAME_SERVERS),
            "domain": _text(options.get(DOMAIN, b"")),
            "host_name": _text(options.get(HOST_NAME, b"")),
            "ntp_servers": _addresses(options, TIME_SERVERS),
            "lease": int.from_bytes(options.get(LEASE, b""), "big"),
            "next_server": str(ipaddress.IPv4Address(head[9])),
            "boot_file": _text(options.get(FILE, head[13])),
        }
    except (IndexError, struct.error, ValueError) as problem:
        raise problem if isinstance(problem, MalformedError) else MalformedError("the offer is damaged") from None


def _options(data):
    """Code -> value; of a code that stands twice the parts together (RFC 3396). Raises MalformedError."""
    if data[:4] != COOKIE:
        raise MalformedError("no options of DHCP")
    options, at = {}, 4
    while data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        code, length = data[at], data[at + 1]
        if at + 2 + length > len(data):
            raise MalformedError("an option is cut off")
        options[code] = options.get(code, b"") + data[at + 2 : at + 2 + length]
        at += 2 + length
    return options


def _addresses(options, code):
    value = options.get(code, b"")
    return [str(ipaddress.IPv4Address(value[at : at + 4])) for at in range(0, len(value), 4)]


def _first(options, code):
    return next(iter(_addresses(options, code)), "")


def _text(value):
    return value.rstrip(b"\0").decode("utf-8", "replace")
