"""Ansible's objects to the fields of journal lines. Works with ansible-core 2.17 to 2.21: only what all of them have,
or what is looked for and may be missing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible.plugins.loader import action_loader
from ansible_collections.oplever.lab.plugins.plugin_utils import blocks, variable_files
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import outcome
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.names import is_secret_name
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor, every_text, secret_values
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import clean, one_line

_GROUPS_LEFT_OUT = frozenset({"all", "ungrouped"})
VARIABLE_SAMPLES = 20
META = "ansible.builtin.meta"
SECRET_LOOKUPS = frozenset(
    {"bitwarden", "conjur_variable", "dsv", "keepass", "keyring", "lastpass", "manifold", "passwordstore", "tss"}
)
"""Lookups of the community that give secrets and do not say so by their name."""
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


def host_of(result: Any) -> str:
    return str((result.host if hasattr(result, "host") else result._host).get_name())


def task_of(result: Any) -> Any:
    return result.task if hasattr(result, "task") else result._task


def data_of(result: Any) -> Mapping[str, Any]:
    """Touch this once for each event: the first access converts the whole result."""
    data = result.result if hasattr(result, "result") else result._result
    return data if isinstance(data, Mapping) else {}


def raw_data_of(result: Any) -> Mapping[str, Any]:
    """The same unconverted, for a look at what is large: texts in it may be of classes of Ansible's own."""
    data = getattr(result, "_return_data", None)
    return data if isinstance(data, Mapping) else data_of(result)


def play_fields(play: Any, redactor: Redactor) -> dict[str, Any]:
    hosts = play_hosts(play)
    return {
        "play": str(play._uuid),
        "name": one_line(str(play.get_name()), 300, redactor.text),
        "hosts": redactor.text(pattern(play)),
        "targets": [str(host.get_name()) for host in hosts],
        "groups": {
            str(host.get_name()): [str(g.name) for g in host.get_groups() if str(g.name) not in _GROUPS_LEFT_OUT]
            for host in hosts
        },
        "strategy": str(play.strategy),
        "serial": [value if isinstance(value, int) else str(value) for value in play.serial or []],
    }


def pattern(play: Any) -> str:
    return ",".join(map(str, play.hosts)) if isinstance(play.hosts, list | tuple) else str(play.hosts)


def play_hosts(play: Any, *, all_batches: bool = False) -> list[Any]:
    """Hosts of this play; of this batch of it under `serial`, or of `all_batches`."""
    inventory = getattr(play.get_variable_manager(), "_inventory", None)
    return list(inventory.get_hosts(play.hosts, ignore_restrictions=all_batches)) if inventory is not None else []


def planned(playbook: Any, redactor: Redactor) -> list[dict[str, str]]:
    """The plays of a playbook in their order: those that never begin are known by this alone."""
    # Not by get_name(), which gives a play without name one, from what may still be a template.
    return [
        {
            "name": one_line(filled_in(str(play.name or pattern(play)), play.vars or {}), 300, redactor.text),
            "hosts": redactor.text(filled_in(pattern(play), play.vars or {})),
        }
        for play in playbook.get_plays()
    ]


def filled_in(text: str, variables: Mapping[str, Any]) -> str:
    """`text` with each `{{ name }}` replaced by the text that a play or its import gives that variable. Other
    expressions stay as they are: they may need facts, and a lookup would run before its time."""

    def value(match: re.Match[str]) -> str:
        content = variables.get(match[1])
        plain = isinstance(content, str) and "{{" not in content and not is_secret_name(match[1])
        return str(content) if plain else match[0]

    return _VARIABLE.sub(value, text)


def play_secrets(play: Any) -> set[str]:
    """Values of variables that look secret by their name, from the play, -e and one host of each set of groups."""
    manager = play.get_variable_manager()
    secrets = secret_values(dict(play.vars or {})) | secret_values(dict(manager.extra_vars or {}))
    for prompt in play.vars_prompt or []:
        value = (play.vars or {}).get(prompt.get("name"))
        if prompt.get("private", True) and isinstance(value, str):
            secrets.add(str(value))
    samples: dict[tuple[str, ...], Any] = {}
    for host in play_hosts(play):
        secrets |= secret_values(dict(host.vars))
        samples.setdefault(tuple(str(group.name) for group in host.get_groups()), host)
    for host in list(samples.values())[:VARIABLE_SAMPLES]:
        secrets |= secret_values(manager.get_vars(play=play, host=host, include_hostvars=False))
    return secrets


def task_action(task: Any) -> str:
    """FQCN, or '' while it is a template that Ansible has not filled in yet (asking then makes it warn)."""
    if "{{" in str(task.action) and getattr(task, "_resolved_action", None) is None:
        return ""
    return outcome.full_name(str(getattr(task, "resolved_action", None) or task.action))


def task_fields(task: Any, play: str, redactor: Redactor, *, handler: bool) -> dict[str, Any]:
    role = getattr(task, "_role", None)
    line = {
        "task": str(task._uuid),
        "play": play,
        "name": one_line(str(task.name or task.action), 300, redactor.text),
        "action": task_action(task),
        "role": str(role.get_name()) if role is not None else None,
        "path": clean(str(task.get_path() or ""), 1000) or None,
        "handler": handler,
        "tags": [str(tag) for tag in task.tags or []],
        "check_mode": task.check_mode is True,
        "no_log": task.no_log not in (None, False),
    }
    runs_once = bool(task.run_once) or _bypasses_the_hosts(task)
    if not (handler or runs_once or line["action"] == META or blocks.is_for_some(task)):
        line["for_all"] = True
    if runs_once or task.any_errors_fatal is True:
        line["fatal"] = True
    if line["action"] == META:
        line["meta"] = str(task.args.get("_raw_params") or "")
    if (rescues := blocks.rescue_of(task)) is not None:
        line["rescues"] = rescues
    if handler and task.listen:
        line["listen"] = [one_line(str(topic), 300, redactor.text) for topic in task.listen]
    if isinstance(task.async_val, int) and task.async_val > 0:
        line["async"] = {"seconds": task.async_val, "poll": task.poll if isinstance(task.poll, int) else None}
    return line


def _bypasses_the_hosts(task: Any) -> bool:
    """Actions such as `add_host` and `pause` are done once for all machines of a play."""
    action = action_loader.get(str(task.action), class_only=True) if "{{" not in str(task.action) else None
    return bool(getattr(action, "BYPASS_HOST_LOOP", False))


def learnt(result: Any, action: str) -> set[str]:
    """Secret values that the run knows from this task on."""
    task = task_of(result)
    secrets = secret_values(task.args) if task.no_log is True else set()
    if action == "ansible.builtin.set_fact":
        facts = raw_data_of(result).get("ansible_facts")
        secrets |= secret_values(facts) if isinstance(facts, Mapping) else set()
    return secrets


def secret_items(result: Any) -> set[str]:
    """The items of a loop over a lookup that gives secrets (`with_secret`, `with_community.general.passwordstore`)."""
    lookup = str(getattr(task_of(result), "loop_with", None) or "").rpartition(".")[2]
    if not (is_secret_name(lookup) or lookup in SECRET_LOOKUPS):
        return set()
    data = data_of(result)
    several = data.get("results")
    parts = [data, *(part for part in (several if isinstance(several, list) else ()) if isinstance(part, Mapping))]
    return set().union(*(every_text(part.get(str(part.get("ansible_loop_var", "item")))) for part in parts))


def included_variables(task: Any, directory: str) -> list[str]:
    """Files that `include_vars` read: what it says of them is hidden when they are in the vault."""
    names = [task.args[key] for key in ("_raw_params", "file", "dir") if isinstance(task.args.get(key), str)]
    role = getattr(task, "_role", None)
    places = [str(role._role_path)] if role is not None else []
    places += [os.path.dirname(str(task.get_path() or "").rpartition(":")[0]), directory]
    return list(dict.fromkeys(path for place in places for path in variable_files.listed_files(names, place)))


def result_fields(
    result: Any, status: str, *, action: str, duration: float | None, rescued_by: str | None, redactor: Redactor
) -> dict[str, Any]:
    """`status` comes from the hook that was called, never from keys in the data."""
    task, host = task_of(result), host_of(result)
    few = outcome.of_facts(action, status, raw_data_of(result))
    data = data_of(result) if few is None else few
    hidden = outcome.is_hidden(task.no_log, data)
    attempts = data.get("attempts")
    line: dict[str, Any] = {
        "task": str(task._uuid),
        "host": host,
        "status": status,
        "duration": duration,
        "changed": bool(result.is_changed()),
        "attempts": attempts if isinstance(attempts, int) else None,
        "delegated_to": delegated_to(task, host),
        "censored": hidden,
    }
    if rescued_by is not None:
        line["rescued_by"] = rescued_by
    if status == "ignored" and result.is_unreachable():
        line["unreachable"] = True
    if status == "changed" and (topics := notified(task)):
        line["notify"] = [one_line(topic, 300, redactor.text) for topic in topics]
    if not action:  # a template when the task began
        line["action"] = action = task_action(task) or "ansible.builtin.unknown"
    if task.check_mode is True:
        line["check_mode"] = True
    if isinstance(data.get("ansible_job_id"), str):
        line["job"] = {"id": clean(data["ansible_job_id"], 200), "finished": bool(data.get("finished"))}
    if not hidden:
        line |= outcome.fields(action, status, data, getattr(result, "exception", None), redactor)
    return line


def notified(task: Any) -> list[str]:
    """The topics of `notify`, which is one text or a list of them. A template is left out: the lines `notify` have what
    it becomes."""
    topics = [task.notify] if isinstance(task.notify, str) else task.notify or []
    return [str(topic) for topic in topics if "{{" not in str(topic)]


def delegated_to(task: Any, host: str) -> str | None:
    """The machine that did the work in place of `host`. In a loop it may be another one for each item: those are told
    with the items."""
    delegate = task.delegate_to
    is_other_machine = isinstance(delegate, str) and delegate != host and "{{" not in delegate
    return str(delegate) if is_other_machine else None


def include_fields(included: Any, redactor: Redactor) -> dict[str, Any]:
    return {
        "task": str(included._task._uuid),
        "name": one_line(str(included._filename), 300, redactor.text),
        "hosts": [str(host.get_name()) for host in included._hosts],
    }


def item_fields(result: Any, status: str, action: str, redactor: Redactor) -> dict[str, Any] | None:
    """One loop item, or None when `no_log` applies: even its label may be the secret."""
    task = task_of(result)
    data = data_of(result)
    if outcome.is_hidden(task.no_log, data):
        return None
    failed = status not in {"changed", "ok"}
    error = getattr(result, "exception", None) if failed else None
    host = host_of(result)
    line = {
        "task": str(task._uuid),
        "host": host,
        "status": status,
        "item": outcome.item_label(data, redactor),
        "delegated_to": delegated_to(task, host),
        "message": outcome.message(data, error, redactor, failed=failed),
        "data": outcome.kept_data(action, data, redactor, failed=failed),
    }
    return {key: value for key, value in line.items() if value is not None}


def retry_fields(result: Any, attempt: int, redactor: Redactor) -> dict[str, Any]:
    task, data = task_of(result), data_of(result)
    line: dict[str, Any] = {"task": str(task._uuid), "host": host_of(result), "attempt": attempt}
    if not outcome.is_hidden(task.no_log, data):
        line["message"] = outcome.message(data, getattr(result, "exception", None), redactor, failed=True)
    return line


def is_troubled(recap: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether a machine failed or was not reachable: then Ansible ends with an error."""
    return any(row["failed"] or row["unreachable"] for row in recap.values())


def recap(stats: Any) -> dict[str, dict[str, int]]:
    """Ansible's own counts; its `failures` is printed as `failed`."""
    rows = {str(host): stats.summarize(host) for host in sorted(stats.processed)}
    keys = ("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored")
    return {host: {"failed" if k == "failures" else k: int(row[k]) for k in keys} for host, row in rows.items()}
