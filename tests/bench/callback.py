"""Recording

What it costs while Ansible runs: the same play with and without, in turns, beside ARA and ansible-runner."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from measure import spread

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ARA = ROOT / ".cache" / "ara"
HEADINGS = (
    "play", "without", "with the journal", "an empty callback", "memory of the controller", "journal for each result",
    "ARA, offline SQLite", "ansible-runner",
)  # fmt: skip
# As `ansible.cfg` of the project has it; documents are made by another process, after the run.
RECORDING = {
    "ANSIBLE_CALLBACKS_ENABLED": "oplever.lab.journal", "ANSIBLE_STDOUT_CALLBACK": "oplever.lab.console",
    "OPLEVER_DOCUMENTS": "0",
}  # fmt: skip


@dataclass(frozen=True)
class Workload:
    name: str
    hosts: int
    tasks: list[dict[str, Any]]

    @property
    def results(self) -> int:
        """Results that the journal tells of: an item of a loop is one."""
        return self.hosts * sum(len(task.get("loop", (None,))) for task in self.tasks)


@dataclass(frozen=True)
class Cost:
    seconds: float
    memory_mb: float


def workloads(*, quick: bool) -> list[Workload]:
    hosts, many, some, items = (4, 3, 2, 20) if quick else (50, 40, 10, 1000)
    say = {"ansible.builtin.debug": {"msg": "hello"}}
    command = {"ansible.builtin.command": "true"}
    facts = {"ansible.builtin.set_fact": {"big": {f"key_{n}": {"value": "x" * 80} for n in range(400)}}}
    return [
        Workload(f"{hosts} hosts x {many} debug tasks", hosts, [say] * many),
        Workload(f"{hosts} hosts x {some} commands", hosts, [command] * some),
        Workload(f"a loop of {items:,} items", 1, [{**say, "loop": list(range(items)), "changed_when": True}]),
        Workload(f"facts of 40 KB from {hosts} hosts, {some} times", hosts, [facts] * some),
    ]


def figures(*, quick: bool) -> list[list[str]]:
    """A row for each workload. In each round every way runs once, in turns, and is set against the plain run of that
    round; ARA, which takes long, runs in the first round alone."""
    rounds = 1 if quick else 3
    ara = _ara()
    return [_row(workload, rounds, ara) for workload in workloads(quick=quick)]


def _row(workload: Workload, rounds: int, ara: Path) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        _write(place, workload)
        plain = [str(BIN / "ansible-playbook"), "-i", "hosts.json", "bench.yml"]
        environment = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "OPLEVER_RECORDS": str(place / "records")}
        on = {**environment, **RECORDING}
        nothing = {"ANSIBLE_CALLBACK_PLUGINS": str(place), "ANSIBLE_CALLBACKS_ENABLED": "empty"}
        ways = {
            "plain": (plain, environment),
            "empty": (plain, {**environment, **nothing}),
            "journal": (plain, on),
            "runner": _with_runner(place, environment),
            "ara": _with_ara(ara, place),
        }
        _cost(place, *ways["plain"])  # fills caches for all
        taken = [
            {name: _cost(place, *way) for name, way in ways.items() if name != "ara" or number == 0}
            for number in range(rounds)
        ]
        size = (place / "records" / "latest" / "journal.jsonl").stat().st_size
    more = statistics.median(measured["journal"].memory_mb - measured["plain"].memory_mb for measured in taken)
    return [
        workload.name,
        f"{statistics.median(measured['plain'].seconds for measured in taken):.1f} s",
        _ratio(taken, "journal"),
        _ratio(taken, "empty"),
        f"{more:+.0f} MB",
        f"{size / workload.results:,.0f} bytes",
        _ratio(taken, "ara"),
        _ratio(taken, "runner"),
    ]


def _ratio(taken: list[dict[str, Cost]], way: str) -> str:
    return spread(
        [measured[way].seconds / measured["plain"].seconds for measured in taken if way in measured], digits=3
    )


_Run = tuple[list[str], Mapping[str, str]]


def _cost(place: Path, command: list[str], environment: Mapping[str, str]) -> Cost:
    """Wall time, and the largest resident set among the command and its children."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "OPLEVER_", "ARA_"))}
    begun = perf_counter()
    process = subprocess.Popen(
        command, cwd=place, env={**env, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, usage.ru_maxrss / 1024)


def _write(place: Path, workload: Workload) -> None:
    (place / "empty.py").write_text(EMPTY)
    named = [{"name": f"Task {n}", **task} for n, task in enumerate(workload.tasks)]
    (place / "bench.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": named}]))
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {f"h{n:03}": local for n in range(workload.hosts)}
    (place / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))


# Ansible copies each result for each callback, also for one that does nothing with it.
EMPTY = """from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME, CALLBACK_NEEDS_ENABLED = 2.0, "notification", "empty", True
    def v2_runner_on_ok(self, result):
        pass
    v2_runner_item_on_ok = v2_runner_on_ok
"""


def _with_ara(ara: Path, place: Path) -> _Run:
    """The same play by the same ansible-core, in the environment of ARA."""
    locator = [str(ara / "bin/python"), "-m", "ara.setup.callback_plugins"]
    plugins = subprocess.run(locator, capture_output=True, text=True, check=True).stdout.strip()
    command = [str(ara / "bin/ansible-playbook"), "-i", "hosts.json", "bench.yml"]
    return command, {"ANSIBLE_CALLBACK_PLUGINS": plugins, "ARA_BASE_DIR": str(place / "ara")}


def _with_runner(place: Path, environment: Mapping[str, str]) -> _Run:
    private = place / "private"
    shutil.rmtree(private, ignore_errors=True)
    (private / "project").mkdir(parents=True)
    shutil.copy(place / "bench.yml", private / "project")
    command = [str(BIN / "ansible-runner"), "run", str(private), "-p", "bench.yml", "-q", "--inventory"]
    # Runner starts the ansible-playbook that is on the path.
    return [*command, str(place / "hosts.json")], {**environment, "PATH": f"{BIN}:{os.environ['PATH']}"}


def _ara() -> Path:
    """A virtual environment with ARA and the pinned ansible-core, made once."""
    if not (ARA / "complete").exists():
        shutil.rmtree(ARA, ignore_errors=True)
        ARA.parent.mkdir(exist_ok=True)
        version = subprocess.run(
            [sys.executable, "-c", "import ansible.release as r; print(r.__version__)"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        pip = [str(ARA / "bin/python"), "-m", "pip", "install", "-q", f"ansible-core=={version}", "ara[server]"]
        subprocess.run([sys.executable, "-m", "venv", str(ARA)], check=True)
        subprocess.run(pip, check=True)
        (ARA / "complete").touch()
    return ARA
