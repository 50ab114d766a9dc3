"""Public cases of mails: what somebody's mail made of another help desk, as the mail itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

FILE = Path(__file__).parent / "cases/mails.yml"
DESK = "helpdesk@school.example"


class MailCase(Struct, frozen=True, forbid_unknown_fields=True):
    """`says` completes "The mail ...". `headers` come above those that every mail has. The text is written in
    `encoding`, where `surrogates` is UTF-8 with bytes in it that are none (`\\udcff` is the byte FF). `expected` are
    fields of the mail as it was read; `nature` is who wrote it, `attachments` are the names of files."""

    id: str
    references: tuple[str, ...]
    trap: str
    says: str
    expected: dict[str, Any]
    headers: dict[str, str] = {}
    body: str = "De printer doet niets.\n"
    encoding: str = "utf-8"

    def content(self) -> bytes:
        usual = {
            "From": "Jan <jan@school.example>", "To": DESK, "Subject": "Printer", "Message-ID": "<1@user.example>",
            "Content-Type": "text/plain; charset=utf-8",
        }  # fmt: skip
        lines = [f"{name}: {value}" for name, value in (usual | self.headers).items()]
        text = "\n".join([*lines, "", self.body]).replace("\n", "\r\n")
        if self.encoding == "surrogates":
            return text.encode("utf-8", "surrogateescape")
        return text.encode(self.encoding)


def mail_cases() -> tuple[MailCase, ...]:
    """Raises msgspec.ValidationError."""
    return msgspec.convert(yaml.safe_load(FILE.read_text(encoding="utf-8")), tuple[MailCase, ...])
