"""The one place where code on a target touches the machine: files, commands and what was already asked.

Sources and snapshot sections take a `Machine` and are otherwise pure, so a test can give them a directory tree and a
fake `run`.
"""

from __future__ import annotations

import glob
import os
import shutil
import stat
import subprocess

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "SYSTEMD_PAGER": "",
    "SYSTEMD_COLORS": "0",
}


class UnreadableError(Exception):
    """A source of truth could not be read; the message is the reason, fit for a report."""


class Completed:
    """What a command gave: `rc` (int), `stdout` and `stderr` (str, undecodable bytes replaced)."""

    __slots__ = ("rc", "stderr", "stdout")

    def __init__(self, rc, stdout, stderr=""):
        self.rc = rc
        self.stdout = stdout
        self.stderr = stderr


class Machine:
    """This machine, or for tests the tree below `root`. `timeout` is in seconds and holds for one command."""

    def __init__(self, root="/", timeout=30):
        self.root = root.rstrip("/")
        self.timeout = timeout
        self._known = {}

    def path(self, path):
        """Where `path` really is."""
        return self.root + path

    def read(self, path, limit=1048576):
        """Text of at most `limit` bytes of a regular file, or None when there is no such file.

        Raises UnreadableError for everything else; a fifo or device is not opened, so nothing can hang.
        """
        try:
            handle = os.open(self.path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as problem:
            raise UnreadableError("%s: %s" % (path, problem.strerror)) from None
        with os.fdopen(handle, "rb") as stream:
            try:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise UnreadableError("%s is not a regular file" % path)
                data = stream.read(limit + 1)
            except OSError as problem:
                raise UnreadableError("%s: %s" % (path, problem.strerror)) from None
        if len(data) > limit:
            raise UnreadableError("%s is larger than %d bytes" % (path, limit))
        return data.decode("utf-8", "replace")

    def glob(self, pattern):
        """Paths that match, sorted, as seen from the root of the machine."""
        return sorted(path[len(self.root) :] for path in glob.glob(self.path(pattern)))

    def run(self, argv, timeout=None, stdin=None, user=None, env=None):
        """Run a command (list, never a shell) in the C.UTF-8 locale, as `user` when given.

        Returns a Completed. Raises UnreadableError when the command is missing, may not be started or takes too long.
        """
        command = [str(part) for part in argv]
        if user is not None:
            command = ["runuser", "-u", user, "--", *command]
        if shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
            raise UnreadableError("there is no command %s" % command[0])
        seconds = self.timeout if timeout is None else timeout
        try:
            done = subprocess.run(
                command,
                input=(stdin or "").encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(ENVIRONMENT, **(env or {})),
                timeout=seconds,
                cwd="/",
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnreadableError("%s took longer than %s s" % (command[0], seconds)) from None
        except (OSError, ValueError) as problem:
            raise UnreadableError("%s: %s" % (command[0], problem)) from None
        return Completed(
            done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )

    def output(self, argv):
        """Standard output of a command that must succeed; UnreadableError with its own words when it does not."""
        done = self.run(argv)
        if done.rc != 0:
            words = (done.stderr or done.stdout).strip().splitlines()
            raise UnreadableError("%s: %s" % (" ".join(argv), words[-1] if words else "exit code %d" % done.rc))
        return done.stdout

    def once(self, function):
        """`function(machine)`, called once however many checks ask; what it raised is raised again."""
        if function not in self._known:
            try:
                self._known[function] = (function(self), None)
            except UnreadableError as problem:
                self._known[function] = (None, str(problem))
        value, reason = self._known[function]
        if reason is not None:
            raise UnreadableError(reason)
        return value
