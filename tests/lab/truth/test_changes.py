"""Every planted change is named with right before and after, nothing else is, and what was undone is named no more.

Several independent changes at once on both releases; planted over SSH, looked at through the real module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Lab  # type: ignore[import-not-found]
from .changes import HOSTS, Change, changes, differences, failures, missing, script, unexpected

CHANGES = changes()
GROUPS = sorted({change.group for change in CHANGES})
QUICK = ("access", "programs")
"""What `make test` plants; `make truth` plants all."""
LOOK = "tests/lab/truth/look.yml"


@pytest.fixture(scope="module")
def servers(lab: Lab) -> Lab:
    """The two servers of the lab, delivered."""
    lab.ansible("playbooks/lab_up.yml")
    lab.ansible("playbooks/site.yml", "--limit", "servers", "-e", "oplever_audit=false")
    lab.adhoc("servers", "-b", "-m", "ansible.builtin.apt", "-a", "name=acl,libcap2-bin,e2fsprogs,openssl,cron")
    return lab


def run(lab: Lab, place: Path, host: str, lines: list[tuple[str, str]]) -> dict[str, str]:
    """Run shell lines by id on a machine; id -> what went wrong."""
    path = place / f"{host}.sh"
    path.write_text(script(lines), encoding="utf-8")
    out = lab.adhoc(host, "-b", "-m", "ansible.builtin.script", "-a", str(path))
    return failures(str(json.loads(out[out.index("{") :])["stdout"]))


def look(lab: Lab, place: Path) -> dict[str, dict[str, Any]]:
    place.mkdir()
    lab.ansible(LOOK, "-e", f"look_to={place}")
    return {host: json.loads((place / f"{host}.json").read_text(encoding="utf-8")) for host in HOSTS.values()}


def lacks(lab: Lab, place: Path, host: str, chosen: list[Change]) -> set[str]:
    """Ids of the changes for which a machine has no program."""
    commands = [(change.id, f"command -v {change.needs}") for change in chosen if change.needs]
    return set(run(lab, place, host, commands))


@pytest.mark.parametrize(
    "group", [group if group in QUICK else pytest.param(group, marks=pytest.mark.truth) for group in GROUPS]
)
def test_changes_are_named_and_nothing_else(servers: Lab, tmp_path: Path, group: str) -> None:
    chosen_by_host = {host: [c for c in CHANGES if c.group == group and c.on(host)] for host in HOSTS.values()}
    chosen_by_host = {
        h: [c for c in every if c.id not in lacks(servers, tmp_path, h, every)] for h, every in chosen_by_host.items()
    }
    wrong: dict[str, Any] = {}
    for host, chosen in chosen_by_host.items():
        wrong |= {
            f"{host} prepare {k}": v
            for k, v in run(servers, tmp_path, host, [(c.id, c.prepare) for c in chosen]).items()
        }
    before = look(servers, tmp_path / "before")
    for host, chosen in chosen_by_host.items():
        wrong |= {
            f"{host} plant {k}": v for k, v in run(servers, tmp_path, host, [(c.id, c.plant) for c in chosen]).items()
        }
    after = look(servers, tmp_path / "after")
    for host, chosen in chosen_by_host.items():
        wrong |= {
            f"{host} undo {k}": v for k, v in run(servers, tmp_path, host, [(c.id, c.undo) for c in chosen]).items()
        }
    undone = look(servers, tmp_path / "undone")
    for host, chosen in chosen_by_host.items():
        named = differences(host, before[host], after[host])
        shown = json.dumps(after[host])
        wrong |= {f"{host} {c.id}": lines for c in chosen if (lines := missing(c, named, shown))}
        if alarms := unexpected(chosen, named):
            wrong[f"{host} false alarms"] = alarms
        prepared = [change for change in chosen if change.prepare]  # these are taken away by their undo
        if still := unexpected(prepared, differences(host, before[host], undone[host])):
            wrong[f"{host} after the undo"] = still
    assert wrong == {}
