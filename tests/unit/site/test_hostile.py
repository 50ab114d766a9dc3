"""Whatever stands anywhere in a site file is either taken or refused with its place; nothing ends in a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible_collections.oplever.lab.plugins.plugin_utils.site import load
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import SiteError
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Roles

WRONG: list[Any] = ["x", "{{ x }}", 5, None, [{}], {"x": {"y": ["z"]}}]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], wrong)
    return copy


@pytest.mark.slow
def test_any_value_anywhere_is_taken_or_refused(
    site_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = Roles(load.entries(), [], [])  # read once
    monkeypatch.setattr(load, "Roles", lambda *_: roles)
    monkeypatch.chdir(tmp_path)
    data = yaml.safe_load(site_text)
    data["workstations"] = {"connection": {"user": "beheer"}, "vars": {"a": 1}, "roles": {"harden": {"areas": ["SSH"]}}}
    lines: list[str] = []
    for path in paths(data):
        for wrong in WRONG:
            text = yaml.safe_dump(replaced(data, path, wrong), sort_keys=False)
            (tmp_path / "site.yml").write_text(text, encoding="utf-8")
            try:
                load.site_file(str(tmp_path / "site.yml"), DataLoader())
            except SiteError as refusal:
                lines += refusal.lines
    assert [line for line in lines if not re.match(r"site\.yml:\d+:\d+: .", line)] == []
    assert len(lines) > 200
