# Copyright: The Oplever team; MIT licence
"""oplever.lab.snapshot on the controller: adds what the roles of this collection own, runs the module, and compares its
answer with a delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.oplever.lab.plugins.plugin_utils import concurrent_runs, delivered, recording
from ansible_collections.oplever.lab.plugins.plugin_utils.shared import differences, drift
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.differences import Look
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import plain
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.values import items, mapping

ROLES = Path(__file__).resolve().parents[2] / "roles"
KEYS = frozenset({"trees", "leave_out", "tables"})
OPTIONS = {"files": "trees", "exclude": "leave_out", "tables": "tables", "show": "show", "hide": "hide"}
"""Option of the module -> what the roles declare for it."""
COMPARED = ("format", "packages", "manual", "state", "unseen", "digest_key")
"""Parts of a snapshot that are compared; lines and the description of the machine are not."""


class ActionModule(ActionBase):
    """Each role says in vars/watch.yml, in `__<role>_watch`, which `trees` it owns, which patterns in them to
    `leave_out` because the application itself changes them, and which `tables` of accounts and rights it manages. A
    tree with `diff` true shows lines of files that not everybody may read, one with `diff` false shows none."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        declared = declarations(self._loader, sorted(ROLES.glob("*/vars/watch.yml")))
        arguments = dict(self._task.args)
        reference = str(arguments.pop("reference", "") or "")
        rules = mapping(arguments.pop("rules", None))
        trees = [tree if isinstance(tree, dict) else {"path": tree} for tree in declared["trees"]]
        declared["trees"] = [tree["path"] for tree in trees]
        declared["show"] = [tree["path"] for tree in trees if tree.get("diff") is True]
        declared["hide"] = [tree["path"] for tree in trees if tree.get("diff") is False]
        for option, key in OPTIONS.items():
            arguments[option] = [*(arguments.get(option) or []), *declared[key]]
        arguments["run"] = concurrent_runs.this_run()
        result.update(
            self._execute_module(module_name="oplever.lab.snapshot", module_args=arguments, task_vars=task_vars)
        )
        host = str((task_vars or {})["inventory_hostname"])
        if "runs" in result:
            result["runs"] = concurrent_runs.other_runs(result["runs"])
            if warnings := concurrent_runs.warnings(host, result["runs"]):
                result["warnings"] = [*(result.get("warnings") or []), *warnings]
        if isinstance(result.get("snapshot"), dict):
            result.update(compared(result["snapshot"], str(result.get("stage")), reference, host, rules))
        return result


def compared(
    snapshot: dict[str, Any], stage: str, reference: str, host: str, rules: Mapping[str, Any]
) -> dict[str, Any]:
    """What differs from the delivery, also as a fact: so are the tests that failed. Without `reference` nothing. The
    `rules` are what was `accepted` and the `origins` of updates, as `oplever.lab.reference` returns them."""
    names: dict[str, list[str]] = {"drift": [], "not_compared": [], "accepted": [], "updates": []}
    if reference:
        before = delivered.last_snapshot(delivered.record(reference), host)
        if before is None:
            return {"failed": True, "msg": f"reference: record {reference} has no snapshot of {host} after the work"}
        old, new = _look(before), _look(snapshot)
        masked = plain(dict(rules), recording.redactor().text)
        divided = drift.divided(old, new, drift.read(masked.get("accepted")), items(masked.get("origins")))
        names["drift"] = [difference.id for difference in divided.open]
        names["accepted"] = [difference.id for difference, _ in divided.accepted]
        names["updates"] = [update.difference.id for update in divided.updates]
        names["not_compared"] = [item.id for item in differences.uncompared(old, new) if item.is_error]
    facts = {f"oplever_checks_drift_{stage}": [*names["drift"], *names["not_compared"]]}
    return {**(names if reference else {}), "ansible_facts": facts}


def _look(snapshot: dict[str, Any]) -> Look:
    """As the journal holds it: a secret that is masked there on both sides must not be a difference here."""
    parts = {part: snapshot[part] for part in COMPARED if part in snapshot}
    return differences.look(plain(parts, recording.redactor().text))


def declarations(loader: Any, paths: Iterable[Path]) -> dict[str, list[Any]]:
    """What the files declare together. Raises AnsibleError when one has a key that is not known."""
    declared: dict[str, list[Any]] = {key: [] for key in sorted(KEYS)}
    for path in paths:
        content = loader.load_from_file(str(path))
        for watch in content.values():
            if unknown := set(watch) - KEYS:
                raise AnsibleError(f"{path}: {', '.join(sorted(unknown))}: use {', '.join(sorted(KEYS))}")
            for key in watch:
                declared[key] += watch[key]
    return declared
