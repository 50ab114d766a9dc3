"""What a task with `no_log` found or set: later tasks may show it, so its texts are secrets of the run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.oplever.lab.plugins.plugin_utils.shared.names import is_no_secret
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import is_snapshot

DEPTH = 6
LINES = 100
"""Of one text, at most: who hides a whole file hides its first lines, and a search for thousands is slow."""
SHORTEST = 6
_OF_ANSIBLE = frozenset((
    "msg", "cmd", "start", "end", "delta", "rc", "changed", "failed", "skipped", "invocation", "item",
    "ansible_loop_var",
    "exception", "warnings", "deprecations", "attempts", "retries", "stdout_lines", "stderr_lines", "false_condition",
    "skip_reason", "path", "dest", "src", "owner", "group", "mode", "state", "size", "uid", "gid", "checksum", "md5sum",
    "encoding", "ansible_job_id", "results_file", "failed_when_result", "elapsed", "status", "url",
))  # fmt: skip
"""What stands beside the outcome of a module and is none."""
_COMMON = re.compile(
    r"[a-z]+(?:[ _-][a-z]+)*|[A-Z][a-z]+|~?/.*|[a-z]+://[^@\s]*|[\w-]+(?:\.[\w-]+)+(?::\d+)?|v?\d[\d.:-]*\w?"
)
"""Plain words, paths, addresses, numbers and versions: to take them out would black out half of every text."""


def variables(task: Any, action: str) -> tuple[str, ...]:
    """Names of variables that hold what a hidden task found (`register`) or set."""
    names = [str(task.register)] if task.register else []
    if action == "ansible.builtin.set_fact":
        names += [str(name) for name in task.args if name != "cacheable"]
    return tuple(names)


def values(manager: Any, host: str, names: tuple[str, ...]) -> set[str]:
    """The texts in these variables of a host, where Ansible keeps what tasks registered."""
    facts = getattr(manager, "_nonpersistent_fact_cache", {}).get(host, {})
    return {text for name in names for text in _texts(facts.get(name))}


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        lines = (line.strip() for line in str(value).splitlines()[:LINES])
        yield from (line for line in lines if len(line) >= SHORTEST and not _is_common(line))
    elif depth < DEPTH and isinstance(value, Mapping) and not is_snapshot(value):
        for name, part in value.items():
            if name not in _OF_ANSIBLE:
                yield from _texts(part, depth + 1)
    elif depth < DEPTH and isinstance(value, list | tuple):
        for part in value[:LINES]:
            yield from _texts(part, depth + 1)


def _is_common(line: str) -> bool:
    return is_no_secret(line) or bool(_COMMON.fullmatch(line))
