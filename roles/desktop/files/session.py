"""Start a session of Xfce on a screen in memory and ask it what it has: `session.py SETTINGS`, as who logs in.

Its home is thrown away, so it is the session of somebody who logs in for the first time. Each line is a name with a
value as JSON.
"""

import contextlib
import json
import os
import secrets
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = ["xfce4-panel", "xfce4-session", "xfdesktop", "xfsettingsd", "xfwm4"]
SESSION = ["dbus-run-session", "--", "/etc/X11/Xsession", "startxfce4"]
WAIT = 30  # seconds


def main(settings):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        try:
            for name, value in observed(home, settings):
                print(name + "=" + json.dumps(value))
        finally:
            running = processes(home)
            # The agent for keys of SSH lets nobody read its environment.
            for process in [*running, *map(int, variable(running, b"SSH_AGENT_PID").split())]:
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)


def observed(home, settings):
    env = dict.fromkeys(["HOME", "XDG_RUNTIME_DIR", "TMPDIR"], home)
    env.update({"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": os.environ.get("LANG", "C.UTF-8"), "SHELL": "/bin/sh"})
    env["XAUTHORITY"] = authority(home)
    env["DISPLAY"] = screen(env)
    devnull = subprocess.DEVNULL
    subprocess.Popen(SESSION, env=env, cwd=home, stdin=devnull, stdout=devnull, stderr=devnull)
    until(lambda: set(PROGRAMS) <= set(processes(home).values()))
    running = processes(home)
    yield "programs", sorted(set(PROGRAMS) & set(running.values()))
    env["DBUS_SESSION_BUS_ADDRESS"] = variable(running, b"DBUS_SESSION_BUS_ADDRESS")
    until(Path(home, ".config/oplever-drives").exists)
    yield "idle", idle(env)
    bookmarks = Path(home, ".config/gtk-3.0/bookmarks")
    yield "bookmarks", bookmarks.read_text(encoding="utf-8").splitlines() if bookmarks.exists() else []
    yield "differs", [wanted(s) for s in settings["settings"] if not same(value_of(env, s), s["value"], s["type"])]
    yield "changeable", [wanted(s) for s in settings["settings"] if s["locked"] and changes(env, s)]
    panel = {"channel": "xfce4-panel", "property": "/panels/panel-1/size", "type": "uint", "value": "32"}
    yield "panel", [value_of(env, panel), changes(env, panel)]


def authority(home):
    """A file with a secret that only this session has, for the screen is open to whoever knows it."""
    path = Path(home, "Xauthority")
    parts = [b"", b"", b"MIT-MAGIC-COOKIE-1", secrets.token_bytes(16)]
    path.write_bytes(struct.pack(">H", 0xFFFF) + b"".join(struct.pack(">H", len(part)) + part for part in parts))
    return str(path)


def screen(env):
    argv = ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-auth", env["XAUTHORITY"]]
    devnull = subprocess.DEVNULL
    server = subprocess.Popen(argv, env=env, stdin=devnull, stdout=subprocess.PIPE, stderr=devnull)
    return ":" + server.stdout.readline().decode().strip()


def processes(home):
    """Number of each process that has this home -> its program."""
    programs = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"HOME=" + home.encode() in (path / "environ").read_bytes().split(b"\0"):
                programs[int(path.name)] = Path(os.readlink(path / "exe")).name
    return programs


def variable(running, name):
    """What a variable is in the environment of the session, which its programs got."""
    for process in running:
        with contextlib.suppress(OSError):
            for word in Path("/proc", str(process), "environ").read_bytes().split(b"\0"):
                if word.startswith(name + b"="):
                    return word.decode().partition("=")[2]
    return ""


def until(holds):
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and not holds():
        time.sleep(0.2)


def output_of(env, *argv):
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout if done.returncode == 0 else ""


def idle(env):
    words = output_of(env, "xset", "q").split()
    return int(words[words.index("timeout:") + 1]) if "timeout:" in words else None


def value_of(env, setting):
    return output_of(env, "xfconf-query", "-c", setting["channel"], "-p", setting["property"]).strip()


def changes(env, setting):
    """Whether the person of this session can give the setting another value."""
    other = another(setting["value"], setting["type"])
    place = ["-c", setting["channel"], "-p", setting["property"]]
    output_of(env, "xfconf-query", *place, "-t", setting["type"], "-s", other)
    return same(value_of(env, setting), other, setting["type"])


def another(value, kind):
    if kind == "bool":
        return "false" if value == "true" else "true"
    return value + "x" if kind == "string" else str(int(float(value)) + 1)


def same(actual, value, kind):
    """Whether both are one value: a number with a fraction is shown with six digits."""
    if kind != "double":
        return actual == value
    with contextlib.suppress(ValueError):
        return abs(float(actual) - float(value)) < 1e-6
    return False


def wanted(setting):
    return setting["channel"] + setting["property"]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
