"""Which entries of the list of roles apply to a machine."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.oplever.lab.plugins.lookup.applying import LookupModule

ENTRIES: list[dict[str, Any]] = [
    {"role": "base", "groups": ["all"]},
    {"role": "dns", "groups": ["dns_servers"]},
    {"role": "timesync", "groups": ["all"], "except": ["time_servers"]},
    {"role": "ca", "groups": ["all"], "needs": "ca_server"},
]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ["base", "timesync"]),
        ({"group_names": ["dns_servers"]}, ["base", "dns", "timesync"]),
        ({"group_names": ["time_servers", "dns_servers"]}, ["base", "dns"]),
        ({"oplever_without": ["timesync"]}, ["base"]),
        ({"ca_server": ""}, ["base", "timesync"]),
        ({"ca_server": "srv1"}, ["base", "timesync", "ca"]),
    ],
)
def test_entries_apply_by_group_exception_and_need(variables: dict[str, Any], expected: list[str]) -> None:
    lookup = LookupModule(loader=DataLoader(), templar=Templar(DataLoader(), variables))
    assert [entry["role"] for entry in lookup.run(ENTRIES, variables)] == expected
