"""A command reads what it needs: no database for one record, nothing but settings and texts for the help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from oplever.cli.main import COMMANDS, main
from oplever.store import manifest
from stored import store_record, visit

NAME = "20261101T100000Z-site-aaaaaa"
HEAVY = {"sqlalchemy", "babel", "jinja2", "typst", "yaml", "rich", "msgspec"}
HOURS = ("--record", NAME, "--by", "S. Yilmaz", "--hours", "1", "--activity", "x")


def loaded(base: Path, *arguments: str) -> set[str]:
    """Those of the heavy libraries that a command imported."""
    script = f"""
import atexit, sys
from oplever.cli.main import main
atexit.register(lambda: sys.stderr.write("\\nloaded: " + " ".join(set({sorted(HEAVY)!r}) & sys.modules.keys())))
main({list(arguments)!r})
"""
    environment = {"OPLEVER_RECORDS": str(base), "OPLEVER_DOCUMENTS": "0", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return set(done.stderr.rpartition("loaded: ")[2].split())


@pytest.mark.parametrize(
    ("arguments", "libraries"),
    [
        (("--help",), {"msgspec"}),
        (("--version",), {"msgspec"}),
        (("add", "--help"), {"msgspec"}),
        (("add", "hours", *HOURS), {"msgspec"}),
        (("verify", NAME), {"msgspec"}),
        (("incident", "list"), {"msgspec", "yaml", "babel"}),
    ],
)
def test_a_command_imports_what_it_needs(tmp_path: Path, arguments: tuple[str, ...], libraries: set[str]) -> None:
    record = store_record(tmp_path, NAME, visit().finish(ok=5))
    manifest.save(record, manifest.make(record, 0))
    assert loaded(tmp_path, *arguments) <= libraries


def test_one_record_needs_no_database(tmp_path: Path) -> None:
    store_record(tmp_path, NAME, visit().finish(ok=5))
    assert not loaded(tmp_path, "show", NAME) & {"sqlalchemy", "jinja2", "typst"}


def test_the_help_of_oplever_names_every_command_and_each_can_be_loaded() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    context = click.Context(main)
    for name, lazy in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert f"  {name}" in shown
        assert lazy.help in shown
    assert list(COMMANDS) == sorted(COMMANDS)
    assert main.get_command(context, "found") is None
