"""What the lab brings to a machine before its first boot, and what it counts of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

PLACE = Path(__file__).resolve().parents[3] / "roles/lab/files/lab"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The modules of the lab helper, which import each other by their plain names."""
    monkeypatch.syspath_prepend(str(PLACE))
    names = ("spec", "cgroups", "processes", "base", "machines")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    modules = {name: __import__(name) for name in names}
    for name in names:  # gone again after the test
        monkeypatch.setitem(sys.modules, name, modules[name])
    return modules


def test_packages_of_the_cache_are_linked_under_directories_as_the_base_tree_has_them(
    lab: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deb = tmp_path / "cache/debs/trixie/nginx_1_amd64.deb"
    archives = tmp_path / "base/var/cache/apt/archives"
    for directory in (deb.parent, archives):
        directory.mkdir(parents=True)
    deb.write_bytes(b"content")
    (tmp_path / "base/var/cache").chmod(0o751)
    monkeypatch.setattr(lab["machines"], "CACHE", tmp_path / "cache")
    monkeypatch.setattr(lab["machines"], "base_tree", lambda release: tmp_path / "base")
    before = os.umask(0o077)
    try:
        for _ in range(2):  # a call that was killed half-way is made again
            (tmp_path / "upper").mkdir(exist_ok=True)
            machine = lab["spec"].Machine("web1", "trixie", "10.0.0.2")
            lab["machines"].bring_packages(machine, tmp_path / "upper")
    finally:
        os.umask(before)
    brought = tmp_path / "upper/var/cache/apt/archives" / deb.name
    assert brought.stat().st_ino == deb.stat().st_ino
    assert (tmp_path / "upper/var/cache").stat().st_mode & 0o777 == 0o751
    assert (tmp_path / "upper/var").stat().st_mode & 0o777 == 0o755


def test_the_processor_time_of_all_machines_is_added_to_the_file_that_asks_for_it(
    lab: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab["cgroups"], "places", lambda name: [tmp_path / "absent", tmp_path / "groups" / name])
    for number, name in enumerate(("srv1", "web1", "ws1")):
        (tmp_path / "state/abc123" / name / "root").mkdir(parents=True)
        if name != "ws1":  # stopped, and its group is gone
            group = tmp_path / "groups" / f"oplabc123-{name}"
            group.mkdir(parents=True)
            (group / "cpu.stat").write_text(f"usage_usec {1_500_000 + number}\nuser_usec 7\n", encoding="ascii")
    usage = tmp_path / "usage"
    settings = {"id": "abc123", "fresh": False, "timeout": 5, "machines": [], "host_keys": {}}
    texts = dict.fromkeys(("name", "checkout", "subnet", "domain", "user", "public_key"), "")
    roots = list((tmp_path / "state/abc123").glob("*/root"))
    for path in (str(usage), str(usage), ""):
        lab["processes"].note_usage(lab["spec"].Spec(**texts, **settings, usage=path), roots)
    assert usage.read_text(encoding="ascii") == "3.0\n3.0\n"
