"""A machine is in order only when all that was planned for it was carried out and its last tests passed."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from journals import Journal, complete
from oplever.kinds.installation import order
from oplever.kinds.installation.chapters.summary import STATES
from oplever.kinds.installation.order import Order
from oplever.kinds.installation.verdict import EFFECTS
from oplever.record.model import System


def states(journal: Journal) -> dict[str, str]:
    record = journal.record()
    return {system.name: Order(record).state(system) for system in record.systems}


def with_plays(*hosts: str) -> Journal:
    """A run in order, whose playbook holds plays for these hosts that did not begin."""
    journal = complete()
    plays = [{"name": "All", "hosts": "all"}, *({"name": f"Later {name}", "hosts": name} for name in hosts)]
    listed = b'"site.yml", "plays": ' + json.dumps(plays).encode()
    journal.lines[1] = journal.lines[1].replace(b'"site.yml"', listed)
    return journal


@pytest.mark.parametrize(
    ("pattern", "state"),
    [
        ("all", "behind"),
        ("web", "behind"),
        ("a", "behind"),
        ("db,web", "behind"),
        ("db", "ok"),
        ("localhost", "ok"),
        ("b:c", "ok"),
        ("all:!a", "behind"),
        ("w*", "behind"),
        ("{{ targets }}", "behind"),
        ("~a|b", "behind"),
    ],
)
def test_a_play_that_never_began_keeps_its_machines_from_being_in_order(pattern: str, state: str) -> None:
    assert states(with_plays(pattern).finish(ok=5)) == {"a": state}


def test_without_a_remark_it_is_in_order() -> None:
    assert states(complete().finish(ok=5)) == {"a": "ok"}
    assert states(with_plays().finish(ok=5)) == {"a": "ok"}


def test_what_missing_lines_may_have_told_is_not_said_of_a_machine() -> None:
    journal = with_plays("all").finish(ok=5)
    assert states(journal) == {"a": "behind"}
    del journal.lines[4]
    assert states(journal) == {"a": "not_finished"}


def test_an_interrupted_run_has_no_machine_in_order() -> None:
    assert states(complete()) == {"a": "not_finished"}
    stopped = complete()
    stopped.add("run_end", lines=len(stopped.lines), lost=0, reason="stopped before the recap")
    assert states(stopped) == {"a": "not_finished"}


def test_what_the_playbook_left_open_is_a_remark() -> None:
    journal = complete()
    journal.add("task_start", task="h", play="p", name="Write", action="ansible.builtin.copy", path="site.yml:9")
    journal.add("result", task="h", host="a", status="changed", duration=0.1, notify=["Restart"])
    assert states(journal.finish(ok=5, changed=1)) == {"a": "remarks"}


@pytest.mark.parametrize(("status", "state"), [("fail", "not_ok"), ("error", "not_ok"), ("not_applicable", "ok")])
def test_the_last_tests_count(status: str, state: str) -> None:
    assert states(complete().check(status, id="x.last").finish(ok=6)) == {"a": state}


def test_every_state_has_words_and_only_in_order_is_green() -> None:
    assert set(STATES) == set(get_args(order.State))
    assert [state for state, (tone, _) in STATES.items() if tone == "good"] == ["ok"]
    assert {state for state, _ in order.RULES} == set(STATES)
    codes = order.UNREACHABLE | order.BEHIND | order.FAILED | order.CUT_OFF | order.OF_ALL | order.REMARKS
    assert codes <= set(EFFECTS)


def test_hosts_of_a_play_are_names_and_groups() -> None:
    system = System("web1", groups=("web", "servers"), recap=complete().record().systems[0].recap)
    assert [order.is_meant(pattern, system) for pattern in ("web1", " web ", "db:web1", "", "web11")] == [
        True, True, True, False, False,
    ]  # fmt: skip
