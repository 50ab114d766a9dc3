"""Whatever Ansible does, the record has it: generated playbooks run for real, and three accounts of them agree."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, given, settings
from oplever.record.model import Record

from system.recorder.generated import FILES, HOSTS, Site, rescuer, sites, tricky
from system.recorder.runs import GONE, LOCAL, Place, invalid, recap, recaps, without_recap

HERE = Path(__file__).parent
PLAYS = 3
"""Plays in each of the two playbooks of one command."""
RUNS = 6


def run(place: Place, site: Site) -> str:
    """Ansible's output of the site; the accounts are in the place."""
    hosts = {f"p{play}{name}": LOCAL for play in range(2 * PLAYS) for name in HOSTS}
    groups = {f"p{play}": [*(f"p{play}{name}" for name in HOSTS), f"p{play}gone"] for play in range(2 * PLAYS)}
    hosts |= {f"p{play}gone": GONE for play in range(2 * PLAYS)}
    place.inventory({**hosts, "helper": LOCAL, "nowhere": GONE}, **groups)
    for name, content in FILES.items():
        place.write(name, content)
    names = [place.write(f"book{n}.yml", playbook).name for n, playbook in enumerate(site.playbooks)]
    place.environment = {
        "ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal,oracle",
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ORACLE": str(place.path / "oracle.jsonl"),
        "ANSIBLE_FORKS": "10",
    }
    done = place.play(*site.options, *names)
    assert "PLAY RECAP" in done.stdout, done.stdout + done.stderr
    assert "Oplever could not" not in done.stderr
    return done.stdout


@settings(
    max_examples=RUNS,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(site=tricky())
@given(site=sites(PLAYS))
def test_generated_playbooks(site: Site) -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory))
        printed = recap(run(place, site))
        assert invalid(place.record) == []
        record = place.derived()
        assert recaps(record) == printed
        assert results(record) == recorded(place)
        assert recaps(without_recap(place.record)) == printed
        assert rescues(record) == {host: row["rescued"] for host, row in printed.items() if row["rescued"]}
        assert wrong_rescuers(record) == []


def recorded(place: Place) -> Counter[tuple[str, str, str]]:
    lines = (place.path / "oracle.jsonl").read_text(encoding="utf-8").splitlines()
    return Counter((host, name, status) for host, name, status in map(json.loads, lines))


def results(record: Record) -> Counter[tuple[str, str, str]]:
    """Host, task and how it ended, for every result in the record (Ansible calls what was rescued failed, too)."""
    return Counter(
        (result.host, step.name, "failed" if result.status == "rescued" else result.status)
        for step in record.steps
        for result in step.results
    )


def rescues(record: Record) -> dict[str, int]:
    return dict(Counter(r.host for step in record.steps for r in step.results if r.status == "rescued"))


def wrong_rescuers(record: Record) -> list[tuple[str, str]]:
    """Rescued tasks at a known place with another rescuer than the block around them has."""
    rescued = [(step.name, r.rescued_by) for step in record.steps for r in step.results if r.status == "rescued"]
    return [(name, by) for name, by in rescued if "." in name and by not in ("", rescuer(name))]


WARNS = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({})
module.warn("the second disk answers slowly")
module.exit_json(ansible_facts={"disks": 2})
"""


def test_facts_are_left_out_and_what_is_said_beside_them_is_kept(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.inventory({"a": LOCAL})
    place.write("library/disk_facts.py", WARNS)
    tasks = [
        {"name": "a loop", "ansible.builtin.set_fact": {"seen": "{{ item }}"}, "loop": ["x", "y", "z"]},
        {"name": "one", "ansible.builtin.set_fact": {"kept_nowhere": "by the record"}},
        {"name": "warned", "disk_facts": {}},
    ]
    place.write("site.yml", [{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    assert place.play("site.yml").returncode == 0
    loop, single, warned = (step.results[0] for step in place.derived().steps)
    assert (loop.items_total, single.items_total) == (3, 0)
    assert warned.warnings == ("the second disk answers slowly",)
    assert "by the record" not in (place.record / "journal.jsonl").read_text(encoding="utf-8")
