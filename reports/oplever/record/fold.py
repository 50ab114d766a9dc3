"""One pass over the events of a journal: what happened, before anything is concluded from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from sys import intern

from msgspec import structs

from oplever.journal.cards import Card
from oplever.journal.events import (
    Gap,
    HostStart,
    Include,
    ItemDone,
    JournalEvent,
    NoHosts,
    Notify,
    PlannedPlay,
    PlaybookStart,
    PlayStart,
    Result,
    Retry,
    Role,
    RunEnd,
    RunStart,
    Stats,
    TaskStart,
    Unread,
)
from oplever.record.calls import Call
from oplever.record.model import Change, HostResult, HostResults, ItemResult, PlanStep, Recap, Text
from oplever.record.notices import Notices
from oplever.record.rescues import Rescues
from oplever.record.unfinished import LooseEnds

FACTS = frozenset({"ansible.builtin.gather_facts", "ansible.builtin.setup"})
"""Ansible skips these for a machine whose facts it has already."""
NO_WORK = FACTS | {"ansible.builtin.meta", "ansible.builtin.include_tasks", "ansible.builtin.include_role"}
SETBACKS = frozenset(("failed", "unreachable", "ignored"))


@dataclass
class Task:
    """One task with its results in order, as a record has them. Which failures were rescued is not in them: that is
    known at the end of the run.

    `setbacks` are the failed, unreachable and ignored results by their index in `results`. `actions` are those that
    results name where the action was a template when the task began.
    """

    start: TaskStart
    number: int
    play: str
    results: HostResults = field(default_factory=HostResults)
    setbacks: dict[int, Result] = field(default_factory=dict)
    includes: dict[str, None] = field(default_factory=dict)
    actions: dict[str, None] = field(default_factory=dict)
    has_work: bool = False
    check_mode: bool = False


@dataclass
class Play:
    """The machines of a play: `targets` of all batches that began, `batch` of the one that began last, `planned` of all
    batches together."""

    name: str
    targets: dict[str, None] = field(default_factory=dict)
    batch: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()


@dataclass
class Playbook:
    """The plays that one playbook holds, and how many of them began."""

    name: str
    plays: tuple[PlannedPlay, ...]
    begun: int = 0


@dataclass
class Run:
    """The journal folded; hosts and tasks are in order of appearance.

    Lines: `lines` counts those of the file, `damaged` those of them that cannot be read, `gaps` those that cannot be
    read or are missing.

    By machine: `notified` has handlers of which it is not known yet which task notified them; `answered` the machines
    with a result, `unanswered` those that were unreachable at least once, which the playbook said to ignore; `silent`
    which machines did not answer at a step for it, itself or those that the step was delegated to.

    By (uuid of the task, machine): `running` has the start of what has no result yet, `retries` the messages of its
    attempts so far, `with_items` what has its data from the items of a loop, `silent_items` the machines that did not
    answer for an item of it.

    A run can have a million results, so their events are not kept, except those in `setbacks`: what failed, was
    unreachable or ignored, and the first result after it that went well in the same place of a playbook on the same
    machine. `failing` has the places that wait for such a result.
    """

    start: RunStart | None = None
    end: RunEnd | None = None
    last: str = ""
    lines: int = 0
    damaged: int = 0
    gaps: int = 0
    playbooks: list[Playbook] = field(default_factory=list)
    plays: dict[str, Play] = field(default_factory=dict)
    plan: dict[str, PlanStep] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    answered: dict[str, None] = field(default_factory=dict)
    setbacks: list[Result] = field(default_factory=list)
    unanswered: dict[str, None] = field(default_factory=dict)
    silent: dict[str, dict[str, None]] = field(default_factory=dict)
    changed_in_trial: list[tuple[str, str]] = field(default_factory=list)
    tried: list[tuple[str, str]] = field(default_factory=list)
    rescues: Rescues = field(default_factory=Rescues)
    notices: Notices = field(default_factory=Notices)
    loose_ends: LooseEnds = field(default_factory=LooseEnds)
    running: dict[tuple[str, str], str] = field(default_factory=dict)
    retries: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    notified: dict[str, list[str]] = field(default_factory=dict)
    included: Counter[str] = field(default_factory=Counter)
    handouts: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    cards: dict[str, tuple[Card, ...]] = field(default_factory=dict)
    task_words: dict[str, Text] = field(default_factory=dict)
    checks: list[Call] = field(default_factory=list)
    snapshots: list[Call] = field(default_factory=list)
    with_items: set[tuple[str, str]] = field(default_factory=set)
    silent_items: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    recap: dict[str, Recap] | None = None
    failing: set[tuple[str, str]] = field(default_factory=set)

    @property
    def hosts(self) -> list[str]:
        """Every machine that was targeted or answered."""
        return list(dict.fromkeys((*self.groups, *self.answered, *(self.recap or ()))))

    @property
    def lost(self) -> int:
        """How many lines are missing or cannot be read, those that the callback could not write among them."""
        return self.gaps + (self.end.lost if self.end else 0)

    @property
    def surplus(self) -> int:
        """How many lines there are beyond the number that the last line states; below zero when there are fewer. Lines
        in gaps count as there."""
        if self.end is None or self.end.lines is None:
            return 0
        return self.lines - self.damaged + self.gaps - self.end.lines - 1

    @property
    def started(self) -> str:
        return self.start.t if self.start else ""


def fold(events: Iterable[JournalEvent]) -> Run:  # noqa: PLR0912 - one branch for each kind of line
    run = Run()
    for event in events:
        if isinstance(event, Gap):
            run.gaps += event.lines
            continue
        run.lines += 1
        run.last = max(run.last, event.t)  # journals of version 1 followed the clock when it was set back
        match event:
            case Result():
                _result(run, event)
            case HostStart():
                run.running[event.task, event.host] = event.t
            case ItemDone():
                _item(run, event)
            case TaskStart():
                _task(run, event)
            case Retry():
                run.retries.setdefault((event.task, event.host), []).append(event.message or "")
            case Include():
                _include(run, event)
            case Role():
                _role(run, event)
            case Notify():
                run.notified.setdefault(event.host, []).append(event.handler)
            case PlayStart():
                _play(run, event)
            case NoHosts():
                _no_hosts(run, event)
            case PlaybookStart():
                run.playbooks.append(Playbook(event.playbook, event.plays))
                _versions(run, event.collections)
            case Stats():
                run.recap = {host: _recap(counts) for host, counts in event.recap.items()}
            case RunStart():
                run.start = event
            case RunEnd():
                run.end = event
                _versions(run, event.collections)
            case Unread():
                run.damaged += event.damaged
    return run


def _item(run: Run, event: ItemDone) -> None:
    if event.status == "unreachable":
        run.silent_items.setdefault((event.task, event.host), {})[event.delegated_to or event.host] = None
    if _keep_module_data(run, event):
        run.with_items.add((event.task, event.host))


def _task(run: Run, event: TaskStart) -> None:
    if event.task not in run.tasks:  # strategy free and serial announce a task more than once
        play = run.plan.get(event.play)
        run.tasks[event.task] = Task(event, len(run.tasks) + 1, play.name if play else "")


def _include(run: Run, event: Include) -> None:
    run.included.update(event.hosts)
    if task := run.tasks.get(event.task):
        task.includes[event.name] = None


def _role(run: Run, event: Role) -> None:
    run.handouts[event.role] = tuple(Text(line.nl, line.en) for line in event.handout)
    run.task_words.update(event.tasks)
    run.cards[event.role] = tuple(structs.replace(card, role=event.role) for card in event.cards)


def _recap(counts: dict[str, int]) -> Recap:
    return Recap(**{name: counts[name] for name in Recap.__struct_fields__ if name in counts})


def _versions(run: Run, collections: dict[str, str | None]) -> None:
    """Collections show up while the run goes on; for the record they are versions like the others."""
    if run.start is not None and collections:
        run.start = structs.replace(run.start, versions={**(run.start.versions or {}), **collections})


def _play(run: Run, event: PlayStart) -> None:
    for host in (*event.targets, *event.planned):
        run.groups[host] = run.groups.get(host) or event.groups.get(host, [])
    if event.play not in run.plan:  # each batch of a serial play is announced
        playbook = run.playbooks[-1] if run.playbooks else Playbook("", ())
        playbook.begun += 1
        run.plan[event.play] = PlanStep(len(run.plan) + 1, event.name, event.hosts, playbook.name, event.t)
        run.plays[event.play] = Play(event.name, planned=tuple(event.planned))
    play = run.plays[event.play]
    play.targets.update(dict.fromkeys(event.targets))
    play.batch = tuple(event.targets)


def _no_hosts(run: Run, event: NoHosts) -> None:
    """Ansible does not name the play without machines: it is the one that began last."""
    if run.plan:
        play, step = next(reversed(run.plan.items()))
        run.plan[play] = structs.replace(step, no_hosts=event.why)


def _result(run: Run, event: Result) -> None:
    handlers = run.notified.pop(event.host, ()) if run.notified else ()
    if handlers and not event.notify:  # other tools tell of a handler on a line of its own only
        event = structs.replace(event, notify=tuple(dict.fromkeys(handlers)))
    run.recap = None  # a recap counts up to where it stands; work after it makes it old
    run.answered[event.host] = None
    task = run.tasks.get(event.task) or _lost_task(run, event)
    if event.status in SETBACKS:
        task.setbacks[len(task.results)] = event
    _add(run, task, event)
    _relate(run, task, event)
    # Of a loop the items have brought the data; the result of the whole would repeat it.
    if event.data is not None and (event.task, event.host) not in run.with_items:
        _keep_module_data(run, event)


def _lost_task(run: Run, event: Result) -> Task:
    """A task whose start is not in the journal."""
    start = TaskStart(seq=event.seq, t=event.t, task=event.task, name="?")
    run.tasks[event.task] = task = Task(start, len(run.tasks) + 1, "")
    return task


def _relate(run: Run, task: Task, event: Result) -> None:
    """Take down what a result means for its task, its machine and results before it."""
    start = task.start
    task.check_mode |= event.check_mode
    if event.action:
        task.actions[event.action] = None
    task.has_work = task.has_work or (event.status != "skipped" and (start.action or event.action) not in NO_WORK)
    if event.unreachable or event.status == "unreachable":
        # Ansible has it as a result of the machine that the step is for, also where another one was to carry it out.
        machines = run.silent_items.pop((event.task, event.host), {event.delegated_to or event.host: None})
        (run.unanswered if event.unreachable else run.silent.setdefault(event.host, {})).update(machines)
    if event.changed and event.check_mode:
        run.tried.append((start.name, event.host))
    elif event.changed and run.start is not None and run.start.check_mode:
        run.changed_in_trial.append((start.name, event.host))
    run.rescues.take(event, start)
    if start.handler or event.notify or event.job is not None:
        play = run.plays.get(start.play)
        run.loose_ends.take(event, start, play.targets if play else ())
    # A task that runs again in a later play has another uuid but the same place in the same file.
    place = (start.path or event.task, event.host)
    if event.status in SETBACKS:
        run.setbacks.append(event)
        run.failing.add(place)
    elif run.failing and place in run.failing and event.status in ("ok", "changed"):
        run.setbacks.append(event)
        run.failing.discard(place)


def _add(run: Run, task: Task, event: Result) -> None:
    """One more result to a task: one of perhaps a million, nearly all of them plain."""
    key = (event.task, event.host)
    started = run.running.pop(key, event.t)
    retries = tuple(run.retries.pop(key, ())) if run.retries else ()
    notified_by = run.notices.take(event, task.start) if event.notify or task.start.handler else ()
    if retries or notified_by or not _is_plain(event):
        task.results.append(_host_result(event, started, retries, notified_by))
    else:
        task.results.append_plain(intern(event.host), event.status, started, event.duration or 0.0)


def _is_plain(event: Result) -> bool:
    return not (
        event.message
        or event.items
        or event.items_total
        or event.censored
        or event.notify
        or event.warnings
        or event.diff
        or event.files
        or event.job
        or event.delegated_to
        or (event.attempts or 1) != 1
    )


def _host_result(event: Result, started: str, retries: tuple[str, ...], notified_by: tuple[str, ...]) -> HostResult:
    items = tuple(ItemResult(i.item, i.status, i.message or "") for i in event.items or ())
    return HostResult(
        host=intern(event.host),
        status=event.status,
        started=started,
        duration=event.duration or 0.0,
        message=event.message or "",
        attempts=event.attempts or 1,
        delegated_to=event.delegated_to or "",
        items=items,
        items_total=event.items_total or len(items),
        censored=bool(event.censored),
        notified=event.notify,
        notified_by=notified_by,
        retries=retries,
        job=event.job.id if event.job and not event.job.finished else "",
        changes=tuple(Change(c.name, c.added, c.removed, c.mark) for c in event.diff),
        files=event.files,
        warnings=event.warnings,
    )


def _keep_module_data(run: Run, event: Result | ItemDone) -> bool:
    """Keep what our own modules returned; everything else carries nothing a record needs."""
    data = event.data
    if not isinstance(data, dict):
        return False
    # One task runs the tests of several roles: each result has its role, and the file and line that declare its tests.
    path = data.get("path") if isinstance(data.get("role"), str) else None
    call = Call(event.t, event.host, data, relative(run, path) if isinstance(path, str) else _path(run, event.task))
    if isinstance(data.get("checks"), list):
        run.checks.append(call)
        return True
    if isinstance(data.get("snapshot"), dict):
        run.snapshots.append(call)
        return True
    return False


def _path(run: Run, task: str) -> str:
    return relative(run, run.tasks[task].start.path if task in run.tasks else None)


def relative(run: Run, path: str | None) -> str:
    """A path with its line, relative to where Ansible ran when it lies below that."""
    base = (run.start.cwd if run.start else None) or ""
    return (path or "").removeprefix(base.rstrip("/") + "/" if base else "")
