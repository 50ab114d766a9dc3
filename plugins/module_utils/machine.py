"""The one place where code on a target touches the machine: files, commands and what was already asked.

Sources and snapshot sections take a `Machine` and are otherwise pure, so a test can give them a directory tree and a
fake `run`.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import posixpath
import re
import shutil
import stat
import threading

from ansible_collections.oplever.lab.plugins.module_utils import bounded, filesystems, kernel_audit

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "SYSTEMD_PAGER": "",
    "SYSTEMD_COLORS": "0",
}


MAGIC = re.compile(r"[*?[]")
LARGEST = 1 << 20  # bytes of a file, unless the caller knows better
RUNNING = ("/proc/", "/sys/")  # what the running kernel shows there says nothing about a tree
NOTHING = os.makedev(1, 3)  # /dev/null
LINKS = 40  # as many as the kernel follows
# Besides what is not there: a name that is too long, and links that lead back to themselves. Whoever opens it gets
# nothing, and anybody may make such a name.
NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
NO_END = re.compile("[\x0b\x0c]")
NO_BLANK = re.compile("[\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
"""What Python takes for an end of a line, or for white space, and other programs do not."""


class UnreadableError(Exception):
    """A source of truth could not be read; the message is the reason, fit for a report."""


class NoSuchPathError(UnreadableError):
    """There is no end to the links of a path, so that nothing is there."""


class InapplicableError(UnreadableError):
    """The question has no meaning on this machine, as the running state of a tree that was only mounted."""


class Completed:
    """What a command gave: `rc` (int), `stdout` and `stderr` (str, undecodable bytes replaced)."""

    __slots__ = ("rc", "stderr", "stdout")

    def __init__(self, rc, stdout, stderr=""):
        self.rc = rc
        self.stdout = stdout
        self.stderr = stderr


class Machine:
    """This machine, or the tree below `root`. `timeout` is in seconds and holds for one command.

    `offline` says that the tree is a machine that does not run (an image, a disk in another machine): commands are not
    applicable, links lead to places inside the tree, and names of users and groups are its own.
    """

    def __init__(self, root="/", timeout=30, offline=False):
        self.root = root.rstrip("/")
        self.timeout = timeout
        self.offline = offline
        self._results = {}
        self._begun = {}  # (argv, user) -> (thread, list that it puts a Completed or an exception in)
        self._far = None  # targets of mounts that depend on something else to answer -> (kind, whether they do)

    def must_run(self, subject):
        """Raises InapplicableError where the machine does not run, so that `subject` says nothing about it."""
        if self.offline:
            raise InapplicableError("%s needs a running system; this one is only mounted" % subject)

    def path(self, path, follow=True):
        """Where `path` really is; `follow` False leaves a link at its end alone.

        Raises UnreadableError when that is on a file system that does not answer: whoever touched it would hang.
        """
        if path.startswith(RUNNING):
            self.must_run(path)
        elif self.offline or self._far_mounts():
            return self._inside(path, follow)
        return self.root + path

    def _inside(self, path, follow):
        """Step by step, not by the kernel: a link in the tree of another machine may point to /etc/shadow, which is its
        own and never the one of this, and any link may lead to where nobody answers."""
        ahead, behind, links = path.split("/")[::-1], [], 0
        while ahead:
            part = ahead.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del behind[-1:]
                continue
            behind.append(part)
            self._must_answer("/" + "/".join(behind))
            if not follow and not any(ahead):
                break
            try:
                target = os.readlink("/".join([self.root, *behind]))
            except OSError:
                continue
            links += 1
            if links > LINKS:
                raise NoSuchPathError("%s: too many symbolic links" % path)
            behind = [] if target.startswith("/") else behind[:-1]
            ahead += target.split("/")[::-1]
        return "/".join([self.root, *behind]) or "/"

    def mounts(self):
        """The mounts that the tree of the machine is made of, of each target the one in sight (see filesystems.py).

        Raises UnreadableError when that cannot be known. A tree that does not run is mounted here: this system knows.
        """
        return self.once(_mounts)

    def _far_mounts(self):
        if self._far is None:
            self._far = {}
            try:
                far = [mount for mount in self.mounts() if filesystems.remote(mount)]
            except UnreadableError:
                far = []
            self._far = {mount.target: [mount.fstype, None] for mount in far}
        return self._far

    def _must_answer(self, target):
        far = self._far_mounts().get(target)
        if far is None:
            return
        if far[1] is None:
            far[1] = filesystems.answers(self.root + target)
        if not far[1]:
            raise UnreadableError("%s (%s) does not answer within %d s" % (target, far[0], filesystems.PATIENCE))

    def status(self, path, follow=True):
        """What stat(2) says of `path`, of a link itself when `follow` is False; None when there is no such thing."""
        if "\0" in path:
            return None  # no name has one
        try:
            return os.stat(self.path(path, follow), follow_symlinks=follow)
        except NoSuchPathError:
            return None
        except OSError as problem:
            if problem.errno in NOTHING_THERE:
                return None
            raise UnreadableError("%s: %s" % (path, problem.strerror)) from None

    def read(self, path, limit=LARGEST):
        """Text of at most `limit` bytes of a regular file, or None when there is no such file.

        Raises UnreadableError for everything else; a fifo or device is not opened, so nothing can hang.
        """
        data = self.content(path, limit)
        return None if data is None else data.decode("utf-8", "replace")

    def text(self, path, limit=LARGEST):
        """As `read`, for who reads lines and words of it as a program does: what only Unicode calls white
        space is a letter, and a form feed ends no line."""
        text = self.read(path, limit)
        return text and NO_BLANK.sub("\ufffd", NO_END.sub(" ", text))

    def content(self, path, limit=LARGEST):
        """As `read`, in bytes."""
        if "\0" in path:
            return None
        try:
            handle = os.open(self.path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except NoSuchPathError:
            return None
        except OSError as problem:
            if problem.errno in NOTHING_THERE:
                return None
            raise UnreadableError("%s: %s" % (path, problem.strerror)) from None
        try:
            status = os.fstat(handle)
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == NOTHING:
                return b""  # what is switched off by a link to /dev/null, as a unit that is masked
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError("%s is not a regular file" % path)
            with os.fdopen(handle, "rb", closefd=False) as stream:
                data = stream.read(limit + 1)
        except OSError as problem:
            raise UnreadableError("%s: %s" % (path, problem.strerror)) from None
        finally:
            os.close(handle)
        if len(data) > limit:
            raise UnreadableError("%s is larger than %d bytes" % (path, limit))
        return data

    def names(self, directory):
        """Sorted names in a directory; none when there is no such directory.

        Raises UnreadableError when it may not be read.
        """
        if "\0" in directory:
            return []
        try:
            return sorted(os.listdir(self.path(directory + "/")))
        except NoSuchPathError:
            return []
        except OSError as problem:
            if problem.errno in NOTHING_THERE:
                return []
            raise UnreadableError("%s: %s" % (directory, problem.strerror)) from None

    def glob(self, pattern):
        """Paths that match, sorted, as seen from the root of the machine.

        Raises UnreadableError for a directory that may not be read: what is in it would count as not there.
        """
        directory, name = posixpath.split(pattern)
        paths = []
        for place in self.glob(directory) if MAGIC.search(directory) else [directory]:
            names = [entry for entry in self.names(place) if entry[0] != "." or name[0] == "."]
            paths += [posixpath.join(place, entry) for entry in fnmatch.filter(names, name)]
        return sorted(paths)

    def first_by_name(self, patterns):
        """Name -> path of the files that fit, by name; of two with one name that of the first pattern, as systemd and
        others read directories that go before each other."""
        files = {}
        for pattern in patterns:
            for path in self.glob(pattern):
                files.setdefault(posixpath.basename(path), path)
        return dict(sorted(files.items()))

    def run(self, argv, timeout=None, stdin=None, user=None, env=None):
        """Run a command (list, never a shell) in the C.UTF-8 locale, as `user` when given.

        Returns a Completed. Raises UnreadableError when the command is missing, may not be started or takes too long,
        InapplicableError when the machine does not run.
        """
        self.must_run(argv[0])
        begun = self._begun.pop((tuple(argv), user), None)
        if begun is None:
            return self.tool(argv, timeout, stdin, user, env)
        thread, outcome = begun
        thread.join()
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def begin(self, argv, user=None):
        """Start a command of which a later `run` with the same words gives the outcome."""
        outcome = []

        def work():
            try:
                outcome.append(self.tool(argv, user=user))
            except Exception as problem:  # it is raised again where the outcome is asked for
                outcome.append(problem)

        if not self.offline:
            thread = threading.Thread(target=work, daemon=True)
            self._begun[tuple(argv), user] = thread, outcome
            thread.start()

    def tool(self, argv, timeout=None, stdin=None, user=None, env=None):
        """As `run`, for a command that says nothing about the machine itself, so that any system's will do."""
        command = [str(part) for part in argv]
        if user is not None:
            command = ["runuser", "-u", user, "--", *command]
        if shutil.which(command[0], path=ENVIRONMENT["PATH"]) is None:
            raise UnreadableError("there is no command %s" % command[0])
        seconds = self.timeout if timeout is None else timeout
        try:
            rc, stdout, stderr = bounded.run(command, (stdin or "").encode(), dict(ENVIRONMENT, **(env or {})), seconds)
        except bounded.TooLongError:
            raise UnreadableError("%s took longer than %s s" % (command[0], seconds)) from None
        except bounded.TooMuchError:
            raise UnreadableError("%s wrote more than %d MiB" % (command[0], bounded.MOST >> 20)) from None
        except (OSError, ValueError) as problem:
            raise UnreadableError("%s: %s" % (command[0], problem)) from None
        return Completed(rc, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))

    def output(self, argv):
        """Standard output of a command that must succeed; UnreadableError with its own words when it does not."""
        done = self.run(argv)
        if done.rc != 0:
            words = (done.stderr or done.stdout).strip().splitlines()
            raise UnreadableError("%s: %s" % (" ".join(argv), words[-1] if words else "exit code %d" % done.rc))
        return done.stdout

    def audit_rules(self):
        """Of each rule of the kernel's audit what auditctl does not print (see kernel_audit.py).

        Raises UnreadableError when the kernel does not tell.
        """
        self.must_run("audit")
        try:
            return kernel_audit.rules()
        except OSError as problem:
            raise UnreadableError("the kernel does not list its audit rules: %s" % problem) from None

    def once(self, function, *words):
        """`function(machine, *words)`, called once for the same words however many checks ask; what it raised is raised
        again."""
        key = (function, *words)
        if key not in self._results:
            try:
                self._results[key] = (function(self, *words), None)
            except UnreadableError as problem:
                self._results[key] = (None, problem)
        value, problem = self._results[key]
        if problem is not None:
            raise type(problem)(str(problem))
        return value


def _mounts(machine):
    text = (Machine() if machine.offline else machine).read(filesystems.TABLE, limit=4 << 20)
    if text is None:
        raise UnreadableError(
            "%s does not exist, so local file systems cannot be told from remote ones" % filesystems.TABLE
        )
    table = list({mount.target: mount for mount in filesystems.parse(text)}.values())
    return filesystems.below(table, os.path.realpath(machine.root)) if machine.offline else table
