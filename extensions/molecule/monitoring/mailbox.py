"""A mail server for tests that takes every message, and notes for whom: `mailbox.py FILE`.

Without one, an alert that goes out brings another one: that messages do not arrive, for a quarter of an hour.
"""

from __future__ import annotations

import socketserver
import sys
from pathlib import Path


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        self.answer("220 mailbox")
        is_text = False
        for line in (row.decode(errors="replace").strip() for row in self.rfile):
            if is_text and line != ".":
                continue
            verb = line[:4].upper()
            is_text = verb == "DATA"
            if verb == "RCPT":
                with Path(sys.argv[1]).open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")
            self.answer({"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok"))

    def answer(self, text: str) -> None:
        self.wfile.write((text + "\r\n").encode())


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 25), Session).serve_forever()
