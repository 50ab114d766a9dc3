"""The pool of jobs that `make test` runs, and what CI does with tests that are skipped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import ModuleType

import programs
import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "extensions/molecule"
REPORT = """<testsuites><testsuite>
<testcase classname="m" name="a"/><testcase classname="m" name="b"/>
<testcase classname="m" name="c"><skipped message="no such program"/></testcase>{more}
</testsuite></testsuites>"""
FAILURE = '<testcase classname="m" name="d"><failure message="wrong"/></testcase>'


@pytest.fixture(scope="module")
def pool() -> ModuleType:
    module: ModuleType = program(ROOT / "tools/pool")
    return module


@pytest.fixture(autouse=True)
def interrupts_count() -> Iterator[None]:
    """Also where these tests run in the background of a shell, which has interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def shell(pool: ModuleType, name: str, script: str, report: Path | None = None) -> object:
    return pool.Job(name, ("sh", "-c", script), report)


def test_every_module_and_scenario_is_a_job(pool: ModuleType, tmp_path: Path) -> None:
    names = [job.name for job in pool.every_job(tmp_path)]
    assert len(names) == len(set(names))
    subnets = [dict(job.env)["OPLEVER_LAB_SUBNET"] for job in pool.every_job(tmp_path)]
    assert len(subnets) == len(set(subnets)), "two jobs at once would have one address range"
    paths = {path for part in ("lab", "system") for path in (ROOT / "tests" / part).rglob("test_*.py")}
    long = {path for path in paths if "\npytestmark = pytest.mark.truth\n" in path.read_text(encoding="utf-8")}
    assert {job_of(pool, path) for path in paths - long} <= set(names)
    assert not {job_of(pool, path) for path in long} & set(names), "pytest fails where it has no test to run"
    roles = {path.parent.name for path in ROOT.glob("extensions/molecule/*/molecule.yml")}
    assert {f"molecule/{role}" for role in roles} <= set(names)


def job_of(pool: ModuleType, path: Path) -> str:
    name = path.relative_to(ROOT / "tests").with_suffix("")
    return str(name.parent if str(name.parent) in pool.TOGETHER else name)


@pytest.mark.parametrize("name", ["check/tests", "system/slow"])
def test_every_module_of_unit_tests_is_in_one_of_two_jobs(pool: ModuleType, tmp_path: Path, name: str) -> None:
    jobs = [job for job in pool.every_job(tmp_path) if job.name.startswith(name)]
    assert {job.name for job in jobs} == {f"{name}1", f"{name}2"}
    places = [ROOT / word for job in jobs for word in job.command[1 : job.command.index("-m")]]
    modules = [path for place in places for path in (place.rglob("test_*.py") if place.is_dir() else [place])]
    every = [path for part in ("unit", "golden") for path in (ROOT / "tests" / part).rglob("test_*.py")]
    assert sorted(modules) == sorted(every)
    assert {job.command[job.command.index("-m") + 1] for job in jobs} in ({f"not ({pool.SLOW})"}, {pool.SLOW})


def test_a_run_of_all_collects_unit_tests_once(pool: ModuleType, tmp_path: Path) -> None:
    jobs = pool.every_job(tmp_path)
    every = {job.name: job.command for job in pool.chosen(jobs, [])}
    assert every.keys() == {job.name for job in jobs} - {"system/slow1", "system/slow2"}
    fast = {job.name: job.command for job in pool.chosen(jobs, ["check"])}
    assert fast.keys() == {name for name in every if name.startswith("check/")}
    for name in ("check/tests1", "check/tests2"):
        assert tuple(word for word in fast[name] if word not in ("-m", f"not ({pool.SLOW})")) == every[name]
        assert len(every[name]) == len(fast[name]) - 2


def test_every_long_proof_has_a_target_that_runs_it() -> None:
    """`make test` leaves them out: `make truth` runs all but the modules that it leaves to `make journeys`."""
    long = {path for path in (ROOT / "tests").rglob("test_*.py") if "mark.truth" in path.read_text(encoding="utf-8")}
    assert len(long) > 10
    ignored = set(re.findall(r"--ignore=(\S+)", commands("truth")))
    assert ignored
    assert ignored == set(re.findall(r" (tests/\S+\.py)", commands("journeys")))
    assert [path for path in ignored if ROOT / path not in long] == []


def test_only_a_run_of_all_leaves_out_rounds_of_sabotage_and_releases() -> None:
    assert "OPLEVER_ROUNDS=1 OPLEVER_RELEASES=1 tools/pool" in commands("test")
    assert not re.search("OPLEVER_(ROUNDS|RELEASES)", commands("molecule"))


def test_a_run_of_all_leaves_out_the_scenarios_that_passed_with_the_same_files(
    pool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert re.search("tools/pool --unproven$", commands("test"), re.MULTILINE)
    monkeypatch.setattr(pool.proofs, "PROOFS", proofs := tmp_path / "proofs.txt")
    proofs.write_text("0 files\n0 office\n0 print\n", encoding="ascii")
    jobs = [shell(pool, f"molecule/{role}", "true") for role in ("print", "nginx")]
    jobs.append(shell(pool, "molecule/office", "exit 1"))
    assert pool.unproven(jobs) == jobs, "none passed yet with these files"
    pool.run(jobs, 1, pool.Pool(tmp_path), [pool.prover(jobs)])
    assert proofs.read_text(encoding="ascii") == f"0 files\n0 office\n{pool.proofs.digest('print')} print\n"
    capsys.readouterr()
    assert [job.name for job in pool.unproven(jobs)] == ["molecule/nginx", "molecule/office"]
    assert capsys.readouterr().out.splitlines()[-1].endswith(": print"), "what is left out is said"


def test_a_part_of_a_scenario_proves_nothing(pool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pool", "--prove", "molecule/print"])
    for variable in ("OPLEVER_ROUNDS", "OPLEVER_RELEASES"):
        monkeypatch.setenv(variable, "1")
        with pytest.raises(SystemExit, match="2"):
            pool.main()
        monkeypatch.delenv(variable)


def test_a_role_runs_on_one_release_where_it_needs_no_second_machine(
    pool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def releases() -> dict[str, str]:
        jobs = [job for job in pool.every_job(tmp_path) if job.part == "molecule"]
        return {job.name.partition("/")[2]: dict(job.env).get("OPLEVER_RELEASE", "both") for job in jobs}

    monkeypatch.delenv("OPLEVER_RELEASES", raising=False)  # `make test` has it
    assert set(releases().values()) == {"both"}
    monkeypatch.setenv("OPLEVER_RELEASES", "1")
    chosen = releases()
    assert set(chosen.values()) == {"both", "bookworm", "trixie"}
    assert {chosen[role] for role in ("files", "directory", "apt", "ca", "nginx", "dns")} == {"both"}
    assert {chosen[role] for role in ("sshd", "base", "workstation")} <= {"bookworm", "trixie"}


@pytest.mark.slow
def test_the_scenario_of_one_release_has_its_machine_alone() -> None:
    def machines(release: str, *inventories: str) -> dict[str, set[str]]:
        options = [word for path in (*inventories, "inventory") for word in ("-i", str(SCENARIOS / path))]
        command = [str(ROOT / ".venv/bin/ansible-inventory"), *options, "--list"]
        env = {**os.environ, "OPLEVER_RELEASE": release, "MOLECULE_PROJECT_DIRECTORY": str(ROOT)}
        listed = json.loads(
            subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
        )
        return {name: set(group["hosts"]) for name, group in listed.items() if "hosts" in group}

    assert machines("")["lab"] == {"m12", "m13"}
    assert (machines("bookworm")["lab"], machines("trixie")["lab"]) == ({"m12"}, {"m13"})
    with_domain = machines("", "files/inventory")
    assert with_domain["lab"] == {"m12", "m13"}, "the role runs on these alone"
    assert with_domain["machines"] == {"dc1"}


def commands(target: str) -> str:
    return subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_longest_start_first_and_before_them_what_was_never_measured(
    pool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durations = tmp_path / "durations.txt"
    durations.write_text(
        "  70 lab/test_lab\n 180 molecule/nginx\n   9 molecule/dns\n  99 lab/test_gone\n", encoding="ascii"
    )
    monkeypatch.setattr(pool, "DURATIONS", durations)
    names = [job.name for job in pool.every_job(tmp_path)]
    assert names[-3:] == ["molecule/nginx", "lab/test_lab", "molecule/dns"]
    jobs = [shell(pool, name, script) for name, script in (("molecule/nginx", "exit 1"), ("molecule/ca", "true"))]
    assert pool.run(jobs, 2, pool.Pool(tmp_path), [pool.keep]) == 1
    assert (
        durations.read_text(encoding="ascii")
        == " 180 molecule/nginx\n  70 lab/test_lab\n   9 molecule/dns\n   0 molecule/ca\n"
    )


def test_programs_of_a_job_look_for_garbage_seldom(
    pool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And have what whoever started the pool put on the path of modules."""
    (tmp_path / "of_the_caller.py").touch()
    code = "import gc, sys, of_the_caller; sys.exit(gc.get_threshold()[0] < 100_000)"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = program(ROOT / "tools/pool")
    assert made.Pool(tmp_path).run(made.Job("lab/test_a", (sys.executable, "-c", code))).code == 0


def test_the_processor_time_of_lab_machines_is_that_of_the_job(
    pool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lab adds a line when it is taken away."""
    job = shell(pool, "lab/test_a", "echo 70.5 >>$OPLEVER_LAB_USAGE; echo 49.5 >>$OPLEVER_LAB_USAGE")
    for _ in range(2):  # what an earlier run left does not count
        assert pool.run([job], 1, pool.Pool(tmp_path)) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.partition(" cpu")[0].split()[-3:] for line in out if " ok " in line] == [["0.0", "+", "2.0"]] * 2
    assert [line.split()[:5] for line in out[-5:-3]] == [[name, "1", "0.0", "0.0", "2.0"] for name in ("lab", "all")]
    assert re.fullmatch(r"cores: -?\d+\.\d minutes busy, -?\d+\.\d of them .*; idle \d+% of the time", out[-3])


def test_the_last_line_counts_what_passed_and_failed(
    pool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.xml"
    jobs = [
        shell(pool, "check/lint", "echo quiet"),
        shell(pool, "lab/test_a", f"echo '{REPORT.format(more='')}' > {report}", report),
    ]
    assert pool.run(jobs, 2, pool.Pool(tmp_path)) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "3 passed, 0 failed, 1 skipped"
    assert "skipped: m::c: no such program" in out
    assert "quiet" not in out


def test_a_job_that_failed_shows_its_output_and_fails_the_whole(
    pool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.xml"
    script = f"echo '{REPORT.format(more=FAILURE)}' > {report}; echo this is wrong; exit 1"
    jobs = [shell(pool, "lab/test_a", script, report), shell(pool, "check/lint", "echo that too >&2; exit 3")]
    assert pool.run(jobs, 1, pool.Pool(tmp_path)) == 1
    out = capsys.readouterr().out
    assert "    | this is wrong" in out
    assert "    | that too" in out
    # At the end: of a long log the end is what somebody sees.
    assert out.splitlines()[-4:-1] == ["skipped: m::c: no such program", "failed: m::d: wrong", "failed: check/lint"]
    assert out.splitlines()[-1] == "2 passed, 2 failed, 1 skipped"


def test_a_job_that_ends_before_its_tests_has_failed(pool: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT.format(more=""), encoding="utf-8")  # of an earlier run
    outcome = pool.Pool(tmp_path).run(shell(pool, "lab/test_a", "exit 2", report))
    assert (outcome.passed, outcome.failed) == (0, 1)


@pytest.mark.slow
def test_a_job_that_hangs_is_stopped_and_has_failed(pool: ModuleType, tmp_path: Path) -> None:
    outcome = pool.Pool(tmp_path, patience=0.2).run(shell(pool, "lab/test_a", "exec sleep 600"))
    assert outcome.code == -signal.SIGINT
    assert outcome.failed == 1
    assert "did not end by itself" in outcome.output


@pytest.mark.slow
def test_processor_time_is_that_of_all_that_a_job_started(pool: ModuleType, tmp_path: Path) -> None:
    burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
    idle = pool.Pool(tmp_path).run(shell(pool, "a/idle", "true"))
    busy = pool.Pool(tmp_path).run(shell(pool, "a/busy", f"sh -c '{burn}'"))
    assert busy.processor > idle.processor


@pytest.mark.slow
def test_an_interrupt_ends_the_jobs_that_run(tmp_path: Path) -> None:
    """In a program of its own: an interrupt that comes too early or too late must not end the tests."""
    marker, down = tmp_path / "begun", tmp_path / "down"
    # Begun only when the list of the loop is there: a shell that is interrupted while it makes one runs no trap.
    script = f"trap 'echo down >> {down}; exit 1' INT; set -- $(seq 600); touch {marker}; for n; do sleep 0.05; done"
    jobs = [("lab/test_a", script), ("lab/test_b", f"touch {tmp_path}/never")]
    code = (
        "import sys; from pathlib import Path; from programs import program\n"
        f"pool = program(Path({str(ROOT / 'tools/pool')!r}))\n"
        f"jobs = [pool.Job(name, ('sh', '-c', script)) for name, script in {jobs!r}]\n"
        f"sys.exit(pool.run(jobs, 1, pool.Pool(Path({str(tmp_path)!r}))))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(programs.__file__).parent)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)
    while not marker.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert down.read_text(encoding="utf-8") == "down\n"
    assert not (tmp_path / "never").exists()


def test_a_job_that_comes_after_all_were_stopped_does_not_begin(pool: ModuleType, tmp_path: Path) -> None:
    """A thread may have taken it from the queue a moment before the queue was emptied."""
    runner = pool.Pool(tmp_path)
    runner.stop_all()
    with pytest.raises(CancelledError):
        runner.run(shell(pool, "lab/test_a", f"touch {tmp_path}/never"))
    assert not (tmp_path / "never").exists()


@pytest.mark.slow
def test_an_unknown_name_is_wrong_usage() -> None:
    done = subprocess.run([ROOT / "tools/pool", "lab/test_nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no part or job is called lab/test_nothing" in done.stderr
    assert "molecule/nginx" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("strict", "ended"), [("", "2 skipped"), ("1", "1 failed, 1 error")])
def test_what_is_skipped_has_failed_where_everything_must_run(tmp_path: Path, strict: str, ended: str) -> None:
    (tmp_path / "test_here.py").write_text(
        "import pytest\n\n\ndef test_called():\n    pytest.skip('no such program')\n\n\n"
        "@pytest.mark.skipif(True, reason='not today')\ndef test_marked():\n    pass\n",
        encoding="utf-8",
    )
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        env={**os.environ, "OPLEVER_STRICT": strict, "PYTHONPATH": str(ROOT / "tests")}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ended in done.stdout.splitlines()[-1], done.stdout
    assert ("no such program" in done.stdout) == bool(strict)
