"""Each control passes on a delivered machine, fails for its planted fault, and passes when that is mended.

The cases are made from the control files and `planted/plants/*.yml`. Each machine, of Debian 13 and in `make truth` of
Debian 12 too, goes through the same rounds: plant, audit, mend (by the roles that hold the remedies, or by the plant's
own shell lines), audit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lab.planted.plants import Plant
from lab.planted.suite import EACH_RELEASE, PLANTS, ROUNDS, TESTED, Results, Suite

SUITE = Suite("planted", TESTED)


@pytest.fixture(scope="module")
def delivered() -> Iterator[Results]:
    """Machines that the roles have delivered: what the audit says of them."""
    try:
        SUITE.up()
        SUITE.mend()
        yield SUITE.audit([plant.control for plant in PLANTS])
    finally:
        SUITE.down()


@pytest.fixture(scope="module")
def rounds(delivered: Results) -> tuple[Results, Results, dict[tuple[str, str], str]]:
    planted, mended, wrong = {}, {}, {}
    for chosen in ROUNDS:
        for collected, part in zip((planted, mended, wrong), SUITE.go_through(chosen), strict=True):
            collected.update(part)
    return planted, mended, wrong


@pytest.mark.parametrize("release", EACH_RELEASE)
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.control)
def test_the_fault_is_found_and_its_remedy_helps(
    rounds: tuple[Results, Results, dict[tuple[str, str], str]], plant: Plant, release: str
) -> None:
    planted, mended, wrong = (results.get((release, plant.control)) for results in rounds)
    assert wrong is None, "its shell lines failed"
    assert planted["status"] == "fail", planted
    assert re.search(plant.found, planted["found"]), f"found {planted['found']!r}, not {plant.found!r}"
    assert mended["status"] == "pass", mended


@pytest.mark.parametrize("release", EACH_RELEASE)
def test_a_delivered_machine_passes_what_the_roles_can_mend(delivered: Results, release: str) -> None:
    mended = {plant.control: delivered[release, plant.control]["status"] for plant in PLANTS if not plant.undo}
    assert {control for control, status in mended.items() if status not in ("pass", "not_applicable")} == set()
