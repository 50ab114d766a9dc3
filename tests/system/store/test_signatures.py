"""Signatures of real SSH keys, by the command as a person uses it; then every way to tamper with what was signed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from journals import complete
from oplever.cli.main import main
from stored import store_record

NAME = "20261101T100000Z-site-aaaaaa"
OPLEVER = [sys.executable, "-P", "-m", "oplever"]
EXECUTOR, SUPERVISOR = "s.yilmaz@school.example", "m.dewit@school.example"


def oplever(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OPLEVER_", "SSH_AUTH_SOCK"))}
    settings = {
        "OPLEVER_RECORDS": str(place / "records"),
        "OPLEVER_ALLOWED_SIGNERS": str(place / "allowed_signers"),
        "OPLEVER_DOCUMENTS": "0",
    }
    return subprocess.run(
        [*OPLEVER, *arguments],
        cwd=place,
        env={**clean, **settings, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def make_key(place: Path, name: str) -> str:
    """A new key; its line for the allowed signers."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name, "-C", name], check=True)
    return " ".join((place / f"{name}.pub").read_text(encoding="utf-8").split()[:2])


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record that its executor signed, that then grew, and that its supervisor approved and countersigned."""
    place = tmp_path_factory.mktemp("signed")
    store_record(place / "records", NAME, complete().finish(ok=5))
    lines = [f"{EXECUTOR} {make_key(place, 'executor')}", f"{SUPERVISOR} {make_key(place, 'supervisor')}"]
    (place / "allowed_signers").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for arguments in (
        ("sign", NAME, "--by", "S. Yilmaz", "--key", "executor"),
        ("add", "report", "--record", NAME, "--by", "S. Yilmaz", "--to", "M. de Wit"),
        ("sign", NAME, "--by", "M. de Wit", "--role", "supervisor", "--decision", "approved", "--key", "supervisor"),
        ("report", NAME),
    ):
        done = oplever(place, *arguments)
        assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def copy(signed: Path, tmp_path: Path) -> Path:
    shutil.copytree(signed, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def test_both_signatures_hold_and_say_whose_they_are(signed: Path) -> None:
    done = oplever(signed, "verify", NAME)
    assert done.returncode == 0, done.stderr
    assert f"S. Yilmaz as technician, revision 1 with the key of {EXECUTOR}" in done.stdout
    assert f"M. de Wit as supervisor, revision 4 with the key of {SUPERVISOR}" in done.stdout
    report = (signed / "records" / NAME / "report.en.md").read_text(encoding="utf-8")
    chapter = report[report.index("## 22.") :]
    assert chapter.count("SHA256:") == 2
    assert "its content is correct. (revision 1)" in chapter
    assert "approve the work. (revision 4)" in chapter


def test_what_was_signed_stays_readable(signed: Path) -> None:
    was = (signed / "records" / NAME / "signed" / "1" / "report.en.md").read_text(encoding="utf-8")
    assert "revision 1" in was
    assert "M. de Wit" not in was[was.index("## 22.") :]


def _problems(place: Path) -> list[str]:
    """In this process: it is asked a hundred times."""
    settings = {"OPLEVER_RECORDS": str(place / "records"), "OPLEVER_ALLOWED_SIGNERS": str(place / "allowed_signers")}
    done = CliRunner(env=settings).invoke(main, ["verify", NAME])
    assert done.exit_code in ((0,) if not done.stderr else (1, 2)), done.output
    return done.stderr.splitlines()


def _named(problems: list[str], name: str) -> bool:
    """By its own name, or with a signed revision by what no longer agrees with it."""
    return any(name in problem for problem in problems)


def test_one_byte_anywhere_is_found(copy: Path) -> None:
    record = copy / "records" / NAME
    files = sorted(path for path in record.rglob("*") if path.is_file())
    assert len(files) == 30
    for path in files:
        content = path.read_bytes()
        for place in {0, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert _named(_problems(copy), str(path.relative_to(record))), (path, place)
        path.write_bytes(content)
    assert _problems(copy) == []


def test_a_byte_more_and_a_file_more_or_less_are_named(copy: Path) -> None:
    record = copy / "records" / NAME
    for name in (
        "journal.jsonl",
        "manifest.json",
        "report.nl.pdf",
        "signed/4/report.nl.pdf",
        "signed/1/statement.json.sig",
    ):
        content = (record / name).read_bytes()
        (record / name).write_bytes(content + b"\n")
        assert _named(_problems(copy), name)
        (record / name).unlink()
        assert _named(_problems(copy), name)
        (record / name).write_bytes(content)
    for name in ("notes.txt", ".hidden", "signed/4/notes.txt", "signed/9", "photos/a.jpg"):
        path = record / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        assert _named(_problems(copy), name)
        path.unlink()
    (record / "photos").rmdir()
    shutil.rmtree(record / "signed" / "4")
    assert _named(_problems(copy), "signed/4/statement.json: missing")


def test_a_forger_who_makes_everything_again_is_found_by_the_signature(copy: Path) -> None:
    journal = copy / "records" / NAME / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"changed"', b'"ok"     '))
    assert oplever(copy, "report", NAME).returncode == 0
    assert _named(_problems(copy), "journal.jsonl: differs from what was signed as revision 1")
    refused = oplever(copy, "sign", NAME, "--by", "X", "--key", "executor")
    assert refused.returncode == 2
    assert "[record-altered]" in refused.stderr


def test_the_last_entries_cannot_be_taken_away(copy: Path) -> None:
    entries = copy / "records" / NAME / "entries.jsonl"
    lines = entries.read_bytes().splitlines(keepends=True)
    entries.write_bytes(b"".join(lines[:-1]))
    problems = _problems(copy)
    assert _named(problems, "lines after line 3 were removed")
    assert _named(problems, "signed/4: no entry belongs to this signature")


def test_a_signature_does_not_move_to_another_record(copy: Path) -> None:
    (copy / "records" / NAME).rename(copy / "records" / "20261102T100000Z-site-bbbbbb")
    done = oplever(copy, "verify", "20261102T100000Z-site-bbbbbb")
    assert done.returncode == 1
    assert "belongs to record" in done.stderr
    assert "does not match its entry" in done.stderr


@pytest.mark.parametrize(
    ("signers", "says"),
    [
        ("", "is not in"),
        ('{executor} namespaces="git" KEY', "was not allowed at that time|not permitted|failed"),
        ('{executor} valid-before="20200101" KEY', "was not allowed at that time"),
    ],
)
def test_a_key_that_is_not_allowed_does_not_count(copy: Path, signers: str, says: str) -> None:
    lines = (copy / "allowed_signers").read_text(encoding="utf-8").splitlines()
    key = lines[0].split(" ", 1)[1]
    line = signers.format(executor=EXECUTOR).replace("KEY", key)
    (copy / "allowed_signers").write_text("\n".join([line, lines[1]]) + "\n", encoding="utf-8")
    done = oplever(copy, "verify", NAME)
    assert done.returncode == 1
    assert any(part in done.stderr for part in says.split("|")), done.stderr
    assert "M. de Wit as supervisor, revision 4 with the key of" in done.stdout


def test_a_key_counts_that_was_valid_when_it_signed(copy: Path) -> None:
    statement = json.loads((copy / "records" / NAME / "signed" / "1" / "statement.json").read_bytes())
    end = datetime.fromisoformat(statement["at"]).astimezone() + timedelta(seconds=1)
    while datetime.now(UTC) <= end + timedelta(seconds=1):
        time.sleep(0.1)
    signers = (copy / "allowed_signers").read_text(encoding="utf-8").splitlines()
    name, key = signers[0].split(" ", 1)
    for moment, code in ((end, 0), (end - timedelta(seconds=2), 1)):
        line = f'{name} valid-before="{moment:%Y%m%d%H%M%S}" {key}'
        (copy / "allowed_signers").write_text("\n".join([line, signers[1]]) + "\n", encoding="utf-8")
        assert oplever(copy, "verify", NAME).returncode == code


def test_without_allowed_signers_no_signature_is_anybodys(copy: Path) -> None:
    done = oplever(copy, "verify", NAME, OPLEVER_ALLOWED_SIGNERS="")
    assert done.returncode == 0, done.stderr  # beside ansible.cfg, or here: it is found
    (copy / "allowed_signers").unlink()
    done = oplever(copy, "verify", NAME, OPLEVER_ALLOWED_SIGNERS="")
    assert done.returncode == 1
    assert "there is no file of allowed signers" in done.stderr


@pytest.fixture
def agent(copy: Path) -> Iterator[str]:
    socket = str(copy / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not Path(socket).exists():
            assert process.poll() is None
        subprocess.run(["ssh-add", "-q", copy / "executor"], env={**os.environ, "SSH_AUTH_SOCK": socket}, check=True)
        yield socket
    finally:
        process.terminate()
        process.wait()


def test_the_key_may_be_in_the_agent(copy: Path, agent: str) -> None:
    done = oplever(copy, "sign", NAME, "--by", "S. Yilmaz", SSH_AUTH_SOCK=agent)
    assert done.returncode == 0, done.stderr
    assert _problems(copy) == []


def test_a_key_that_does_not_work_leaves_nothing(copy: Path) -> None:
    (copy / "garbage").write_text("no key\n", encoding="utf-8")
    before = sorted(copy.rglob("*"))
    for arguments, slug in ((("--key", "garbage"), "signing-failed"), ((), "signing-key-missing")):
        done = oplever(copy, "sign", NAME, "--by", "S. Yilmaz", *arguments)
        assert done.returncode == 2
        assert f"[{slug}]" in done.stderr
    assert sorted(copy.rglob("*")) == before
    assert _problems(copy) == []


def test_a_record_without_names_says_what_became_of_its_signatures(copy: Path) -> None:
    (copy / "oplever.yml").write_text("retention: {hours_names: 0 days, signatures: 0 days}\n", encoding="utf-8")
    done = oplever(copy, "purge")
    assert done.returncode == 0, done.stderr
    output = oplever(copy, "verify", NAME)
    assert output.returncode == 0, output.stderr
    assert "cannot be checked; removed when the names were replaced" in output.stdout
    assert "pseudonymised at" in output.stdout
    assert b"M. de Wit" not in (copy / "records" / NAME / "entries.jsonl").read_bytes()


def test_verify_says_what_it_went_by_who_decided_and_what_came_later(copy: Path) -> None:
    done = oplever(copy, "verify", NAME)
    assert f"allowed signers: {copy / 'allowed_signers'}" in done.stdout
    assert "revision 1 with the key" in done.stdout
    assert "valid; the record was changed since: revision 1 -> 5" in done.stdout
    assert "approved by M. de Wit; signed" in done.stdout
    assert "revision 4 -> " not in done.stdout
    correction = ("--field", "systems.a.serial", "--value", "7XK2", "--reason", "sticker")
    assert oplever(copy, "add", "correction", "--record", NAME, "--by", "S. Yilmaz", *correction).returncode == 0
    later = oplever(copy, "verify", NAME)
    assert later.returncode == 0, later.stderr
    assert "valid; the record was changed since: revision 4 -> 6" in later.stdout


def test_a_key_of_somebody_else_than_the_name_does_not_hold(copy: Path) -> None:
    signing = ("sign", NAME, "--by", "T. Bos", "--role", "verifier", "--key", "executor")
    assert oplever(copy, *signing).returncode == 0
    done = oplever(copy, "verify", NAME)
    assert done.returncode == 1
    assert f"signed as T. Bos, with the key of {EXECUTOR}" in done.stderr
    assert "T. Bos as verifier, revision 5" in done.stdout
    assert "not valid" in done.stdout


def test_one_key_may_have_several_principals(copy: Path) -> None:
    names = f"team@school.example,{EXECUTOR}"
    allowed = (copy / "allowed_signers").read_text(encoding="utf-8").replace(EXECUTOR, names)
    (copy / "allowed_signers").write_text(allowed, encoding="utf-8")
    done = oplever(copy, "verify", NAME)
    assert done.returncode == 0, done.stderr
