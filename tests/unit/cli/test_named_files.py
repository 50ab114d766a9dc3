"""Files that people name: one that is not of its kind ends with a message that says what to do, and changes nothing."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from command import attempt
from oplever.cli.main import main
from oplever.errors import OpleverError
from oplever.files import unwritable
from oplever.run.prompts import answers
from oplever.store import ssh_keygen
from stored import store_record, visit

NAME = "20261101T100000Z-site-aaaaaa"
COMMANDS: dict[str, list[str]] = {
    "entries": ["add", "--by", "S. Yilmaz", "--file"],
    "checks": ["checks", "lint"],
    "parameters": ["checks", "lint", "roles/nginx", "--parameters"],
    "handouts": ["handout", "--lint"],
    "runner": ["import", "ansible-runner"],
    "awx": ["import", "awx"],
    "ara": ["import", "ara"],
    "junit": ["import", "junit", "--by", "S. Yilmaz", "--host", "web1"],
    "lynis": ["import", "lynis", "--by", "S. Yilmaz", "--host", "web1"],
    "openscap": ["import", "openscap", "--by", "S. Yilmaz", "--host", "web1"],
}
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "zeros": bytes(4096),
    "no UTF-8": b"- added: hours\n  hours: \xff\n",
    "broken": b"- added: hours\n hours: 2\n   : [\n",
    "holds itself": b"&a [*a]\n",
    "blows up": BOMB.encode(),
    "deep": b"[" * 20_000 + b"]" * 20_000,
    "no such day": b"- {id: a, source: file, select: {path: /a}, expect: {size: 2026-13-45}}\n",
    "long number": b"- {id: a, source: file, select: {path: /a}, expect: {size: " + b"9" * 5000 + b"}}\n",
    "list as key": b"- {? [a, b] : 1, id: a}\n",
    "a tag": b"!!python/object/apply:os.system ['true']\n",
    "cut JSON": b'[{"counter": 1, "event": "playb',
    "cut XML": b'<testsuite name="a"><testcase name=',
}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path / "records"))
    monkeypatch.delenv("OPLEVER_PERSON", raising=False)
    (tmp_path / "records").mkdir()
    (tmp_path / "records/latest").symlink_to(NAME)
    return store_record(tmp_path / "records", NAME, visit().finish(ok=5))


def state(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def refused(result: Result, *codes: int) -> str:
    """What it said; there was no traceback, and what the system calls what it read is not in it."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code in codes, result.output
    assert result.output.strip()
    assert "string>" not in result.output
    return result.output


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_not_such_a_file_is_refused(command: str, content: str, record: Path, tmp_path: Path) -> None:
    path = tmp_path / "given.yml"
    path.write_bytes(CONTENTS[content])
    before = state(record)
    refused(attempt(*COMMANDS[command], str(path)), 1, 2)
    assert state(record) == before


ANY_FILE = {
    **COMMANDS,
    "annex": ["attach", "--by", "S. Yilmaz", "--what", "the rack"],
    "key": ["sign", "--by", "S. Yilmaz", "--key"],
}
"""Commands that take a file of whatever kind as well."""


@pytest.fixture(params=["pipe", "socket", "device"])
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A name behind which is no file: reading it would wait for ever, or never end."""
    path = tmp_path / "given.yml"
    if request.param == "device":
        yield Path("/dev/zero")
    elif request.param == "pipe":
        os.mkfifo(path)
        yield path
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            yield path


@pytest.mark.parametrize("command", ANY_FILE)
def test_what_is_no_file_is_refused_at_once(command: str, special: Path, record: Path) -> None:
    before = state(record)
    output = refused(attempt(*ANY_FILE[command], str(special)), 2)
    if command not in ("handouts", "ara", "runner"):  # of those none is there
        assert "Is a pipe, a socket or a device" in output
    assert state(record) == before


def test_allowed_signers_come_from_a_file(special: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oplever.store.ssh_keygen.fingerprint", lambda *_: "SHA256:x")
    with pytest.raises(OpleverError, match="Is a pipe, a socket or a device"):
        ssh_keygen.signer(Path("statement.json.sig"), b"", special, "2026-11-27T10:00:00Z")


@pytest.mark.parametrize("setting", ["incidents: {}", "organisation: {{name: School, logo: {}}}"])
def test_a_setting_that_names_no_file_is_refused(
    setting: str, special: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "given.png"
    named.symlink_to(special)
    settings = tmp_path / "oplever.yml"
    settings.write_text(setting.format(named) + "\n", encoding="utf-8")
    monkeypatch.setenv("OPLEVER_CONFIG", str(settings))
    command = ("incident", "check") if setting.startswith("incidents") else ("report",)
    assert "Is a pipe, a socket or a device" in refused(attempt(*command), 2)


def test_what_a_pipe_holds_is_left_to_ansible(tmp_path: Path) -> None:
    """A playbook that comes through a pipe can be read once."""
    os.mkfifo(tmp_path / "site.yml")
    assert answers([str(tmp_path / "site.yml")], terminal=False) == {}


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda path: None, "check its name"),
        (Path.mkdir, "name a file and no directory"),
        (lambda path: path.symlink_to(path), "check where its links lead"),
    ],
)
def test_the_advice_fits_what_is_wrong(make: Callable[[Path], None], advice: str, record: Path, tmp_path: Path) -> None:
    """Whose file it is does not matter when there is none."""
    path = tmp_path / "given.yml"
    make(path)
    said = refused(attempt(*COMMANDS["entries"], str(path)), 2)
    assert f"-> {advice}\n" in said


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room and try again"),
        (errno.EACCES, "make the directory writable, or run oplever as who owns it"),
        (errno.EROFS, "make it writable, or name another place"),
        (errno.ENOENT, "make the directory first"),
    ],
)
def test_the_advice_fits_why_nothing_can_be_written(number: int, advice: str) -> None:
    assert unwritable(Path("x"), OSError(number, "")).advice == advice


def test_a_place_in_a_file_is_said_as_people_count(record: Path, tmp_path: Path) -> None:
    path = tmp_path / "given.yml"
    path.write_bytes(CONTENTS["broken"])
    said = refused(attempt(*COMMANDS["entries"], str(path)), 2)
    assert "this is no YAML: line 2, column 2: expected <block end>, but found '<block mapping start>'" in said


@pytest.mark.parametrize("command", [["list"], ["export", "json"], ["--help"]])
def test_output_that_a_full_disk_does_not_take_is_said(
    command: list[str], record: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`oplever export csv > hours.csv` must not end well with half a file, nor with a traceback."""
    with open("/dev/full", "w", encoding="utf-8") as output:
        monkeypatch.setattr("sys.stdout", output)
        with pytest.raises(SystemExit) as end:
            main(command)
    assert end.value.code == 2
    said = "oplever: standard output: No space left on device\n  -> make room and try again\n[file-unwritable]\n"
    assert capfd.readouterr().err == said


def test_settings_that_are_no_file_are_refused(special: Path, record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_CONFIG", str(special))
    assert "Is a pipe, a socket or a device" in refused(attempt("list"), 2)


def test_no_settings_at_all_are_an_empty_file(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_CONFIG", "/dev/null")
    assert attempt("list").exit_code == 0


@pytest.mark.parametrize("content", ["broken", "list as key"])
def test_settings_that_are_no_yaml_are_named_with_the_line(
    content: str, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "oplever.yml"
    path.write_bytes(CONTENTS[content])
    monkeypatch.setenv("OPLEVER_CONFIG", str(path))
    assert "at line" in refused(attempt("list"), 2)


@pytest.mark.parametrize("content", ["# later\n", "---\n", "", "retention:\n#  record: 2 years\n", "\ufeffmail:\n"])
def test_settings_of_remarks_alone_set_nothing(
    content: str, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oplever.yml").write_text(content, encoding="utf-8")
    monkeypatch.setenv("OPLEVER_CONFIG", str(tmp_path / "oplever.yml"))
    assert "nothing is purged" in refused(attempt("purge"), 0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("retention: {record: 2 years}\nretention: {}\n", "retention stands there twice, again at line 2, column 1"),
        ("retention: {record: 2 years, record: 3 years}\n", "record stands there twice"),
        ("&a [*a]\n", "deeper than 100 levels"),
        (BOMB, "more than 200000 values"),
    ],
)
def test_settings_of_which_only_a_part_would_count_are_refused(
    content: str, says: str, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the first line gone nothing would be purged, without a word."""
    (tmp_path / "oplever.yml").write_text(content, encoding="utf-8")
    monkeypatch.setenv("OPLEVER_CONFIG", str(tmp_path / "oplever.yml"))
    output = refused(attempt("purge"), 2)
    assert says in output
    assert "[config-invalid]" in output


@pytest.mark.parametrize("content", ["holds itself", "blows up", "deep"])
def test_rules_that_would_never_be_read_to_the_end_are_refused(
    content: str, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "incidents.yml"
    rules.write_bytes(CONTENTS[content])
    settings = tmp_path / "oplever.yml"
    settings.write_text(f"incidents: {rules}\n", encoding="utf-8")
    monkeypatch.setenv("OPLEVER_CONFIG", str(settings))
    assert "this is not YAML" in refused(attempt("incident", "check"), 1)
