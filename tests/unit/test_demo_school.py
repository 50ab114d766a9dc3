"""What the demonstration of a school does with what it sees; the whole of it runs in tests/lab/test_school.py."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.setenv("OPLEVER_LAB", "elsewhere")
    module: ModuleType = program(ROOT / "tools/demo-school")
    return module


def test_it_stops_when_something_is_not_as_it_should_be(school: ModuleType) -> None:
    school.expect("Welkom bij De Linde", "Welkom", "Linde")
    with pytest.raises(sys.modules["parts"].PartError, match="'Linde' was expected, and this was seen: Welkom bij"):
        school.expect("Welkom bij De Beuk", "Welkom", "Linde")


@pytest.mark.parametrize(("gone", "reason"), [(False, "'down' did not come"), (True, "'up' stayed")])
def test_it_does_not_wait_for_ever(school: ModuleType, gone: bool, reason: str) -> None:
    school.wait(lambda: "up", "down" if gone else "up", gone=gone)
    with pytest.raises(sys.modules["parts"].PartError, match=f"{reason} in 0 s: up"):
        school.wait(lambda: "up", "up" if gone else "down", gone=gone, seconds=0)


def test_the_site_file_gets_the_addresses_of_the_lab(
    school: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(school, "FILES", tmp_path)
    monkeypatch.setattr(school, "SITE", tmp_path / "site/site.yml")
    monkeypatch.setattr(school, "shell", lambda host, command: f"02:00:00:00:00:0{host[-1]}\n")
    known = "10.1.2.11,srv-net ssh-ed25519 AAAA\n10.1.2.41,pc-101-01 ssh-ed25519 AAAA\n"
    (tmp_path / "known_hosts").write_text(known, encoding="ascii")
    school.write_site()
    text = (tmp_path / "site/site.yml").read_text(encoding="utf-8")
    assert "school: {cidr: 10.1.2.0/24, gateway: 10.1.2.1}" in text
    assert "198.51.100" not in text.partition("plugin:")[2]
    table = (tmp_path / "site/lokaal-101.csv").read_text(encoding="ascii")
    assert table == "name,mac\npc-101-01,02:00:00:00:00:01\n"
    assert f"{tmp_path}/known_hosts" in (tmp_path / "site/group_vars/all/lab.yml").read_text(encoding="utf-8")
