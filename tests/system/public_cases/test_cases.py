"""Public bug reports and traps of comparable tools, tried on ours with real runs (docs/reference/public-cases.md)."""

from __future__ import annotations

import functools
import re
import runpy
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec import structs
from oplever.record.model import Record
from oplever.text import to_json

from system.public_cases.case import ALONE, GROUPS, Case, cases, every_case
from system.public_cases.formats import CASES
from system.public_cases.mail_case import mail_cases
from system.public_cases.trial import PASSWORD, Trial, results
from system.recorder.canaries import Canaries, leaked, secrets_in
from system.recorder.runs import ROOT, Place, invalid
from system.recorder.test_verdicts import ALWAYS

REFERENCE = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+#\d+")


def place_in(directory: Path, name: str) -> Place:
    place = Place(directory / name)
    password = place.write("vault-password.txt", PASSWORD.decode())
    place.environment = {
        "ANSIBLE_VAULT_PASSWORD_FILE": str(password), "ANSIBLE_ASYNC_DIR": str(place.path / "async"),
        "ANSIBLE_FORKS": "4",
    }  # fmt: skip
    return place


def secret_name(case: Case) -> str:
    return case.id.replace("-", "_")


def leaks(place: Place, record: Record) -> dict[str, set[str]]:
    """File -> the secrets in it; `record` is all that documents are made of."""
    names = secrets_in(to_json(record))
    return {**leaked(place.record), **({"record": names} if names else {})}


@pytest.mark.parametrize("case", cases(ALONE), ids=lambda case: case.id)
def test_with_a_command_of_its_own(case: Case, tmp_path: Path) -> None:
    place = place_in(tmp_path, "alone")
    trial = Trial(case, place, Canaries()(secret_name(case)))
    place.environment |= trial.environment
    place.inventory(trial.hosts)
    place.write("play.yml", trial.set_up())
    done = place.play("play.yml", *trial.options)
    assert done.returncode == case.code, done.stdout + done.stderr
    assert place.records.exists() == case.expected.record
    if not case.expected.record:
        return
    assert invalid(place.record) == []
    record = place.derived()
    assert list(trial.differences(record)) == []
    reasons = {reason.code: reason.params for reason in record.document.reasons if reason.code not in ALWAYS}
    assert (reasons, record.stage) == (case.expected.reasons, case.expected.stage)
    expected = case.hosts if case.expected.systems is None else case.expected.systems
    assert {system.name for system in record.systems} == set(expected)
    if case.expected.plan:
        assert {step.name: step.no_hosts for step in record.plan} == case.expected.plan
    assert leaks(place, record) == {}


@dataclass(frozen=True)
class Group:
    """The cases of one file, run by one command; `code` is its exit code, `printed` what Ansible said."""

    code: int
    place: Place
    record: Record
    trials: dict[str, Trial]
    printed: str


@functools.cache
def group(name: str, directory: Path) -> Group:
    place, canary = place_in(directory, name), Canaries()
    trials = {case.id: Trial(case, place, canary(secret_name(case)), f"{case.id}.") for case in cases(name)}
    for trial in trials.values():
        place.environment |= trial.environment
    place.inventory({host: variables for trial in trials.values() for host, variables in trial.hosts.items()})
    place.write("play.yml", [play for trial in trials.values() for play in trial.set_up()])
    done = place.play("play.yml", "--diff", "-vv")
    return Group(done.returncode, place, place.derived(), trials, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("groups")


@pytest.mark.parametrize(("name", "case"), [(name, case.id) for name in GROUPS for case in cases(name)])
def test_with_one_command_for_many(name: str, case: str, directory: Path) -> None:
    run = group(name, directory)
    trial = run.trials[case]
    assert results(run.record, case), "it was not run"
    assert list(trial.differences(run.record)) == []
    assert [file for file, names in leaks(run.place, run.record).items() if secret_name(trial.case) in names] == []


@pytest.mark.parametrize("name", GROUPS)
def test_the_command_for_many_went_well(name: str, directory: Path) -> None:
    run = group(name, directory)
    assert run.code == 0, run.printed
    assert invalid(run.place.record) == []


@pytest.mark.parametrize("name", GROUPS)
def test_a_case_sees_a_status_that_is_not_the_expected_one(name: str, directory: Path) -> None:
    run = group(name, directory)
    steps = tuple(
        structs.replace(step, results=tuple(structs.replace(result, status="unreachable") for result in step.results))
        for step in run.record.steps
    )
    altered = structs.replace(run.record, steps=steps)
    blind = {case for case, trial in run.trials.items() if not list(trial.differences(altered))}
    assert blind == {case for case, trial in run.trials.items() if not trial.case.expected.results}


def test_secrets_were_really_in_the_open(directory: Path) -> None:
    """Ansible prints each secret that no `no_log` hides: else such a case would prove nothing."""
    run = group("secrets", directory)
    shown = {case for case, trial in run.trials.items() if trial.secret in run.printed}
    assert {case for case in run.trials if "hidden" not in case} <= shown


def test_the_page_lists_the_cases() -> None:
    tool = runpy.run_path(str(ROOT / "tools/public-cases"))
    assert tool["PAGE"].read_text(encoding="utf-8") == tool["page"](), "make it again: tools/public-cases"


def test_cases_have_a_name_of_their_own_and_a_reference() -> None:
    rows = [*every_case(), *CASES, *mail_cases()]
    assert len({row.id for row in rows}) == len(rows) >= 60
    references = [reference for row in rows for reference in row.references]
    assert all(row.references for row in rows)
    assert [reference for reference in references if not REFERENCE.fullmatch(reference)] == []
