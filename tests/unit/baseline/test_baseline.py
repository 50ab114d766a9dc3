"""The baseline as it is written: whole, in two languages, each remedy belonging to a control."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml_files
from ansible_collections.oplever.lab.plugins.module_utils.engine import language
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/harden"

CONTROLS: list[dict[str, Any]] = [
    c for path in sorted((ROLE / "files/baseline").glob("*.yml")) for c in yaml_files.load(path)
]
KNOWN = {control["id"]: control for control in CONTROLS}
PROFILES: dict[str, dict[str, Any]] = {
    path.stem: yaml_files.load(path) for path in (ROLE / "files/profiles").glob("*.yml")
}
VARS: dict[str, Any] = yaml_files.load(ROLE / "vars/main.yml")
# The parts of controls.yml's frameworks that every control carries; TIME has no measure in BIO2.
FRAMEWORKS = ("iso27002_2022", "nis2_art21_2")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile["profile"])
def test_the_language_has_nothing_to_say_about_it(profile: dict[str, Any]) -> None:
    assert language.problems(CONTROLS, profile["parameters"]) == []


def test_the_profiles_are_the_two_that_were_agreed_on() -> None:
    assert {name: profile["level"] for name, profile in PROFILES.items()} == {"debian-basis": 1, "debian-hoog": 2}
    basis, hoog = PROFILES["debian-basis"]["parameters"], PROFILES["debian-hoog"]["parameters"]
    assert basis.keys() == hoog.keys()
    assert hoog["password_min_length"] >= basis["password_min_length"]
    assert hoog["faillock_deny"] <= basis["faillock_deny"]


def test_every_control_of_high_and_medium_severity_is_there() -> None:
    lines = (ROOT / "tests/unit/baseline/ids.txt").read_text(encoding="utf-8").splitlines()[1:]
    wanted = {name: line.split()[0] for line in lines for name in line.split()[1:]}
    assert len(wanted) == 240
    assert {name: KNOWN[name]["severity"] if name in KNOWN else "missing" for name in wanted} == wanted
    assert len(CONTROLS) >= 240


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_a_control_is_complete(control: dict[str, Any]) -> None:
    assert control["id"].partition("-")[0] == control["area"]
    assert control["severity"] in language.SEVERITIES
    assert control["level"] in (1, 2)
    for key in ("title", "rationale", "remedy", *(["reason"] if "when" in control else [])):
        texts = [control[key][tongue].strip() for tongue in ("nl", "en")]
        assert all(texts), key
        assert texts[0] != texts[1] or re.match(r"[\w. -]+\Z", texts[0]), f"{key} is the same in both languages"
    assert all(control["refs"].get(name) for name in FRAMEWORKS)


def test_no_two_controls_ask_the_same() -> None:
    keys = ("source", "select", "expect", "all", "any", "none")
    asked = [str([control.get(key) for key in keys]) for control in CONTROLS]
    assert len(set(asked)) == len(asked)


def test_every_area_can_be_chosen() -> None:
    specs = yaml_files.load(ROLE / "meta/argument_specs.yml")["argument_specs"]
    assert {control["area"] for control in CONTROLS} == set(specs["main"]["options"]["harden_areas"]["choices"])


def remedies() -> Iterator[dict[str, Any]]:
    """Everything in the role that carries the id of a control."""
    for name in ("packages", "brings", "sysctl", "modules", "modes", "sshd", "mounts"):
        yield from VARS[f"__harden_{name}"]
    for file in VARS["__harden_files"] + VARS["__harden_lines"]:
        if isinstance(file["lines"], list):
            yield from file["lines"]
        yield from ({"control": name} for name in re.findall(r"'control': '([A-Z]+-\d+)'", str(file["lines"])))
    for step in VARS["__harden_steps"]:
        own = step["controls"]
        listed = own if isinstance(own, list) else re.findall(r"'([A-Z]+-\d+)'", own)
        yield from ({"control": name} for name in listed)
    # The cache of apt, and the packages that must go.
    yield from ({"control": name} for name in re.findall(r"[A-Z]+-\d{3}", VARS["__harden_installs"]))
    yield from ({"control": name} for name in VARS["__harden_removes"])


def test_every_remedy_belongs_to_a_control() -> None:
    assert {item["control"] for item in remedies()} <= KNOWN.keys()


def test_what_a_control_says_the_role_does_is_what_the_role_has_a_remedy_for() -> None:
    says = re.compile(r"the harden role (does|sets|adds)")
    told = {control["id"] for control in CONTROLS if says.search(control["remedy"]["en"])}
    done = {item["control"] for item in remedies()}
    quiet = {  # the role mends it, and the text tells how a person would
        *(f"SSH-{number:03d}" for number in range(1, 25)), "SSH-031", "ACC-004",
        "APT-001", "APT-011", "APT-019", "KRN-024",
        "PAM-003", "PAM-005", "PAM-016", "BOOT-001", "SVC-010", "SVC-016", "SVC-017", "SVC-020",
    }  # fmt: skip
    assert told - done == set()
    assert done - told - quiet == set()


def test_the_values_of_the_kernel_are_what_the_controls_want() -> None:
    wanted = {c["select"]: (c["id"], c["expect"]) for c in CONTROLS if c.get("source") == "sysctl"}
    given = {item["key"]: item for item in VARS["__harden_sysctl"]}
    assert given.keys() == wanted.keys()
    for key, item in given.items():
        assert item["control"] == wanted[key][0]
        assert matchers.holds(wanted[key][1]["running"], item["value"]), key


def test_permissions_given_are_not_wider_than_controls_allow() -> None:
    wanted = {
        control["select"]: control["expect"]["mode"]
        for control in CONTROLS
        if control.get("source") == "file" and "mode" in control["expect"]
    }
    compared = [item for item in VARS["__harden_modes"] if item["path"] in wanted]
    assert len(compared) > 15
    for item in compared:
        assert int(item["mode"], 8) & ~int(wanted[item["path"]]["mode_at_most"], 8) == 0, item


@pytest.mark.slow
def test_the_page_is_made_from_the_controls() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/baseline-docs")], capture_output=True, text=True, check=True
    )
    assert (ROOT / "docs/reference/baseline.md").read_text(encoding="utf-8") == done.stdout
