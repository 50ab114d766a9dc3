"""Digests of files: enough to see a change, never a secret."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.oplever.lab.plugins.module_utils.machine import Machine
from ansible_collections.oplever.lab.plugins.module_utils.snapshot import collect, files


def tree(root: Path) -> Machine:
    for name, text in {
        "motd": "hello",
        "shadow": "root:$y$x",
        "ssh/ssh_host_key": "KEY",
        "cups/subscriptions.conf": "1",
    }.items():
        path = root / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    return Machine(str(root))


def test_a_change_shows_and_a_secret_does_not(tmp_path: Path) -> None:
    machine = tree(tmp_path)
    before, problems = files.digests(machine)
    assert problems == []
    (tmp_path / "etc/motd").write_text("hullo", encoding="utf-8")
    after, _ = files.digests(machine)
    assert {name for name in after if after[name] != before[name]} == {"/etc/motd"}
    assert before["/etc/shadow"][0] == before["/etc/ssh/ssh_host_key"][0] == "(secret)"
    assert "/etc/cups/subscriptions.conf" not in before


def test_links_loops_and_devices_do_no_harm(tmp_path: Path) -> None:
    machine = tree(tmp_path)
    (tmp_path / "etc/loop").symlink_to(tmp_path / "etc")
    os.mkfifo(tmp_path / "etc/fifo")
    found, problems = files.digests(machine)
    assert problems == []
    assert found["/etc/loop"] == [f"-> {tmp_path}/etc"]
    assert "/etc/fifo" not in found
    assert not any(name.startswith("/etc/loop/") for name in found)


def test_more_places_and_fewer(tmp_path: Path) -> None:
    machine = tree(tmp_path)
    (tmp_path / "var/www").mkdir(parents=True)
    (tmp_path / "var/www/index.html").write_text("x", encoding="utf-8")
    found, _ = files.digests(machine, ["/var/w*"], ["/etc/ssh/*"])
    assert "/var/www/index.html" in found
    assert "/etc/ssh/ssh_host_key" not in found


def test_a_section_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = collect.snapshot(tree(tmp_path))
    assert found["accounts"] == {}
    assert "/etc/passwd does not exist" in {problem["reason"] for problem in found["problems"]}
    assert found["files"]
