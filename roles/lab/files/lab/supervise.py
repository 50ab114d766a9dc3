"""Run a machine until it powers off: `python3 supervise.py PID_FILE COMMAND ...` starts it again whenever it reboots.

systemd-nspawn with --keep-unit does not restart a machine itself: it ends with code 133 and leaves that to its caller.
The process id of the running nspawn is in PID_FILE. The supervisor stays outside the control group of the machine, for
a group with processes of its own cannot be divided any further.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REBOOT = 133


def supervised(pid_file: Path, command: list[str]) -> int:
    """The exit code with which the machine ended, other than for a reboot."""
    while True:
        process = subprocess.Popen(command)
        new = pid_file.with_suffix(".new")
        new.write_text(f"{process.pid}\n")
        new.rename(pid_file)
        if (code := process.wait()) != REBOOT:
            return code


if __name__ == "__main__":
    raise SystemExit(supervised(Path(sys.argv[1]), sys.argv[2:]))
