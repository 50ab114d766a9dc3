"""Backups: what a machine may do at the server, what the server sees before it prunes, which passphrase
opens."""

from __future__ import annotations

import datetime
import json
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from programs import program

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "roles/backup/files"
FORCED = "/usr/bin/borg serve --append-only --restrict-to-repository /srv/backups/web1 --storage-quota 5G"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBzhJ+example"
MADE, OTHER, OF_VAULT = "made on the machine", "another one", "of the vault"
WISHES = {
    "key": KEY + " backup",
    "quota": "5G",
    "keep": {"daily": 3, "weekly": 2, "monthly": 1},
    "max_hours": 30,
    "own_passphrase": MADE,
    "passphrase": "",
}
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """The program of the server with its files in a directory of the test."""
    module = program(FILES / "oplever_backup_server.py")
    module.HOME = tmp_path
    for name in ("CLIENTS", "STATES"):
        setattr(module, name, tmp_path / name.lower())
        getattr(module, name).mkdir()
    module.KEYS, module.HOST_KEYS = tmp_path / "authorized_keys", tmp_path
    key = tmp_path / "ssh_host_ed25519_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    key.with_suffix(".pub").rename(tmp_path / "public")
    module.put(tmp_path / "settings", "{}")
    return module


SETTINGS = {"tree": "/srv/backups", "account": "oplever-backup", "port": 8022, "free_percent": 10}


def registered(server: Any, name: str = "web1", **wishes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = server.register(server.Client(name, SETTINGS), {**WISHES, **wishes}, False)
    return answer


def test_a_key_may_run_one_command_for_one_repository(server: Any) -> None:
    registered(server)
    registered(server, "web2")
    first, second = server.KEYS.read_text("ascii").splitlines()
    assert first == f'command="{FORCED}",restrict {KEY} web1'
    assert "--restrict-to-repository /srv/backups/web2 " in second


@pytest.mark.parametrize("key", [KEY + '\ncommand="sh" ' + KEY, "ssh-rsa AAAA", 'x",pty ' + KEY])
def test_a_key_that_is_more_than_a_key_is_refused_or_cut(server: Any, key: str) -> None:
    try:
        registered(server, key=key)
    except server.RefusedError:
        assert not server.KEYS.is_file()
    else:
        assert server.KEYS.read_text("ascii") == f'command="{FORCED}",restrict {KEY} web1\n'


@pytest.mark.parametrize("name", ["../web1", "", ".web1", 'a"b', "a b"])
def test_a_name_is_that_of_a_machine(server: Any, name: str) -> None:
    with pytest.raises(server.RefusedError, match="not the name of a machine"):
        registered(server, name)


def test_a_machine_is_told_the_key_of_the_server(server: Any, tmp_path: Path) -> None:
    assert registered(server)["host_keys"] == [" ".join((tmp_path / "public").read_text("ascii").split()[:2])]
    (tmp_path / "ssh_host_ed25519_key").unlink()
    with pytest.raises(server.RefusedError, match="make host keys with ssh-keygen -A"):
        registered(server)


def test_a_second_time_changes_nothing_and_check_mode_writes_nothing(server: Any) -> None:
    server.register(server.Client("web1", SETTINGS), WISHES, True)
    assert list(server.CLIENTS.iterdir()) == []
    assert registered(server)["done"] == ["web1: may make backups here", f"{server.KEYS}: written"]
    assert registered(server)["done"] == []


def test_a_line_that_was_changed_by_hand_is_put_right(server: Any) -> None:
    registered(server)
    text = server.KEYS.read_text("ascii")
    server.KEYS.write_text(KEY + " web1\n", encoding="ascii")
    assert registered(server)["done"] == [f"{server.KEYS}: written"]
    assert server.KEYS.read_text("ascii") == text


def test_a_machine_made_anew_gets_its_passphrase_back(server: Any) -> None:
    registered(server)
    anew = registered(server, key=KEY[:-1] + "X", own_passphrase=OTHER)
    assert anew["passphrase"] == MADE
    assert server.KEYS.read_text("ascii").count("\n") == 1
    assert KEY[:-1] + "X" in server.KEYS.read_text("ascii")


def test_a_passphrase_of_the_vault_goes_first_and_the_former_one_is_told(server: Any) -> None:
    registered(server)
    answer = registered(server, passphrase=OF_VAULT)
    assert (answer["passphrase"], answer["former"]) == (OF_VAULT, MADE)


def test_who_is_forgotten_does_not_come_in_and_can_be_restored(server: Any) -> None:
    registered(server)
    assert server.forget(server.Client("web1", SETTINGS), False, False) == ["web1: may make backups here no more"]
    assert server.KEYS.read_text("ascii") == ""
    assert server.Client("web1", SETTINGS).entry["passphrase"] == MADE
    assert server.forget(server.Client("web1", SETTINGS), False, False) == []


class Repository:
    """A client whose archives are those of the test; `calls` are the commands of borg."""

    def __init__(self, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        registered(server)
        self.server, self.calls, self.number = server, [], 1
        self.archives: dict[str, dict[str, str]] = {}
        monkeypatch.setattr(server.Client, "archives", lambda _: dict(self.archives))
        monkeypatch.setattr(server.Client, "transaction", lambda _: self.number)
        monkeypatch.setattr(server.Client, "borg", self._borg)

    def _borg(self, *arguments: str, **_: Any) -> bytes:
        self.calls.append(arguments[0])
        if arguments[0] == "prune":
            self.archives.pop("old", None)
            self.number += 1
        return b""

    def add(self, key: str, made: datetime.datetime) -> None:
        self.archives[key] = {"name": key, "time": made.replace(tzinfo=None).isoformat()}
        self.number += 1

    def client(self) -> Any:
        return self.server.Client("web1", SETTINGS)


@pytest.fixture
def repository(server: Any, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository = Repository(server, monkeypatch)
    repository.add("old", NOW - datetime.timedelta(days=9))
    repository.add("new", NOW - datetime.timedelta(hours=2))
    return repository


def test_the_server_prunes_checks_and_keeps_the_key_once_a_day(repository: Repository) -> None:
    repository.client().keep()
    assert repository.calls == ["prune", "compact", "key", "check"]
    assert repository.client().key_export.is_file()
    repository.client().keep()
    assert len(repository.calls) == 4
    assert list(repository.client().state["archives"]) == ["new"]


def test_an_archive_that_disappeared_stops_all_pruning_until_it_is_accepted(repository: Repository) -> None:
    repository.client().observe()
    del repository.archives["old"]
    repository.number += 1
    for _ in range(2):
        with pytest.raises(repository.server.RefusedError, match="old was removed, and not by this server"):
            repository.client().keep()
    with pytest.raises(repository.server.RefusedError, match="old was removed"):
        repository.server.check_client(repository.client())
    assert repository.calls == []
    assert len(repository.server.accept(repository.client())) == 1
    repository.client().keep()
    assert repository.calls[0] == "prune"


@pytest.mark.parametrize("days", [-3, 1])
def test_an_archive_with_a_time_that_cannot_be_stops_pruning(repository: Repository, days: int) -> None:
    repository.client().observe()
    repository.add("odd", NOW + datetime.timedelta(days=days))
    with pytest.raises(repository.server.RefusedError, match="odd came now and says"):
        repository.client().keep()
    assert repository.calls == []


def test_a_pruning_that_was_cut_off_is_no_deletion(repository: Repository) -> None:
    client = repository.client()
    client.observe()
    client.state["pruning"] = True
    client.save_state()
    del repository.archives["old"]
    repository.number += 1
    repository.client().keep()
    assert repository.client().state["problems"] == []


def test_an_archive_that_is_too_old_or_missing_is_named(repository: Repository) -> None:
    assert "web1: the last archive is of" in repository.server.check_clients(SETTINGS)[0]
    repository.archives.pop("new")
    repository.client().state_path.unlink()
    with pytest.raises(repository.server.RefusedError, match=r"web1: the last archive is of .*, 216 hours ago"):
        repository.server.check_clients(SETTINGS)
    repository.archives.clear()
    repository.client().state_path.unlink()
    with pytest.raises(repository.server.RefusedError, match="web1 has no archive yet"):
        repository.server.check_clients(SETTINGS)


@pytest.mark.slow
def test_a_test_waits_for_a_call_that_looks_at_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer looks every hour; what it has not seen yet is not missing."""
    monkeypatch.setattr(repository.server, "PATIENCE", 0.1)
    refused = pytest.raises(repository.server.RefusedError, match="is not known yet: ask again later")
    with repository.client().alone(), refused:
        repository.server.check_clients(SETTINGS)
    monkeypatch.setattr(repository.server, "PATIENCE", 60)
    other = repository.client().alone()
    other.__enter__()
    timer = threading.Timer(0.5, other.__exit__, (None, None, None))
    timer.start()
    assert "web1: the last archive is of" in repository.server.check_clients(SETTINGS)[0]
    timer.join()
    monkeypatch.setattr(repository.server, "PATIENCE", 0.1)
    with repository.client().alone():  # of what was seen before, it tells
        assert "web1: the last archive is of" in repository.server.check_clients(SETTINGS)[0]


def test_a_damaged_file_is_named(repository: Repository) -> None:
    repository.client().state_path.write_text("{", encoding="utf-8")
    with pytest.raises(repository.server.RefusedError, match=r"web1\.json is damaged"):
        repository.server.keep(SETTINGS)


# What sshd runs in place of a shell


def answer_of_server(forced: str | None, asked: str | None) -> tuple[int, str]:
    words = ["sh", str(FILES / "serve.sh"), *(["-c", forced] if forced is not None else [])]
    env = {"PATH": "/usr/bin:/bin", **({} if asked is None else {"SSH_ORIGINAL_COMMAND": asked})}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_server_tells_the_rights_of_a_machine() -> None:
    assert answer_of_server(FORCED, "rights") == (0, FORCED + "\n")


@pytest.mark.parametrize(
    ("forced", "asked"),
    [
        (None, None),
        ("id", "rights"),
        ("/usr/bin/borg serve", "rights"),
        (FORCED, None),  # no forced command: the words come from the other side
        ("/usr/bin/borg serve --restrict-to-repository /srv/backups/web1", "borg serve"),
    ],
)
def test_without_a_forced_command_of_borg_nothing_is_run(forced: str | None, asked: str | None) -> None:
    assert answer_of_server(forced, asked) == (1, "")


def test_words_are_not_read_as_those_of_a_shell(tmp_path: Path) -> None:
    answer_of_server(f"{FORCED}; touch {tmp_path}/file $(touch {tmp_path}/other)", "borg serve")
    assert list(tmp_path.iterdir()) == []


# The machine


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = program(FILES / "oplever_backup.py")
    module.HOME, module.PASSPHRASE = tmp_path, tmp_path / "passphrase"
    module.CANARY, module.LAST, module.DUMPS = tmp_path / "canary", tmp_path / "last.json", tmp_path / "dumps"
    monkeypatch.setattr(module, "remote", lambda _="": "ssh://server/repository")
    return module


def opened_by(client: Any, monkeypatch: pytest.MonkeyPatch, secret: str | None) -> list[tuple[str, str]]:
    """Borg of a repository that this passphrase opens; None when there is none. The commands with their passphrase."""
    calls = []

    def borg(command: str, *_: str, secret: str = "", **__: Any) -> Any:
        calls.append((command, secret))
        if command == "info" and state[0] is None:
            raise client.BorgError("it does not exist", "Repository.DoesNotExist")
        if command == "info" and secret != state[0]:
            raise client.BorgError("wrong", "PassphraseWrong")
        return SimpleNamespace(stdout=b"", stderr=b"")

    state = [secret]
    monkeypatch.setattr(client, "borg", borg)
    return calls


@pytest.mark.parametrize(
    ("opens", "done", "last"),
    [
        (None, "repository: made", ("init", "right")),
        ("right", "passphrase: taken from the server", ("info", "right")),
        ("former", "repository: has another passphrase", ("key", "former")),
    ],
)
def test_the_repository_has_the_passphrase_of_the_server(
    client: Any, monkeypatch: pytest.MonkeyPatch, opens: str | None, done: str, last: tuple[str, str]
) -> None:
    calls = opened_by(client, monkeypatch, opens)
    assert client.open_repository("right", ["", "former"])[0] == done
    assert calls[-1] == last
    assert client.passphrase() == "right"


def test_a_repository_that_nobody_can_open_is_said(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_by(client, monkeypatch, "forgotten")
    with pytest.raises(client.RefusedError, match="no passphrase that this machine and the server know"):
        client.open_repository("right", ["former"])
    assert not client.PASSPHRASE.exists()


def archived(client: Any, monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    stats = {"nfiles": 1, "original_size": 0, "deduplicated_size": 0}
    stderr = "\n".join(json.dumps({"levelname": "WARNING", "message": text}) for text in warnings).encode()
    answer = SimpleNamespace(stdout=json.dumps({"archive": {"stats": stats}}).encode(), stderr=stderr)
    monkeypatch.setattr(client, "borg", lambda *_, **__: answer)
    monkeypatch.setattr(client, "restorable", lambda _, samples: samples)


@pytest.mark.parametrize(
    "what", ["/etc/shadow: open: [Errno 13] Permission denied", "mariadb: server gone", "/no-such-path-of-a-test"]
)
def test_what_an_archive_lacks_is_an_error_after_it(
    client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    archived(client, monkeypatch, [what] if "Errno" in what else [])
    client.DUMPS.write_text(json.dumps([what] if "gone" in what else []), encoding="utf-8")
    paths = [str(tmp_path), *([what] if what == "/no-such-path-of-a-test" else [])]
    with pytest.raises(client.RefusedError, match="was made, but without all") as refusal:
        client.create({"paths": paths, "exclude": [], "declared": []})
    assert what in str(refusal.value)
    assert client.LAST.is_file()


def test_files_that_change_meanwhile_are_no_error(client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    archived(client, monkeypatch, ["/var/log/x: file changed while we backed it up"])
    (line,) = client.create({"paths": [str(tmp_path)], "exclude": [], "declared": []})
    assert "1 files" in line


def test_a_command_that_fails_is_remembered_and_the_others_run(client: Any, tmp_path: Path) -> None:
    commands = ["echo no >&2; false", f"touch {tmp_path}/run"]
    client.dump({"declared": [{"role": "mariadb", "path": "/x", "dump": command} for command in commands]})
    (failed,) = json.loads(client.DUMPS.read_text("utf-8"))
    assert failed.endswith(": no")
    assert (tmp_path / "run").exists()


def test_what_roles_declare_is_taken_along_once_and_only_where_it_is(client: Any, tmp_path: Path) -> None:
    for name in ("key_a", "key_b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    declared = [
        {"role": "sshd", "path": path} for path in (f"{tmp_path}/key_*", "/no-such-path-of-a-test", str(tmp_path))
    ]
    paths = client.existing({"paths": [str(tmp_path), "/no-such-path-of-a-test"], "declared": declared})
    assert paths == [str(tmp_path), f"{tmp_path}/key_a", f"{tmp_path}/key_b"]


@pytest.mark.parametrize(
    ("date", "name"),
    [
        ("latest", "2026-11-25T02:00:00Z"),
        ("2026-11-24", "2026-11-24T12:00:00Z"),
        ("2026-11-24T03:00", "2026-11-24T02:00:00Z"),
        ("2026-12", "2026-11-25T02:00:00Z"),
    ],
)
def test_a_date_is_the_last_archive_of_it_or_before(
    client: Any, monkeypatch: pytest.MonkeyPatch, date: str, name: str
) -> None:
    names = ["2026-11-24T02:00:00Z", "2026-11-24T12:00:00Z", "2026-11-25T02:00:00Z"]
    monkeypatch.setattr(client, "archives", lambda: names)
    assert client.archive_of(date) == name
    with pytest.raises(client.RefusedError, match="the oldest is 2026-11-24T02:00:00Z"):
        client.archive_of("2026-11-23")
