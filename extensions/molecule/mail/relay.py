"""A relay for tests: STARTTLS, an account, and every message in a file.

`relay.py PORT CERTIFICATE KEY ACCOUNT PASSWORD DIRECTORY`
"""

from __future__ import annotations

import base64
import socketserver
import ssl
import sys
import time
from pathlib import Path

PORT, CERTIFICATE, KEY, ACCOUNT, PASSWORD, DIRECTORY = sys.argv[1:]
DOMAIN = "@lab.example"
"""Recipients elsewhere are refused."""


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    account = ""
    encrypted = False

    def handle(self) -> None:
        self.answer("220 relay.example")
        while line := self.rfile.readline():
            words = line.decode(errors="replace").split()
            verb = words[0].upper() if words else ""
            if verb == "QUIT":
                self.answer("221 bye")
                return
            getattr(self, f"do_{verb.lower()}", self.unknown)(words)

    def answer(self, text: str) -> None:
        self.wfile.write((text + "\r\n").encode())

    def unknown(self, _: list[str]) -> None:
        self.answer("500 no such command")

    def do_ehlo(self, _: list[str]) -> None:
        self.answer("250-relay.example\r\n250 AUTH PLAIN" if self.encrypted else "250-relay.example\r\n250 STARTTLS")

    do_helo = do_ehlo

    def do_starttls(self, _: list[str]) -> None:
        self.answer("220 go on")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, KEY)
        self.request = context.wrap_socket(self.request, server_side=True)
        self.encrypted = True
        self.setup()

    def do_auth(self, words: list[str]) -> None:
        login = base64.b64decode(words[2]).decode().split("\0") if len(words) > 2 else []
        if not self.encrypted or login[1:] != [ACCOUNT, PASSWORD]:
            self.answer("535 wrong account or password")
            return
        self.account = ACCOUNT
        self.answer("235 welcome")

    def do_mail(self, _: list[str]) -> None:
        self.answer("250 ok" if self.account else "530 log in first")

    def do_rcpt(self, words: list[str]) -> None:
        self.answer("250 ok" if f"{DOMAIN}>" in " ".join(words) else "550 no such person")

    def do_rset(self, _: list[str]) -> None:
        self.answer("250 ok")

    def do_data(self, _: list[str]) -> None:
        self.answer("354 go on")
        rows = []
        while (row := self.rfile.readline()) not in (b".\r\n", b""):
            rows.append(row)
        Path(DIRECTORY, f"{time.time_ns()}.eml").write_bytes(b"".join(rows))
        self.answer("250 taken")


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("", int(PORT)), Session).serve_forever()
