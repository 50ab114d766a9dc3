"""Settings of an organisation: `oplever.yml` in the project, or the file that `$OPLEVER_CONFIG` names."""

from __future__ import annotations

import calendar
import os
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from oplever._shared import project as shared
from oplever._shared.project import Project
from oplever.errors import OpleverError
from oplever.files import bounded, unreadable
from oplever.messages import M_

NAME = "oplever.yml"
_LARGEST_BYTES = 1 << 20
_TERM = re.compile(r"(\d{1,4}) (days?|weeks?|months?|years?)")


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long something is kept, as `2 years`; None keeps it for ever. `withdrawn` is for files that were withdrawn,
    from that moment."""

    record: str | None = None
    withdrawn: str | None = None
    hours_names: str | None = None
    signatures: str | None = None


class Signing(Struct, frozen=True, forbid_unknown_fields=True):
    """`key` is an SSH key of whoever signs; `allowed_signers` says whose key is whose, as in git."""

    key: str | None = None
    allowed_signers: str | None = None


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose papers these are. `logo` is a path beside this file, `colour` as `#1b5686`, `fields` are printed as they
    are, such as a number at a register."""

    name: str = ""
    address: tuple[str, ...] = ()
    logo: str | None = None
    colour: Annotated[str, Meta(pattern="^(#[0-9a-fA-F]{6})?$")] = ""
    fields: dict[str, str] = {}


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a password is kept, one of these: the name of a variable, a file that nobody else can read, relative to
    this one, or a command that prints it."""

    environment: str = ""
    file: str = ""
    command: tuple[str, ...] = ()


Security = Literal["tls", "starttls", "none"]


class Imap(Struct, frozen=True, forbid_unknown_fields=True):
    """A folder on a server of mail. `ca` is a file with the certificates to trust, instead of those of the system."""

    host: str
    user: str
    password: Secret
    port: int | None = None
    security: Security = "tls"
    ca: str | None = None
    folder: str = "INBOX"


class Smtp(Struct, frozen=True, forbid_unknown_fields=True):
    host: str
    user: str = ""
    password: Secret | None = None
    port: int | None = None
    security: Security = "starttls"
    ca: str | None = None


class MailSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Mail of the desk. `address` is what it writes from, `also` are other addresses of it. Mail comes in from a
    `maildir` or by `imap`, and goes out by `smtp` or the program `sendmail`. With `receipt` who reports something gets
    the number of his case back. Mail over `largest_mib` is set aside, and so is what one address sends beyond
    `most_new_an_hour` new reports."""

    address: str = ""
    also: tuple[str, ...] = ()
    name: str = ""
    maildir: str | None = None
    imap: Imap | None = None
    smtp: Smtp | None = None
    sendmail: str | None = None
    receipt: bool = False
    language: Literal["nl", "en"] = "nl"
    largest_mib: Annotated[int, Meta(ge=1, le=200)] = 25
    most_new_an_hour: Annotated[int, Meta(ge=1, le=10000)] = 20

    @property
    def own(self) -> frozenset[str]:
        """The addresses of the desk, in lower case."""
        return frozenset(address.strip().lower() for address in (self.address, *self.also) if address.strip())


DeskRole = Literal["reporter", "counter", "technician", "supervisor", "privacy", "auditor"]


class OidcRoles(Struct, frozen=True, forbid_unknown_fields=True):
    """Roles by groups: `claim` names the groups of somebody, `values` the roles that each group gives."""

    claim: str
    values: dict[str, tuple[DeskRole, ...]]


class Oidc(Struct, frozen=True, forbid_unknown_fields=True):
    """A login of the organisation (OpenID Connect). `claim` is what an account of the desk is found by, `name` what
    people call it, `scopes` are asked for beside openid. Without `secret` it is a public client. `ca` as with mail.
    Without `roles` the desk alone says what somebody may."""

    issuer: Annotated[str, Meta(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])\S+$")]
    client: Annotated[str, Meta(min_length=1)]
    claim: Annotated[str, Meta(min_length=1)] = "sub"
    name: str = ""
    secret: Secret | None = None
    scopes: tuple[str, ...] = ("profile",)
    ca: str | None = None
    roles: OidcRoles | None = None

    def __hash__(self) -> int:
        return hash((self.issuer, self.client))


class Desk(Struct, frozen=True, forbid_unknown_fields=True):
    """The desk in the browser. `store` is a database URL for its accounts and sessions; None keeps them in a file
    beside the records. `url` is the address that people type when a proxy with TLS stands before it. `key` is the SSH
    key with which it signs; None is one that it makes beside the records. `oidc` is another way to log in."""

    store: str | None = None
    oidc: Oidc | None = None
    url: Annotated[str, Meta(pattern=r"^https://[A-Za-z0-9.\-]+(:\d+)?$")] | None = None
    key: str | None = None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """`store` is a database URL for the index; None keeps it in a file beside the records. `incidents` is the file with
    the rules for incidents; None is `incidents.yml` beside this one."""

    store: str | None = None
    signing: Signing = Signing()
    retention: Retention = Retention()
    organisation: Organisation = Organisation()
    incidents: str | None = None
    mail: MailSettings = MailSettings()
    desk: Desk = Desk()


def project() -> Project:
    """The project that the working directory or `$ANSIBLE_CONFIG` is of. Raises OpleverError (`file-unreadable`)."""
    try:
        return shared.current()
    except OSError as problem:
        raise unreadable(Path("."), problem) from None


def records() -> Path:
    """Where records are, by the rule that the callback has too (`_shared/project.py`). Raises OpleverError."""
    return Path(shared.records(project()))


def makes_documents() -> bool:
    """Whether documents are made by themselves, by the rule that the callback has too. Raises OpleverError."""
    return shared.makes_documents(project())


def language() -> str | None:
    """The language of commands as it is set; None when it is not. Raises OpleverError (`file-unreadable`)."""
    return shared.language(project())


def ignored() -> str | None:
    """Why the ansible.cfg in the working directory is not read, when it is there and is not. Raises OpleverError."""
    current = project()
    return shared.why_ignored(current) if current.ignored else None


def beside(name: str) -> Path | None:
    """A file of the project; None where everybody could have put it. Raises OpleverError (`file-unreadable`)."""
    path = shared.beside(project(), name)
    return Path(path) if path else None


def load() -> Config:
    """The configuration; without a file nothing is set. Raises OpleverError (`config-invalid`, `file-unreadable`)."""
    variable = os.environ.get("OPLEVER_CONFIG")
    path = expanded(variable) if variable else beside(NAME)
    if path is None:
        return Config()
    try:
        config = _read(bounded(path, _LARGEST_BYTES))
        for term in msgspec.structs.astuple(config.retention):
            if term is not None:
                before(datetime.now(), term)
    except FileNotFoundError:
        if variable:
            raise OpleverError(
                "config-invalid", M_("there is no {path}", path=path), M_("correct OPLEVER_CONFIG")
            ) from None
        return Config()
    except OSError as problem:
        raise unreadable(path, problem) from None
    except (msgspec.DecodeError, ValueError) as problem:
        advice = M_("docs/reference/configuration.md lists the keys and their values")
        raise OpleverError(
            "config-invalid", M_("{path}: {problem}", path=path, problem=_reason(problem)), advice
        ) from None
    return config


def _read(content: bytes) -> Config:
    """Raises msgspec.DecodeError, ValueError. A file of remarks alone sets nothing, nor does a key with nothing behind
    it, as is left where somebody makes all lines below it a remark."""
    settings = msgspec.yaml.decode(content)
    _refuse_repeated(content)
    if isinstance(settings, dict):
        settings = {name: value for name, value in settings.items() if value is not None}
    return msgspec.convert({} if settings is None else settings, Config, builtin_types=(datetime, date))


def _refuse_repeated(content: bytes) -> None:
    import yaml  # noqa: PLC0415 - a project without settings reads no YAML

    from oplever.yaml_nodes import compose, problem_of, repeated_keys  # noqa: PLC0415

    try:
        root = compose(content)
    except yaml.YAMLError as problem:
        raise ValueError(problem_of(problem)) from None
    for mark, name in repeated_keys([root] if root else []):
        raise ValueError(f"{name} stands there twice, again at line {mark.line + 1}, column {mark.column + 1}")


def _reason(problem: Exception) -> str:
    """In one line, with the place as people count it; msgspec hands on what the reader of YAML says of its bytes."""
    return " ".join(str(problem).split()).replace(' in "<byte string>",', " at")


def path_beside(text: str) -> Path:
    """A path from the configuration: relative ones start beside the configuration file."""
    variable = os.environ.get("OPLEVER_CONFIG")
    directory = expanded(variable).resolve().parent if variable else Path(project().directory)
    return directory / expanded(text)


def expanded(text: str) -> Path:
    """A path with `~` as the home of whoever it names; as it stands where nobody knows that home, as in a container."""
    return Path(os.path.expanduser(text))


def before(moment: datetime, term: str) -> datetime:
    """`moment` minus a term such as `18 months`; the last day of the month where that day does not exist.

    Raises ValueError when `term` is not one.
    """
    match = _TERM.fullmatch(term.strip())
    if match is None:
        raise ValueError(f"{term!r} is not a term such as `30 days`, `18 months` or `2 years`")
    number, unit = int(match[1]), match[2].rstrip("s")
    try:
        if unit in ("day", "week"):
            return moment - timedelta(days=number * (7 if unit == "week" else 1))
        months = moment.year * 12 + moment.month - 1 - number * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        raise ValueError(f"{term!r} is longer ago than a calendar goes") from None
