#!/usr/bin/python3
"""The logs that this server keeps of other machines.

  oplever-logging list                      each machine with the time of its last line and its size
  oplever-logging show MACHINE [OPTIONS]    its log, with any options of journalctl, as -p err --since today
  oplever-logging find MACHINE TEXT         whether a line with this text came in the last hour; waits some seconds
  oplever-logging prune                     remove what is older or larger than agreed; for the timer
  oplever-logging settle                    let the machines that are agreed send, and no others; for the role
  oplever-logging stop                      let no machine send
  oplever-logging test space                whether there is room
  oplever-logging test machines             whether every machine that is always on sent something lately

A machine has a file of its own, by the name in its certificate. Standard library only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SETTINGS = Path(os.environ.get("OPLEVER_LOGGING_SETTINGS", "/etc/oplever-logging.json"))
LOGS = Path(os.environ.get("OPLEVER_LOGGING_LOGS", "/var/log/oplever-logging"))
ROTATE_DAYS = 7
"""After how many days a machine gets a new file. What is kept goes by whole files."""
LARGEST = 64 << 20
"""Size in bytes after which it gets one when room is short."""
WAIT = 20
HEADS = {
    "id": re.compile(r"^Sequential number ID: ([0-9a-f]{32})$", re.MULTILINE),
    "number": re.compile(r"^Head sequential number: \d+ \(([0-9a-f]+)\)", re.MULTILINE),
    "moment": re.compile(r"^Head realtime timestamp: .*\(([0-9a-f]+)\)", re.MULTILINE),
}


class RefusedError(Exception):
    """What is asked for cannot be; the message says why."""


def current(machine: str) -> Path:
    """The file that lines are added to."""
    return LOGS / f"{machine}.journal"


def files(machine: str) -> list[Path]:
    """All files of a machine."""
    return [path for path in [*LOGS.glob(f"{machine}@*.journal"), current(machine)] if path.is_file()]


def machines() -> list[str]:
    """Machines that ever sent something."""
    return sorted({path.name.removesuffix(".journal").partition("@")[0] for path in LOGS.glob("*.journal")})


def size(paths: list[Path]) -> int:
    """Bytes on the disk, where a file can have holes."""
    return sum(path.stat().st_blocks * 512 for path in paths)


def last(machine: str) -> datetime.datetime | None:
    """When something came last, by the clock of this server."""
    moments = [path.stat().st_mtime for path in files(machine)]
    return datetime.datetime.fromtimestamp(max(moments)).astimezone() if moments else None


def journal(machine: str, *options: str) -> str:
    paths = files(machine)
    if not paths:
        return ""
    return run("journalctl", "-q", "--no-pager", *(f"--file={path}" for path in paths), *options)


def show(machine: str, options: list[str]) -> None:
    """Become journalctl. Raises RefusedError where the machine sent nothing."""
    paths = files(machine)
    if not paths:
        raise RefusedError(f"{machine} sent nothing yet; it knows: {', '.join(machines()) or 'no machine'}")
    os.execvp("journalctl", ["journalctl", *(f"--file={path}" for path in paths), *options])  # noqa: S606


def find(machine: str, text: str) -> bool:
    deadline = time.monotonic() + WAIT
    while text not in journal(machine, "-o", "cat", "--since=-1h"):
        if time.monotonic() > deadline:
            return False
        time.sleep(1)
    return True


def prune(settings: dict[str, Any]) -> list[str]:
    """Give machines a new file where it is time, and remove the oldest files; gives a line for each change."""
    oldest = time.time() - ROTATE_DAYS * 86400
    active = [path for path in LOGS.glob("*.journal") if "@" not in path.name]
    is_full = size(list(LOGS.glob("*.journal"))) > settings["keep_bytes"]
    done = []
    for path in active:
        first = head(path)
        is_large = is_full and size([path]) >= min(LARGEST, settings["keep_bytes"] // 10)
        if first["number"] and (first["moment"] < oldest or is_large):
            done.append(rotate(path, first))
    before = set(LOGS.glob("*.journal"))
    days = settings["keep_days"] + ROTATE_DAYS
    run("journalctl", "-q", f"--directory={LOGS}", f"--vacuum-time={days}d", f"--vacuum-size={settings['keep_bytes']}")
    return done + [f"{path.name}: removed" for path in sorted(before - set(LOGS.glob("*.journal")))]


def head(path: Path) -> dict[str, Any]:
    """Number (0 where there is none) and moment in seconds of the first line in a file, and the id of its numbers.
    Raises RefusedError for a file that is no journal."""
    text = run("journalctl", "--header", f"--file={path}")
    parts = {key: pattern.search(text) for key, pattern in HEADS.items()}
    if not all(parts.values()):
        raise RefusedError(f"{path} has no head that journalctl can read")
    words = {key: part[1] for key, part in parts.items() if part}
    return {"id": words["id"], "number": int(words["number"], 16), "moment": int(words["moment"], 16) / 1e6}


def rotate(path: Path, first: dict[str, Any]) -> str:
    """Put a file aside under the name that journalctl gives such files; the next line comes in a new one."""
    machine = path.name.removesuffix(".journal")
    new = path.with_name(f"{machine}@{first['id']}-{first['number']:016x}-{int(first['moment'] * 1e6):016x}.journal")
    unit = f"oplever-logging@{machine}.service"
    run("systemctl", "stop", unit)  # its socket starts it again, and the machine sends again what was not answered
    path.rename(new)
    return f"{machine}: a new file"


def settle(names: list[str]) -> None:
    """Have a socket for each of these machines, and none for others. The services start again with the next line."""
    run("systemctl", "daemon-reload")
    text = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "--full", "oplever-logging@*")
    units = [line.split()[0] for line in text.splitlines()]
    # The sockets first, which would start the services again.
    for unit in sorted(units, key=lambda unit: unit.endswith(".service")):
        run("systemctl", "stop", unit)
    for name in names:
        run("systemctl", "start", f"oplever-logging@{name}.socket")


def problems_with_space(settings: dict[str, Any]) -> list[str]:
    usage = shutil.disk_usage(LOGS)
    free = 100 * usage.free / usage.total
    problems = [] if free >= settings["free_percent"] else [f"{LOGS}: {free:.0f} per cent is free"]
    stored = size(list(LOGS.glob("*.journal")))
    # Files that lines are added to stay, whatever their size.
    if stored > 1.2 * settings["keep_bytes"] + LARGEST:
        problems.append(f"{LOGS}: {stored >> 20} MB, more than agreed")
    return problems


def problems_with_machines(settings: dict[str, Any]) -> list[str]:
    limit = datetime.datetime.now().astimezone() - datetime.timedelta(hours=settings["max_hours"])
    problems = []
    for machine in settings["machines"]:
        moment = last(machine["name"])
        if machine["always_on"] and (moment is None or moment < limit):
            when = "never sent anything" if moment is None else f"sent nothing since {moment:%Y-%m-%d %H:%M}"
            problems.append(f"{machine['name']}: {when}")
    return problems


TESTS = {"space": problems_with_space, "machines": problems_with_machines}


def run(*command: str) -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=env)
    if done.returncode and done.stderr:  # journalctl says 1 where no line fits
        raise RefusedError(f"{' '.join(command[:2])}: {done.stderr.strip()}")
    return done.stdout


def answer(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Do what was asked; the exit code."""
    if arguments.command == "show":
        show(arguments.machine, arguments.options)
    if arguments.command == "find":
        return 0 if find(arguments.machine, arguments.text) else 1
    if arguments.command == "test":
        problems = TESTS[arguments.what](settings)
        print("\n".join(problems))
        return 1 if problems else 0
    if arguments.command == "prune":
        print("\n".join(prune(settings)))
    if arguments.command in ("settle", "stop"):
        settle([machine["name"] for machine in settings["machines"]] if arguments.command == "settle" else [])
    if arguments.command != "list":
        return 0
    for machine in machines():
        print(f"{machine}\t{last(machine):%Y-%m-%d %H:%M}\t{size(files(machine)) >> 20} MB")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="oplever-logging", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("list", "prune", "settle", "stop"):
        commands.add_parser(name)
    command = commands.add_parser("show")
    command.add_argument("machine")
    command.add_argument("options", nargs=argparse.REMAINDER)
    command = commands.add_parser("find")
    command.add_argument("machine")
    command.add_argument("text")
    commands.add_parser("test").add_argument("what", choices=sorted(TESTS))
    arguments = parser.parse_args()
    try:
        return answer(arguments, json.loads(SETTINGS.read_text("utf-8")))
    except (RefusedError, OSError, ValueError) as problem:
        print(f"oplever-logging: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
