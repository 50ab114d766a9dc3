"""One playbook with a bit of everything, the same on every version of Ansible."""

from __future__ import annotations

from typing import Any

from system.recorder.generated import FILES, HANDLERS, debug, fail
from system.recorder.runs import GONE, LOCAL, Place

SECRET = "zQx7richsecret9wVk"  # noqa: S105 - planted to be looked for


def fill(place: Place, interpreter: str) -> None:
    """Inventory, files and `rich.yml`; modules run with `interpreter`."""
    host = {**LOCAL, "ansible_python_interpreter": interpreter}
    place.inventory({"a": host, "b": host, "c": host, "gone": GONE}, site=["a", "b", "c", "gone"])
    for name, content in FILES.items():
        place.write(name, content)
    place.write("rich.yml", [_first(), _second(), _third()])


def _first() -> dict[str, Any]:
    tasks = [
        {"name": "reach", "ansible.builtin.ping": None},
        debug(name="changes", changed_when=True, notify=["tell", "topic"]),
        {
            "name": "outer",
            "block": [
                {"name": "inner", "block": [fail(name="breaks b", when="inventory_hostname == 'b'")],
                 "always": [debug(name="always")]},
                debug(name="not on b"),
            ],
            "rescue": [debug(name="recovers", changed_when=True)],
        },
        debug(name="loop", loop=["x", "y", "z"], changed_when="item == 'y'"),
        debug(name="loop fails", loop=["x", "y"], failed_when="item == 'y'", ignore_errors=True),
        debug(name="tries", until="false", retries=2, delay=0, ignore_errors=True),
        debug(name="skipped", when="false"),
        {"name": "polled", "ansible.builtin.command": "true", "async": 20, "poll": 1},
        {"name": "left running", "ansible.builtin.command": "true", "async": 20, "poll": 0},
        fail(name="hidden", no_log=True, ignore_errors=True) | {"ansible.builtin.fail": {"msg": f"with {SECRET}"}},
        {"name": "hidden items", "ansible.builtin.command": "echo {{ item }}", "loop": [SECRET], "no_log": True},
        {"name": "hidden and undefined", "ansible.builtin.debug": {"msg": "{{ nosuch['" + SECRET + "'] }}"},
         "no_log": True, "ignore_errors": True},
        debug(name="delegated", delegate_to="a", changed_when=True),
        debug(name="once", run_once=True),
        {"name": "files", "ansible.builtin.include_tasks": "{{ item }}.yml", "loop": ["more", "bad"]},
        {"name": "role", "ansible.builtin.include_role": {"name": "two"}},
        {"name": "checked", "ansible.builtin.command": "true", "check_mode": True},
        {"name": "ends c", "ansible.builtin.meta": "end_host", "when": "inventory_hostname == 'c'"},
        {"name": "elsewhere", "ansible.builtin.ping": None, "delegate_to": "gone", "ignore_unreachable": True},
        {"name": "by template", "action": "{{ 'ansible.builtin.debug' }}"},
        {"name": "copied", "ansible.builtin.copy": {"content": "one\ntwo\n", "dest": "{{ playbook_dir }}/out"},
         "diff": True, "run_once": True},
    ]  # fmt: skip
    return {"name": "first", "hosts": "site", "gather_facts": False, "tasks": tasks, "handlers": HANDLERS[:2]}


def _second() -> dict[str, Any]:
    tasks = [
        debug(name="free 1", changed_when=True),
        {"name": "facts", "ansible.builtin.setup": {"gather_subset": "!all"}},
    ]
    return {"name": "second", "hosts": "site", "gather_facts": False, "strategy": "free", "serial": 2, "tasks": tasks}


def _third() -> dict[str, Any]:
    added = {"name": "added", "ansible.builtin.add_host": {"name": "new", "groups": "later"}}
    return {"name": "third", "hosts": "a", "gather_facts": False, "tasks": [added, fail(name="last")]}
