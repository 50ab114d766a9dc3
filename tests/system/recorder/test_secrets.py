"""Some hundred secrets in every place where they can occur; then every byte that was written is searched."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from system.recorder.canaries import LEAKY, NAMES, SHAPES, Canaries, leaked, secrets_in, ways_to_show
from system.recorder.runs import BIN, LOCAL, Place, invalid

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Canaries, subprocess.CompletedProcess[str]]:
    place, canary = Place(tmp_path_factory.mktemp("canaries")), Canaries()
    place.environment = {
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_STDOUT_CALLBACK": "silent",
        "ANSIBLE_VAULT_PASSWORD_FILE": str(place.write("vault.txt", "not so secret itself\n")),
        "ANSIBLE_ASYNC_DIR": str(place.path / "async"),
        "OPLEVER_DOCUMENTS": "1",
        "DB_PASSWORD": canary("process_environment"),
        "TMPDIR": str(place.path / "tmp"),
    }
    (place.path / "tmp").mkdir()
    place.write("library/leaky.py", LEAKY)
    _inventory(place, canary)
    place.write("plays.yml", [_hidden(canary), _shaped(canary), _values(place, canary), _named(canary)])
    extra = place.write("extra.yml", f"deploy_token: {canary('extra_file')}\nharmless: yes\n")
    done = place.play(
        "plays.yml", "--diff", "-e", f"cli_password={canary('extra_pair')} colour=blue", "-e", f"@{extra}",
        "-e", json.dumps({"cli": {"secret_token": canary("extra_json")}}), "-e", f"{{cli_pwd: {canary('extra_yaml')}}}",
        "-e", f"colour={canary('extra_plain')} shape='{canary('extra_quoted')} x'", f"-eshade={canary('extra_joined')}",
        f"--extra-v=tint={canary('extra_abbreviated')}", "-e", f"{{hue: {canary('extra_plain_yaml')}}}",
        "-e", json.dumps({"paint": [canary("extra_plain_json")]}),
        "--skip-tags", f"password={canary('skip_tags')}",
        "--become-password-file", str(place.write("become.txt", canary("become_password_file"))),
        "--connection-password-file", str(place.write("login.txt", canary("connection_password_file"))),
    )  # fmt: skip
    return place, canary, done


def test_no_byte_of_a_record_holds_a_secret(
    leaks: tuple[Place, Canaries, subprocess.CompletedProcess[str]],
) -> None:
    place, canary, done = leaks
    assert len(canary.planted) > 140
    assert invalid(place.record) == []
    assert {"record.json", "report.nl.html", "report.en.pdf", "manifest.json"} <= set(os.listdir(place.record)), (
        done.stderr
    )
    assert leaked(place.record) == {}
    results = [line for line in place.journal() if line["kind"] == "result"]
    assert len(results) > 100
    assert sum(line["censored"] for line in results) > 15
    assert sum("***" in json.dumps(line) for line in place.journal()) > 80


def test_nothing_of_ours_on_the_terminal_or_in_temporary_files(
    leaks: tuple[Place, Canaries, subprocess.CompletedProcess[str]],
) -> None:
    place, _, done = leaks
    ours = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(("[WARNING]: careful",))]
    assert "record.json" in "".join(ours)
    # The module itself warns and deprecates: Ansible prints that before any callback is asked.
    assert {name for name in secrets_in("\n".join(ours).encode()) if not name.endswith("leaky")} == set()
    for command in ("report", "show", "list"):
        shown = place.run(str(BIN / "oplever"), command)
        assert shown.stdout
        assert secrets_in((shown.stdout + shown.stderr).encode()) == set()
    assert leaked(place.path / "tmp") == {}


def test_the_console_hides_errors_of_hidden_tasks(tmp_path: Path) -> None:
    place, canary = Place(tmp_path), Canaries()
    place.inventory({"one": LOCAL, "other": LOCAL})
    place.write("library/leaky.py", LEAKY)
    place.write("hidden.yml", [_hidden(canary, only=("msg", "undefined", "failing_items", "leaky"))])
    shown = place.play("hidden.yml", env={"ANSIBLE_STDOUT_CALLBACK": "oplever.lab.console"})
    assert "PLAY RECAP" in shown.stdout
    assert "...ignoring" in shown.stdout
    assert secrets_in((shown.stdout + shown.stderr).encode()) == set()


def _play(name: str, tasks: list[dict[str, Any]], **keys: Any) -> dict[str, Any]:
    return {"name": name, "hosts": "one", "gather_facts": False, "ignore_errors": True, "tasks": tasks, **keys}


def _hidden(canary: Canaries, only: tuple[str, ...] = ()) -> dict[str, Any]:
    """What `no_log` hides, set on the task, as a template, on a block and by a handler."""
    tasks: list[dict[str, Any]] = []
    ways = [name for name, _ in ways_to_show("") if not only or name in only]
    for way in ways:
        task = dict(ways_to_show(canary(f"nolog_{way}")))[way]
        tasks.append({"name": f"hidden {way}", **task, "no_log": True})
    for way in ("msg", "undefined", "failing_items") if not only else ():
        task = dict(ways_to_show(canary(f"template_{way}")))[way]
        tasks.append({"name": f"hidden by a template {way}", **task, "no_log": "{{ 1 == 1 }}"})
        task = dict(ways_to_show(canary(f"block_{way}")))[way]
        rescue = [{"name": "recovers", "ansible.builtin.debug": {"msg": "recovered"}}]
        tasks.append({"block": [{"name": f"hidden in a block {way}", **task}], "no_log": True, "rescue": rescue,
                      "ignore_errors": False})  # fmt: skip
    tasks.append({"name": "notifies", "ansible.builtin.debug": {}, "changed_when": True, "notify": "hidden handler"})
    handler = {"name": "hidden handler", "ansible.builtin.fail": {"msg": canary("handler")}, "no_log": True}
    return _play("hidden", tasks, handlers=[handler])


def _shaped(canary: Canaries) -> dict[str, Any]:
    """Secrets in the output of programs, recognised by their shape: standard error, message, name of the task."""
    tasks = []
    for number, (shape, text) in enumerate(SHAPES.items()):
        way = ("stderr", "msg", "labels")[number % 3]
        secret = text.format(canary(f"shape{shape}{way}".replace("_", ""))).replace("'", "")
        tasks.append({"name": f"shape {shape}", **dict(ways_to_show(secret))[way]})
    for shape in ("url", "password_is", "github"):
        name = SHAPES[shape].format(canary(f"name{shape}".replace("_", "")))
        tasks.append({"name": f"called {name}", "ansible.builtin.debug": {}, "changed_when": True, "notify": [name]})
    handlers = [{"name": task["notify"][0], "ansible.builtin.debug": {}} for task in tasks if "notify" in task]
    tasks.append({"name": "no_log parameter", "leaky": {"token": canary("module_no_log")}})
    address = f"http://u:{canary('uri_in_url')}@127.0.0.9:9/"
    uri = {"url": address, "url_password": canary("url_password"), "timeout": 1}
    tasks.append({"name": "password of a url", "ansible.builtin.uri": uri})
    return _play(f"play with token={canary('play_name')}", tasks, handlers=handlers)


def _values(place: Place, canary: Canaries) -> dict[str, Any]:
    """Values that Ansible was told are secret, by name or by the vault, which then turn up in plain output."""
    place.write("play_vars.yml", _vault(place, f"from_file: {canary('vault_vars_file')}\n"))
    place.write("roles/keeper/vars/main.yml", _vault(place, f"kept:\n- inner: {canary('vault_role')}\n"))
    place.write("roles/keeper/tasks/main.yml", [_tell("role", "{{ kept[0].inner }}")])
    place.write("late.yml", _vault(place, f"late: {canary('vault_include_vars')}\n"))
    variables = [
        *NAMES, "host_secret", "group_vaulted", "inline_vaulted", "from_file", "cli_password", "cli_pwd",
        "deploy_token", "play_password", "users[0].password", "nested.deep.token", "cli.secret_token",
    ]  # fmt: skip
    tasks = [_tell(name, "{{ " + name + " }}") for name in variables]
    tasks += [
        {"name": "task variable", **_tell("task", "{{ login_password }}"),
         "vars": {"login_password": canary("task_variable")}},
        {"name": "set_fact", "ansible.builtin.set_fact": {"made_password": canary("set_fact")}},
        _tell("fact", "{{ made_password }}"),
        {"name": "include_vars", "ansible.builtin.include_vars": "late.yml"},
        _tell("late", "{{ late }}"),
        {"name": "role", "ansible.builtin.include_role": {"name": "keeper"}},
        _tell("environment", "{{ lookup('ansible.builtin.env', 'DB_PASSWORD') }}"),
        {"name": "in the name {{ db_password }}", "ansible.builtin.debug": {}},
        {"name": "as an item", "ansible.builtin.debug": {}, "loop": ["{{ db_password }}"], "changed_when": True},
        {"name": "in a condition", "ansible.builtin.debug": {}, "when": "db_password == 'x'"},
        {"name": "added", "ansible.builtin.add_host": {"name": "new", "ansible_password": canary("add_host")}},
    ]  # fmt: skip
    return _play("known", tasks, vars_files=["play_vars.yml"], vars={"play_password": canary("play_variable")})


def _named(canary: Canaries) -> dict[str, Any]:
    prompt = {"name": "asked", "private": True, "default": canary("vars_prompt")}
    return _play("prompted", [_tell("asked", "{{ asked }}")], vars_prompt=[prompt])


def _tell(name: str, expression: str) -> dict[str, Any]:
    """A failing command with the value in its output: the message of the failure is what the record keeps."""
    return {"name": f"tell {name}", "ansible.builtin.fail": {"msg": f"it was {expression}"}}


def _inventory(place: Place, canary: Canaries) -> None:
    variables = {name: canary(f"inventory_{name}") for name in NAMES}
    users = [{"name": "jan", "password": canary("inventory_list")}]
    nested = {"deep": {"token": canary("inventory_nested")}}
    place.inventory({"one": {**variables, "users": users, "nested": nested, **LOCAL}, "other": LOCAL}, web=["one"])
    place.write("host_vars/one.yml", f"host_secret: {canary('host_vars')}\n")
    place.write("group_vars/web.yml", _vault(place, f"group_vaulted: {canary('vault_group_vars')}\n"))
    inline = _vault(place, canary("vault_inline")).replace("\n", "\n  ")
    place.write("group_vars/all.yml", f"inline_vaulted: !vault |\n  {inline}\n")
    place.write("assignment.yml", {"title": f"with wachtwoord: {canary('assignment_text')}",
                                   "wifi_password": canary("assignment_name")})  # fmt: skip


def _vault(place: Place, text: str) -> str:
    argv = [str(BIN / "ansible-vault"), "encrypt", "--output", "-"]
    env = {**os.environ, **place.environment}
    return subprocess.run(argv, input=text, env=env, text=True, capture_output=True, check=True).stdout
