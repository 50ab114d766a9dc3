"""Run a program on a terminal and answer what it asks, as a person does. Runs on a machine of the lab.

`answer.py SECONDS PROMPT=ANSWER... -- PROGRAM ARGUMENT...`
"""

from __future__ import annotations

import os
import pty
import select
import sys
import time

end = time.monotonic() + float(sys.argv[1])
middle = sys.argv.index("--")
answers = [tuple(pair.split("=", 1)) for pair in sys.argv[2:middle]]
process, terminal = pty.fork()
if not process:
    os.execvp(sys.argv[middle + 1], sys.argv[middle + 1 :])  # noqa: S606
said, answered = "", 0
while time.monotonic() < end:
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the program has ended
            break
        said += data.decode(errors="replace")
    if answers and answers[0][0] in said[answered:]:
        answered = len(said)
        os.write(terminal, answers.pop(0)[1].encode() + b"\n")
print(said)
