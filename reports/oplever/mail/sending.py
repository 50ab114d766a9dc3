"""Messages go out: by SMTP, or by the program `sendmail` of this machine."""

from __future__ import annotations

import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

from oplever.config import MailSettings, Smtp
from oplever.errors import OpleverError
from oplever.mail.secret import password, without
from oplever.mail.sources import require_local, tls_context
from oplever.messages import M_

_SECONDS = 60


def can_send(settings: MailSettings) -> bool:
    return bool(settings.address and (settings.smtp or settings.sendmail))


def send(settings: MailSettings, message: EmailMessage, sender: str, address: str) -> None:
    """Hand a message over; `sender` gets it back when it does not arrive, nobody does when it is empty.

    Raises OpleverError: `mail-not-set`, `mail-server` when it was not taken, `mail-secret`, `file-unreadable`.
    """
    if settings.smtp:
        _by_smtp(settings.smtp, message, sender, address)
    elif settings.sendmail:
        _by_program(settings.sendmail, message, sender, address)
    else:
        raise OpleverError(
            "mail-not-set",
            M_("oplever.yml does not say how mail goes out"),
            M_("set mail.smtp or mail.sendmail: docs/reference/configuration.md"),
        )


def _by_smtp(smtp: Smtp, message: EmailMessage, sender: str, address: str) -> None:
    port = smtp.port or {"tls": 465, "starttls": 587, "none": 25}[smtp.security]
    if smtp.security == "none":
        require_local(smtp.host)
    context = None if smtp.security == "none" else tls_context(smtp.ca)
    secret = password(smtp.password) if smtp.user and smtp.password else ""
    try:
        with (
            smtplib.SMTP_SSL(smtp.host, port, timeout=_SECONDS, context=context)
            if smtp.security == "tls"
            else smtplib.SMTP(smtp.host, port, timeout=_SECONDS)
        ) as server:
            if smtp.security == "starttls":
                server.starttls(context=context)
            if smtp.user:
                server.login(smtp.user, secret)
            server.send_message(message, sender, [address])
    except (OSError, smtplib.SMTPException, UnicodeError) as problem:
        raise OpleverError(
            "mail-server",
            M_("{where}: {problem}", where=f"{smtp.host}:{port}", problem=without(secret, str(problem))),
            M_("nothing was sent and nothing was added; check mail.smtp in oplever.yml"),
        ) from None


def _by_program(program: str, message: EmailMessage, sender: str, address: str) -> None:
    command = [str(Path(program)), "-i", "-f", sender or "<>", "--", address]
    try:
        done = subprocess.run(command, input=message.as_bytes(), capture_output=True, timeout=_SECONDS, check=False)
        problem = done.stderr.decode("utf-8", "replace") if done.returncode else ""
        is_taken = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired) as failure:
        problem, is_taken = str(failure), False
    if not is_taken:
        text = " ".join(problem.split())[:300] or "it ended with an error"
        raise OpleverError(
            "mail-server",
            M_("{where}: {problem}", where=program, problem=text),
            M_("nothing was sent and nothing was added; check mail.sendmail in oplever.yml"),
        )
