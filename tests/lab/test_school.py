"""A whole school on eight booted machines, as `make demo-school` shows it: a pupil's first day, a lesson, work that is
deleted and comes back, a server that is lost and made anew, an alert that comes and goes; and what the records say."""

from __future__ import annotations

import csv
import json
import subprocess
from typing import Any

import pytest

from lab.conftest import ROOT, Lab

pytestmark = pytest.mark.truth

MACHINES = {"srv-net", "srv-dir", "srv-files", "srv-web", "srv-print", "srv-watch", "pc-101-01", "pc-101-02"}
HOURS = (
    "A pupil logs in for the first time and chooses a password",
    "A lesson on the other machine: the wiki, and something to print",
    "Work on the file server is deleted, and comes back",
    "The server of the wiki is lost and made anew, with its pages",
    "A service stops, and works again",
)


@pytest.fixture(scope="module")
def demonstration(lab: Lab) -> str:
    """What the demonstration said; it goes on only when all went as it should."""
    done = subprocess.run([str(ROOT / "tools/demo-school")], cwd=ROOT, env=lab.env, text=True, capture_output=True,
                          timeout=6000, check=False)  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def records(lab: Lab, demonstration: str) -> list[dict[str, Any]]:
    """The records of it, oldest first."""
    return [json.loads((path / "record.json").read_text(encoding="utf-8")) for path in lab.all()]


def test_the_day_went_as_it_should(demonstration: str) -> None:
    assert [hour for hour in HOURS if f"--- {hour}: " not in demonstration] == []


def test_the_whole_network_was_delivered(records: list[dict[str, Any]]) -> None:
    delivery = next(record for record in records if len(record["systems"]) == len(MACHINES))
    assert {system["name"] for system in delivery["systems"]} == MACHINES
    assert delivery["verdict"] in ("delivered", "delivered_with_remarks")
    assert failed(delivery) == []


def test_at_the_end_everything_is_as_it_was_delivered(records: list[dict[str, Any]]) -> None:
    assert failed(records[-1]) == []
    assert {test["host"] for test in records[-1]["tests"]} >= MACHINES


def test_no_password_is_in_a_record(lab: Lab, records: list[dict[str, Any]]) -> None:
    table = lab.shell("srv-dir", "cat /var/lib/oplever-directory/passwords.csv").splitlines()
    passwords = [row["password"] for row in csv.DictReader(table)]
    assert passwords, "nobody has a first password any more"
    texts = [path.read_bytes() for path in lab.records.rglob("*") if path.is_file()]
    assert [word for word in passwords if any(word.encode() in text for text in texts)] == []


def failed(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (test["host"], test["id"], test["found"])
        for test in record["tests"]
        if test["status"] not in ("pass", "not_applicable", "waived")
    ]
