"""The machines of the lab as a site file describes them, for tests that write one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import pytest

from lab.conftest import Lab

HEAD = """\
plugin: oplever.lab.site
domain: lab.example
networks:
  lab: {{cidr: {subnet}.0/24, gateway: {subnet}.1}}
connection: {{user: beheer, key: {files}/id_ed25519, known_hosts: {files}/known_hosts}}
"""
"""How every such file begins, to be filled in with `SiteFile.facts`."""
FACTS = "msg={{ {'subnet': lab_subnet, 'files': lab_files, 'forwarders': dns_forwarders} | to_json }}"
MEMORY = "cat /proc/[0-9]*/smaps_rollup | awk '/^Pss:/ {kb += $2} END {print int(kb / 1024)}'"
"""MB in use by all programs of a machine, what they share counted once."""
CHANGES_BY_ITSELF = {"log", "space", "module", "process"}
"""Kinds of facts that say nothing of a role."""
WAITED = "systemd-networkd-wait-online.service"
"""A unit of systemd itself that the nginx.service of Debian asks for; once it has run it counts as running."""


class SiteFile:
    """A site file at `path`. `facts` of the lab: its `subnet`, `files` to log in with, and `forwarders`."""

    def __init__(self, lab: Lab, path: Path) -> None:
        self.lab, self.path = lab, path
        answer = lab.adhoc("srv1", "-m", "ansible.builtin.debug", "-a", FACTS)
        self.facts: dict[str, Any] = json.loads(json.loads(answer.partition("=> ")[2])["msg"])
        self.subnet: str = self.facts["subnet"]

    @classmethod
    def booted(cls, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Self:
        """The lab, booted, and a place for its site file."""
        lab.ansible("playbooks/lab_up.yml")
        return cls(lab, tmp_path_factory.mktemp("site") / "site.yml")

    def shell(self, host: str, command: str) -> str:
        return self.lab.shell(host, command)

    def snapshot(self, host: str) -> dict[str, Any]:
        """kind -> key -> words, and the packages."""
        answer = self.lab.adhoc(host, "-i", str(self.path), "-m", "oplever.lab.snapshot", "-a", "stage=after")
        snapshot = json.loads(answer.partition("=> ")[2])["snapshot"]
        state = {kind: facts for kind, facts in snapshot["state"].items() if kind not in CHANGES_BY_ITSELF}
        state["unit"].pop(WAITED, None)
        return {**state, "packages": snapshot["packages"], "manual": snapshot["manual"]}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Kind -> what came, went or changed."""
    result = {}
    for kind in sorted(before.keys() | after.keys()):
        old, new = (dict.fromkeys(part, "") if isinstance(part, list) else part
                    for part in (before.get(kind, {}), after.get(kind, {})))  # fmt: skip
        if changed := {
            key: (old.get(key), new.get(key)) for key in old.keys() | new.keys() if old.get(key) != new.get(key)
        }:
            result[kind] = changed
    return result


def without(kinds: dict[str, dict[str, Any]], names: set[str]) -> dict[str, dict[str, Any]]:
    """The differences that are not about these packages and directories."""
    rows = {kind: {key: row for key, row in facts.items() if key.split()[0].split(":")[0] not in names}
            for kind, facts in kinds.items()}  # fmt: skip
    return {kind: facts for kind, facts in rows.items() if facts}
