"""The commands: accounts, and a desk on a real socket; each thing that can be wrong is one clear message."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from desk_client import PASSWORD
from oplever.app.desk import accounts
from oplever.cli.main import main


def run(*words: str, given: str = "") -> Result:
    done = CliRunner().invoke(main, words, input=given)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done


def test_an_account_is_made_changed_and_closed(records: Path) -> None:
    done = run("web", "account", "add", "M. de Wit", "--role", "supervisor", "--role", "auditor", given=f"{PASSWORD}\n")
    assert (done.exit_code, PASSWORD in done.output) == (0, False)
    assert [(one.name, one.roles) for one in accounts.every()] == [("M. de Wit", ("supervisor", "auditor"))]
    assert PASSWORD.encode() not in (records / "desk.sqlite").read_bytes()
    assert (records / "desk.sqlite").stat().st_mode & 0o077 == 0
    assert run("web", "account", "change", "m. de wit", "--role", "auditor").exit_code == 0
    assert "auditor" in run("web", "account", "list").output
    assert run("web", "account", "change", "M. de Wit", "--close").exit_code == 0
    assert "closed on" in run("web", "account", "list").output


REFUSED = [
    (["account", "add", "M. de Wit", "--role", "supervisor"], "short\n", "account-invalid"),
    (["account", "add", " ", "--role", "supervisor"], f"{PASSWORD}\n", "entry-invalid"),
    (["account", "add", "x" * 200, "--role", "supervisor"], f"{PASSWORD}\n", "account-invalid"),
    (["account", "add", "M.\u202e Wit", "--role", "supervisor"], f"{PASSWORD}\n", "entry-invalid"),
    (["account", "change", "N. Obody", "--close"], "", "account-unknown"),
    (["serve"], "", "desk-no-account"),
]


@pytest.mark.parametrize(("words", "given", "slug"), REFUSED, ids=lambda value: str(value)[:30])
def test_a_refusal_is_one_message(words: list[str], given: str, slug: str) -> None:
    done = run("web", *words, given=given)
    assert (done.exit_code, f"[{slug}]" in done.output) == (2, True), done.output


def test_a_taken_port_and_an_open_network_are_refused() -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = run("web", "serve", "--port", str(other.getsockname()[1]))
    assert (done.exit_code, "[desk-port]" in done.output) == (2, True)
    done = run("web", "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - it is refused
    assert (done.exit_code, "[desk-exposed]" in done.output) == (2, True)


def test_the_key_of_the_desk_is_made_once_and_is_nobody_elses(records: Path) -> None:
    first = run("web", "key").output
    assert first.startswith('oplever-desk namespaces="oplever" ssh-ed25519 ')
    assert run("web", "key").output == first
    assert (records / "desk_key").stat().st_mode & 0o077 == 0


def test_it_serves_on_a_socket_and_stops(records: Path) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    command = [sys.executable, "-m", "oplever", "web", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split()[-1]
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=20) as answer:  # noqa: S310 - our own socket
                assert (answer.status, answer.read()) == (200, b"ok\n")
        finally:
            process.terminate()
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
