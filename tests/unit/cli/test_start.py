"""A command reads what it needs: no database for one record, nothing but settings and texts for the help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import pytest
from command import attempt
from oplever.cli.main import COMMANDS, main
from oplever.kinds.registry import KINDS
from oplever.store import manifest
from oplever.words import Kind, Status
from stored import store_record, visit

NAME = "20261101T100000Z-site-aaaaaa"
HEAVY = {"sqlalchemy", "babel", "jinja2", "typst", "yaml", "rich", "msgspec"}
HOURS = ("--record", NAME, "--by", "S. Yilmaz", "--hours", "1", "--activity", "x")


WHOLE_RECORDS = {"oplever.kinds.registry", "oplever.record.model", "oplever.record.entries", "oplever.app.add"}


def loaded(base: Path, *arguments: str) -> set[str]:
    """Those of the heavy libraries and of the modules of whole records that a command imported."""
    modules = sorted(HEAVY | WHOLE_RECORDS)
    script = f"""
import atexit, sys
from oplever.cli.main import main
atexit.register(lambda: sys.stderr.write("\\nloaded: " + " ".join(set({modules!r}) & sys.modules.keys())))
main({list(arguments)!r})
"""
    environment = {"OPLEVER_RECORDS": str(base), "OPLEVER_DOCUMENTS": "0", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return set(done.stderr.rpartition("loaded: ")[2].split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "libraries"),
    [
        (("--help",), {"msgspec"}),
        (("--version",), {"msgspec"}),
        (("add", "--help"), {"msgspec"}),
        (("add", "hours", *HOURS), {"msgspec"}),
        (("verify", NAME), {"msgspec"}),
        (("list",), {"msgspec"}),
        (("incident", "list"), {"msgspec"}),
    ],
)
def test_a_command_imports_what_it_needs(tmp_path: Path, arguments: tuple[str, ...], libraries: set[str]) -> None:
    record = store_record(tmp_path, NAME, visit().finish(ok=5))
    manifest.save(record, manifest.make(record, 0))
    assert loaded(tmp_path, *arguments) & HEAVY <= libraries


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("list",), ("incident", "list")])
def test_a_list_reads_whole_records_only_for_what_changed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    store_record(tmp_path, NAME, visit().finish(ok=5))
    assert loaded(tmp_path, *arguments) >= WHOLE_RECORDS - {"oplever.app.add"}
    assert not loaded(tmp_path, *arguments) & WHOLE_RECORDS


def test_kinds_and_states_that_lists_know_are_those_that_are_declared() -> None:
    assert list(get_args(Kind)) == list(KINDS)
    assert set(get_args(Status)) >= {state.id for kind in KINDS.values() for state in kind.states}


@pytest.mark.slow
def test_one_record_needs_no_database(tmp_path: Path) -> None:
    store_record(tmp_path, NAME, visit().finish(ok=5))
    assert not loaded(tmp_path, "show", NAME) & {"sqlalchemy", "jinja2", "typst"}


def test_the_help_of_oplever_names_every_command_and_each_can_be_loaded() -> None:
    shown = attempt("--help").output
    context = click.Context(main)
    for name, lazy in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert f"  {name}" in shown
        assert lazy.help in shown
    assert list(COMMANDS) == sorted(COMMANDS)
    assert main.get_command(context, "found") is None
