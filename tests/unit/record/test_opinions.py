"""What another scanner found, beside the controls of ours that ask the same."""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml_files
from journals import Journal
from msgspec import structs
from oplever.record.entries import Entry, added, make
from oplever.record.model import Baseline, Control, SecondOpinion
from oplever.record.opinions import LYNIS, compared
from oplever.words import Text

BASELINE = Path(__file__).resolve().parents[3] / "roles/harden/files/baseline"


def control(name: str, after: Any, before: Any = None, *, host: str = "a", rules: tuple[str, ...] = ()) -> Control:
    return Control(name, host, Text("", ""), "high", "SSH", before, after, "", "", refs={"ssg": rules})


def scan(*rules: tuple[str, str], tool: str = "openscap", host: str = "a") -> Entry:
    rows = [{"rule": rule, "status": status, "raw": f"raw {status}", "title": f"the {rule}"} for rule, status in rules]
    data = {"tool": tool, "host": host, "file": "x.xml", "digest": "d", "rules": rows}
    return make("scan", "S. Yilmaz", "2026-11-24T09:00:00.000000Z", data)


def opinions(controls: list[Control], *scans: Entry) -> list[SecondOpinion]:
    """The opinions in a record with these controls to which the scans were added."""
    record = structs.replace(Journal().finish().record(), baseline=Baseline(controls=tuple(controls)))
    return list(compared(reduce(added, scans, record).baseline).opinions)


def test_without_a_scan_the_baseline_stays_as_it_is() -> None:
    baseline = Baseline(controls=(control("SSH-001", "pass"),))
    assert compared(baseline) is baseline


def test_a_rule_is_set_beside_every_control_that_refers_to_it() -> None:
    controls = [control("SSH-001", "pass", rules=("r1", "r2")), control("SSH-002", "pass", rules=("r1",))]
    assert opinions(controls, scan(("r1", "pass"))) == [
        SecondOpinion("openscap", "a", "r1", "pass", "raw pass", Text("the r1", "the r1"), ("SSH-001", "SSH-002"),
                      "pass", True)
    ]  # fmt: skip


def test_a_rule_that_no_control_asks_has_no_answer_of_ours() -> None:
    (opinion,) = opinions([control("SSH-001", "pass", rules=("r1",))], scan(("r9", "fail")))
    assert (opinion.controls, opinion.ours, opinion.agrees) == ((), None, None)


def test_a_control_of_another_machine_or_of_another_tools_rule_is_not_asked_the_same() -> None:
    controls = [control("SSH-001", "pass", host="b", rules=("r1",)), control("SSH-002", "pass", rules=("SSH-7408",))]
    assert [item.controls for item in opinions(controls, scan(("r1", "pass")))] == [()]
    assert [item.controls for item in opinions(controls, scan(("SSH-7408", "pass"), tool="lynis"))] == [()]


@pytest.mark.parametrize(
    ("theirs", "ours", "agrees"),
    [
        ("pass", "pass", True),
        ("fail", "fail", True),
        ("pass", "fail", False),
        ("fail", "pass", False),
        # An exception lets a finding go; it is there all the same.
        ("fail", "waived", True),
        ("pass", "waived", False),
        ("error", "pass", None),
        ("not_applicable", "pass", None),
        ("pass", "error", None),
        ("fail", "not_applicable", None),
    ],
)
def test_two_opinions_agree_when_both_could_judge_and_say_the_same(theirs: str, ours: str, agrees: bool | None) -> None:
    (opinion,) = opinions([control("SSH-001", ours, rules=("r1",))], scan(("r1", theirs)))
    assert (opinion.ours, opinion.agrees) == (ours, agrees)


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        (("pass", "fail"), "fail"),
        (("waived", "fail"), "fail"),
        (("pass", "waived", "error"), "waived"),
        (("pass", "error", "not_applicable"), "error"),
        (("pass", "not_applicable"), "not_applicable"),
    ],
)
def test_controls_of_one_question_say_the_worst_together(statuses: tuple[str, ...], together: str) -> None:
    controls = [control(f"SSH-{number}", status, rules=("r1",)) for number, status in enumerate(statuses)]
    assert [item.ours for item in opinions(controls, scan(("r1", "pass")))] == [together]


def test_the_state_after_the_work_counts_and_else_the_state_before_it() -> None:
    (after,) = opinions([control("SSH-001", "pass", "fail", rules=("r1",))], scan(("r1", "pass")))
    (before,) = opinions([control("SSH-001", None, "fail", rules=("r1",))], scan(("r1", "pass")))
    assert (after.ours, before.ours) == ("pass", "fail")


def test_a_part_that_passes_says_nothing_against_a_control_whose_other_part_fails() -> None:
    failing = control("SSH-001", "fail", rules=("r1", "r2"))
    actual = opinions([failing], scan(("r1", "pass"), ("r2", "fail")))
    assert [(item.rule, item.agrees) for item in actual] == [("r1", None), ("r2", True)]
    # When no part fails for the scanner, it does contradict; and so it does when ours passes.
    assert [item.agrees for item in opinions([failing], scan(("r1", "pass"), ("r2", "pass")))] == [False, False]
    passing = control("SSH-001", "pass", rules=("r1", "r2"))
    assert [item.agrees for item in opinions([passing], scan(("r1", "pass"), ("r2", "fail")))] == [True, False]
    waived = control("SSH-001", "waived", rules=("r1", "r2"))
    assert [item.agrees for item in opinions([waived], scan(("r1", "pass"), ("r2", "fail")))] == [None, True]


def test_lynis_is_joined_by_the_names_of_its_tests() -> None:
    controls = [control(f"KMOD-{number:03d}", "pass") for number in range(13, 17)]
    controls += [control("SSH-001", "fail"), control("ACC-027", "pass")]
    rules = ("NETW-3200", "SSH-7408:PermitRootLogin", "HOME-9304", "HOME-9306", "LOGG-2136")
    actual = opinions(controls, scan(*[(rule, "pass") for rule in rules], tool="lynis"))
    assert [(item.rule, item.controls, item.agrees) for item in actual] == [
        ("NETW-3200", ("KMOD-013", "KMOD-014", "KMOD-015", "KMOD-016"), True),
        ("SSH-7408:PermitRootLogin", ("SSH-001",), False),
        ("HOME-9304", ("ACC-027",), True),
        ("HOME-9306", ("ACC-027",), True),
        ("LOGG-2136", (), None),
    ]


def test_the_last_report_of_each_scanner_about_each_machine_counts() -> None:
    scans = [
        scan(("r1", "fail")),
        scan(("r1", "pass"), host="b"),
        scan(("X-1", "fail"), tool="lynis"),
        scan(("r2", "pass")),
    ]
    actual = [(item.tool, item.host, item.rule) for item in opinions([], *scans)]
    assert actual == [("openscap", "a", "r2"), ("openscap", "b", "r1"), ("lynis", "a", "X-1")]


def test_every_test_of_lynis_asks_what_a_control_of_ours_asks() -> None:
    rows = [row for path in BASELINE.glob("*.yml") for row in yaml_files.load(path)]
    controls = {row["id"]: str(row) for row in rows}
    assert [name for names in LYNIS.values() for name in names if name not in controls] == []
    for rule, names in LYNIS.items():
        test, _, option = rule.partition(":")
        assert re.fullmatch(r"[A-Z]{3,4}-\d{4}", test)
        # Lynis names the setting of the kernel or of sshd that it looks at.
        assert not option or all(f"'select': '{option.lower()}'" in controls[name] for name in names)
