#!/usr/bin/python3
"""Dumps of the databases on this machine, and back again. The name of the program says of which server.

  oplever-SERVER dump [DATABASE...]        dump these databases, else all, and remove dumps that are too old
  oplever-SERVER list                      the dumps: time, size, database, file
  oplever-SERVER restore DATABASE [FILE]   put a database back as it was in the newest dump, or in this one; what it
                                           holds now is dumped first
  oplever-SERVER check                     say which database has no dump of the last day; for the tests

A dump has its name only when it is whole. Standard library and the programs of the server only, Python 3.9 and up.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SETTINGS = "/etc/{name}.json"
DAY = 86400
LATE = 26 * 3600  # seconds: a night, and how long a dump may take
BEFORE = "-before-restore"  # after the name of a database: what it held; never the newest dump of it
NAME = re.compile(r"(.+)[.](\d{8}T\d{6}Z)[.](dump|sql[.]gz)")


class FailedError(Exception):
    """What did not work, in the words of the server."""


def run(*argv: str, text: str = "", stdin: Any = None, stdout: Any = subprocess.PIPE) -> str:
    """Output of a program that gets `text`, or a stream. Raises FailedError."""
    data: dict[str, Any] = {"stdin": stdin} if stdin else {"input": text.encode()}
    done = subprocess.run(argv, **data, stdout=stdout, stderr=subprocess.PIPE, cwd="/", check=False)
    if done.returncode:
        raise FailedError(f"{argv[0]}: {done.stderr.decode(errors='replace').strip()}")
    return (done.stdout or b"").decode()


class PostgreSQL:
    """PostgreSQL as the user postgres."""

    suffix = "dump"

    def names(self) -> list[str]:
        return self._ask(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn AND datname <> 'postgres'"
        ).splitlines()

    def dump(self, name: str, path: Path) -> None:
        with path.open("wb") as stream:
            run(*self._as("pg_dump"), "--format=custom", name, stdout=stream)
        with path.open("rb") as stream:
            run(*self._as("pg_restore"), "--list", stdin=stream)

    def restore(self, name: str, path: Path) -> None:
        """Into a database beside it, which takes its name when all is in it."""
        beside, before = f"{name}_restored", f"{name}_before"
        owner = self._ask("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = :'name'", name=name)
        run(*self._as("dropdb"), "--if-exists", beside)
        kind = ("--template=template0", "--encoding=UTF8", "--locale=C.UTF-8")
        run(*self._as("createdb"), f"--owner={owner or 'postgres'}", *kind, beside)
        try:
            with path.open("rb") as stream:
                run(*self._as("pg_restore"), "--exit-on-error", f"--dbname={beside}", stdin=stream)
        except FailedError:
            run(*self._as("dropdb"), beside)
            raise
        rights = self._ask(self.RIGHTS, name=name)
        if owner:
            self._ask(self.CLOSE, name=name, before=before)
        self._ask(
            'ALTER DATABASE :"beside" RENAME TO :"name"; REVOKE ALL ON DATABASE :"name" FROM PUBLIC',
            name=name,
            beside=beside,
        )
        self._ask(rights)
        run(*self._as("dropdb"), "--if-exists", before)

    RIGHTS = """
        SELECT coalesce(string_agg(format(
          'GRANT %s ON DATABASE %I TO %I', privilege_type, datname, pg_get_userbyid(grantee)), '; '), '')
        FROM pg_database, aclexplode(datacl) WHERE datname = :'name' AND grantee <> 0"""
    CLOSE = """
        ALTER DATABASE :"name" ALLOW_CONNECTIONS false;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'name';
        ALTER DATABASE :"name" RENAME TO :"before" """

    def _ask(self, statements: str, **variables: str) -> str:
        options = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        words = (*self._as("psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", *options)
        return run(*words, text=f"{statements};\n").strip()

    def _as(self, program: str) -> tuple[str, ...]:
        return ("runuser", "-u", "postgres", "--", program)


class MariaDB:
    """MariaDB as root over its socket."""

    suffix = "sql.gz"
    of_server = ("information_schema", "performance_schema", "mysql", "sys")

    def names(self) -> list[str]:
        names = run("mariadb", "--batch", "--skip-column-names", "--execute", "SHOW DATABASES").split("\n")
        return [name for name in names if name and name not in self.of_server]

    def dump(self, name: str, path: Path) -> None:
        argv = [
            "mariadb-dump",
            "--single-transaction",
            "--routines",
            "--events",
            "--triggers",
            "--hex-blob",
            "--",
            name,
        ]
        tail = b""
        with tempfile.TemporaryFile() as errors:
            with (
                subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors) as process,
                gzip.open(path, "wb") as stream,
            ):
                for block in iter(lambda: process.stdout.read(1 << 20), b""):  # type: ignore[union-attr]
                    stream.write(block)
                    tail = (tail + block)[-200:]
            errors.seek(0)
            error = errors.read().decode(errors="replace").strip()
        if process.returncode or b"-- Dump completed" not in tail:
            raise FailedError(f"mariadb-dump: {error or 'it ended halfway'}")

    def restore(self, name: str, path: Path) -> None:
        """In its place: MariaDB cannot give a database another name."""
        run("mariadb", "--execute", f"DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        with subprocess.Popen(["gzip", "--decompress", "--stdout", str(path)], stdout=subprocess.PIPE) as process:
            run("mariadb", name, stdin=process.stdout)
        if process.returncode:
            raise FailedError(f"{path} is damaged")


SERVERS: dict[str, Any] = {"postgresql": PostgreSQL, "mariadb": MariaDB}


class Dumps:
    """The dumps in a directory: one for each database and time."""

    def __init__(self, server: Any, directory: Path, keep_days: int) -> None:
        self.server, self.directory, self.keep_days = server, directory, keep_days

    def files(self, database: str | None = None) -> list[Path]:
        """Oldest first."""
        names = {path: NAME.fullmatch(path.name) for path in self.directory.glob("*")}
        paths = [path for path, match in names.items() if match and database in (None, match[1])]
        return sorted(paths, key=lambda path: path.name.split(".")[-3 if path.name.endswith(".gz") else -2])

    def dump(self, databases: list[str]) -> None:
        """Each of them, also after one that fails. Raises FailedError with those that did."""
        names = self.server.names()
        if unknown := [name for name in databases if name not in names]:
            raise FailedError(f"there is no database {unknown[0]}: {', '.join(names)}")
        problems = []
        for name in databases or names:
            try:
                self._dump(name, name)
            except (FailedError, OSError) as problem:
                problems.append(f"{name}: {problem}")
        self._remove_old()
        if problems:
            raise FailedError("; ".join(problems))

    def _dump(self, name: str, label: str) -> None:
        """Dump a database to a file whose name begins with `label`."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.directory / f"{label}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.{self.server.suffix}"
        candidate = path.with_name(f".{path.name}")
        try:
            self.server.dump(name, candidate)
            candidate.replace(path)
        finally:
            candidate.unlink(missing_ok=True)
        print(f"dumped {name} to {path}")

    def _remove_old(self) -> None:
        """Never the newest one of a database."""
        newest = {NAME.fullmatch(path.name)[1]: path for path in self.files()}  # type: ignore[index]
        for path in self.files():
            if path not in newest.values() and time.time() - path.stat().st_mtime > self.keep_days * DAY:
                path.unlink()

    def restore(self, database: str, file: str | None) -> None:
        paths = self.files(database)
        path = Path(file) if file else paths[-1] if paths else None
        if path is None or not path.is_file():
            raise FailedError(f"there is no dump of {database}" if path is None else f"there is no file {path}")
        if not re.fullmatch(r"[A-Za-z0-9_]+", database):
            raise FailedError(f"{database} is not a name of letters, digits and underscores")
        if database in self.server.names():
            self._dump(database, f"{database}{BEFORE}")
        self.server.restore(database, path)
        print(f"restored {database} from {path}")

    def check(self, since: float) -> list[str]:
        """A sentence for each database without a dump of the last day. `since`: when dumps were asked for."""
        late = []
        for name in self.server.names():
            paths = self.files(name)
            newest = max((path.stat().st_mtime for path in paths), default=since)
            if time.time() - newest > LATE:
                when = time.strftime("%Y-%m-%d", time.gmtime(newest))
                late.append(f"{name}: no dump since {when}" if paths else f"{name}: no dump")
        return late


def main() -> int:
    name = Path(sys.argv[0]).name
    path = Path(os.environ.get("OPLEVER_DUMP_SETTINGS", SETTINGS.format(name=name)))
    try:
        settings = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        print(f"{name}: {path}: {problem}", file=sys.stderr)
        return 1
    dumps = Dumps(SERVERS[settings["server"]](), Path(settings["directory"]), settings["keep_days"])
    parser = argparse.ArgumentParser(
        prog=name, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("dump").add_argument("database", nargs="*")
    verbs.add_parser("list")
    verbs.add_parser("check")
    restore = verbs.add_parser("restore")
    restore.add_argument("database")
    restore.add_argument("file", nargs="?")
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        if arguments.verb == "dump":
            dumps.dump(arguments.database)
        elif arguments.verb == "restore":
            dumps.restore(arguments.database, arguments.file)
        elif arguments.verb == "check":
            print("\n".join(dumps.check(path.stat().st_mtime)))
        else:
            for file in dumps.files():
                print(f"{file.name.split('.')[1]}  {file.stat().st_size:>12}  {file.name.split('.')[0]}  {file}")
    except (FailedError, OSError) as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
