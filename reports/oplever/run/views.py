"""What a person sees while a playbook runs: lines anywhere, or a picture of all hosts on a terminal.

Everything that came from a machine goes through `printable`, and into Rich as plain text: never as markup.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from oplever.journal.events import Line, PlayStart, Result, Retry, RunEnd, TaskStart
from oplever.run.progress import Failure, Host, Progress
from oplever.text import printable

_FAILURES_SHOWN = 6
_FIXED_LINES = 9
"""Lines of the picture that are neither hosts nor failures."""
_STYLES = {
    "failed": "bold red",
    "unreachable": "bold red",
    "changed": "yellow",
    "ignored": "magenta",
    "ok": "green",
    "running": "cyan",
    "skipped": "dim",
    "waiting": "dim",
    "rescued": "green",
    "stopped": "bold magenta",
}
_URGENCY = {"running": 1, "waiting": 3}
_COUNTED = ("ok", "changed", "failed", "unreachable", "skipped", "ignored")
_NOTABLE = ("changed", "failed", "unreachable", "ignored")


class View(Protocol):
    def event(self, event: Line) -> None:
        """A line of the journal, after `progress` took it."""

    def refresh(self, left: float | None) -> None:
        """Some tenths of a second went by; `left` is in seconds, None when not known."""

    def notice(self, text: str) -> None:
        """Something about the run itself, as that it is being stopped."""

    def close(self) -> None: ...


class Plain:
    """One line for each thing worth knowing: for logs, pipes and people who want to scroll back."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress

    def event(self, event: Line) -> None:
        match event:
            case PlayStart():
                self._line(f"play {self._progress.plays}: {event.name} ({', '.join(event.targets)})")
            case TaskStart():
                self._line(f"  {event.role + ': ' if event.role else ''}{event.name}")
            case Retry():
                self._line(f"    {event.host}: attempt {event.attempt} failed: {event.message or ''}")
            case Result() if event.status in _NOTABLE:
                self._line(f"    {event.host}: {event.status}" + (f": {event.message}" if event.message else ""))
            case RunEnd():
                self._line(f"ended after {duration(elapsed(self._progress))}: {event.reason}")
            case _:
                pass

    def refresh(self, left: float | None) -> None:
        pass

    def notice(self, text: str) -> None:
        self._line(text)

    def close(self) -> None:
        pass

    def _line(self, text: str) -> None:
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


class LiveView:
    """The whole run on one screen, drawn again a few times a second."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._progress = progress
        self._left: float | None = None
        self._notice = ""
        self._live = Live(self, console=console, auto_refresh=False, transient=True)
        self._live.start()

    def event(self, event: Line) -> None:
        pass

    def refresh(self, left: float | None) -> None:
        self._left = left
        self._live.refresh()

    def notice(self, text: str) -> None:
        self._notice = text
        self._live.refresh()

    def close(self) -> None:
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # A terminal echoes Ctrl-C as ^C where the cursor stands, at the end of the last line: it must not wrap.
        yield frame(self._progress, self._left, self._notice, options.max_width - len("^C"), console.size.height)


def frame(progress: Progress, left: float | None, notice: str, width: int, height: int) -> RenderableType:
    """The live view at this moment, at most `height` lines of `width` characters."""
    failures = progress.failures[-_FAILURES_SHOWN:]
    room = max(3, height - _FIXED_LINES - len(failures))
    parts: list[RenderableType] = [_head(progress, left, width), _hosts(progress, room, width)]
    if failures:
        hidden = len(progress.failures) - len(failures)
        parts.append(Text(f"failures{f' (the last of {len(progress.failures)})' if hidden else ''}", style="bold"))
        parts += [_failure(failure, width) for failure in failures]
    if notice:
        parts.append(_cut(Text(printable(notice), style="bold yellow"), width))
    return Group(*parts)


def _head(progress: Progress, left: float | None, width: int) -> Text:
    time = f"{duration(elapsed(progress))}" + (f", about {duration(left)} left" if left is not None else "")
    title = _cut(Text(printable(progress.playbook or "starting ansible-playbook"), style="bold"), width - len(time) - 2)
    title.append("  " + time, style="cyan")
    where = f"{progress.role}: " if progress.role else ""
    lines = [title]
    if progress.play:
        lines.append(_cut(Text(f"play {progress.plays}  {printable(progress.play)}"), width))
    if progress.end:
        lines.append(Text("over; the documents are being made"))
    elif progress.task:
        lines.append(_cut(Text(f"task    {printable(where + progress.task)}"), width))
    return Text("\n").join([*lines, Text()])


def _hosts(progress: Progress, room: int, width: int) -> RenderableType:
    """The hosts that need looking at come first when not all fit."""
    hosts = list(progress.hosts.values())
    if len(hosts) > room:
        hosts = sorted(hosts, key=lambda host: 0 if host.is_bad else _URGENCY.get(host.state, 2))[: room - 1]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", width=width)
    table.add_column("host", no_wrap=True, max_width=max(12, width // 4), overflow="ellipsis")
    table.add_column("state", no_wrap=True, min_width=11)
    table.add_column("task", no_wrap=True, ratio=1, overflow="ellipsis")
    for heading in ("ok", "changed", "failed", "skipped"):
        table.add_column(heading, justify="right", no_wrap=True)
    for host in hosts:
        table.add_row(*_row(host))
    if len(hosts) < len(progress.hosts):
        return Group(table, Text(f"and {len(progress.hosts) - len(hosts)} more: {_summary(progress)}", style="dim"))
    return table


def _row(host: Host) -> tuple[Text, ...]:
    count = host.tallies.get
    failed = count("failed", 0) + count("unreachable", 0)
    note = f" ({host.note})" if host.note else ""
    return (
        Text(printable(host.name), style="bold red" if host.is_bad else ""),
        Text(host.state, style=_STYLES[host.state]),
        Text(printable(host.task) + note),
        Text(str(count("ok", 0))),
        Text(str(count("changed", 0)), style="yellow" if count("changed") else ""),
        Text(str(failed), style="bold red" if failed else ""),
        Text(str(count("skipped", 0)), style="dim"),
    )


def _summary(progress: Progress) -> str:
    states = [host.state for host in progress.hosts.values()]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _failure(failure: Failure, width: int) -> Text:
    text = Text(f"  {printable(failure.host)}  ", style=_STYLES[failure.status])
    text.append(printable(failure.task), style="bold")
    text.append(f": {printable(failure.message)}" if failure.message else "")
    return _cut(text, width)


def recap(progress: Progress) -> list[Text]:
    """A line for each host when it is over, and every failure in full."""
    lines = []
    for failure in progress.failures:
        line = Text(f"{failure.status}: {printable(failure.host)}: ", style=_STYLES[failure.status])
        line.append(f"{printable(failure.task)}: {printable(failure.message)}", style="not bold default")
        lines.append(line)
    longest = max((len(printable(name)) for name in progress.hosts), default=0)
    for host in progress.hosts.values():
        line = Text(printable(host.name).ljust(longest), style="bold red" if host.is_bad else "green")
        tallies = [f"{status} {host.tallies[status]}" for status in _COUNTED if host.tallies.get(status)]
        line.append("  " + "  ".join(tallies or ["nothing ran"]), style="not bold default")
        if host.state == "stopped":
            line.append(f"  stopped in: {printable(host.task)}", style=_STYLES["stopped"])
        lines.append(line)
    return lines


def elapsed(progress: Progress) -> float:
    """Seconds since the run began; until its last line once it is over."""
    if progress.began is None:
        return 0.0
    end = progress.last if progress.end and progress.last else datetime.now(UTC)
    return max(0.0, (end - progress.began).total_seconds())


def duration(seconds: float) -> str:
    """`9 s`, `3:05`, `1:02:03`."""
    total = round(seconds)
    if total < 60:
        return f"{total} s"
    hours, remainder = divmod(total, 3600)
    return f"{hours}:{remainder // 60:02}:{remainder % 60:02}" if hours else f"{remainder // 60}:{remainder % 60:02}"


def _cut(text: Text, width: int) -> Text:
    text.truncate(max(1, width), overflow="ellipsis")
    return text
