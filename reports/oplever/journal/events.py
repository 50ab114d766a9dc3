"""The lines of a journal (docs/reference/journal.md) as types. Keys that are not here are not read."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from oplever.journal.cards import Card
from oplever.words import TaskStatus, Text

LineNumber = Annotated[int, Meta(ge=0, lt=2**53)]
"""The number of a line; what cannot be one is no line of ours."""


class Event(Struct, frozen=True, tag_field="kind"):
    seq: LineNumber
    t: str


class Imported(Struct, frozen=True):
    """The other tool that recorded the run."""

    tool: str = ""


class RunStart(Event, frozen=True, tag="run_start"):
    format: str = ""
    version: int = 0
    id: str = ""
    controller: str | None = None
    account: str | None = None
    person: str | None = None
    cwd: str | None = None
    command: list[str] = []
    check_mode: bool | None = None
    limit: str | list[str] | None = None
    tags: list[str] | None = None
    skip_tags: list[str] | None = None
    start_at: str | None = None
    inventories: list[str] | None = None
    files: dict[str, str | None] | None = None
    versions: dict[str, str | None] | None = None
    commit: str | None = None
    dirty: bool | None = None
    work_process: str | None = None
    assignment: Any = None
    imported: Imported | None = None


class PlannedPlay(Struct, frozen=True):
    name: str = ""
    hosts: str = ""


class PlaybookStart(Event, frozen=True, tag="playbook_start"):
    """`plays` are all that the playbook holds, also those that will never begin."""

    playbook: str = ""
    collections: dict[str, str | None] = {}
    plays: tuple[PlannedPlay, ...] = ()


class PlayStart(Event, frozen=True, tag="play_start"):
    play: str
    name: str = ""
    hosts: str = ""
    targets: list[str] = []
    groups: dict[str, list[str]] = {}
    planned: list[str] = []


class TaskStart(Event, frozen=True, tag="task_start"):
    """`for_all`: every machine that is still in the play meets it; `fatal`: a failure of one stops the others."""

    task: str
    play: str = ""
    name: str = ""
    action: str = ""
    role: str | None = None
    path: str | None = None
    handler: bool = False
    tags: list[str] = []
    check_mode: bool | None = None
    rescues: str | None = None
    listen: list[str] = []
    for_all: bool = False
    fatal: bool = False
    meta: str = ""


class HostStart(Event, frozen=True, gc=False, tag="host_start"):
    task: str
    host: str


class Item(Struct, frozen=True):
    item: str = ""
    status: TaskStatus = "ok"
    message: str | None = None


class Job(Struct, frozen=True):
    """A task that goes on in the background (`async`)."""

    id: str
    finished: bool = False


class Change(Struct, frozen=True):
    """How many lines came and went in what, with `--diff`. In one journal `mark` is equal when the texts are."""

    name: str = ""
    added: int = 0
    removed: int = 0
    mark: str = ""


class Include(Event, frozen=True, tag="include"):
    name: str = ""
    hosts: list[str] = []
    task: str = ""


class HandoutLine(Struct, frozen=True):
    """What a user can check."""

    nl: str = ""
    en: str = ""


class Role(Event, frozen=True, tag="role"):
    """What a role gives people: lines to check, cards that say how to use it, and what machines of a group are for."""

    role: str
    handout: tuple[HandoutLine, ...] = ()
    cards: tuple[Card, ...] = ()
    tasks: dict[str, Text] = {}


class Result(Event, frozen=True, gc=False, tag="result"):
    task: str
    host: str
    status: TaskStatus
    duration: float | None = None
    attempts: int | None = None
    delegated_to: str | None = None
    message: str | None = None
    items: list[Item] | None = None
    items_total: int | None = None
    censored: bool | None = None
    changed: bool = False
    rescued_by: str | None = None
    notify: tuple[str, ...] = ()
    job: Job | None = None
    action: str | None = None
    check_mode: bool = False
    unreachable: bool = False
    warnings: tuple[str, ...] = ()
    diff: tuple[Change, ...] = ()
    files: tuple[str, ...] = ()
    data: Any = None


class ItemDone(Event, frozen=True, tag="item"):
    task: str
    host: str
    status: TaskStatus = "ok"
    item: str | None = None
    delegated_to: str | None = None
    message: str | None = None
    data: Any = None


class Retry(Event, frozen=True, tag="retry"):
    task: str
    host: str
    attempt: int | None = None
    message: str | None = None


class Notify(Event, frozen=True, gc=False, tag="notify"):
    """The task whose result on this host comes next notified a handler."""

    handler: str
    host: str


class NoHosts(Event, frozen=True, tag="no_hosts"):
    """The play that was announced last has nothing to work on."""

    why: str = ""


class Stats(Event, frozen=True, tag="stats"):
    recap: dict[str, dict[str, int]]


class Stop(Struct, frozen=True):
    """How a run was stopped: `code` is a word of docs/reference/journal.md, or of a newer writer. Between playbooks
    `begun` of the `playbooks` on the command line had begun."""

    code: str
    begun: int | None = None
    playbooks: int | None = None


class RunEnd(Event, frozen=True, tag="run_end"):
    """`lines` stand before this one, None when it does not say. `reason` is in words, `stopped` the code of them, None
    of a run that finished and of older writers (`oplever.journal.stops` reads both). `exit_code` and `outcome` (its own
    word) are what another tool kept of the run; the callback writes this line before Ansible ends and cannot know them.
    """

    lines: LineNumber | None = None
    lost: LineNumber = 0
    reason: str = "finished"
    stopped: Stop | None = None
    clock_shift: float = 0.0
    collections: dict[str, str | None] = {}
    exit_code: int | None = None
    outcome: str = ""


class Unread(Struct, frozen=True):
    """A line that is not read: of a kind that this version does not have, then at `t`, or damaged."""

    t: str = ""
    damaged: bool = False


class Gap(Struct, frozen=True):
    """`lines` lines that were expected before line number `before` (from 0) and cannot be read."""

    before: int
    lines: int


Line = (
    RunStart
    | PlaybookStart
    | PlayStart
    | TaskStart
    | HostStart
    | Result
    | ItemDone
    | Retry
    | Include
    | Role
    | Notify
    | NoHosts
    | Stats
    | RunEnd
)
"""The lines that this version knows."""
JournalEvent = Line | Unread | Gap
