"""Every table and sentence has the machines in the order of the record, whichever of them was ready first."""

from __future__ import annotations

import re

import pytest
from golden import outputs
from golden.cases import Case
from golden.journal import Data, Journal, check, control, machine
from oplever.kinds.documents import build
from oplever.page.translator import Translator
from oplever.render.registry import FORMATS

CONTAINER = "not measured: in a container this belongs to its host"
GRANT: Data = {
    "id": "X1", "control": "SUDO-004", "hosts": ["b", "c", "a"], "reason": "lab", "owner": "ICT",
    "approver": "M. de Wit", "expires": "2027-07-31", "valid": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def markdown() -> str:
    """Machines `a`, `b` and `c`, of which the last was always ready first."""
    journal = Journal("20261123T100000Z-site-d0000f")
    journal.play("Servers", {"a": [], "b": [], "c": []})
    journal.snapshots("before", {host: machine(1) for host in "abc"})
    for stage in ("before", "after"):
        for host in "cba":
            controls = [
                control("SUDO-004", "waived", "high", exception="X1"),
                control("SSH-001", "fail", "high"),
                control("FW-002", "error" if stage == "before" else "pass", "medium"),
                control("BOOT-001", "not_applicable", "low", reason=CONTAINER),
            ]
            journal.checks(host, stage, "harden", controls, profile="p", profile_version="1", exceptions=[GRANT])
    for host in "cba":
        journal.checks(host, "after", "base", [check("base.disk", "fail")])
    journal.snapshots("after", {host: machine(1) for host in "abc"})
    journal.finish()
    return FORMATS["md"].draw(build(outputs.record_of(Case(journal.lines)), Translator("en"))).decode()


def test_no_list_of_names_is_in_another_order(markdown: str) -> None:
    lists = re.findall(r"\b[abc], [abc], [abc]\b", markdown)
    assert len(lists) > 3
    assert set(lists) == {"a, b, c"}


def test_rows_of_machines_are_in_their_order(markdown: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        machines = re.findall(r"\| ([abc]) \|", table)
        assert machines == sorted(machines), table


def test_a_control_that_could_not_be_read_is_not_said_to_fail(markdown: str) -> None:
    """The same figure stands in the starting state and in the security check."""
    (row,) = re.findall(r"^\| a \| ✓ taken.*$", markdown, re.MULTILINE)
    assert row.endswith("| 1<br>1 could not be measured |")


def test_what_belongs_to_the_host_of_a_container_is_said_alike(markdown: str) -> None:
    assert "3 belong to the host of a container" in markdown
    assert "1 belongs to the host of a container" in markdown
    assert "not looked at" not in markdown
