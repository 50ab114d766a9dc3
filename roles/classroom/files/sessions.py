"""Log in and out as an account of the room, and see what stays: `sessions.py USER MODEL`.

The sessions are those of a log-in at the machine, with PAM. Each line is a name with a value as JSON.
"""

import contextlib
import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

WAIT = 30  # seconds
NAME = "oplever-test"
PLACES = ["/tmp", "/var/tmp", "/dev/shm"]  # noqa: S108
# A program that goes on in the background, files, and a link to what is not of this account.
LEAVE = """
mkdir -p ~/{0}/a "$HOME/{0} b"
touch ~/{0}/a/b ~/.{0}
ln -s {1} ~/{0}/link
chmod 0777 ~
for place in /tmp /var/tmp /dev/shm; do touch $place/{0}-$(id -u); done
setsid sleep 600 >/dev/null 2>&1 </dev/null &
echo ready
read line
"""


def main(user, model):
    account = pwd.getpwnam(user)
    home = Path(account.pw_dir)
    with other_file() as other:
        first = Session(user, LEAVE.format(NAME, other.parent))
        second = Session(user, "echo ready; read line; test -e ~/.%s && echo kept" % NAME)
        closed(first)
        time.sleep(3)
        print("kept=" + json.dumps(closed(second)))
        until(lambda: not left(account) and not differences(home, Path(model)))
        print("left=" + json.dumps(left(account)))
        print("model=" + json.dumps(differences(home, Path(model))))
        print("other=" + json.dumps(other.exists()))
    # As after a power cut: something is there, and nobody logged out.
    (home / NAME).touch()
    os.chown(home / NAME, account.pw_uid, account.pw_gid)
    third = Session(user, "test -e ~/%s && echo stale || echo ready; read line" % NAME)
    print("begins=" + json.dumps(third.greeting))
    closed(third)


class Session:
    """A session of the account, open until its input ends."""

    def __init__(self, user, script):
        argv = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "-p", "User=" + user, "-p", "PAMName=login"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*argv, "sh", "-c", script], stdin=pipe, stdout=pipe, text=True)
        self.greeting = self.process.stdout.readline().strip()


def closed(session):
    """What the session says at its end."""
    return session.process.communicate("\n", timeout=WAIT)[0].strip()


@contextlib.contextmanager
def other_file():
    """A file of root in a directory of root, to which the account makes a link."""
    place = Path("/var/lib", NAME)
    place.mkdir(exist_ok=True)
    file = place / "file"
    file.touch()
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
        place.rmdir()


def left(account):
    """What is there of a session: files, and processes of the account."""
    places = [Path(account.pw_dir, name) for name in (NAME, NAME + " b", "." + NAME)]
    places += [Path(place, "%s-%d" % (NAME, account.pw_uid)) for place in PLACES]
    argv = ["pgrep", "-u", str(account.pw_uid), "-x", "sleep"]
    running = subprocess.run(argv, stdout=subprocess.DEVNULL, check=False).returncode == 0
    return [str(place) for place in places if os.path.lexists(place)] + ["sleep"] * running


def differences(home, model):
    """Names that are in the home and not in the model, or the other way round; and a home in which others may write."""
    open_to_others = ["open to others"] if home.stat().st_mode & 0o002 else []
    return sorted(set(os.listdir(home)) ^ set(os.listdir(model))) + open_to_others


def until(holds):
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and not holds():
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
