"""Where a command reads and prints: closed streams, terminals with another encoding, names that no file can have."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from command import attempt
from oplever.cli.main import main
from stored import store_record, visit

NAME = "20261101T100000Z-site-aaaaaa"
ENCODINGS = ["latin-1", "ascii", "cp1252"]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("OPLEVER_PERSON", raising=False)
    return store_record(tmp_path, NAME, visit().finish(ok=5))


def exit_code(*arguments: str) -> object:
    """Of the command with the streams as they are now; it ends without a traceback."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments), prog_name="oplever")
    for stream in (sys.stdin, sys.stdout):
        if getattr(stream, "name", "") == os.devnull:
            stream.close()
    return end.value.code


@pytest.mark.parametrize("arguments", [["list"], ["show", NAME, "--format", "json"], ["--help"]])
def test_nothing_is_printed_where_standard_output_is_closed(
    arguments: list[str], record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert exit_code(*arguments) in (0, 1)


def test_nobody_is_asked_where_standard_input_is_closed(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    before = list(record.iterdir())
    assert exit_code("add", "hours", "--record", NAME, "--hours", "1", "--activity", "x") == 2
    assert list(record.iterdir()) == before


def printed(*arguments: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What a terminal with this encoding gets."""
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken, encoding=encoding))
    exit_code(*arguments)
    return taken.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("command", "part"), [(["show"], NAME), (["list"], NAME), (["export", "summary"], "r1")])
def test_a_terminal_with_another_encoding_gets_what_it_has(
    command: list[str], part: str, encoding: str, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert part.encode() in printed(*command, encoding=encoding, monkeypatch=monkeypatch)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_for_programs_is_in_utf8_all_the_same(
    encoding: str, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "Één wiki – klas 5V"
    assert attempt("add", "assignment", "--record", NAME, "--by", "S. Yilmaz", "--title", title).exit_code == 0
    shown = json.loads(printed("show", NAME, "--format", "json", encoding=encoding, monkeypatch=monkeypatch))
    assert shown["assignment"]["title"] == title
    listed = json.loads(printed("list", "--format", "json", encoding=encoding, monkeypatch=monkeypatch))
    assert listed[0]["title"] == title
    words = ("--language", "nl", "complete", NAME, "--template")
    template = printed(*words, encoding=encoding, monkeypatch=monkeypatch)
    assert template == printed(*words, encoding="utf-8", monkeypatch=monkeypatch)


LONG = "a" * 300
"""More than the name of a file can have: the system refuses to look whether it is there."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "ara", LONG],
        ["import", "awx", LONG],
        ["import", "ansible-runner", LONG],
        ["handout", "--lint", LONG],
        ["checks", "lint", LONG],
        ["show", LONG],
        ["publish", "--out", LONG],
    ],
)
def test_a_name_that_no_file_can_have_is_refused(arguments: list[str], record: Path) -> None:
    done = attempt(*arguments)
    assert done.exit_code == 2
    assert "  -> " in done.stderr


def test_what_was_typed_in_another_encoding_is_refused(record: Path) -> None:
    """A terminal set to Latin-1 sends `café` as bytes that Python keeps as a lone surrogate; no JSON has one."""
    typed = b"caf\xe9".decode("utf-8", "surrogateescape")
    done = attempt("add", "hours", "--record", NAME, "--by", "S. Yilmaz", "--hours", "1", "--activity", typed)
    assert done.exit_code == 2
    assert "activity: it has bytes that are no UTF-8" in done.stderr
    assert not (record / "entries.jsonl").exists()


@pytest.mark.parametrize(
    "content",
    ['[{"added": "hours", "hours": 1, "activity": "\\ud800"}]', '- {added: hours, hours: 1, activity: "\\ud800"}'],
)
def test_half_a_character_in_a_file_of_entries_is_refused(content: str, record: Path, tmp_path: Path) -> None:
    path = tmp_path / "entries.yml"
    path.write_text(content, encoding="utf-8")
    done = attempt("add", "--record", NAME, "--by", "S. Yilmaz", "--file", str(path))
    assert done.exit_code == 2
    assert "activity: it has bytes that are no UTF-8" in done.stderr


def test_results_in_a_file_whose_name_is_in_another_encoding(record: Path, tmp_path: Path) -> None:
    path = tmp_path / b"caf\xe9.xml".decode("utf-8", "surrogateescape")
    path.write_text('<testsuite name="a"><testcase name="x"/></testsuite>', encoding="utf-8")
    done = attempt("import", "junit", str(path), "--record", NAME, "--by", "S. Yilmaz", "--host", "web1")
    assert done.exit_code in (0, 1), done.stderr
    assert "added: 1 passed" in done.stdout
    assert b"caf?.xml" in (record / "entries.jsonl").read_bytes()
