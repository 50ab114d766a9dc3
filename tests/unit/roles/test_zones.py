"""The zones that the role dns makes of its variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.oplever.lab.plugins.filter.dns_zones import dns_zones

HOSTS = [
    {"name": "srv", "address": "192.0.2.11", "aliases": ["ns", "ns1"]},
    {"name": "twin", "address": "192.0.2.11"},
    {"name": "pc", "address": ["198.51.100.7", "2001:db8::7"]},
]


def lines_by_zone(**variables: Any) -> dict[str, list[str]]:
    """Zone -> its records as lines of a file."""
    result = dns_zones({"domain": "school.example", **variables})
    return {zone["name"]: [f"{row['name']} {row['type']} {row['value']}" for row in zone["records"]] for zone in result}


def answers(**variables: Any) -> dict[str, tuple[str, str]]:
    """Name of a test -> what is asked for, and the answer."""
    result = dns_zones({"domain": "school.example", **variables})
    return {row["test"]: (row["full"], row["answer"]) for zone in result for row in zone["records"]}


def zone(*records: tuple[str, str, Any], name: str = "school.example") -> dict[str, Any]:
    rows = [{"name": owner, kind.lower(): value} for owner, kind, value in records]
    return {"name": name, "records": rows}


def test_machines_have_names_and_each_address_one_name() -> None:
    zones = lines_by_zone(hosts=HOSTS, servers=["192.0.2.11"])
    assert zones == {
        "school.example": [
            "@ NS srv.school.example.", "srv A 192.0.2.11", "ns A 192.0.2.11", "ns1 A 192.0.2.11",
            "twin A 192.0.2.11", "pc A 198.51.100.7", "pc AAAA 2001:db8::7",
        ],
        "2.0.192.in-addr.arpa": ["@ NS srv.school.example.", "11 PTR srv.school.example."],
        "100.51.198.in-addr.arpa": ["@ NS srv.school.example.", "7 PTR pc.school.example."],
        "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": [
            "@ NS srv.school.example.", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR pc.school.example."
        ],
    }  # fmt: skip


def test_a_server_that_is_no_machine_gets_a_name_that_is_free() -> None:
    zones = lines_by_zone(hosts=HOSTS, servers=["192.0.2.11", "192.0.2.53"])
    assert zones["school.example"][:3] == ["@ NS srv.school.example.", "@ NS ns2.school.example.", "ns2 A 192.0.2.53"]


@pytest.mark.parametrize(
    ("network", "zones"),
    [
        ("192.0.2.0/24", ["2.0.192.in-addr.arpa"]),
        ("192.0.2.64/26", ["2.0.192.in-addr.arpa"]),
        ("10.1.0.0/16", ["1.10.in-addr.arpa"]),
        ("10.0.0.0/8", ["10.in-addr.arpa"]),
        ("10.1.4.0/23", ["4.1.10.in-addr.arpa", "5.1.10.in-addr.arpa"]),
        ("2001:db8::/64", ["0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]),
        ("2001:db8::/120", ["0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]),
        ("2001:db8::/32", ["8.b.d.0.1.0.0.2.ip6.arpa"]),
    ],
)
def test_a_network_has_reverse_zones_of_whole_labels(network: str, zones: list[str]) -> None:
    assert list(lines_by_zone(networks=[network]))[1:] == zones


def test_an_address_is_in_the_narrowest_zone() -> None:
    hosts = [{"name": "a", "address": "10.1.2.3"}]
    zones = lines_by_zone(hosts=hosts, networks=["10.0.0.0/8"], zones=[zone(name="1.10.in-addr.arpa.")])
    assert zones["1.10.in-addr.arpa"] == ["3.2 PTR a.school.example."]
    assert zones["10.in-addr.arpa"] == []


def test_a_name_with_a_dot_is_a_full_name() -> None:
    records = zone(
        ("@", "MX", ["10 mail", "20 mx.provider.example", "30 mx.provider.example."]),
        ("www", "CNAME", "@"),
        ("wiki.school.example.", "CNAME", "srv"),
        ("_sip._tcp", "SRV", "0 5 5060 sip"),
    )
    assert lines_by_zone(zones=[records])["school.example"] == [
        "@ MX 10 mail.school.example.", "@ MX 20 mx.provider.example.", "@ MX 30 mx.provider.example.",
        "www CNAME school.example.", "wiki CNAME srv.school.example.", "_sip._tcp SRV 0 5 5060 sip.school.example.",
    ]  # fmt: skip


def test_every_record_can_be_asked_for() -> None:
    records = [zone(("*", "A", "192.0.2.8"), ("@", "TXT", ["a", "b"]), ("*.lab", "A", "192.0.2.9"), name="x.example")]
    assert answers(zones=records) == {
        "oplever-test.x.example.A": ("oplever-test.x.example", "192.0.2.8"),
        "x.example.TXT": ("x.example", "a"),
        "x.example.TXT.2": ("x.example", "b"),
        "oplever-test.lab.x.example.A": ("oplever-test.lab.x.example", "192.0.2.9"),
    }


def test_texts_are_written_so_that_nothing_ends_them() -> None:
    records = zone(("@", "TXT", 'say "é" \\; ' + "x" * 300))
    line = lines_by_zone(zones=[records])["school.example"][0]
    assert line.startswith('@ TXT "say \\034\\195\\169\\034 \\092; xxx')
    assert [len(part) for part in line.removeprefix("@ TXT ").split('" "')] == [271, 58]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (("x", "A", "2001:db8::1"), "2001:db8::1 is an address for AAAA"),
        (("x", "AAAA", "192.0.2.1"), "192.0.2.1 is an address for A"),
        (("x", "A", "192.0.2"), "'192.0.2' does not appear to be an IPv4 or IPv6 address"),
        (("x", "MX", "mail"), "'mail' must be a preference and a name, as 10 mail"),
        (("x", "SRV", "0 5 sip 5060"), "'0 5 sip 5060' must be priority, weight, port and a name"),
        (("x", "CNAME", "a b"), "'a b' must be one name"),
        (("x", "CNAME", "a;b"), "'a;b' is not a name"),
        (("x y", "A", "192.0.2.1"), "a name has no spaces"),
        (("x", "TXT", "a\nb"), "a text has no line breaks"),
    ],
)
def test_a_wrong_record_is_named(record: tuple[str, str, str], problem: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        dns_zones({"domain": "school.example", "zones": [zone(record)]})
    assert str(refused.value).startswith(f"dns_zones: zone school.example, {record[1]} of {record[0]}: {problem}")
