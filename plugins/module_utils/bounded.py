"""A command that can neither hang nor flood: its time and its output are bounded, and nothing of it stays behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time

MOST = 16 << 20
PIECE = 1 << 16
GRACE = 1.0  # seconds for a killed process to go; one that waits in the kernel for a disk stays, and is left to init


class TooLongError(Exception):
    """The command did not end in time; it and its children were killed."""


class TooMuchError(Exception):
    """The command wrote more than MOST bytes; it and its children were killed."""


def run(argv, stdin, env, seconds):
    """(exit code, standard output, standard error) of a command, as bytes. Raises OSError, ValueError and the above."""
    # In memory: what a command reads may be a password. A pipe would block on a command that does not read it.
    stdin_file = os.memfd_create("stdin")
    try:
        os.write(stdin_file, stdin)
        os.lseek(stdin_file, 0, os.SEEK_SET)
        process = subprocess.Popen(
            argv,
            stdin=stdin_file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(stdin_file)
    until = time.monotonic() + seconds
    try:
        with process.stdout, process.stderr:
            output = _collect([process.stdout, process.stderr], until)
        return (process.wait(max(0, until - time.monotonic())), *output)
    except subprocess.TimeoutExpired:
        _end(process)
        raise TooLongError from None
    except BaseException:
        _end(process)
        raise


@contextlib.contextmanager
def within(seconds):
    """Raises TooLongError in the code of a `with` that takes longer. Only in the main thread; elsewhere no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _collect(streams, until):
    """What comes out of each stream until all are closed."""
    outputs = {stream: bytearray() for stream in streams}
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0:
                raise TooLongError
            for key, _ in selector.select(left):
                piece = os.read(key.fd, PIECE)
                outputs[key.fileobj] += piece
                if not piece:
                    selector.unregister(key.fileobj)
                if sum(map(len, outputs.values())) > MOST:
                    raise TooMuchError
    return [bytes(outputs[stream]) for stream in streams]


def _end(process):
    """Kill the command with its children, which are in a session of its own. Its process was not waited for yet, so its
    number cannot be that of another one."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(GRACE)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
