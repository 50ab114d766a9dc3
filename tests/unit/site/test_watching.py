"""Which machines a teacher watches, as a site file says it, and what the packet filter opens for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Load = Callable[..., Any]
TEACHER = "{watched: false, teacher: true, teacher_group: docenten}"
ROOM = f"""\
    machines:
      pc-101-docent: {{address: 198.51.100.10, roles: {{classroom: {TEACHER}}}}}
      pc-101-01: {{address: 198.51.100.11, mac: "52:54:00:12:34:56"}}
      pc-101-02: {{address: 198.51.100.12, roles: {{classroom: {{off_times: ["18:00"]}}}}}}
      pc-101-03: {{address: 198.51.100.13, roles: {{classroom: {{watched: false}}}}}}
    roles: {{classroom: {{watched: true}}}}
"""
SECOND = """\
  mediatheek:
    machines:
      pc-med-1: {address: 198.51.100.31, roles: {classroom: {watched: true}}}
"""


@pytest.fixture
def text(site_text: str) -> str:
    start, end = site_text.index("    machines: pc-101"), site_text.index("servers:\n  srv1")
    return site_text[:start] + ROOM + SECOND + site_text[end:]


def rules(inventory: Any, machine: str) -> dict[str, Any]:
    services = inventory.machines[machine].get("firewall_services", [])
    return {rule["comment"]: rule.get("from", "everyone") for rule in services}


def test_a_teacher_watches_the_watched_machines_of_the_own_room(load_site: Load, text: str) -> None:
    inventory = load_site(text)
    teacher = inventory.machines["pc-101-docent"]
    assert teacher["classroom_rooms"] == [
        {
            "name": "101",
            "machines": [
                {"name": "pc-101-01", "address": "198.51.100.11", "mac": "52:54:00:12:34:56"},
                {"name": "pc-101-02", "address": "198.51.100.12"},
            ],
        }
    ]
    assert "classroom_teachers" not in teacher
    for name in ("pc-101-01", "pc-101-02"):
        machine = inventory.machines[name]
        assert machine["classroom_teachers"] == [{"name": "pc-101-docent", "address": "198.51.100.10"}]
        assert "classroom_rooms" not in machine
    for name in ("pc-101-03", "pc-med-1", "srv1"):
        assert not {"classroom_rooms", "classroom_teachers"} & inventory.machines[name].keys()


def test_the_packet_filter_lets_only_these_machines_in(load_site: Load, text: str) -> None:
    inventory = load_site(text)
    assert rules(inventory, "pc-101-01") == {"watching 11100/tcp": ["198.51.100.10"]}
    assert rules(inventory, "pc-101-docent") == {
        "screen of the teacher 11400/tcp": ["198.51.100.11", "198.51.100.12"],
    }
    assert rules(inventory, "pc-101-03") == rules(inventory, "pc-med-1") == {}


def test_open_to_says_otherwise(load_site: Load, text: str) -> None:
    inventory = load_site(text.replace("{watched: true}}\n  med", "{watched: true, open_to: [lokalen]}}\n  med"))
    assert rules(inventory, "pc-101-01") == {"watching 11100/tcp": ["198.51.100.0/24"]}


@pytest.mark.parametrize("options", ["{state: absent}", "~", "{watched: false}"])
def test_a_machine_that_is_no_teachers_any_more_watches_nobody(load_site: Load, text: str, options: str) -> None:
    inventory = load_site(text.replace(TEACHER, options))
    assert rules(inventory, "pc-101-01") == {}
    assert "classroom_teachers" not in inventory.machines["pc-101-01"]


def test_a_machine_that_leaves_the_room_is_gone(load_site: Load, text: str) -> None:
    line = next(line for line in text.splitlines(keepends=True) if "pc-101-01" in line)
    inventory = load_site(text.replace(line, ""))
    rooms = inventory.machines["pc-101-docent"]["classroom_rooms"]
    assert [machine["name"] for machine in rooms[0]["machines"]] == ["pc-101-02"]
    assert rules(inventory, "pc-101-docent") == {"screen of the teacher 11400/tcp": ["198.51.100.12"]}
