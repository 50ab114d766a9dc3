"""A PostgreSQL server of its own, from Debian's package, run by an account without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import PATIENCE, wait_for


def _programs() -> Path:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not programs:
        pytest.fail("PostgreSQL is not installed: make setup-dev, or apt-get install postgresql")
    return programs[-1].parent


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of an empty database; the server listens on a socket in its own directory alone."""
    programs, place = _programs(), Path(tempfile.mkdtemp(prefix="oplever-pg-"))
    become: list[str] = []
    if os.getuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(place, account.pw_uid, account.pw_gid)
        become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    data = place / "data"
    initdb = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "oplever",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        "--locale=C.UTF-8",
    ]
    subprocess.run([*become, *initdb], cwd=place, check=True, stdout=subprocess.DEVNULL)
    server = [programs / "postgres", "-D", data, "-c", "listen_addresses=", "-k", place, "-c", "fsync=off"]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([*become, *server], cwd=place, stdout=log, stderr=log)
    try:
        ready = [programs / "pg_isready", "-q", "-h", place, "-d", "postgres", "-U", "oplever"]
        wait_for(lambda: process.poll() is not None or subprocess.run(ready, check=False).returncode == 0)
        assert process.poll() is None, (place / "log").read_text(encoding="utf-8")
        yield f"postgresql://oplever@/postgres?host={place}"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(place)
