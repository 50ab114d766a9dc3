"""A stand-in for ssh and sshd, as far as `oplever run` uses them: one connection that all commands share, children of
one `sshd`, which go on when their client is gone. tests/lab/test_terminal.py does the same with the real ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oplever.run.processes import Process, alive
from waiting import wait_for

SERVER = """
import array, os, socket, subprocess, sys, threading
open("/proc/self/comm", "w").write("sshd")
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(20)
def serve(client):
    words, handles, _, _ = socket.recv_fds(client, 65536, 3)
    shell = ["/bin/sh", "-c", words.decode()]
    process = subprocess.Popen(shell, stdin=handles[0], stdout=handles[1], stderr=handles[2], start_new_session=True)
    for handle in handles:
        os.close(handle)
    code = process.wait()
    try:
        client.sendall(bytes([code % 256]))
    except OSError:
        pass  # its client is gone
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
CLIENT = """#!/bin/bash
# The words of the process are those that it was called with, as of the real one.
exec -a "$0" {python} -c '
import socket, sys
if "check" in sys.argv:
    raise SystemExit(0)
connection = socket.socket(socket.AF_UNIX)
connection.connect("{address}")
socket.send_fds(connection, [sys.argv[-1].encode()], [0, 1, 2])
code = connection.recv(1)
raise SystemExit(code[0] if code else 255)
' "$@"
"""


@contextmanager
def connection(place: Path) -> Iterator[tuple[Path, Process]]:
    """The path of an `ssh` and the `sshd` below which all its commands run."""
    address, client = place / "socket", place / "ssh"
    client.write_text(CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
    client.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(address)])
    try:
        wait_for(address.exists)
        yield client, alive()[server.pid]
    finally:
        server.kill()
        server.wait()
