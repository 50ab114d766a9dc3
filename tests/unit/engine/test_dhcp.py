"""Questions to DHCP servers, and what comes back: packets as they are on the network."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import dhcp
from hypothesis import given
from hypothesis import strategies as st

IDENTIFIER = b"\x01\x02\x03\x04"
OPTIONS = {
    53: b"\x02", 54: b"\xc0\x00\x02\x0b", 1: b"\xff\xff\xff\x00", 3: b"\xc0\x00\x02\x01",
    6: b"\xc0\x00\x02\x0b\xc0\x00\x02\x0c", 12: b"pc-101-01", 15: b"school.example\0", 51: b"\x00\x00\x02\x58",
}  # fmt: skip


def packet(options: dict[int, bytes] = OPTIONS, identifier: bytes = IDENTIFIER, port: int = 67, kind: int = 2) -> bytes:
    """An answer of a server in UDP in IP."""
    numbers = (kind, 1, 6, 0, int.from_bytes(identifier, "big"), 0, 0x8000)
    addresses = (bytes(4), b"\xc6\x33\x64\x0b", b"\xc0\x00\x02\x09", bytes(4))
    message = dhcp.HEADER.pack(*numbers, *addresses, b"\x02", b"", b"boot.efi") + dhcp.COOKIE
    message += b"\0" + b"".join(bytes([code, len(value)]) + value for code, value in options.items()) + b"\xff"
    datagram = struct.pack("!HHHH", port, 68, 8 + len(message), 0) + message
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0) + b"\xc0\x00\x02\x0b" * 2 + datagram


def test_an_offer_is_read() -> None:
    assert dhcp.parse(packet(), IDENTIFIER) == {
        "exists": True, "address": "198.51.100.11", "server": "192.0.2.11", "mask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "name_servers": ["192.0.2.11", "192.0.2.12"], "domain": "school.example", "host_name": "pc-101-01",
        "ntp_servers": [], "lease": 600, "next_server": "192.0.2.9", "boot_file": "boot.efi",
    }  # fmt: skip


def test_a_boot_file_among_the_options_goes_before_that_of_the_header() -> None:
    assert dhcp.parse(packet({**OPTIONS, 67: b"other.efi"}), IDENTIFIER)["boot_file"] == "other.efi"


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"identifier": b"\x09" * 4}, "not an answer to this question"),
        ({"kind": 1}, "not an answer to this question"),
        ({"port": 53}, "not from a DHCP server"),
        ({"options": {**OPTIONS, 53: b"\x05"}}, "not an offer"),
        ({"options": {}}, "not an offer"),
        ({"options": {**OPTIONS, 6: b"\xc0\x00"}}, "the offer is damaged"),
    ],
)
def test_other_packets_are_no_offers(other: dict[str, Any], problem: str) -> None:
    with pytest.raises(dhcp.MalformedError, match=problem):
        dhcp.parse(packet(**other), IDENTIFIER)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_nothing_that_arrives_breaks_it(noise: bytes, at: int) -> None:
    whole = packet()
    for data in (noise, whole[:at], whole[:at] + noise, whole[:-1] + noise):
        try:
            offer = dhcp.parse(data, IDENTIFIER)
        except dhcp.MalformedError:
            continue
        assert offer.keys() == set(dhcp.ATTRIBUTES)


def test_the_question_names_the_machine_and_its_relay() -> None:
    message = dhcp.question(IDENTIFIER, "52-54-00-AB-CD-EF", "198.51.100.1", 7)
    head = dhcp.HEADER.unpack(message[: dhcp.HEADER.size])
    assert (head[0], head[3], head[6], head[10], head[11][:6]) == (
        1, 1, 0x8000, b"\xc6\x33\x64\x01", b"\x52\x54\x00\xab\xcd\xef",
    )  # fmt: skip
    assert message.endswith(b"\x3c\x09PXEClient\x5d\x02\x00\x07\xff")
    assert dhcp.question(IDENTIFIER, "52:54:00:ab:cd:ef")[dhcp.HEADER.size + 4 :].startswith(b"\x35\x01\x01")


def test_a_wrong_mac_is_named() -> None:
    with pytest.raises(UnreadableError, match="52:54 is not a MAC address"):
        dhcp.question(IDENTIFIER, "52:54")


def test_the_header_of_the_packet_has_its_sum() -> None:
    head = dhcp._packet(b"x" * 300, "198.51.100.1", 67)[:20]
    total = sum(struct.unpack("!10H", head))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF
