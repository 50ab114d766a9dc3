#!/usr/bin/python3
"""oplever-logging-test: write a line in the log of this machine, and wait until the log server took it.

systemd-journal-upload remembers the last line that the server confirmed; that must come to be this line or a later one.
Standard library only, Python 3.9 and up.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

STATE = Path(os.environ.get("OPLEVER_LOGGING_STATE", "/var/lib/systemd/journal-upload/state"))
NAME = "oplever-logging"
WAIT = 20
MOMENT = re.compile(r"(?:^|;)t=([0-9a-f]+)(?:;|$)", re.MULTILINE)


def write(text: str) -> int:
    """Write a line; the moment in microseconds at which the journal took it. Raises ValueError when it did not."""
    subprocess.run(["logger", "-t", NAME, text], check=True, timeout=WAIT)
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        command = ["journalctl", "-q", "-t", NAME, "-n", "20", "-o", "json"]  # with --since those would be the first 20
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=WAIT)
        for line in done.stdout.splitlines():
            entry = json.loads(line)
            if entry.get("MESSAGE") == text:
                return int(entry["__REALTIME_TIMESTAMP"])
        time.sleep(0.2)
    raise ValueError("the journal of this machine does not take lines")


def confirmed() -> int:
    """The moment of the last line that the server has; 0 is none."""
    moment = MOMENT.search(STATE.read_text("utf-8")) if STATE.is_file() else None
    return int(moment[1], 16) if moment else 0


def main() -> int:
    try:
        text = f"test of the log server {uuid.uuid4()}"
        written = write(text)
        deadline = time.monotonic() + WAIT
        while confirmed() < written:
            if time.monotonic() > deadline:
                print(f"the server did not confirm it in {WAIT} seconds: systemctl status systemd-journal-upload")
                return 1
            time.sleep(0.3)
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        print(f"oplever-logging-test: {problem}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
