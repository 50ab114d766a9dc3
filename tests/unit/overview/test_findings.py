"""What could be better, as all records together show it: each kind where it is so, and not where it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from journals import ZERO, Journal
from oplever import store
from oplever.app.add import add
from oplever.app.join import join
from oplever.app.proposals import all_findings, decide
from oplever.app.publish import publish
from oplever.cli.main import main
from oplever.errors import OpleverError
from oplever.overview.findings import Finding
from oplever.page.translator import Translator
from published import pages
from stored import store_record

ROLE = "oplever.lab.nginx"
BY = "S. Yilmaz"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.setenv("OPLEVER_PERSON", BY)
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    return tmp_path


class Run:
    """A run on some machines, with one task that is told about."""

    def __init__(self, *hosts: str, os: str = "Debian GNU/Linux 13 (trixie)", **start: Any) -> None:
        self.hosts, self.os = hosts or ("a",), os
        self.journal = Journal(assignment={"id": "W-1"}, **start)
        groups = {host: ["pcs"] for host in self.hosts}
        self.journal.add("play_start", play="p", name="All", hosts="all", targets=list(self.hosts), groups=groups)
        self.failed: set[str] = set()

    def step(self, name: str, *statuses: str, seconds: float = 1.0, **keys: Any) -> Run:
        """One status for each machine."""
        head = {"name": name, "action": "ansible.builtin.apt", "path": "tasks.yml:3", "role": ROLE}
        self.journal.add("task_start", task=name, play="p", **head)
        for host, status in zip(self.hosts, statuses, strict=True):
            self.journal.add("result", task=name, host=host, status=status, duration=seconds, **keys)
            self.failed |= {host} if status == "failed" else set()
        return self

    def look(self, stage: str, content: str, **packages: str) -> Run:
        for host in self.hosts:
            snapshot = {
                "packages": {name: [version, "Debian"] for name, version in packages.items()},
                "files": {"/etc/motd": ["644", "root", "root", 3, content]},
                "host": {"os": self.os},
            }
            self.journal.task(f"{stage} {host}", host=host, data={"stage": stage, "snapshot": snapshot})
        return self

    def check(self, *statuses: str, **keys: Any) -> Run:
        for host, status in zip(self.hosts, statuses, strict=True):
            check = {"id": "nginx.answers", "title": "t", "status": status, "expected": "1", "found": "2", **keys}
            data = {"stage": "after", "suite": "nginx", "checks": [check]}
            self.journal.task(f"check {host} {len(self.journal.lines)}", host=host, data=data)
        return self

    def store(self, base: Path, number: int) -> str:
        recap = {host: {**ZERO, "ok": 3, "failed": int(host in self.failed)} for host in self.hosts}
        self.journal.add("stats", recap=recap)
        self.journal.add("run_end", lines=len(self.journal.lines), lost=0, reason="finished")
        return store_record(base, f"202611{number:02}T100000Z-site-{number:06}", self.journal).name


def of_kind(kind: str) -> list[Finding]:
    return [finding for finding in all_findings() if finding.kind == kind]


def test_a_step_that_changes_something_each_time(base: Path) -> None:
    """Three runs that change the same machine; the first delivery of three machines changes each of them once."""
    for number, host in enumerate("abc", 1):
        Run(host).step("Install", "changed").store(base, number)
    assert of_kind("changes") == []
    names = [Run("a").step("Install", "changed").store(base, number) for number in (4, 5, 6)]
    [finding] = of_kind("changes")
    assert (finding.what, finding.hosts, finding.numbers) == (f"{ROLE} : Install", ("a",), {"count": 3})
    assert [of.source.name for of in finding.records] == names[::-1]
    Run("a").step("Install", "ok").store(base, 7)
    assert of_kind("changes") == []


def test_a_trial_run_shows_nothing(base: Path) -> None:
    for number in (1, 2, 3, 4):
        Run("a", check_mode=True).step("Install", "changed").store(base, number)
    assert all_findings() == []


def test_a_step_that_is_slow(base: Path) -> None:
    for number in (1, 2, 3):
        Run("a", "b").step("Fetch", "ok", "ok", seconds=42.0).step("Copy", "ok", "ok", seconds=2.0).store(base, number)
    [finding] = of_kind("slow")
    assert finding.what == f"{ROLE} : Fetch"
    assert finding.numbers["seconds"] == 42
    assert finding.numbers["count"] == 3


def test_a_step_that_is_tried_again(base: Path) -> None:
    for number, attempts in enumerate((1, 2, 5, 1, 3), 1):
        Run("a").step("Wait", "ok", attempts=attempts).store(base, number)
    [finding] = of_kind("retries")
    assert finding.numbers["count"] == 3
    assert [of.source.name[:8] for of in finding.records] == ["20261105", "20261103", "20261102"]


@pytest.mark.parametrize(("changed_at", "is_flaky"), [(0, True), (3, False)])
def test_a_test_that_fails_by_turns(base: Path, changed_at: int, *, is_flaky: bool) -> None:
    """Where something changed on the machine, that may be why."""
    for number, status in enumerate(("pass", "pass", "fail", "pass"), 1):
        after = "bb" if number == changed_at else "aa"
        Run("a").look("before", "aa").check(status).look("after", after).store(base, number)
    flaky = of_kind("flaky")
    assert [dict(finding.numbers) for finding in flaky] == ([{"failed": 1, "count": 4}] if is_flaky else [])


def test_machines_of_a_group_with_other_versions(base: Path) -> None:
    Run("e", "b").look("before", "aa").look("after", "aa", nginx="1.26", bash="5").store(base, 1)
    Run("c").look("before", "aa").look("after", "aa", nginx="1.22", bash="5", vim="9").store(base, 2)
    Run("d", os="Debian GNU/Linux 12 (bookworm)").look("before", "aa").look("after", "aa", nginx="1.2").store(base, 3)
    [finding] = of_kind("drift")
    assert (finding.what, finding.hosts) == ("pcs", ("b", "c", "e"))
    assert finding.numbers == {"count": 1, "packages": "nginx"}


def test_faults_that_come_back(base: Path) -> None:
    for number, path in enumerate(("tasks.yml:3", "tasks.yml:3", "tasks.yml:9"), 1):
        run = Run("a", "b").step("Start", "failed", "ok")
        run.journal.lines = [line.replace(b"tasks.yml:3", path.encode()) for line in run.journal.lines]
        run.store(base, number)
    [finding] = of_kind("faults")
    assert (finding.what, finding.hosts) == (f"{ROLE} : Start", ("a",))
    assert finding.numbers == {"count": 3, "times": 3}


@pytest.mark.parametrize("passing", ["", "c"])
def test_a_control_that_fails_everywhere(base: Path, passing: str) -> None:
    statuses = ["pass" if host == passing else "fail" for host in "abc"]
    Run("a", "b", "c").check(*statuses, severity="high", area="SSH", id="SSH-001").store(base, 1)
    rules = of_kind("rule")
    assert [finding.what for finding in rules] == ([] if passing else ["SSH-001"])


@pytest.mark.parametrize("fails_once", [False, True])
def test_a_test_that_passes_whatever_its_role_does(base: Path, *, fails_once: bool) -> None:
    for number in (1, 2, 3):
        Run("a").step("Start", "failed").check("pass").store(base, number)
    Run("a").step("Start", "ok").check("fail" if fails_once else "pass").store(base, 4)
    never = of_kind("never_fails")
    assert [dict(finding.numbers) for finding in never] == ([] if fails_once else [{"passed": 4, "count": 3}])


def slow_runs(base: Path) -> list[str]:
    return [Run("a").step("Fetch", "ok", seconds=42.0).store(base, number) for number in (1, 2, 3)]


def test_a_person_accepts_or_rejects(base: Path) -> None:
    """The decision stands in the newest record that shows it, with who, and the finding is undecided no more."""
    names = slow_runs(base)
    [finding] = all_findings()
    decided = decide(finding.id, BY, "rejected", Translator("nl"), reason="er is geen ander netwerk")
    assert decided.directory.name == names[-1]
    [proposal] = [item for item in decided.record.proposals.items if not item.candidate]
    assert (proposal.finding, proposal.decision, proposal.by) == (finding.id, "rejected", BY)
    assert "Fetch" in proposal.observation
    assert proposal.proposal.startswith("Maak de stap sneller")
    [again] = all_findings()
    assert again.decision
    assert again.decision.reason == "er is geen ander netwerk"
    decide(finding.id, BY, "accepted", Translator("nl"), proposal="een spiegel in het gebouw")
    [again] = all_findings()
    assert again.decision
    assert (again.decision.decision, again.decision.proposal) == ("accepted", "een spiegel in het gebouw")


def test_an_approved_record_is_left_as_it_is(base: Path) -> None:
    names = slow_runs(base)
    for name in names[1:]:
        add(base / name, "decision", "M. de Wit", {"decision": "approved"})
    [finding] = all_findings()
    assert decide(finding.id, BY, "accepted", Translator("en")).directory.name == names[0]
    add(base / names[0], "decision", "M. de Wit", {"decision": "approved"})
    with pytest.raises(OpleverError, match="every record that shows it is approved"):
        decide(finding.id, BY, "accepted", Translator("en"))


def test_a_record_of_several_runs_stands_for_its_runs(base: Path) -> None:
    names = slow_runs(base)
    whole = join(names, BY).directory
    [finding] = all_findings()
    assert [of.source.name for of in finding.records] == names[::-1]
    assert decide(finding.id, BY, "accepted", Translator("en")).directory == whole


def test_nothing_is_called_so(base: Path) -> None:
    slow_runs(base)
    with pytest.raises(OpleverError, match="nothing is found that is called slow-00000000"):
        decide("slow-00000000", BY, "accepted", Translator("en"))


def test_a_rejection_needs_a_reason(base: Path) -> None:
    name = slow_runs(base)[0]
    with pytest.raises(OpleverError, match="rejected for a reason"):
        add(base / name, "proposal", BY, {"observation": "x", "proposal": "y", "decision": "rejected"})


@pytest.mark.slow
def test_the_command_and_the_page_show_the_same(base: Path) -> None:
    slow_runs(base)
    [finding] = all_findings()
    runner = CliRunner()
    listed = runner.invoke(main, ["proposals", "list", "--language", "nl"])
    assert f"{finding.id}: {ROLE} : Fetch" in listed.output
    assert "42" in listed.output
    publish(datetime(2026, 11, 26, 12, tzinfo=UTC))
    page = pages(base / "overview")["decisions.nl.html"].text
    assert finding.id in page
    assert "niet besloten" in page
    answer = runner.invoke(main, ["proposals", "reject", finding.id, "--reason", "geen ander netwerk"])
    assert answer.exit_code == 0, answer.output
    assert runner.invoke(main, ["proposals", "list"]).output.startswith("Nothing was found in")
    assert "rejected: geen ander netwerk" in runner.invoke(main, ["proposals", "list", "--all"]).output
    assert len(store.load(base / finding.records[0].source.name).proposals.items) == 1
