"""What the record is, who it concerns, and who signed it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from oplever.words import Reason, Who


class Correction(Struct, frozen=True):
    """What somebody corrected: `field` is a path (systems.web1.serial) a section that is commented on,
    or an entry by its revision: entry.5 was withdrawn, entry.5.hours is one value of it."""

    field: str
    old: str
    new: str
    reason: str
    by: str
    at: str


class History(Struct, frozen=True):
    """One revision of the document: every entry makes one. `withdrawn_by` is the revision that withdrew it."""

    revision: int
    at: str
    by: str
    what: str
    withdrawn_by: int | None = None


class Document(Struct, frozen=True):
    """Document control."""

    revision: int
    created: str
    started: str
    ended: str | None
    duration: float
    journal_version: int
    journal_digest: str
    tool_versions: dict[str, str]
    playbooks: tuple[str, ...]
    command: tuple[str, ...]
    check_mode: bool
    inventories: tuple[str, ...]
    commit: str | None
    dirty: bool | None
    reasons: tuple[Reason, ...]
    history: tuple[History, ...] = ()
    corrections: tuple[Correction, ...] = ()


class Assignment(Struct, frozen=True):
    """What was asked, by whom; prefilled from the assignment of the project, corrected by entries."""

    id: str = ""
    title: str = ""
    principal: str = ""
    location: str = ""
    requested_by: str = ""
    reason: str = ""
    planned_start: str = ""
    planned_end: str = ""
    norm_hours: float | None = None
    prescribed_order: bool = False
    procedures: tuple[str, ...] = ()


class Person(Struct, frozen=True):
    """Who did, checked or accepted; `account` is the operating-system account that ran it."""

    name: str
    role: Literal["executor", "verifier", "supervisor", "principal", "user"]
    level: str = ""
    account: str = ""
    controller: str = ""


class Exclusion(Struct, frozen=True):
    system: str
    reason: str


class Scope(Struct, frozen=True):
    """Which systems the run addressed and which it left out."""

    systems: tuple[str, ...]
    work_processes: tuple[str, ...]
    limit: str = ""
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


class Annex(Struct, frozen=True):
    """One file that belongs to the record: what it shows, its type by its content, and who added it when."""

    name: str
    sha256: str
    size_bytes: int
    what: str = ""
    type: str = ""
    by: str = ""
    at: str = ""


class Signature(Struct, frozen=True):
    """Who signed what, and what the signature means.

    Said, `digest` is that of the journal. With an SSH key, `key` is its fingerprint, `revision` what was signed and
    `digest` that of the signed statement. `through` is `desk` when the key is the desk's, for somebody who had logged
    in there.
    """

    name: str
    role: str
    at: str
    meaning: str
    digest: str = ""
    revision: int | None = None
    key: str = ""
    through: str = ""


class Missing(Struct, frozen=True):
    """One thing the record lacks: `code` is translated by the renderers, `command` is how to supply it."""

    section: str
    code: str
    who: Who
    obligations: tuple[str, ...] = ()
    command: str = ""
    params: dict[str, Any] = {}


class Completeness(Struct, frozen=True):
    complete: bool
    missing: tuple[Missing, ...] = ()
    journal_complete: bool = True
    lines: int = 0
    days_to_submission: float | None = None
