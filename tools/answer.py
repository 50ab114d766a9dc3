"""Run a program on a terminal and answer what it asks, as a person does. Runs on a machine of the lab.

    answer.py SECONDS PROGRAM ARGUMENT... <<< '[["words it asks with", "answer"], ...]'

The answers come from standard input, so that no list of processes and no log has a password among them. Prints what
was on the terminal.
"""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import time

answers = json.load(sys.stdin)
end = time.monotonic() + float(sys.argv[1])
process, terminal = pty.fork()
if not process:
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
shown, answered = "", 0
while time.monotonic() < end:
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # nothing has the terminal open: the program has ended, or opens it again, as login does
            if os.waitpid(process, os.WNOHANG)[0]:
                break
            time.sleep(0.05)
            continue
        shown += data.decode(errors="replace")
    if answers and answers[0][0] in shown[answered:]:
        answered = len(shown)
        os.write(terminal, answers.pop(0)[1].encode() + b"\n")
print(shown)
