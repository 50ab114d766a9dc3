"""A mailbox and a program that sends, in a directory, and a desk that is set up with both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mails import DESK
from oplever.app import mail_intake
from oplever.mail.sources import Maildir

SENDMAIL = """#!/bin/sh
name=$(mktemp "{sent}/XXXXXX")
cat > "$name"
printf '%s\\n' "$*" > "$name.to"
"""


class Post:
    """A mailbox and a program that sends, in a directory."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
        self.maildir, self.sent, self.records = base / "box", base / "sent", base / "records"
        for part in ("new", "cur", "tmp"):
            (self.maildir / part).mkdir(parents=True)
        self.sent.mkdir()
        program = base / "sendmail"
        program.write_text(SENDMAIL.format(sent=self.sent), encoding="utf-8")
        program.chmod(0o700)
        mail = {"address": DESK, "maildir": str(self.maildir), "sendmail": str(program), **more}
        (base / "oplever.yml").write_text(json.dumps({"mail": mail}), encoding="utf-8")
        monkeypatch.setenv("OPLEVER_RECORDS", str(self.records))
        monkeypatch.setenv("OPLEVER_CONFIG", str(base / "oplever.yml"))
        monkeypatch.setenv("OPLEVER_DOCUMENTS", "0")
        self.count = 0

    def deliver(self, *contents: bytes) -> None:
        for content in contents:
            self.count += 1
            (self.maildir / "new" / f"{1764000000 + self.count}.{self.count:05}.host").write_bytes(content)

    def take_in(self, **more: Any) -> list[mail_intake.Handled]:
        settings = mail_intake.settings()
        return list(mail_intake.take_in(Maildir(self.maildir), settings, "S. Yilmaz", **more))

    def outgoing(self) -> list[bytes]:
        return [
            path.read_bytes()
            for path in sorted(self.sent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            if path.suffix != ".to"
        ]

    def folder(self, name: str = "") -> list[bytes]:
        place = self.maildir / name if name else self.maildir
        return [
            path.read_bytes() for part in ("new", "cur") if (place / part).is_dir() for path in (place / part).iterdir()
        ]
