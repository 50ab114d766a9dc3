"""A password from where it is kept: a variable of the environment, a file, or what a command prints. It never stands in
the configuration, on a command line, or in anything that is written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from oplever import config
from oplever.config import Secret
from oplever.errors import OpleverError
from oplever.files import open_file, unreadable
from oplever.messages import M_

_SECONDS = 30


def password(secret: Secret) -> str:
    """Raises OpleverError: `mail-secret` when it is not there or others can read it, `file-unreadable`."""
    if secret.environment:
        text = os.environ.get(secret.environment, "")
        place = secret.environment
    elif secret.file:
        path = config.path_beside(secret.file)
        text, place = _from_file(path), str(path)
    else:
        text, place = _from_command(secret.command), secret.command[0] if secret.command else "oplever.yml"
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or not text.isprintable():
        raise OpleverError(
            "mail-secret",
            M_("{place} gives no password", place=place),
            M_("put the password there, on one line; see docs/reference/configuration.md"),
        )
    return text


def without(secret: str, text: str) -> str:
    """What a server said, on one line and not too long, without a secret that it repeats. That goes first: a part of
    it, where the text is cut off, is not recognised."""
    shown = text.replace(secret, "***") if secret else text
    return " ".join(shown.split())[:300]


def _from_file(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise OpleverError(
                "mail-secret",
                M_("others can read {path}", path=path),
                M_("take that away: chmod 600 {path}", path=path),
            )
        with open_file(path) as file:
            return file.read().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem if isinstance(problem, OSError) else OSError(str(problem))
        raise unreadable(path, reason) from None


def _from_command(command: tuple[str, ...]) -> str:
    if not command:
        return ""
    try:
        done = subprocess.run(
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as problem:
        raise OpleverError(
            "mail-secret",
            M_("{command} gives no password: {problem}", command=command[0], problem=type(problem).__name__),
            M_("try the command by hand, as the user that runs oplever"),
        ) from None
    if done.returncode:
        raise OpleverError(
            "mail-secret",
            M_("{command} ended with {code}", command=command[0], code=done.returncode),
            M_("try the command by hand, as the user that runs oplever"),
        )
    return done.stdout
