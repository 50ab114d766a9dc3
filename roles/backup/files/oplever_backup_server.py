#!/usr/bin/python3
"""The backup server of a site: who may add to which repository, what is kept, and whether all is well.

  oplever-backup-server register NAME            let a machine in; its key and wishes on standard input, for the role
  oplever-backup-server forget NAME [--erase]    let it in no more; with --erase its archives go too
  oplever-backup-server keep                     look at each repository; once a day prune and check; for the timer
  oplever-backup-server list [NAME]              machines with their last archive, or the archives of one
  oplever-backup-server export NAME DATE PATH... files of an archive as tar on standard output: latest, or a date
  oplever-backup-server accept NAME              archives that disappeared or have odd times are all right
  oplever-backup-server test WHAT                clients: their last archives are young enough; or space: there is room

--check tells what would be done. Repositories belong to an account that runs borg and nothing else; passphrases are of
root alone. Standard library and borg only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import functools
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

HOME = Path(os.environ.get("OPLEVER_BACKUP_SERVER_HOME", "/var/lib/oplever-backup-server"))
SETTINGS = Path(os.environ.get("OPLEVER_BACKUP_SERVER_SETTINGS", "/etc/oplever-backup-server.json"))
HOST_KEYS = Path(os.environ.get("OPLEVER_BACKUP_SERVER_HOST_KEYS", "/etc/ssh"))
BORG = os.environ.get("OPLEVER_BACKUP_SERVER_BORG", "/usr/bin/borg")
CLIENTS, STATES, KEYS, CACHE = HOME / "clients", HOME / "states", HOME / "authorized_keys", HOME / "borg"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/=]+")
QUOTA = re.compile(r"[0-9]+[KMGT]")
PERIODS = ("daily", "weekly", "monthly")
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
CHECK_SECONDS = 600
"""How long a day the repositories are read through for damage; the next day goes on where this one ended."""
PATIENCE = 60.0
"""Seconds in which a test, or an answer of an administrator, waits for another call that looks at a repository."""


class RefusedError(Exception):
    """What is asked for cannot be; the message says why and what to do."""


class BusyError(RefusedError):
    """The machine is making an archive, or another call looks at its repository."""


class Client:
    """A machine that makes backups here: what it may, and what was seen of its repository."""

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        if not NAME.fullmatch(name):
            raise RefusedError(f"{name} is not the name of a machine")
        self.name, self.settings = name, settings
        self.path, self.state_path = CLIENTS / f"{name}.json", STATES / f"{name}.json"
        self.key_export = CLIENTS / f"{name}.key"
        self.repository = Path(settings["tree"]) / name
        self.entry = load(self.path)

    @functools.cached_property
    def state(self) -> dict[str, Any]:
        """What was seen of its repository and done with it."""
        return load(self.state_path)

    @property
    def line(self) -> str:
        """Its line of authorized_keys: one command, one repository, only adding."""
        forced = f"/usr/bin/borg serve --append-only --restrict-to-repository {self.repository}"
        return f'command="{forced} --storage-quota {self.entry["quota"]}",restrict {self.entry["key"]} {self.name}\n'

    # What is in the repository

    def transaction(self) -> int:
        """Grows with each change of the repository; 0 when there is none yet."""
        numbers = [int(path.suffix[1:]) for path in self.repository.glob("index.*") if path.suffix[1:].isdigit()]
        return max(numbers, default=0)

    def observe(self) -> None:
        """Look at the archives where something changed; what is wrong with them is in `state["problems"]`."""
        transaction = self.transaction()
        if not transaction or transaction == self.state.get("transaction"):
            return
        before, now = self.state.get("archives", {}), datetime.datetime.now(datetime.timezone.utc)
        archives = self.archives()
        problems = self.state.get("problems", [])
        if not self.state.get("pruning"):
            gone = sorted(entry["name"] for key, entry in before.items() if key not in archives)
            problems += [f"archive {name} was removed, and not by this server" for name in gone]
        if "observed" in self.state:
            earliest = moment(self.state["observed"]) - DAY
            new = [entry for key, entry in archives.items() if key not in before]
            odd = [entry for entry in new if not earliest <= moment(entry["time"]) <= now + HOUR]
            problems += [f"archive {entry['name']} came now and says that it is of {entry['time']}" for entry in odd]
        self.state.update(
            archives=archives, transaction=transaction, observed=now.isoformat(), problems=problems, pruning=False
        )
        self.save_state()

    def archives(self) -> dict[str, dict[str, str]]:
        """Id -> name and time."""
        rows = json.loads(self.borg("list", "--json", "--lock-wait", "3", str(self.repository)))["archives"]
        return {row["id"]: {"name": row["archive"], "time": row["time"]} for row in rows}

    def last(self) -> dict[str, str]:
        """Name and time of the newest archive. Raises RefusedError when there is none."""
        archives = self.state.get("archives", {})
        if not archives:
            raise RefusedError(f"{self.name} has no archive yet")
        return max(archives.values(), key=lambda entry: entry["time"])

    # What is done with it

    def keep(self) -> None:
        """Once a day: prune, compact, read through for damage. Raises RefusedError when something is wrong."""
        self.observe()
        if self.state.get("problems"):
            raise RefusedError(
                f"{self.name}: {'; '.join(self.state['problems'][:5])}. Nothing is pruned. Look what happened on that "
                f"machine; when it is all right: oplever-backup-server accept {self.name}"
            )
        now = datetime.datetime.now(datetime.timezone.utc)
        if not self.state.get("archives") or now - moment(self.state.get("pruned", "1970-01-01T00:00:00")) < DAY - HOUR:
            return
        self.state["pruning"] = True
        self.save_state()
        periods = [word for period in PERIODS for word in (f"--keep-{period}", str(self.entry["keep"][period]))]
        self.borg("prune", "--lock-wait", "60", *periods, str(self.repository))
        self.borg("compact", "--lock-wait", "60", str(self.repository))
        self.state["transaction"] = 0
        self.observe()
        self.state["pruned"] = now.isoformat()
        self.save_state()
        put(self.key_export, self.borg("key", "export", str(self.repository)).decode())
        self.borg("check", "--repository-only", "--max-duration", str(CHECK_SECONDS), str(self.repository), worst=0)

    def borg(self, *arguments: str, worst: int = 1, stdout: BinaryIO | None = None) -> bytes:
        """Run borg as the account of the repositories. The passphrase goes over a pipe, out of sight of that account's
        other processes. Raises RefusedError, and BusyError while another holds the repository."""
        account = pwd.getpwnam(self.settings["account"])
        reading, writing = os.pipe()
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(self.entry["passphrase"] + "\n")
        environment = {
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": str(CACHE), "BORG_BASE_DIR": str(CACHE),
            "BORG_PASSPHRASE_FD": str(reading), "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes", "BORG_EXIT_CODES": "legacy",
        }  # fmt: skip
        try:
            done = subprocess.run(
                [BORG, "--log-json", *arguments], env=environment, cwd="/", pass_fds=[reading], check=False,
                stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, **as_account(account),
            )  # fmt: skip
        finally:
            os.close(reading)
        if done.returncode > worst:
            rows = list(messages(done.stderr))
            texts = [brief(row["message"]) for row in rows if row.get("levelname") != "INFO"]
            text = " ".join(texts[-5:]) or f"exit code {done.returncode}"
            is_busy = any(row.get("msgid") in ("LockTimeout", "LockFailed") for row in rows)
            raise (BusyError if is_busy else RefusedError)(f"{self.name}: borg {arguments[0]}: {text}")
        return done.stdout or b""

    def save_state(self) -> None:
        put(self.state_path, json.dumps(self.state, indent=2) + "\n")

    @contextlib.contextmanager
    def alone(self, patience: float = 0.0) -> Iterator[None]:
        """One call at a time looks at a repository; the state is read again. Raises BusyError when another one still
        does so after these seconds."""
        end = time.monotonic() + patience
        with (STATES / f"{self.name}.lock").open("w", encoding="ascii") as stream:
            while not _locked(stream):
                if time.monotonic() >= end:
                    raise BusyError(f"{self.name}: another call looks at its repository")
                time.sleep(0.2)
            self.state = load(self.state_path)
            yield


def _locked(stream: TextIO) -> bool:
    """Whether nobody else has this file locked; now it is locked here."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# Commands


def register(client: Client, wishes: dict[str, Any], check: bool) -> dict[str, Any]:
    """Let a machine in, and tell it what it needs to know. Its passphrase is kept: without it nothing is pruned, and
    nothing can be restored when the machine is lost."""
    entry = {name: wishes[name] for name in ("key", "quota", "keep", "max_hours")}
    if not (check and not entry["key"]) and not KEY.fullmatch(" ".join(entry["key"].split()[:2])):
        raise RefusedError(f"the key of {client.name} is not a public key of the kind ed25519")
    if not QUOTA.fullmatch(entry["quota"]):
        raise RefusedError(f"{entry['quota']} is not a quota such as 50G")
    entry["key"] = " ".join(entry["key"].split()[:2])
    stored = client.entry.get("passphrase", "")
    entry["passphrase"] = wishes["passphrase"] or stored or wishes["own_passphrase"]
    entry["former"] = stored if stored not in ("", entry["passphrase"]) else client.entry.get("former", "")
    change = "settings changed" if client.entry.get("key") else "may make backups here"
    done = [] if entry == client.entry else [f"{client.name}: {change}"]
    if done and not check:
        client.entry = entry
        put(client.path, json.dumps(entry, indent=2) + "\n")
    done += write_keys(client.settings, check) if not done or not check else []
    return {
        "passphrase": entry["passphrase"], "former": entry["former"], "account": client.settings["account"],
        "port": client.settings["port"], "repository": str(client.repository), "host_keys": host_keys(), "done": done,
    }  # fmt: skip


def forget(client: Client, erase: bool, check: bool) -> list[str]:
    """The repository stays with its passphrase, so that it can be restored from, unless it is to be erased."""
    done = [f"{client.name}: may make backups here no more"] if client.entry.get("key") else []
    if erase and (client.repository.exists() or client.entry):
        done.append(f"{client.name}: archives erased")
    if done and not check:
        client.entry["key"] = ""
        put(client.path, json.dumps(client.entry, indent=2) + "\n")
        write_keys(client.settings)
        if erase:
            shutil.rmtree(client.repository, ignore_errors=True)
            for path in (client.path, client.key_export, client.state_path, STATES / f"{client.name}.lock"):
                path.unlink(missing_ok=True)
    return done


def write_keys(settings: dict[str, Any], check: bool = False) -> list[str]:
    """authorized_keys belongs to root, so that the account itself cannot change it."""
    text = "".join(client.line for client in clients(settings) if client.entry.get("key"))
    if KEYS.is_file() and KEYS.read_text("utf-8") == text:
        return []
    if not check:
        put(KEYS, text, mode=0o644)
    return [f"{KEYS}: written"]


def host_keys() -> list[str]:
    """The public key of this machine, from the private one: its file .pub can be missing."""
    path = HOST_KEYS / "ssh_host_ed25519_key"
    done = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"{path} cannot be used: {done.stderr.strip()}; make host keys with ssh-keygen -A")
    return [" ".join(done.stdout.split()[:2])]


def keep(settings: dict[str, Any]) -> list[str]:
    """All machines; one that is wrong does not keep the others. Raises RefusedError at the end."""
    problems = []
    for client in clients(settings):
        try:
            with client.alone():
                client.keep()
        except BusyError as problem:
            print(problem)
        except RefusedError as problem:
            problems.append(str(problem))
    if problems:
        raise RefusedError("\n".join(problems))
    return []


def check_clients(settings: dict[str, Any]) -> list[str]:
    """The last archive of each machine that may make them. Raises RefusedError with those that are not all right."""
    lines, wrong = [], []
    for client in clients(settings):
        if client.entry.get("key"):
            try:
                lines.append(check_client(client))
            except RefusedError as problem:
                wrong.append(str(problem))
    if wrong:
        raise RefusedError("\n".join(wrong))
    return lines or ["no machine makes backups here yet"]


def check_client(client: Client) -> str:
    """Its last archive is young enough and nothing is wrong with the others. What a machine that makes an archive now
    had before counts; of one of which nothing was seen before, nothing is said."""
    try:
        with client.alone(PATIENCE):
            client.observe()
    except BusyError as problem:
        client.state = load(client.state_path)
        if not client.state.get("archives"):
            raise RefusedError(f"{problem}. Whether it has an archive is not known yet: ask again later") from None
    if client.state.get("problems"):
        raise RefusedError(f"{client.name}: {'; '.join(client.state['problems'][:3])}")
    last = client.last()
    hours = (datetime.datetime.now(datetime.timezone.utc) - moment(last["time"])).total_seconds() / 3600
    if not -1 <= hours <= client.entry["max_hours"]:
        raise RefusedError(f"{client.name}: the last archive is of {last['time'][:16]}, {hours:.0f} hours ago")
    return f"{client.name}: the last archive is of {last['time'][:16]} UTC"


def check_space(settings: dict[str, Any]) -> str:
    status = os.statvfs(settings["tree"])
    free = 100 * status.f_bavail // max(status.f_blocks, 1)
    text = f"{free} % of {settings['tree']} is free, {status.f_bavail * status.f_frsize >> 30} GB"
    if free < settings["free_percent"]:
        raise RefusedError(f"{text}; at least {settings['free_percent']} % should be")
    return text


def table(settings: dict[str, Any]) -> list[str]:
    lines = []
    for client in clients(settings):
        archives = client.state.get("archives", {})
        last = max((entry["time"][:16] for entry in archives.values()), default="never")
        access = "may add" if client.entry.get("key") else "may not add"
        problems = client.state.get("problems", [])
        lines.append("\t".join([client.name, last, f"{len(archives)} archives", access, *problems]))
    return lines


def export(client: Client, date: str, paths: Sequence[str]) -> None:
    """Write a tar of the newest archive of that moment or before it."""
    entries = sorted(client.archives().values(), key=lambda entry: entry["time"])
    fitting = [entry["name"] for entry in entries if date == "latest" or entry["name"][: len(date)] <= date]
    if not fitting:
        raise RefusedError(f"{client.name} has no archive of {date} or before")
    inner = [path.strip("/") for path in paths]
    client.borg("export-tar", f"{client.repository}::{fitting[-1]}", "-", *inner, stdout=sys.stdout.buffer, worst=0)


def accept(client: Client) -> list[str]:
    with client.alone(PATIENCE):
        accepted = client.state.get("problems", [])
        client.state["problems"] = []
        client.save_state()
    return [f"accepted: {problem}" for problem in accepted]


# Files and processes


def clients(settings: dict[str, Any]) -> list[Client]:
    return [Client(path.name.removesuffix(".json"), settings) for path in sorted(CLIENTS.glob("*.json"))]


def as_account(account: pwd.struct_passwd) -> dict[str, Any]:
    """Arguments that make a process one of the account; only root can."""
    if os.geteuid() != 0:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def messages(stderr: bytes) -> Iterator[dict[str, Any]]:
    for line in stderr.decode(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = {"message": line}
        if isinstance(row, dict) and "message" in row:
            yield row


def brief(text: str) -> str:
    """What borg says of an error, without its account of itself."""
    lines = [line for line in text.partition("\nPlatform:")[0].splitlines() if line.strip()]
    return lines[-1] if "Traceback" in text else " ".join(lines)


def moment(text: str) -> datetime.datetime:
    """Borg writes times of its own zone, which is UTC here, without the zone."""
    parsed = datetime.datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.timezone.utc)


def load(path: Path) -> dict[str, Any]:
    """A file of this program; empty when it is not there. Raises RefusedError when it is damaged."""
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError as problem:
        raise RefusedError(f"{path} is damaged: {problem}") from None
    return content


def put(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file in one step."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(mode)
    new.rename(path)


@contextlib.contextmanager
def registering() -> Iterator[None]:
    """Machines register at the same time, and authorized_keys is one file."""
    with (CLIENTS / "lock").open("w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def parser() -> argparse.ArgumentParser:
    main_parser = argparse.ArgumentParser(prog="oplever-backup-server", description=(__doc__ or "").splitlines()[0])
    main_parser.add_argument("--check", action="store_true", help="tell what would be done")
    commands = main_parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("register", "let a machine in"),
        ("forget", "let a machine in no more"),
        ("accept", "the archives are all right as they are"),
    ):
        commands.add_parser(name, help=text).add_argument("name")
    commands.choices["forget"].add_argument("--erase", action="store_true", help="erase its archives too")
    commands.add_parser("keep", help="look at each repository, prune and check")
    commands.add_parser("list", help="machines, or archives of one").add_argument("name", nargs="?")
    tar = commands.add_parser("export", help="files of an archive as tar")
    tar.add_argument("name")
    tar.add_argument("date", help="latest, a date as 2026-11-25, or the name of an archive")
    tar.add_argument("paths", nargs="+")
    commands.add_parser("test", help="test one thing").add_argument("what", choices=("clients", "space"))
    return main_parser


def registered(name: str, settings: dict[str, Any]) -> Client:
    client = Client(name, settings)
    if not client.entry:
        raise RefusedError(f"{name} makes no backups here; oplever-backup-server list shows who does")
    return client


def act(arguments: argparse.Namespace, settings: dict[str, Any]) -> list[str]:
    """Do what is asked; gives the lines to print."""
    command, name = arguments.command, getattr(arguments, "name", None)
    if command == "register":
        with registering():
            return [json.dumps(register(Client(name, settings), json.load(sys.stdin), arguments.check))]
    if command == "forget":
        with registering():
            return forget(Client(name, settings), arguments.erase, arguments.check)
    if command == "keep":
        return keep(settings)
    if command == "list" and not name:
        return table(settings)
    if command == "test":
        return check_clients(settings) if arguments.what == "clients" else [check_space(settings)]
    client = registered(name, settings)
    if command == "export":
        export(client, arguments.date, arguments.paths)
        return []
    if command == "accept":
        return accept(client)
    return sorted(entry["name"] for entry in client.archives().values())


def main() -> int:
    arguments = parser().parse_args()
    os.umask(0o077)
    try:
        lines = act(arguments, load(SETTINGS))
    except (RefusedError, OSError, ValueError, KeyError) as problem:
        print(f"oplever-backup-server: {problem}", file=sys.stderr)
        return 1
    if lines:
        print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
