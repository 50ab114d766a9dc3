"""Every typing error in a site file is refused, with its place and what was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.plugin_utils.site.problems import SiteError

DATA: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("mistakes.yml").read_text(encoding="utf-8"))
MISTAKES: dict[str, dict[str, Any]] = DATA["mistakes"]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_typing_error_is_refused_with_its_place(name: str, load_site: Callable[..., Any], site_text: str) -> None:
    mistake = MISTAKES[name]
    assert mistake["was"] in site_text
    with pytest.raises(SiteError) as refusal:
        load_site(site_text.replace(mistake["was"], mistake["now"], 1), DATA["files"])
    assert [line.removeprefix("site.yml:") for line in refusal.value.lines] == mistake["says"]


@pytest.mark.slow
def test_there_are_forty_of_them_and_the_site_itself_is_right(load_site: Callable[..., Any], site_text: str) -> None:
    assert len(MISTAKES) >= 40
    load_site(site_text)


@pytest.mark.slow
def test_all_mistakes_are_named_at_once(load_site: Callable[..., Any], site_text: str) -> None:
    """Mistakes in different parts of the file, from keys to values that only merging shows."""
    names = ["an unknown key of a network", "an address twice", "an unknown role", "a choice that is none"]
    text = site_text
    for name in names:
        text = text.replace(MISTAKES[name]["was"], MISTAKES[name]["now"], 1)
    with pytest.raises(SiteError) as refusal:
        load_site(text)
    assert len(refusal.value.lines) == len(names)


SECRETS = """\
argument_specs:
  main:
    options:
      safe_pin: {type: int, no_log: true}
      safe_code: {type: str, no_log: true, choices: [a, b]}
      safe_keys: {type: list, elements: str, no_log: true}
      safe_map: {type: dict, no_log: true}
      safe_pair: {type: dict, no_log: true, options: {a: {type: str}}}
      safe_rows: {type: list, elements: dict, no_log: true, options: {name: {type: str, required: true}}}
"""


@pytest.mark.slow
def test_a_secret_is_never_shown(load_site: Callable[..., Any], site_text: str) -> None:
    text = site_text.replace("sudo: password}", "sudo: password, password_hash: geheim-1}")
    roles = "safe: {pin: geheim-2, code: geheim-3, keys: geheim-4, map: geheim-6, pair: geheim-7, rows: geheim-8}"
    roles += "\n      mariadb: {users: {jan: {password: [geheim-5]}, kim: geheim-9}}"
    text = text.replace("mariadb: {databases: [leerlingen]}", roles)
    files = {"roles/safe/tasks/main.yml": "[]\n", "roles/safe/meta/argument_specs.yml": SECRETS}
    with pytest.raises(SiteError) as refusal:
        load_site(text, files)
    assert len(refusal.value.lines) == 9, refusal.value.lines
    assert "geheim" not in str(refusal.value)
