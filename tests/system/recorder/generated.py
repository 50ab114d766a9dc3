"""Hypothesis strategies for playbooks: every way a task can end, in every structure Ansible has.

The name of a task is its place: `1.tasks.3B.rescue.0` is the first task of the `rescue` of the block (B: with a
rescue, b: without) that is the fourth task of play 1. So a test can say which task must have rescued which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Task = dict[str, Any]
HOSTS = ("a", "b", "c")
"""Hosts of each play; a play has its own, so that failures in one leave the next ones alone."""


@dataclass(frozen=True)
class Site:
    """One command: playbooks with plays, and its options."""

    playbooks: list[list[dict[str, Any]]]
    options: list[str]


def some_hosts() -> st.SearchStrategy[str]:
    """A condition that holds for some hosts of the play, seldom for all: a play that fails everywhere ends the run."""
    chosen = st.sampled_from([("b",), ("c",), ("b", "c"), ("b", "c"), HOSTS])
    return chosen.map(lambda names: f"inventory_hostname[-1] in {list(names)}")


def debug(**keys: Any) -> Task:
    return {"ansible.builtin.debug": {"msg": "said"}, **keys}


def fail(**keys: Any) -> Task:
    return {"ansible.builtin.fail": {"msg": "wrong"}, **keys}


FILES = {
    "more.yml": [debug(name="more 1"), debug(name="more 2", changed_when=True, notify="tell")],
    "bad.yml": [debug(name="bad 1"), fail(name="bad 2", when="inventory_hostname[-1] == 'b'")],
    "roles/one/tasks/main.yml": [debug(name="one 1", changed_when=True, notify="of one"), debug(name="one 2")],
    "roles/one/handlers/main.yml": [debug(name="of one", changed_when=True)],
    "roles/two/tasks/main.yml": [
        {
            "block": [fail(name="two fails", when="inventory_hostname[-1] == 'c'")],
            "rescue": [debug(name="two recovers")],
        }
    ],
    "roles/two/tasks/entry.yml": [debug(name="two entry", loop=[1, 2], changed_when="item == 2")],
}

LEAVES: list[st.SearchStrategy[Task]] = [
    st.just(debug()),
    st.just(debug(changed_when=True)),
    st.just(debug(when="false")),
    st.just(debug(changed_when=True, notify=["tell"])),
    st.just(debug(changed_when=True, notify=["topic", "second"])),
    st.just(debug(changed_when=True, notify="breaks")),
    some_hosts().map(lambda when: fail(when=when)),
    some_hosts().map(lambda when: fail(when=when)),
    some_hosts().map(lambda when: fail(when=when, ignore_errors=True)),
    some_hosts().map(lambda when: debug(changed_when=True, failed_when=when, ignore_errors=True)),
    some_hosts().map(lambda when: debug(changed_when=True, failed_when=when)),
    some_hosts().map(lambda when: fail(when=when, no_log=True, ignore_errors=True)),
    some_hosts().map(lambda when: debug(loop=[1, 2, 3], when=f"item != 2 or {when}", changed_when="item == 3")),
    some_hosts().map(lambda when: debug(loop=[1, 2, 3], failed_when=f"item == 2 and {when}", ignore_errors=True)),
    some_hosts().map(lambda when: debug(loop=[1, 2], failed_when=f"item == 2 and {when}")),
    st.just(debug(loop=[])),
    st.just(debug(loop=[1, 2], when="false")),
    st.just(debug(loop=[1, 2], no_log=True, changed_when=True)),
    some_hosts().map(lambda when: debug(until=f"not ({when})", retries=2, delay=0, ignore_errors=True)),
    st.just({"ansible.builtin.debug": {"var": "nosuch.deeper"}, "ignore_errors": True}),
    st.just({"ansible.builtin.ping": None}),
    st.just({"ansible.builtin.ping": None, "ignore_unreachable": True}),
    st.just({"ansible.builtin.ping": None, "delegate_to": "nowhere", "ignore_unreachable": True}),
    st.just({"ansible.builtin.command": "true", "async": 30, "poll": 0}),
    st.just({"ansible.builtin.command": "true", "check_mode": True}),
    st.just({"ansible.builtin.command": "sh -c 'echo broken >&2; exit 4'", "ignore_errors": True}),
    st.just(debug(run_once=True, changed_when=True)),
    st.just(debug(delegate_to="helper", changed_when=True)),
    st.just(debug(throttle=1)),
    st.just({"ansible.builtin.set_fact": {"seen": "{{ inventory_hostname }}"}}),
    st.just({"ansible.builtin.add_host": {"name": "added", "groups": "later"}}),
    st.just({"ansible.builtin.group_by": {"key": "by_{{ inventory_hostname }}"}}),
    st.just({"ansible.builtin.include_tasks": "more.yml"}),
    st.just({"ansible.builtin.include_tasks": "{{ item }}.yml", "loop": ["more", "bad"]}),
    st.just({"ansible.builtin.include_tasks": "bad.yml"}),
    st.just({"ansible.builtin.include_tasks": "missing.yml", "when": "inventory_hostname[-1] == 'c'"}),
    st.just({"ansible.builtin.include_tasks": "more.yml", "when": "false"}),
    st.just({"ansible.builtin.import_tasks": "more.yml"}),
    st.just({"ansible.builtin.include_role": {"name": "one"}}),
    st.just({"ansible.builtin.include_role": {"name": "two"}}),
    st.just({"ansible.builtin.import_role": {"name": "two", "tasks_from": "entry"}}),
    st.just({"ansible.builtin.meta": "flush_handlers"}),
    st.just({"ansible.builtin.meta": "clear_host_errors"}),
    st.just({"ansible.builtin.meta": "noop"}),
    some_hosts().map(lambda when: {"ansible.builtin.meta": "end_host", "when": when}),
    st.just({"ansible.builtin.meta": "end_host", "when": "false"}),
    st.just({"ansible.builtin.meta": "end_play", "when": "seen is defined and inventory_hostname[-1] == 'c'"}),
]
HANDLERS = [
    debug(name="tell", changed_when=True),
    debug(name="second", listen="topic"),
    fail(name="breaks", when="inventory_hostname[-1] == 'b'"),
]


def tasks(size: int) -> st.SearchStrategy[list[Task]]:
    return st.lists(st.recursive(st.one_of(LEAVES), _block, max_leaves=5), min_size=1, max_size=size)


def _block(children: st.SearchStrategy[Task]) -> st.SearchStrategy[Task]:
    part = st.lists(children, min_size=1, max_size=3)
    # The first task of a rescue always runs, so it is the one that the record must name.
    rescue = part.map(lambda more: [debug(changed_when=True), *more])
    return st.one_of(
        st.fixed_dictionaries({"block": part, "rescue": rescue}),
        st.fixed_dictionaries({"block": part, "rescue": rescue, "always": part}),
        st.fixed_dictionaries({"block": part, "always": part}),
        st.fixed_dictionaries({"block": part, "ignore_errors": st.booleans()}),
    )


def plays() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "gather_facts": st.just(False),
            "strategy": st.sampled_from(["linear", "linear", "free", "host_pinned"]),
            "tasks": tasks(8),
        },
        optional={
            "serial": st.sampled_from([1, 2, "50%", [1, 3]]),
            "any_errors_fatal": st.just(True),
            "max_fail_percentage": st.sampled_from([30, 60]),
            "force_handlers": st.just(True),
            "roles": st.sampled_from([["one"], ["one", "two"]]),
            "post_tasks": tasks(2),
        },
    )


def tricky() -> Site:
    """What chance seldom hits upon: failures in every part of nested blocks, and handlers that fail inside a block."""
    on_b = {"when": "inventory_hostname[-1] == 'b'"}
    deep = {
        "block": [
            {
                "block": [fail(**on_b)],
                "rescue": [debug(), fail(**on_b)],
                "always": [debug(changed_when=True)],
            }
        ],
        "rescue": [debug(changed_when=True)],
        "always": [debug(), fail(**on_b, ignore_errors=True)],
    }
    flushed = {
        "block": [debug(changed_when=True, notify="breaks"), {"ansible.builtin.meta": "flush_handlers"}, debug()],
        "rescue": [debug(), {"ansible.builtin.include_role": {"name": "two"}}],
    }
    loud = {"block": [debug()], "rescue": [debug()], "always": [fail(**on_b)]}
    missing = {
        "block": [{"ansible.builtin.include_tasks": "missing.yml", **on_b}],
        "rescue": [debug(changed_when=True)],
    }
    play = {"gather_facts": False, "strategy": "linear", "tasks": [deep, flushed, missing, loud, debug()]}
    free = {**play, "strategy": "free", "tasks": [deep, missing, loud]}
    last = {**play, "any_errors_fatal": True, "tasks": [deep, fail(**on_b), debug()]}
    return Site(_named([[play, {**play, "serial": 1}, free], [{**play, "strategy": "host_pinned"}, free, last]]), [])


OPTIONS = [[], [], ["--check"], ["--diff"], ["--force-handlers"], ["--limit", "!p1b"], ["--skip-tags", "none"], ["-v"]]


def sites(number: int) -> st.SearchStrategy[Site]:
    """Two playbooks with `number` plays each, the last one for hosts that a play before it may have added."""
    playbook = st.lists(plays(), min_size=number, max_size=number)
    return st.builds(
        lambda first, second, options: Site(_named([first, second]), options),
        playbook,
        playbook,
        st.sampled_from(OPTIONS),
    )


def _named(playbooks: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    named_playbooks, number = [], 0
    for playbook in playbooks:
        named = []
        for play in playbook:
            is_linear = play["strategy"] == "linear"
            parts = {
                key: _places(play[key], f"{number}.{key}", is_linear=is_linear)
                for key in ("tasks", "post_tasks")
                if key in play
            }
            named.append({"name": f"play {number}", "hosts": f"p{number}", "handlers": HANDLERS, **play, **parts})
            number += 1
        named_playbooks.append(named)
    named_playbooks[-1].append(
        {"name": "later", "hosts": "later", "gather_facts": False, "tasks": [debug(name="later 1")]}
    )
    return named_playbooks


def _places(listed: list[Task], place: str, *, is_linear: bool) -> list[Task]:
    named = []
    for number, task in enumerate(listed):
        address = f"{place}.{number}"
        if "block" in task:
            address += "B" if "rescue" in task else "b"
            parts = {
                key: _places(value, f"{address}.{key}", is_linear=is_linear) if isinstance(value, list) else value
                for key, value in task.items()
            }
            named.append({"name": address, **parts})
        elif "ansible.builtin.add_host" in task and not is_linear:
            named.append(
                debug(name=address)
            )  # Ansible stops at once: add_host and the free strategies do not go together
        else:
            named.append({"name": address, **task})
    return named


def rescuer(place: str) -> str:
    """The task that takes over when the task at `place` fails; '' when none does."""
    parts = place.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if parts[end] == "block" and parts[end - 1].endswith("B"):
            return ".".join([*parts[:end], "rescue", "0"])
    return ""
