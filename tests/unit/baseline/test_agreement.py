"""A ruling explains what it was made about, and nothing else: what differs in another place or way is told."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from lab.planted import page
from lab.planted.agreement import STATES, Pair, Rulings, problems, report, rulings

YAML = """
content: 1-1
classes: {question: asks something else, blind: cannot see it}
rulings:
- class: blind
  ours: pass
  right: ours
  why: It reads one file.
  cases:
    SSH-001: {rules: [root_login], found: value = no, places: {debian12: [stock], debian13: [stock, delivered]}}
- class: question
  ours: fail
  right: both
  why: It asks for now alone.
  cases:
    MNT-008: {rules: [tmp], found: 'options = .*', places: {debian12: [stock]}}
"""
TOOL = Path(__file__).resolve().parents[3] / "tools/ssg-content"
ROOT = Pair("SSH-001", "debian12", "stock", "pass", "value = no", {"root_login": "fail", "other": "pass"})
PAIRS = [
    ROOT,
    replace(ROOT, machine="debian13"),
    replace(ROOT, machine="debian13", state="delivered"),
    replace(ROOT, state="merged", rules={"root_login": "pass"}),
    Pair("MNT-008", "debian12", "stock", "fail", "options = rw\nnodev", {"tmp": "pass"}),
    Pair("ACC-009", "debian12", "stock", "pass", "uid0 = root", {"uid": "pass"}),
    Pair("BOOT-001", "debian12", "stock", "not_applicable", "", {"password": "fail"}),
]


@pytest.fixture
def known_rulings(tmp_path: Path) -> Rulings:
    file = tmp_path / "rulings.yml"
    file.write_text(YAML, encoding="utf-8")
    return rulings(file)


def test_what_was_ruled_on_is_no_problem(known_rulings: Rulings) -> None:
    assert problems(PAIRS, known_rulings) == []


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"state": "planted"}, "ruled on, but not on debian12 planted"),
        ({"rules": {"root_login": "fail", "other": "fail"}}, "ruled on, but not for other"),
        ({"found": "value = no or so"}, "ruled on, but only where the audit found value = no"),
        ({"ours": "fail", "rules": {"root_login": "pass"}}, "nobody ruled on it"),
        ({"control": "SSH-002"}, "nobody ruled on it"),
    ],
)
def test_another_place_rule_or_value_is_not_covered(
    known_rulings: Rulings, different: dict[str, str], told: str
) -> None:
    """The pair that was ruled on stays, so that only the new one is a problem."""
    (problem,) = problems([*PAIRS, replace(ROOT, **different)], known_rulings)
    assert problem.endswith(told)


def test_a_ruling_about_what_is_no_longer_so_is_told(known_rulings: Rulings) -> None:
    (problem,) = problems(
        [pair for pair in PAIRS if (pair.machine, pair.state) != ("debian13", "delivered")], known_rulings
    )
    assert problem == "SSH-001 is ruled on, but no longer differs as described there: debian13 delivered"


def test_a_ruling_against_us_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "rulings.yml"
    file.write_text(YAML.replace("right: both", "right: openscap"), encoding="utf-8")
    (problem,) = problems(PAIRS, rulings(file))
    assert problem.startswith("MNT-008 on debian12 stock")
    assert problem.endswith("the audit is wrong")


def test_another_version_of_the_content_only_reports(known_rulings: Rulings) -> None:
    new = [*PAIRS, replace(ROOT, control="SSH-002")]
    wrong, note = report(new, known_rulings, "1-1")
    assert (len(wrong), note) == (1, "")
    wrong, note = report(new, known_rulings, "2-1")
    assert wrong == []
    assert note.startswith("The rulings are about ssg-debian 1-1, and here is 2-1. Run tools/agreement")
    assert "SSH-002 on debian12 stock" in note


def test_shares_leave_out_a_control_wherever_it_is_on_that_release(known_rulings: Rulings) -> None:
    """SSH-001 agrees in one state, and is left out there too."""
    text = page.page(PAIRS, known_rulings)
    assert "| all | | 6 | 33.3 % | 40.0 % (5) | 100.0 % (1) |" in text
    assert "| blind | 3 | 3 | 0 | 0 | cannot see it |" in text
    assert "| question | 1 | 0 | 1 | 0 | asks something else |" in text
    assert "| not looked into | 0 |" in text


def test_the_rulings_of_this_checkout_are_whole() -> None:
    known_rulings = rulings()
    assert known_rulings.entries
    assert all(state in STATES for ruling in known_rulings.entries for case in ruling.cases for _, state in case.places)
    cases = [(ruling.ours, case) for ruling in known_rulings.entries for case in ruling.cases]
    places = [(case.control, ours, place) for ours, case in cases for place in case.places]
    assert len(places) == len(set(places))


# Debian as the tool sees it: what it has is in NEWEST, and nothing answers without that.
DEBIAN = {
    "apt-get": '[ -n "$NEWEST" ] || exit 100\ncase "$*" in *download*) : >ssg-debian_1_all.deb;; esac',
    "apt-cache": 'echo "Version: $NEWEST"',
    "dpkg-deb": 'content="$3/usr/share/xml/scap/ssg/content"\nmkdir -p "$content"\n'
    'for release in 12 13; do echo "$NEWEST" >"$content/ssg-debian$release-ds.xml"; done',
}  # fmt: skip


@pytest.mark.parametrize(
    ("have", "newest", "then", "told"),
    [
        ("", "RULED", "RULED", ""),
        ("", "9.9-1", "9.9-1", ""),
        ("RULED", "9.9-1", "RULED", ""),
        ("0.0-1", "RULED", "RULED", ""),
        ("0.0-1", "", "0.0-1", "cannot be reached; ssg-debian 0.0-1 is what there is"),
        ("", "", "", "or cannot be reached"),
    ],
)
def test_content_that_was_ruled_on_is_kept_and_other_content_gives_way(
    tmp_path: Path, have: str, newest: str, then: str, told: str
) -> None:
    programs, place = tmp_path / "bin", tmp_path / "ssg"
    for directory in (programs, place):
        directory.mkdir()
    for name, text in DEBIAN.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    have, newest, then = (word.replace("RULED", rulings().content) for word in (have, newest, then))
    if have:
        (place / "version").write_text(have + "\n", encoding="utf-8")
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "NEWEST": newest}
    done = subprocess.run([TOOL, str(place)], env=env, text=True, capture_output=True, check=False)
    assert done.returncode == (0 if then else 1), done.stderr
    assert told in done.stderr
    version = place / "version"
    assert (version.read_text(encoding="utf-8").strip() if version.exists() else "") == then
    if then not in ("", have):
        assert (place / "ssg-debian13-ds.xml").read_text(encoding="utf-8").strip() == then
