"""Public cases of mails: what is read of each (docs/reference/public-cases.md)."""

from __future__ import annotations

from typing import Any

import pytest
from oplever.mail.message import Mail, parse
from oplever.mail.nature import nature

from system.public_cases.mail_case import DESK, MailCase, mail_cases


def actual(mail: Mail, field: str) -> Any:
    if field == "nature":
        return nature(mail, {DESK}).kind
    if field == "attachments":
        return [file.name for file in mail.attachments]
    value = getattr(mail, field)
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("case", mail_cases(), ids=lambda case: case.id)
def test_what_is_read_of_a_mail(case: MailCase) -> None:
    mail = parse(case.content())
    assert {field: actual(mail, field) for field in case.expected} == case.expected
