"""The baseline as it is written: whole, in two languages, each remedy belonging to a control."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.oplever.lab.plugins.module_utils.engine import language, matchers

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/harden"
CONTROLS: list[dict[str, Any]] = [
    control
    for path in sorted((ROLE / "files/baseline").glob("*.yml"))
    for control in yaml.safe_load(path.read_text(encoding="utf-8"))
]
VARS = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))


def test_the_language_has_nothing_to_say_about_it() -> None:
    assert language.problems(CONTROLS) == []


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_a_control_is_complete(control: dict[str, Any]) -> None:
    assert control["id"].partition("-")[0] == control["area"]
    assert control["severity"] in language.SEVERITIES
    for key in ("title", "remedy"):
        assert all(control[key][tongue].strip() for tongue in ("nl", "en")), key
    if "when" in control:
        assert control["reason"]["nl"]
        assert control["reason"]["en"]


def test_every_area_can_be_chosen() -> None:
    areas = {control["area"] for control in CONTROLS}
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    assert areas == set(VARS["__harden_areas"])
    assert areas == set(specs["main"]["options"]["harden_areas"]["choices"])


def remedies() -> list[dict[str, Any]]:
    lists = ("__harden_sysctl_network", "__harden_sysctl_kernel", "__harden_login_defs", "__harden_modes")
    found = [item for name in lists for item in VARS[name]]
    files = VARS["__harden_files_all"] + VARS["__harden_files_kernel"]
    return found + [line for file in files if isinstance(file["lines"], list) for line in file["lines"]]


def test_every_remedy_belongs_to_a_control() -> None:
    known = {control["id"] for control in CONTROLS}
    assert {item["control"] for item in remedies()} <= known


def test_the_values_of_the_kernel_are_what_the_controls_want() -> None:
    wanted = {control["select"]: control["expect"] for control in CONTROLS if control.get("source") == "sysctl"}
    given = {item["key"]: item["value"] for item in VARS["__harden_sysctl_network"] + VARS["__harden_sysctl_kernel"]}
    assert given.keys() == wanted.keys()
    for key, value in given.items():
        assert matchers.holds(wanted[key]["running"], value), key


def test_permissions_given_are_not_wider_than_controls_allow() -> None:
    wanted = {
        control["select"]: control["expect"]["mode"]
        for control in CONTROLS
        if control.get("source") == "file" and "mode" in control["expect"]
    }
    for item in VARS["__harden_modes"]:
        if item["path"] in wanted:
            assert int(item["mode"], 8) & ~int(wanted[item["path"]]["mode_at_most"], 8) == 0, item


def test_the_page_is_made_from_the_controls() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/baseline-docs")], capture_output=True, text=True, check=True
    )
    assert (ROOT / "docs/reference/baseline.md").read_text(encoding="utf-8") == done.stdout
