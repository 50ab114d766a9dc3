"""What is documented of sites is what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml_files
from ansible_collections.oplever.lab.plugins.plugin_utils.site import declaration, deriving, load, reading
from ansible_collections.oplever.lab.plugins.plugin_utils.site.roles import Roles
from programs import program

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_pages_and_tables_are_fresh() -> None:
    files = program(ROOT / "tools/site-docs").files()
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, f"run tools/site-docs: {path}"
    assert {path for path in files if path.parent.name == "roles"} == set((ROOT / "docs/reference/roles").glob("*.md"))


def test_every_source_has_a_value() -> None:
    assert declaration.SOURCES.keys() == deriving.SOURCES.keys()


def test_places_in_what_roles_declare_are_those_of_the_parser_that_explains_mistakes() -> None:
    for path in (ROOT / "roles").glob("*/meta/oplever.yml"):
        text = path.read_text(encoding="utf-8")
        places = reading.find_places(str(path), text, parsed=True)
        assert places.by_path
        assert places == reading.find_places(str(path), text)


def test_the_example_on_the_page_is_a_site(load_site: Any) -> None:
    page = (ROOT / "docs/reference/site.md").read_text(encoding="utf-8")
    text = re.findall(r"```yaml\n(plugin: .*?)```", page, re.DOTALL)[0]
    assert load_site(text).members["lokaal_101"][0] == "pc-101-01"


def test_the_example_of_the_plugin_is_a_site(load_site: Any) -> None:
    source = (ROOT / "plugins/inventory/site.py").read_text(encoding="utf-8")
    text = re.findall(r'EXAMPLES = r"""\n(.*?)"""', source, re.DOTALL)[0]
    assert load_site(text).members["wiki_servers"] == ["srv1"]


@pytest.mark.slow
def test_purposes_of_roles_are_purposes_of_the_baseline() -> None:
    controls = [
        control for path in (ROOT / "roles/harden/files/baseline").glob("*.yml") for control in yaml_files.load(path)
    ]
    purposes = {name for control in controls for key in ("not_for", "only_for") for name in control.get(key, [])}
    roles = Roles(load.entries(), [], []).all()
    assert {role.declaration["purpose"] for role in roles if "purpose" in role.declaration} <= purposes
