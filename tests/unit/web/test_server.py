"""The commands: accounts, and a desk on a real socket; each thing that can be wrong is one clear message."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from command import attempt
from desk_client import ORIGIN, PASSWORD, WRONG
from oplever import clock
from oplever.app.desk import accounts, links, once, reads, sessions
from oplever.cli.main import main
from oplever.errors import OpleverError
from oplever.store import desk as desk_store
from oplever.web import server
from oplever.web.desk import Desk
from oplever.web.shield import Shield

EXTRA = ("starlette", "uvicorn", "argon2", "python_multipart")
WITHOUT = """
import os, sys
from oplever.cli.main import main
for module in sys.argv[1:]:
    if not (child := os.fork()):
        os.dup2(os.open(module, os.O_WRONLY | os.O_CREAT), 2)
        sys.modules[module] = None
        main(["web", "serve"])
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""A process for each module of the extra, in which it is not there."""


@pytest.mark.slow
def test_without_the_extra_the_command_says_what_to_install(records: Path) -> None:
    """In processes of their own: here the desk is imported already."""
    program = [sys.executable, "-c", WITHOUT, *EXTRA]
    done = subprocess.run(program, cwd=records.parent, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("2\n" * len(EXTRA), "")
    for module in EXTRA:
        message = (records.parent / module).read_text()
        assert f"this needs {module}" in message
        assert "pip install 'oplever[web]'" in message
        assert "Traceback" not in message


def test_an_account_is_made_changed_and_closed(records: Path) -> None:
    done = attempt(
        "web", "account", "add", "M. de Wit", "--role", "supervisor", "--role", "auditor", stdin=f"{PASSWORD}\n"
    )
    assert (done.exit_code, PASSWORD in done.output) == (0, False)
    assert [(account.name, account.roles) for account in accounts.every()] == [("M. de Wit", ("supervisor", "auditor"))]
    assert PASSWORD.encode() not in (records / "desk.sqlite").read_bytes()
    assert (records / "desk.sqlite").stat().st_mode & 0o077 == 0
    assert attempt("web", "account", "change", "m. de wit", "--role", "auditor").exit_code == 0
    assert "auditor" in attempt("web", "account", "list").output
    assert attempt("web", "account", "change", "M. de Wit", "--close").exit_code == 0
    assert "closed on" in attempt("web", "account", "list").output


REFUSED = [
    (["account", "add", "M. de Wit", "--role", "supervisor"], "short\n", "account-invalid"),
    (["account", "add", " ", "--role", "supervisor"], f"{PASSWORD}\n", "entry-invalid"),
    (["account", "add", "x" * 200, "--role", "supervisor"], f"{PASSWORD}\n", "account-invalid"),
    (["account", "add", "M.\u202e Wit", "--role", "supervisor"], f"{PASSWORD}\n", "entry-invalid"),
    (["account", "change", "N. Obody", "--close"], "", "account-unknown"),
    (["serve"], "", "desk-no-account"),
]


@pytest.mark.parametrize(("words", "text", "slug"), REFUSED, ids=lambda value: str(value)[:30])
def test_a_refusal_is_one_message(words: list[str], text: str, slug: str) -> None:
    done = attempt("web", *words, stdin=text)
    assert (done.exit_code, f"[{slug}]" in done.output) == (2, True), done.output


def test_a_taken_port_and_an_open_network_are_refused() -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = attempt("web", "serve", "--port", str(other.getsockname()[1]))
    assert (done.exit_code, "[desk-port]" in done.output) == (2, True)
    done = attempt("web", "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - it is refused
    assert (done.exit_code, "[desk-exposed]" in done.output) == (2, True)


def served_without_rights() -> str:
    """What the command says to somebody who may only do what files allow: root may do anything."""
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", sys.executable, "-m", "oplever"]
    done = subprocess.run(
        [*command, "web", "serve", "--port", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr
    return done.stderr


@pytest.mark.slow
def test_what_the_desk_may_not_read_or_write_is_said_before_it_opens(records: Path) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    attempt("web", "key")
    database, other = records / "desk.sqlite", 65534
    os.chown(database, other, other)
    database.chmod(0o644)
    assert "Permission denied" in (refused := served_without_rights())
    assert "[desk-unusable]" in refused
    assert "chown" in refused
    database.chmod(0o666)
    os.chown(records, other, other)
    records.chmod(0o755)  # SQLite writes a file beside it
    assert "[desk-unusable]" in served_without_rights()
    os.chown(records, os.getuid(), os.getgid())
    (records / "desk_key").write_text("no key")
    assert "[signing-failed]" in served_without_rights()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no database", "file is not a database"), (None, "Is a directory")],
    ids=["text", "directory"],
)
def test_a_file_that_is_no_database_is_one_message(records: Path, content: bytes | None, words: str) -> None:
    (records / "desk.sqlite").write_bytes(content) if content else (records / "desk.sqlite").mkdir()
    done = attempt("web", "serve", "--port", "0")
    assert (done.exit_code, words in done.output, "[desk-unusable]" in done.output) == (2, True, True), done.output


def test_a_postgresql_that_is_away_is_one_message(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_DESK_STORE", "postgresql://127.0.0.1:1/oplever")
    done = attempt("web", "serve", "--port", "0")
    assert (done.exit_code, "[desk-unusable]" in done.output) == (2, True)
    assert "Connection refused" in done.output


def test_an_address_of_another_machine_is_one_message(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    (records.parent / "oplever.yml").write_text("desk: {url: https://desk.school.example}")
    monkeypatch.setenv("OPLEVER_CONFIG", str(records.parent / "oplever.yml"))
    for host in ("192.0.2.55", "nohost.invalid"):
        done = attempt("web", "serve", "--host", host, "--port", "0")
        assert (done.exit_code, "[desk-port]" in done.output, "leave --host out" in done.output) == (2, True, True)


def test_a_password_in_another_encoding_is_refused(records: Path) -> None:
    """As a terminal set to Latin-1 sends it."""
    words = ("web", "account", "add", "M. de Wit", "--role", "supervisor")
    done = CliRunner().invoke(main, words, input=b"een lang wachtwoord met \xe9\xe9n streep\n")
    assert (done.exit_code, "the password has bytes that are no UTF-8" in done.stderr) == (2, True)
    assert accounts.every() == []


def test_a_login_is_tried_step_by_step() -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    done = attempt("web", "auth-test", "m. de wit", stdin=f"{PASSWORD}\n")
    assert (done.exit_code, "not well" in done.output) == (0, False)
    assert "decide" in done.output
    wrong = attempt("web", "auth-test", "M. de Wit", stdin=f"{WRONG}\n")
    assert (wrong.exit_code, wrong.output.count("not well")) == (1, 1)
    assert "not well    the password is right" in wrong.output
    for _ in range(sessions.MOST_OF_ACCOUNT):  # a trial is no attempt
        attempt("web", "auth-test", "M. de Wit", stdin=f"{WRONG}\n")
    assert attempt("web", "auth-test", "M. de Wit", stdin=f"{PASSWORD}\n").exit_code == 0
    accounts.change("M. de Wit", close=True)
    closed = attempt("web", "auth-test", "M. de Wit", stdin=f"{PASSWORD}\n").output
    assert "not well    the account is open" in closed
    assert "not tried   the password is right" in closed
    assert "not well    there is an account N. Obody" in attempt("web", "auth-test", "N. Obody", stdin="x\n").output


class Slow:
    """A client on a bare socket of a desk in a process of its own."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def __enter__(self) -> Slow:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def answer(self) -> str:
        with contextlib.suppress(OSError):
            return self.socket.recv(4096).decode(errors="replace")
        return ""


@pytest.mark.slow
def test_it_serves_on_a_socket_and_slow_and_odd_clients_hold_up_nobody(records: Path) -> None:
    """Two hundred never finish their request; another one is answered while they wait."""
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    command = [sys.executable, "-m", "oplever", "web", "serve", "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        contextlib.ExitStack() as stack,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        port = int(url.rpartition(":")[2])
        try:
            held = [stack.enter_context(Slow(port)) for _ in range(200)]
            for client in held[:100]:
                client.send(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-A: ")
            for client in held[100:]:
                client.send(f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000\r\n\r\nx")
            with urllib.request.urlopen(f"{url}/healthz", timeout=60) as answer:  # noqa: S310 - our own socket
                assert (answer.status, answer.read()) == (200, b"ok\n")
            given_up, _, _ = select.select([client.socket for client in held[100:]], [], [], 0)
            assert len(given_up) < 100, "it was answered only after the forms that are late"
            for odd in (
                f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX: {'y' * 200_000}\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 5\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "\x16\x03\x01\r\n\r\n",
            ):
                client = stack.enter_context(Slow(port))
                with contextlib.suppress(OSError):
                    client.send(odd)
                assert not client.answer().startswith(("HTTP/1.1 2", "HTTP/1.1 5")), odd[:60]
        finally:
            process.terminate()
        _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors


@pytest.mark.slow
def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that comes in drops ends after its time."""
    sent: list[dict[str, object]] = []

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("it was never whole")

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"host", b"127.0.0.1:8765")]}
    shield = Shield(app, Desk(ORIGIN), seconds=0.2)  # type: ignore[arg-type]
    asyncio.run(shield(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408


def test_the_key_of_the_desk_is_made_once_and_is_nobody_elses(records: Path) -> None:
    first = attempt("web", "key").output
    assert first.startswith('oplever-desk namespaces="oplever" ssh-ed25519 ')
    assert attempt("web", "key").output == first
    assert (records / "desk_key").stat().st_mode & 0o077 == 0


def test_what_is_over_is_taken_away_when_the_desk_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add("M. de Wit", ("supervisor",), PASSWORD)
    with desk_store.opened() as database:
        sessions.begin(database, "M. de Wit", PASSWORD, "192.0.2.7")
        with pytest.raises(OpleverError):
            sessions.begin(database, "M. de Wit", WRONG, "192.0.2.7")
        links.make(database, "accept", "r", "J. Bakker", "K. Jansen")
        reads.note(database, "m. de wit", "/", "r", "192.0.2.7")
    tables = [f"oplever_desk_{name}" for name in ("sessions", "attempts", "links", "reads")]

    def counts() -> list[int]:
        _, bound = server.prepare("127.0.0.1", 0)
        bound.close()
        with desk_store.opened() as database:
            return [database.column(f"SELECT count(*) FROM {table}")[0] for table in tables]  # noqa: S608 - ours

    assert min(counts()) > 0
    later = clock.written(clock.moment(clock.now()) + timedelta(days=400))
    monkeypatch.setattr(clock, "now", lambda: later)
    assert counts() == [0, 0, 0, 0]
    assert len(accounts.every()) == 1


@pytest.mark.slow
def test_it_stops_while_somebody_follows_a_run(records: Path) -> None:
    """Ctrl-C waits for nobody, and says nothing of what it cut off."""
    accounts.add("A. Bakker", ("auditor",), PASSWORD)
    name = "20261123T100000Z-site-aaaaaa"
    (records / name).mkdir()
    begun = {"seq": 0, "t": "2026-11-23T10:00:00.000000Z", "kind": "run_start", "format": "oplever-journal",
             "version": 2, "id": name}  # fmt: skip
    (records / name / "journal.jsonl").write_text(json.dumps(begun) + "\n")
    with desk_store.opened() as database:
        token = sessions.begin(database, "A. Bakker", PASSWORD, "192.0.2.7")
    command = [sys.executable, "-m", "oplever", "web", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[-1].rpartition(":")[2])
        with Slow(port) as reader:
            reader.send(
                f"GET /records/{name}/run/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Cookie: oplever_desk={token}\r\n\r\n"
            )
            assert "text/event-stream" in reader.answer()
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
    complaints = [word for word in ("Traceback", "ERROR", "Aborted") if word in output]
    assert (process.returncode, complaints) == (0, [])


def test_what_is_over_is_taken_away_while_the_desk_runs(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a day: a desk is not started again for months."""
    desk = Desk(ORIGIN)
    with desk_store.opened() as database:
        once.claim(database, "a")
    later = clock.written(clock.moment(clock.now()) + once.KEPT + timedelta(minutes=1))
    monkeypatch.setattr(clock, "now", lambda: later)

    def kept() -> list[str]:
        assert desk._looking.acquire(blocking=False)
        desk._look_besides()
        with desk_store.opened() as database:
            return database.column("SELECT digest FROM oplever_desk_forms")

    assert kept() == ["a"]
    monkeypatch.setattr("oplever.web.desk._FORGET_SECONDS", 0.0)
    assert kept() == []
