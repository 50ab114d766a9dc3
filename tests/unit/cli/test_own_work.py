"""Nobody decides about his own work, under whatever spelling, and nothing is written when it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from command import attempt
from journals import complete

ASSIGNMENT = {
    "people": [
        {"name": "S. Yilmaz", "role": "executor"},
        {"name": "M. de Wit", "role": "supervisor"},
        {"name": "Sanne Yilmaz", "role": "user"},
    ]
}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "20261123T100000Z-site-a1b2c3"
    directory.mkdir()
    first, *lines = complete().finish(ok=5).lines
    start = json.dumps({**json.loads(first), "account": "syilmaz", "assignment": ASSIGNMENT}).encode() + b"\n"
    (directory / "journal.jsonl").write_bytes(start + b"".join(lines))
    (tmp_path / "latest").symlink_to(directory.name)
    return directory


def decide(by: str) -> Result:
    return attempt("add", "decision", "--by", by, "--decision", "approved")


def entries(record: Path) -> bytes:
    path = record / "entries.jsonl"
    return path.read_bytes() if path.exists() else b""


@pytest.mark.parametrize("by", ["S. Yilmaz", "s.yilmaz", "Yilmaz, S.", "Sevda Yilmaz", "syilmaz", "s yilmaz"])
def test_the_executor_does_not_decide(record: Path, by: str) -> None:
    refused = decide(by)
    assert refused.exit_code == 2
    assert "[decision-by-executor]" in refused.stderr
    assert "let M. de Wit do it" in refused.stderr
    assert entries(record) == b""


def test_nor_does_who_put_hours_or_steps_into_it(record: Path) -> None:
    assert attempt("add", "hours", "--by", "M. de Wit", "--hours", "1", "--activity", "a cable").exit_code == 0
    assert "[decision-by-executor]" in decide("mdewit").stderr
    assert attempt("add", "step", "--by", "T. Bos", "--host", "a", "--name", "a disk").exit_code == 0
    assert "[decision-by-executor]" in decide("Theo Bos").stderr
    assert decide("P. Smit").exit_code == 0


def test_the_assigned_supervisor_decides(record: Path) -> None:
    done = decide("M. de Wit")
    assert done.exit_code == 0, done.output
    assert "approved while this is missing: " in done.stderr
    assert "Hours worked" in done.stderr


def test_the_executor_writes_down_what_the_user_says_and_is_not_the_user(record: Path) -> None:
    def accept(user: str) -> Result:
        return attempt("add", "acceptance", "--by", "S. Yilmaz", "--user", user, "--verdict", "accepted")

    assert "[decision-by-executor]" in accept("Yilmaz, S.").stderr
    assert entries(record) == b""
    # The assignment names a user with the same initial and surname: that is somebody else.
    assert accept("Sanne Yilmaz").exit_code == 0


@pytest.mark.parametrize("role", ["supervisor", "verifier", "principal", "user"])
def test_the_executor_signs_as_executor_only(record: Path, role: str) -> None:
    refused = attempt("sign", "--by", "s.yilmaz", "--role", role)
    assert refused.exit_code == 2
    assert "[decision-by-executor]" in refused.stderr
    assert "[signing-key-missing]" in attempt("sign", "--by", "s.yilmaz").stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "key", ["", "no key at all", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5 x"]
)
def test_a_key_that_is_not_there_or_cannot_sign_is_found_before_anything_is_written(record: Path, key: str) -> None:
    attempt("report")
    files = {path.name: path.read_bytes() for path in record.iterdir()}
    arguments = []
    if key:
        (record.parent / "key").write_text(key + "\n", encoding="utf-8")
        arguments = ["--key", str(record.parent / "key")]
    refused = attempt("sign", "--by", "M. de Wit", "--role", "supervisor", "--decision", "approved", *arguments)
    assert refused.exit_code == 2
    assert "[signing-" in refused.stderr
    assert {path.name: path.read_bytes() for path in record.iterdir()} == files
