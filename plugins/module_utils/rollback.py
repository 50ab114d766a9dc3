# Copyright: The Oplever team; MIT licence
"""The way back of one change: what it replaces is kept, and a timer of the machine puts it back unless told not to.

Below DIRECTORY/<name> lie `kept/<number>` (the files), `paths.json` (what they are), the saved output of commands, the
script `restore`, and `restored` once that script ran. All of it is gone after a reboot.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import subprocess
import time

DIRECTORY = "/run/oplever/rollback"
APPLY_SECONDS = 60
TAIL = 600


class RollbackError(Exception):
    """What went wrong, in one line."""


class Rollback:
    """One change by its `name`: arm, apply, confirm."""

    def __init__(self, name, directory=DIRECTORY):
        self.name = name
        self.place = os.path.join(directory, name)
        self.unit = "oplever-rollback-" + name.replace("_", "-")

    @property
    def armed(self):
        return os.path.exists(os.path.join(self.place, "restore"))

    @property
    def restored(self):
        return os.path.exists(os.path.join(self.place, "restored"))

    def arm(self, paths, outputs, restore, seconds):
        """Keep `paths` and the output of the commands `outputs`, and start the timer. What an earlier call kept and
        nobody confirmed is still the state to go back to."""
        if self.restored:
            self.forget()
        if not self.armed:
            self._keep(paths, outputs, restore)
        self.start_timer(seconds)

    def _keep(self, paths, outputs, restore):
        shutil.rmtree(self.place, ignore_errors=True)
        os.makedirs(os.path.join(self.place, "kept"), mode=0o700)
        for parent in (os.path.dirname(self.place), self.place):
            os.chmod(parent, 0o700)
        with open(os.path.join(self.place, "paths.json"), "w", encoding="utf-8") as handle:
            json.dump(paths, handle)
        for number, path in enumerate(paths):
            if os.path.isfile(path):
                _copy(path, os.path.join(self.place, "kept", str(number)))
        for name, command in sorted(outputs.items()):
            done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
            if done.returncode == 0:  # else there is no file, and `restore` can tell
                with open(os.path.join(self.place, name), "wb") as handle:
                    handle.write(done.stdout)
        new = os.path.join(self.place, "restore.new")
        with open(new, "w", encoding="utf-8") as handle:
            handle.write(self._script(paths, restore))
        os.rename(new, os.path.join(self.place, "restore"))

    def _script(self, paths, restore):
        lines = ["cd %s || exit" % shlex.quote(self.place)]
        for number, path in enumerate(paths):
            target, kept = shlex.quote(path), "kept/%d" % number
            if os.path.islink(path):
                lines += ["rm -f %s" % target, "ln -s %s %s" % (shlex.quote(os.readlink(path)), target)]
            elif os.path.isdir(path):
                rights = os.stat(path)
                lines += [
                    "mkdir -p %s" % target,
                    "chown %d:%d %s" % (rights.st_uid, rights.st_gid, target),
                    "chmod %04o %s" % (stat.S_IMODE(rights.st_mode), target),
                ]
            elif os.path.lexists(path):
                beside = shlex.quote(path + ".oplever-rollback")
                lines.append("cp -a --remove-destination %s %s && mv -fT %s %s" % (kept, beside, beside, target))
            else:
                lines.append("rm -f %s" % target)
        lines += [restore or ":", ": > restored", "logger -t oplever 'restored what %s changed'" % self.name]
        return "\n".join(lines) + "\n"

    def differs(self):
        """Whether a kept file is no longer as it was."""
        with open(os.path.join(self.place, "paths.json"), encoding="utf-8") as handle:
            paths = json.load(handle)
        copies = [(path, os.path.join(self.place, "kept", str(number))) for number, path in enumerate(paths)]
        return any(not os.path.isdir(path) and _content(path) != _content(copy) for path, copy in copies)

    def apply(self, command, seconds):
        """Run `command` with the timer at `seconds` from now; when it fails, everything is put back at once."""
        self.start_timer(seconds)
        if not command:
            return
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command], capture_output=True, errors="replace", timeout=APPLY_SECONDS, check=False
            )
            problem = (done.stderr or done.stdout).strip()[-TAIL:] if done.returncode else ""
            failed = done.returncode != 0
        except subprocess.TimeoutExpired:
            failed, problem = True, "it did not end within %d s" % APPLY_SECONDS
        if failed:
            self.restore()
            raise RollbackError("`%s` failed: %s. The former state was restored." % (command, problem or "no output"))

    def restore(self):
        self.stop_timer()
        subprocess.run(["/bin/sh", os.path.join(self.place, "restore")], capture_output=True, check=False)
        self.forget()

    def confirm(self):
        """Give up the former state. False when the timer was first: then the machine has gone back to it."""
        self.stop_timer()
        restored = self.restored or not self.armed
        self.forget()
        return not restored

    def forget(self):
        shutil.rmtree(self.place, ignore_errors=True)

    def start_timer(self, seconds):
        self.stop_timer()
        command = [
            "systemd-run", "--quiet", "--collect", "--unit=" + self.unit, "--on-active=%ds" % seconds,
            "--timer-property=AccuracySec=200ms", "/bin/sh", os.path.join(self.place, "restore"),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, errors="replace", check=False)
        if done.returncode:
            raise RollbackError("systemd-run could not start the timer: %s" % done.stderr.strip()[-TAIL:])

    def stop_timer(self):
        """Stop the timer; a script that it has started already runs to its end first."""
        subprocess.run(["systemctl", "stop", self.unit + ".timer"], capture_output=True, check=False)
        running = ["systemctl", "--quiet", "is-active", self.unit + ".service"]
        while subprocess.run(running, capture_output=True, check=False).returncode == 0:
            time.sleep(0.2)


def _copy(path, target):
    """A copy with owner, rights and times; of a link, what it leads to."""
    shutil.copy2(path, target)
    rights = os.stat(path)
    os.chown(target, rights.st_uid, rights.st_gid)


def _content(path):
    """What counts as the same file: text, owner and rights; None where there is none."""
    try:
        with open(path, "rb") as handle:
            rights = os.fstat(handle.fileno())
            return (handle.read(), rights.st_uid, rights.st_gid, stat.S_IMODE(rights.st_mode))
    except OSError:
        return None
