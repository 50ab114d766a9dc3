#!/usr/bin/python3
"""Backups of this machine on the backup server of the site, and back again.

  oplever-backup offer                       make a key and a passphrase when there are none, and print them
  oplever-backup connect                     take the answer of the server on standard input; make the repository
  oplever-backup dump                        run the commands that go before an archive; for the unit
  oplever-backup create                      make an archive; for the unit
  oplever-backup list                        the archives, the newest last
  oplever-backup restore DATE PATH... --to DIRECTORY | --in-place
                                             put files back as they were: latest, a date, or the name of an archive
  oplever-backup test WHAT                   recent, restore, pinned or confined; for the tests, changes nothing
  oplever-backup remove                      forget the server; the archives stay there

--check tells what would be done. The key is made here and never leaves its directory. Standard library, borg and ssh
only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import datetime
import glob
import hashlib
import io
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("OPLEVER_BACKUP_HOME", "/var/lib/oplever-backup"))
SETTINGS = Path(os.environ.get("OPLEVER_BACKUP_SETTINGS", "/etc/oplever-backup.json"))
DUMPS = Path(os.environ.get("OPLEVER_BACKUP_DUMPS", "/run/oplever-backup-dumps"))
KEY, PASSPHRASE, HOSTS, SERVER = HOME / "id_ed25519", HOME / "passphrase", HOME / "known_hosts", HOME / "server.json"
CANARY, LAST, CACHE = HOME / "canary", HOME / "last.json", HOME / "borg"
ALIAS = "oplever-backup"  # name of the server in known_hosts, whatever its address is
STAMP = "%Y-%m-%dT%H:%M:%SZ"
SAMPLES, LOOKED_AT, SMALL = 3, 500, 1 << 18
"""Files of an archive that are restored as a test, how many are chosen from, and their largest size in bytes."""
ELSEWHERE = ("nfs", "nfs4", "cifs", "smb3", "autofs", "afs", "ceph", "glusterfs", "9p")
VIRTUAL = ("proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "cgroup2", "overlay", "squashfs", "fusectl", "tracefs")
"""Kinds of file systems below a path that are not of this machine, or no files at all."""
HARMLESS = ("file changed while we backed it up", "[Errno 2]")


class RefusedError(Exception):
    """What is asked for cannot be; the message says why."""


class BorgError(RefusedError):
    """Borg ended with an error. `kind` is its own name for it, or empty."""

    def __init__(self, text: str, kind: str) -> None:
        self.kind = kind
        super().__init__(text)


def offer(check: bool) -> dict[str, str]:
    """The public key and the passphrase; empty in check mode where there are none yet."""
    if not check:
        HOME.mkdir(mode=0o700, exist_ok=True)
        if not KEY.is_file():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "backup", "-f", str(KEY))
        if not PASSPHRASE.is_file():
            put(PASSPHRASE, secrets.token_urlsafe(32) + "\n")
    public = KEY.with_suffix(".pub")
    return {"key": public.read_text("ascii").strip() if public.is_file() else "", "passphrase": passphrase()}


def connect(answer: dict[str, Any], check: bool) -> list[str]:
    """Pin the server and make the repository, or open the one that is there. A line for each change."""
    done = []
    server = {name: answer[name] for name in ("address", "port", "account", "repository")}
    hosts = "".join(f"{ALIAS} {key}\n" for key in answer["host_keys"])
    for path, text in ((HOSTS, hosts), (SERVER, json.dumps(server, indent=2) + "\n")):
        if not path.is_file() or path.read_text("utf-8") != text:
            done.append(f"{path}: written")
            if not check:
                put(path, text)
    if not check:
        done += open_repository(answer["passphrase"], [passphrase(), answer.get("former", "")])
    return done


def open_repository(right: str, others: Sequence[str]) -> list[str]:
    """Make the repository, or give it the `right` passphrase when it still has one of the others."""
    done = []
    for text in (right, *(other for other in others if other not in ("", right))):
        try:
            borg("info", "--json", remote(), secret=text)
        except BorgError as problem:
            if problem.kind == "PassphraseWrong":
                continue
            if problem.kind not in ("Repository.DoesNotExist", "Repository.InvalidRepository"):
                raise
            borg("init", "--encryption", "repokey-blake2", remote(), secret=right)
            done.append("repository: made")
        else:
            if text != right:
                borg("key", "change-passphrase", remote(), secret=text, more={"BORG_NEW_PASSPHRASE": right})
                done.append("repository: has another passphrase")
        if passphrase() != right:
            put(PASSPHRASE, right + "\n")
            done.append("passphrase: taken from the server")
        return done
    raise RefusedError(
        "no passphrase that this machine and the server know opens the repository. Put the right one in "
        f"{PASSPHRASE}, or start anew: on the server, oplever-backup-server forget NAME --erase."
    )


def dump(settings: dict[str, Any]) -> None:
    """Run the commands before an archive. One that fails is remembered, so that files are still backed up."""
    failed = []
    for command in dict.fromkeys(row["dump"] for row in settings["declared"] if row.get("dump")):
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
        if done.returncode:
            failed.append(f"{command}: {(done.stderr or done.stdout).strip()[-300:]}")
    DUMPS.write_text(json.dumps(failed), encoding="utf-8")


def create(settings: dict[str, Any]) -> list[str]:
    """Make an archive; raises RefusedError afterwards when something that should be in it is not."""
    problems = json.loads(DUMPS.read_text("utf-8")) if DUMPS.is_file() else []
    problems += [f"{path} does not exist" for path in settings["paths"] if not os.path.lexists(path)]
    paths = existing(settings)
    put(CANARY, secrets.token_hex(32) + "\n")
    samples = {str(path): digest(path) for path in [CANARY, *chosen(paths)]}
    name = datetime.datetime.now(datetime.timezone.utc).strftime(STAMP)
    excluded = [*settings["exclude"], *mounts(paths), str(KEY), str(PASSPHRASE), str(CACHE)]
    options = [option for pattern in excluded for option in ("--exclude", pattern)]
    answer = borg(
        "create", "--json", "--compression", "zstd", "--exclude-caches", "--lock-wait", "600", *options,
        f"{remote()}::{name}", *paths, str(CANARY),
    )  # fmt: skip
    warnings = [entry["message"] for entry in messages(answer.stderr) if entry.get("levelname") == "WARNING"]
    problems += [text for text in warnings if not any(harmless in text for harmless in HARMLESS)]
    put(LAST, json.dumps({"archive": name, "files": restorable(name, samples)}, indent=2) + "\n")
    stats = json.loads(answer.stdout)["archive"]["stats"]
    size, new = stats["original_size"] >> 20, stats["deduplicated_size"] >> 20
    if problems:
        raise RefusedError(f"archive {name} was made, but without all that belongs in it: {'; '.join(problems[:10])}")
    return [f"{name}: {stats['nfiles']} files, {size} MB, of which {new} MB are new"]


def existing(settings: dict[str, Any]) -> list[str]:
    """The paths of the settings, and those that roles declare, as far as they are there."""
    declared = [path for row in settings["declared"] for path in sorted(glob.glob(row["path"]))]
    return list(dict.fromkeys([*(path for path in settings["paths"] if os.path.lexists(path)), *declared]))


def restorable(name: str, samples: dict[str, str]) -> dict[str, str]:
    """Those that are in the archive, and did not change while it was made: the copy of such a file may differ."""
    rows = borg("list", "--json-lines", f"{remote()}::{name}", *(path.strip("/") for path in samples)).stdout
    included = {"/" + json.loads(row)["path"] for row in rows.splitlines()}
    return {path: value for path, value in samples.items() if path in included and digest(Path(path)) == value}


def chosen(paths: Sequence[str]) -> list[Path]:
    """Files that are restored as a test, each below another path as far as there are."""
    lists = [small_files(root) for root in random.sample(list(paths), len(paths))]
    return [random.choice(files) for files in lists if files][:SAMPLES]  # noqa: S311  not for security


def small_files(root: str) -> list[Path]:
    """Some small files below a path, or the path itself."""
    files: list[Path] = []
    looked_at = 0
    alone = [(os.path.dirname(root), [], [os.path.basename(root)])]
    for directory, _, names in os.walk(root) if os.path.isdir(root) else alone:
        for name in names:
            path = Path(directory) / name
            looked_at += 1
            if path.is_file() and not path.is_symlink() and 0 < path.stat().st_size <= SMALL:
                files.append(path)
        if looked_at >= LOOKED_AT:
            break
    return files


def mounts(paths: Sequence[str]) -> list[str]:
    """Mount points below the paths that are left out: files of other machines, and no files at all."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        before, _, after = line.partition(" - ")
        point, kind = before.split()[4].replace("\\040", " "), after.split()[0]
        is_below = any(point.startswith(path.rstrip("/") + "/") for path in paths)
        if is_below and (kind in ELSEWHERE or kind in VIRTUAL or kind.startswith("fuse.")):
            points.append(point)
    return points


def archives() -> list[str]:
    """Names, the newest last: they are the times in UTC."""
    rows = json.loads(borg("list", "--json", "--bypass-lock", remote()).stdout)["archives"]
    return sorted(row["archive"] for row in rows if len(row["archive"]) == len("2026-11-25T02:30:00Z"))


def archive_of(date: str) -> str:
    """The newest archive of that moment or before it."""
    names = archives()
    fitting = [name for name in names if date == "latest" or name[: len(date)] <= date]
    if not fitting:
        span = f"; the oldest is {names[0]}" if names else "; there is none"
        raise RefusedError(f"there is no archive of {date} or before{span}")
    return fitting[-1]


def restore(date: str, paths: Sequence[str], target: Path) -> list[str]:
    """Put files back below the target, with owner and rights. Files that came later stay."""
    name = archive_of(date)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    inner = [path.strip("/") for path in paths]
    answer = borg("extract", "--list", "--numeric-ids", f"{remote()}::{name}", *inner, cwd=target)
    rows = messages(answer.stderr)
    wrong = [row["message"] for row in rows if row.get("levelname") in ("WARNING", "ERROR")]
    if wrong:
        raise RefusedError(f"not everything of {name} was restored: {'; '.join(wrong[:10])}")
    files = [row["message"] for row in rows if row.get("name") == "borg.output.list"]
    return [f"{name}: {len(files)} files and directories restored below {target}"]


# Tests: a text when it is right; raises RefusedError when not.


def check_recent(settings: dict[str, Any]) -> str:
    names = archives()
    if not names:
        raise RefusedError("there is no archive")
    hours = age(names[-1]).total_seconds() / 3600
    if not -1 <= hours <= settings["max_hours"]:
        raise RefusedError(f"the last archive is of {names[-1]}, {hours:.0f} hours ago")
    return f"the last archive is of {names[-1]}"


def age(name: str) -> datetime.timedelta:
    archived = datetime.datetime.strptime(name, STAMP).replace(tzinfo=datetime.timezone.utc)
    return datetime.datetime.now(datetime.timezone.utc) - archived


def check_restore(_settings: dict[str, Any]) -> str:
    """Files of the last archive, restored into memory, are what they were when it was made."""
    if not LAST.is_file():
        raise RefusedError("this machine has made no archive yet")
    last = json.loads(LAST.read_text("utf-8"))
    inner = [path.strip("/") for path in last["files"]]
    answer = borg("export-tar", "--bypass-lock", f"{remote()}::{last['archive']}", "-", *inner)
    restored = {}
    with tarfile.open(fileobj=io.BytesIO(answer.stdout), mode="r:") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            restored["/" + member.name] = hashlib.sha256(stream.read()).hexdigest() if stream else ""
    wrong = sorted(path for path, value in last["files"].items() if restored.get(path) != value)
    if wrong or str(CANARY) not in restored:
        differing = ", ".join(wrong) or CANARY
        raise RefusedError(f"{last['archive']}: {differing} came back with another content, or not at all")
    return f"{len(restored)} files of {last['archive']} came back as they were"


def check_pinned(_settings: dict[str, Any]) -> str:
    """The server is known by its pinned key, and would be refused without it."""
    forced_command()
    done = ask(shell(hosts=Path("/dev/null"), words=["rights"]))
    if done.returncode != 255 or "Host key verification failed" not in done.stderr:
        raise RefusedError("a server with another key would not be refused")
    return "the server is reached, and only with the pinned key"


def check_confined(_settings: dict[str, Any]) -> str:
    """What the server says of the rights of this machine, and that another repository is refused."""
    server = load(SERVER)
    forced = forced_command().split()
    expected = ["/usr/bin/borg", "serve", "--append-only", "--restrict-to-repository", server["repository"]]
    if forced[: len(expected)] != expected:
        raise RefusedError(f"the server lets this machine do more than add: {' '.join(forced)}")
    try:
        borg("list", remote(server["repository"] + ".other"))
    except BorgError as problem:
        if problem.kind == "PathNotAllowed":
            return "this machine can add to its own repository and no more"
        raise
    raise RefusedError("the server lets this machine into another repository")


TESTS = {"recent": check_recent, "restore": check_restore, "pinned": check_pinned, "confined": check_confined}


def forced_command() -> str:
    """The command that the server runs for this machine, whatever it asks for."""
    done = ask(shell(words=["rights"]))
    if done.returncode or not done.stdout.strip():
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise RefusedError(f"the backup server does not let this machine in: {reason}")
    return done.stdout.strip()


def ask(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def remove(check: bool) -> list[str]:
    if not HOME.exists():
        return []
    if not check:
        shutil.rmtree(HOME)
        DUMPS.unlink(missing_ok=True)
    return [f"{HOME}: removed"]


# Borg and ssh


def shell(hosts: Path = HOSTS, words: Sequence[str] = ()) -> list[str]:
    """The command that reaches the server; borg adds address and command itself."""
    server = load(SERVER)
    options = {
        "IdentitiesOnly": "yes", "BatchMode": "yes", "StrictHostKeyChecking": "yes", "UserKnownHostsFile": hosts,
        "GlobalKnownHostsFile": "/dev/null", "HostKeyAlias": ALIAS, "UpdateHostKeys": "no", "ConnectTimeout": 15,
        "ServerAliveInterval": 30, "IdentityFile": KEY,
    }  # fmt: skip
    command = ["ssh", "-F", "/dev/null"]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    place = ["-p", str(server["port"]), f"{server['account']}@{server['address']}", *words]
    return [*command, *place] if words else command


def remote(repository: str = "") -> str:
    server = load(SERVER)
    address = f"[{server['address']}]" if ":" in server["address"] else server["address"]
    return f"ssh://{server['account']}@{address}:{server['port']}{repository or server['repository']}"


def borg(
    *arguments: str, secret: str = "", more: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run borg; a warning is no error, its messages are for the caller. Raises BorgError."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TZ": "UTC", "HOME": str(HOME),
        "BORG_BASE_DIR": str(CACHE), "BORG_RSH": " ".join(shell()), "BORG_PASSPHRASE": secret or passphrase(),
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes", "BORG_EXIT_CODES": "legacy", **(more or {}),
    }  # fmt: skip
    done = subprocess.run(
        ["borg", "--log-json", *arguments], env=environment, cwd=cwd, capture_output=True, check=False
    )
    if done.returncode > 1:
        rows = [row for row in messages(done.stderr) if row.get("levelname") in ("ERROR", "CRITICAL")]
        kind = next((row["msgid"] for row in rows if row.get("msgid")), "")
        texts = [brief(row["message"]) for row in rows] or done.stderr.decode(errors="replace").strip().splitlines()
        raise BorgError(f"borg {arguments[0]}: {' '.join(texts[-3:]) or f'exit code {done.returncode}'}", kind)
    return done


def messages(stderr: bytes) -> list[dict[str, Any]]:
    return list(_messages(stderr))


def _messages(stderr: bytes) -> Iterator[dict[str, Any]]:
    for line in stderr.decode(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:  # of ssh
            row = {"levelname": "", "message": line}
        if isinstance(row, dict) and "message" in row:
            yield row


def brief(text: str) -> str:
    """What borg says of an error, without its account of itself."""
    lines = [line for line in text.partition("\nPlatform:")[0].splitlines() if line.strip()]
    return lines[-1] if "Traceback" in text else " ".join(lines)


def passphrase() -> str:
    return PASSPHRASE.read_text("utf-8").strip() if PASSPHRASE.is_file() else ""


def load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RefusedError(f"{path} is not there: this machine has no backup server yet; run the role backup")
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"{command[0]}: {done.stderr.strip()}")


def put(path: Path, text: str) -> None:
    """Replace a file of root alone in one step."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o600)
    new.rename(path)


def parser() -> argparse.ArgumentParser:
    main_parser = argparse.ArgumentParser(prog="oplever-backup", description=(__doc__ or "").splitlines()[0])
    main_parser.add_argument("--check", action="store_true", help="tell what would be done")
    commands = main_parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("offer", "print key and passphrase"),
        ("connect", "take the answer of the server on standard input"),
        ("dump", "run the commands before an archive"),
        ("create", "make an archive"),
        ("list", "show the archives"),
        ("remove", "forget the server"),
    ):
        commands.add_parser(name, help=text)
    commands.add_parser("test", help="test one thing").add_argument("what", choices=TESTS)
    back = commands.add_parser("restore", help="put files back as they were")
    back.add_argument("date", help="latest, a date as 2026-11-25, or the name of an archive")
    back.add_argument("paths", nargs="+")
    place = back.add_mutually_exclusive_group(required=True)
    place.add_argument("--to", type=Path, help="directory below which they come")
    place.add_argument("--in-place", action="store_true", help="where they were, over what is there")
    return main_parser


def act(arguments: argparse.Namespace) -> list[str]:
    """Do what is asked; gives the lines to print."""
    command = arguments.command
    if command == "offer":
        return [json.dumps(offer(arguments.check))]
    if command == "connect":
        return connect(json.load(sys.stdin), arguments.check)
    if command == "remove":
        return remove(arguments.check)
    if command == "list":
        return archives()
    if command == "restore":
        if arguments.check:
            return [f"{archive_of(arguments.date)}: would be restored"]
        return restore(arguments.date, arguments.paths, Path("/") if arguments.in_place else arguments.to)
    settings = load(SETTINGS)
    if command == "dump":
        dump(settings)
        return []
    return create(settings) if command == "create" else [TESTS[arguments.what](settings)]


def main() -> int:
    arguments = parser().parse_args()
    os.umask(0o077)
    try:
        lines = act(arguments)
    except (RefusedError, OSError, ValueError) as problem:
        print(f"oplever-backup: {problem}", file=sys.stderr)
        return 1
    if lines:
        print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
