"""What the record concludes from real runs: a machine that did not get all of the work is named, as no recap does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oplever.record.model import Record

from system.recorder.generated import FILES, HOSTS, plays
from system.recorder.runs import GONE, LOCAL, Place, invalid

Reasons = dict[str, dict[str, Any]]
ABCD = dict.fromkeys("abcd", LOCAL)
ALWAYS = {"no_tests", "snapshots_missing"}
"""Nothing is tested here, and no snapshot taken."""


def task(name: str, **keys: Any) -> dict[str, Any]:
    """A task without a module, which costs more than all else."""
    return {"name": name, "ansible.builtin.raw": "true", **keys}


def fails(on: str = "", **keys: Any) -> dict[str, Any]:
    condition = {"when": f"inventory_hostname in {list(on)}"} if on else {}
    return {"name": "breaks", "ansible.builtin.fail": {"msg": "wrong"}, **condition, **keys}


def meta(action: str, on: str = "") -> dict[str, Any]:
    condition = {"when": f"inventory_hostname in {list(on)}"} if on else {}
    return {"name": action, "ansible.builtin.meta": action, **condition}


def play(*tasks: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"name": "work", "hosts": "all", "gather_facts": False, "tasks": list(tasks), **keys}


SECOND = play(task("second"), name="next")
PING = {"name": "ping", "ansible.builtin.ping": None}


@dataclass(frozen=True)
class Case:
    """One command, Ansible's exit code, and the reasons that the record must give (beside `ALWAYS`)."""

    plays: list[dict[str, Any]]
    code: int
    reasons: Reasons
    hosts: dict[str, dict[str, Any]] = field(default_factory=lambda: ABCD)
    options: tuple[str, ...] = ()
    stage: str = "started"


CASES = {
    "any_errors_fatal": Case(
        [play(fails("b"), task("later"), any_errors_fatal=True), SECOND],
        2,
        {
            "hosts_failed": {"hosts": ["b"]},
            "hosts_stopped": {"hosts": ["a", "c", "d"], "step": "breaks", "failed": ["b"]},
            "plays_not_begun": {"plays": ["next"]},
        },
    ),
    "plays that are named by variables": Case(
        [
            play(fails()),
            play(task("second"), name="{{ stage }}", vars={"stage": "Databases"}),
            play(task("third"), name="{{ stage | upper }} {{ pin_code }}", vars={"stage": "a", "pin_code": "4711"}),
        ],
        2,
        {
            "hosts_failed": {"hosts": ["a", "b", "c", "d"]},
            "plays_not_begun": {"plays": ["Databases", "{{ stage | upper }} {{ pin_code }}"]},
        },
    ),
    "any_errors_fatal, rescued": Case(
        [play({"block": [fails("b")], "rescue": [task("repair")]}, task("later"), any_errors_fatal=True)],
        0,
        {},
        stage="carried_out",
    ),
    "max_fail_percentage": Case(
        [play(task("first"), fails("abc"), task("later"), max_fail_percentage=50)],
        2,
        {
            "hosts_failed": {"hosts": ["a", "b", "c"]},
            "hosts_stopped": {"hosts": ["d"], "step": "breaks", "failed": ["a", "b", "c"]},
        },
    ),
    "serial": Case(
        [play(task("first"), fails("ab"), serial=2), SECOND],
        2,
        {
            "hosts_failed": {"hosts": ["a", "b"]},
            "hosts_not_reached": {"hosts": ["c", "d"]},
            "plays_not_begun": {"plays": ["next"]},
        },
    ),
    "serial, whole": Case([play(task("first"), task("later"), serial=[1, 2])], 0, {}, stage="carried_out"),
    "run_once, rescued": Case(
        [play({"block": [fails(run_once=True)], "rescue": [task("repair")]}, task("later"))],
        2,
        {"hosts_left": {"hosts": ["b", "c", "d"]}},
    ),
    "run_once, rescued at the end": Case(
        [play(task("first"), {"block": [fails(run_once=True)], "rescue": [task("repair")]})],
        2,
        {"hosts_left": {"hosts": ["b", "c", "d"]}},
    ),
    "end_host": Case(
        [play(task("first"), meta("end_host", "b"), task("later"))],
        0,
        {"hosts_ended": {"hosts": ["b"]}},
        stage="carried_out",
    ),
    "end_play": Case(
        [play(task("first"), meta("end_play"), task("later")), SECOND],
        0,
        {"plays_ended": {"plays": ["work"]}},
        stage="carried_out",
    ),
    "end_play under serial": Case(
        [play(task("first"), meta("end_play", "a"), task("later"), serial=2)],
        0,
        {"plays_ended": {"plays": ["work"]}, "hosts_not_reached": {"hosts": ["c", "d"]}},
    ),
    "end_batch": Case(
        [play(task("first"), meta("end_batch", "a"), task("later"), serial=2)],
        0,
        {"hosts_ended": {"hosts": ["a", "b"]}},
        stage="carried_out",
    ),
    "clear_host_errors": Case(
        [play(PING, meta("clear_host_errors")), play(task("second"), hosts="a")],
        0,
        {"hosts_unreachable": {"hosts": ["d"]}},
        hosts={**ABCD, "d": GONE},
    ),
    "ignore_unreachable": Case(
        [play({**PING, "ignore_unreachable": True}, {"name": "said", "ansible.builtin.debug": {}})],
        0,
        {"unreachable_ignored": {"hosts": ["d"]}, "failures_ignored": {"count": 1}},
        hosts={**ABCD, "d": GONE},
        stage="carried_out",
    ),
    "force_handlers": Case(
        [
            play(
                task("first", notify="restart"),
                fails("a"),
                task("later"),
                force_handlers=True,
                handlers=[task("restart")],
            )
        ],
        2,
        {"hosts_failed": {"hosts": ["a"]}},
    ),
    "a rescue on one machine": Case(
        [play({"block": [fails("b"), task("in the block")], "rescue": [task("repair")]})], 0, {}, stage="carried_out"
    ),
    "an include on one machine": Case(
        [play({"name": "more", "ansible.builtin.include_tasks": "more.yml", "when": "inventory_hostname == 'a'"})],
        0,
        {},
        stage="carried_out",
    ),
    "add_host and run_once": Case(
        [
            play({"name": "add", "ansible.builtin.add_host": {"name": "z", "groups": "later", **LOCAL}}),
            play(task("once", run_once=True)),
            play(task("new"), hosts="later"),
        ],
        0,
        {},
        stage="carried_out",
    ),
    "an include that is not there": Case(
        [play({"name": "more", "ansible.builtin.include_tasks": "missing.yml"})],
        2,
        {"hosts_failed": {"hosts": ["a", "b", "c", "d"]}},
    ),
    "strategy free": Case(
        [play(task("first"), fails("b"), task("later"), strategy="free", any_errors_fatal=True)],
        2,
        {"hosts_failed": {"hosts": ["b"]}},
    ),
    "an error of a play": Case(
        [play(task("first")), play(task("never"), hosts="{{ nosuch }}", name="broken")],
        4,
        {
            "stopped": {
                "reason": "stopped before the recap: interrupted, or an error that Ansible reported",
                "code": "before_recap",
            },
            "plays_not_begun": {"plays": ["broken"]},
        },
    ),
    "no machine": Case([play(task("first"), hosts="nobody")], 0, {"no_hosts": {}}, stage="nothing_done"),
    "tags that select nothing": Case(
        [play(task("first"))], 0, {"nothing_done": {}}, options=("--tags", "nosuch"), stage="nothing_done"
    ),
    "all skipped": Case(
        [play(task("first", when="false"), gather_facts=True)], 0, {"nothing_done": {}}, stage="nothing_done"
    ),
    "check mode": Case(
        [play(task("really", check_mode=False), task("looked at"), hosts="a,b")],
        0,
        {"check_mode": {}, "changed_in_trial": {"steps": ["really"], "hosts": ["a", "b"]}},
        options=("--check",),
        stage="trial",
    ),
    "a question": Case(
        [play(task("first"), vars_prompt=[{"name": "colour", "prompt": "colour"}])], 0, {}, stage="carried_out"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reasons(name: str, tmp_path: Path) -> None:
    case, place = CASES[name], Place(tmp_path)
    place.inventory(case.hosts)
    place.write("more.yml", [task("more")])
    place.write("site.yml", case.plays)
    done = place.play("site.yml", *case.options)
    assert done.returncode == case.code, done.stdout + done.stderr
    assert invalid(place.record) == []
    record = place.derived()
    assert reasons(record) == case.reasons
    assert record.stage == case.stage
    assert record.verdict != "delivered"
    if case.code:
        assert record.verdict in ("not_delivered", "interrupted")


@pytest.mark.parametrize("options", [("--limit", "nosuch"), ("--list-tasks",), ("--syntax-check",)])
def test_what_plays_nothing_leaves_no_record(options: tuple[str, ...], tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.inventory(ABCD)
    place.write("site.yml", [play(task("first"))])
    place.play("site.yml", *options)
    assert not place.records.exists()


def reasons(record: Record) -> Reasons:
    return {reason.code: reason.params for reason in record.document.reasons if reason.code not in ALWAYS}


@settings(
    max_examples=6,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(work=plays(), check=st.booleans())
def test_generated_plays(tmp_path_factory: pytest.TempPathFactory, work: dict[str, Any], check: bool) -> None:
    """Whatever the play: when Ansible says that something failed so does the record, and it accuses no machine else."""
    place = Place(tmp_path_factory.mktemp("play"))
    agrees(place, work, check=check)


def agrees(place: Place, work: dict[str, Any], *, check: bool) -> None:
    place.inventory({**dict.fromkeys(HOSTS, LOCAL), "helper": LOCAL, "nowhere": GONE}, p0=list(HOSTS))
    for name, content in FILES.items():
        place.write(name, content)
    handlers = [task("tell"), task("second", listen="topic"), fails("b", name="breaks")]
    # `add_host` and the free strategies do not go together.
    tasks = [entry for entry in work["tasks"] if "ansible.builtin.add_host" not in entry]
    place.write("site.yml", [{"hosts": "p0", "handlers": handlers, **work, "tasks": tasks}])
    done = place.play("site.yml", *(["--check"] if check else []))
    if not place.records.exists():
        return
    record = place.derived()
    codes = reasons(record)
    if done.returncode:
        assert record.verdict in ("not_delivered", "interrupted"), done.stdout + done.stderr
    elif not codes.keys() & {"nothing_done", "hosts_not_reached", "hosts_unreachable"}:
        assert record.verdict == "delivered_with_remarks", (codes, done.stdout)
