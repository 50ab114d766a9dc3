"""Where messages wait: a Maildir, or a folder of an IMAP server. What was looked at goes to a folder of its own, so
that the mailbox empties and nothing is looked at for ever."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from oplever import config, extras
from oplever.config import Imap, MailSettings
from oplever.errors import OpleverError
from oplever.files import unreadable, unwritable
from oplever.mail.secret import password, without
from oplever.messages import M_

Folder = Literal["inbox", "done", "aside"]
_FOLDERS: dict[Folder, str] = {"inbox": "", "done": "Oplever", "aside": "Oplever-aside"}
_SECONDS = 60
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class Waiting(NamedTuple):
    """One message; `key` is what its source calls it."""

    key: str
    size_bytes: int


class Source(Protocol):
    """Messages of one mailbox."""

    def waiting(self, folder: Folder = "inbox") -> Iterator[Waiting]:
        """What is in a folder now, the oldest first. Raises OpleverError."""

    def read(self, key: str) -> bytes | None:
        """The message as it came, unchanged; None when somebody took it away meanwhile. Raises OpleverError."""

    def put(self, key: str, folder: Folder) -> None:
        """Move a message there; one that is gone is left alone. Raises OpleverError."""

    def close(self) -> None:
        """Nothing more is asked of it."""


def source(settings: MailSettings) -> Source:
    """The mailbox of the configuration. Raises OpleverError: `mail-not-set`, `mail-server`, `mail-secret`,
    `extra-missing`, `file-unreadable`."""
    if settings.imap:
        return ImapFolder(settings.imap)
    if settings.maildir:
        return Maildir(config.path_beside(settings.maildir))
    raise OpleverError(
        "mail-not-set",
        M_("oplever.yml does not say where mail comes in"),
        M_("set mail.maildir or mail.imap: docs/reference/configuration.md"),
    )


class Maildir:
    """A Maildir, also one that an IMAP server shows: folders are `.Name` in it. Keys are paths below it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        if not (base / "cur").is_dir() or not (base / "new").is_dir():
            raise OpleverError(
                "file-unreadable",
                M_("{path} is no Maildir: it has no cur and new", path=base),
                M_("check mail.maildir in oplever.yml"),
            )

    def waiting(self, folder: Folder = "inbox") -> Iterator[Waiting]:
        place = self._place(folder)
        rows = []
        for part in ("new", "cur"):
            try:
                rows += list(os.scandir(place / part))
            except FileNotFoundError:
                continue
            except OSError as problem:
                raise unreadable(place / part, problem) from None
        waiting = []
        for row in rows:
            if not row.name.startswith(".") and row.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):  # another program moved it meanwhile
                    status = row.stat(follow_symlinks=False)
                    waiting.append((status.st_mtime_ns, row.path, status.st_size))
        for _, path, size_bytes in sorted(waiting):
            yield Waiting(os.path.relpath(path, self.base), size_bytes)

    def read(self, key: str) -> bytes | None:
        try:
            return (self.base / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise unreadable(self.base / key, problem) from None

    def put(self, key: str, folder: Folder) -> None:
        """One rename, so the message is in one of both places whatever happens."""
        place, path = self._place(folder), self.base / key
        name = path.name if ":2," in path.name else f"{path.name}:2,"
        name = name if name.partition(":2,")[2].count("S") else f"{name}S"
        try:
            for part in ("cur", "new", "tmp"):
                (place / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder != "inbox":
                (place / "maildirfolder").touch(mode=0o600)
            path.rename(place / "cur" / name)
        except FileNotFoundError:
            return
        except OSError as problem:
            raise unwritable(path, problem) from None

    def close(self) -> None:
        """Nothing is open."""

    def _place(self, folder: Folder) -> Path:
        return self.base / f".{_FOLDERS[folder]}" if _FOLDERS[folder] else self.base


class ImapFolder:
    """A folder of an IMAP server; keys are the UIDs in the folder that was listed last."""

    def __init__(self, settings: Imap) -> None:
        self._tools: Any = extras.load("imap_tools", "mail")
        self._settings = settings
        self._where = f"{settings.host}:{settings.port or (993 if settings.security == 'tls' else 143)}"
        secret = password(settings.password)
        try:
            self._box = self._connect()
            is_ascii = (settings.user + secret).isascii()
            login = self._box.login if is_ascii else self._box.login_utf8
            login(settings.user, secret, settings.folder)
        except self._problems as problem:
            raise self._refusal(problem, secret) from None

    @property
    def _problems(self) -> tuple[type[Exception], ...]:
        import imaplib  # noqa: PLC0415 - for this kind of source only

        return (OSError, imaplib.IMAP4.error, self._tools.errors.ImapToolsError)

    def _refusal(self, problem: Exception, secret: str = "") -> OpleverError:
        text = without(secret, str(problem))  # a server may repeat what it was sent
        return OpleverError(
            "mail-server",
            M_("{where}: {problem}", where=self._where, problem=text or type(problem).__name__),
            M_("check mail.imap in oplever.yml: host, port, user, password and certificate"),
        )

    def _connect(self) -> Any:
        settings = self._settings
        if settings.security == "none":
            require_local(settings.host)
            return self._tools.MailBoxUnencrypted(settings.host, settings.port or 143, timeout=_SECONDS)
        context = tls_context(settings.ca)
        if settings.security == "tls":
            return self._tools.MailBox(settings.host, settings.port or 993, timeout=_SECONDS, ssl_context=context)
        return self._tools.MailBoxStartTls(settings.host, settings.port or 143, timeout=_SECONDS, ssl_context=context)

    def waiting(self, folder: Folder = "inbox") -> Iterator[Waiting]:
        try:
            name = self._name(folder)
            if folder != "inbox" and not self._box.folder.exists(name):
                return
            self._box.folder.set(name)
            uids = self._box.uids()
            for start in range(0, len(uids), 200):
                yield from self._sizes(uids[start : start + 200])
        except self._problems as problem:
            raise self._refusal(problem) from None

    def _sizes(self, uids: list[str]) -> Iterator[Waiting]:
        _, answer = self._box.client.uid("FETCH", ",".join(uids), "(UID RFC822.SIZE)")
        sizes = {}
        for row in answer:
            line = row[0] if isinstance(row, tuple) else row
            if line and (size := _SIZE.search(line)) and (uid := re.search(rb"UID (\d+)", line)):
                sizes[uid[1].decode()] = int(size[1])
        for key in uids:
            yield Waiting(key, sizes.get(key, 0))

    def read(self, key: str) -> bytes | None:
        try:
            _, answer = self._box.client.uid("FETCH", key, "(BODY.PEEK[])")
        except self._problems as problem:
            raise self._refusal(problem) from None
        return next((bytes(row[1]) for row in answer if isinstance(row, tuple)), None)

    def put(self, key: str, folder: Folder) -> None:
        name = self._name(folder)
        try:
            if not self._box.folder.exists(name):
                self._box.folder.create(name)
            self._box.move(key, name)
        except self._problems as problem:
            raise self._refusal(problem) from None

    def close(self) -> None:
        try:
            self._box.logout()
        except self._problems:
            return  # the connection is gone already, and everything was done

    def _name(self, folder: Folder) -> str:
        return _FOLDERS[folder] or self._settings.folder


def require_local(host: str) -> None:
    """A password goes over a network encrypted or not at all. Raises OpleverError (`config-invalid`)."""
    if host not in _LOCAL:
        raise OpleverError(
            "config-invalid",
            M_("mail: security none is for this machine only, not for {host}", host=host),
            M_("set security to tls or starttls"),
        )


def tls_context(authority: str | None) -> ssl.SSLContext:
    """Trusts what the system trusts, or only the certificates in this file. Raises OpleverError (`file-unreadable`)."""
    path = config.path_beside(authority) if authority else None
    try:
        return ssl.create_default_context(cafile=str(path) if path else None)
    except (OSError, ssl.SSLError) as problem:
        reason = problem if isinstance(problem, FileNotFoundError) else OSError(f"no certificate: {problem}")
        raise unreadable(path or Path("."), reason) from None


def own_domain(address: str) -> str:
    """For identifiers of messages: the domain of the desk, else the name of this machine."""
    return address.rpartition("@")[2] or socket.gethostname()
