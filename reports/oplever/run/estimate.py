"""How long a run will take still, by earlier runs of the same playbook on the same hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

from msgspec import Struct

from oplever import clock
from oplever.errors import OpleverError
from oplever.journal.events import Gap, PlaybookStart, PlayStart, RunEnd, TaskStart
from oplever.journal.reader import read
from oplever.run.progress import key

MOST = 5
"""How many earlier runs count."""
_TRIED = 40
_LARGEST_BYTES = 256 * 1024 * 1024


class Earlier(Struct, frozen=True):
    """A finished run: seconds it took in all, and from its start to the first start of each task."""

    playbook: str
    targets: frozenset[str]
    total: float
    starts: dict[str, float]


def of_journal(path: Path) -> Earlier | None:
    """What a journal says about time; None when its run did not finish or it cannot be read."""
    playbook, targets = "", frozenset[str]()
    starts: dict[str, float] = {}
    total: float | None = None
    began: datetime | None = None
    try:
        with path.open("rb") as lines:
            for event in read(lines, str(path)):
                if isinstance(event, Gap):
                    return None
                began = began or clock.moment(event.t)
                seconds = (clock.moment(event.t) - began).total_seconds()
                match event:
                    case PlaybookStart():
                        playbook = playbook or event.playbook
                    case PlayStart():
                        targets = targets or frozenset(event.targets)
                    case TaskStart():
                        starts.setdefault(key(event), seconds)
                    case RunEnd(reason="finished"):
                        total = seconds
                    case _:
                        pass
    except (OpleverError, OSError, ValueError):
        return None
    return Earlier(playbook, targets, total, starts) if total is not None else None


def similar(records: Path, current: Path, playbook: str, targets: frozenset[str]) -> tuple[Earlier, ...]:
    """The newest finished runs of this playbook on these hosts, `current` left out."""
    runs: list[Earlier] = []
    name = current.name.split("-", 1)[-1].rsplit("-", 1)[0]  # `site` in 20261123T100000Z-site-a1b2c3
    candidates = sorted((d for d in records.glob(f"*-{name}-??????") if d.name < current.name), reverse=True)
    for directory in candidates[:_TRIED]:
        journal = directory / "journal.jsonl"
        if journal.is_symlink() or not journal.is_file() or journal.stat().st_size > _LARGEST_BYTES:
            continue
        earlier = of_journal(journal)
        if earlier and Path(earlier.playbook).name == Path(playbook).name and earlier.targets == targets:
            runs.append(earlier)
            if len(runs) == MOST:
                break
    return tuple(runs)


def seconds_left(earlier: Sequence[Earlier], task_key: str, in_task: float) -> float | None:
    """What was still to come when earlier runs began this task, less the time already spent in it; None when the
    task is in none of them. Seconds."""
    still = [run.total - run.starts[task_key] for run in earlier if task_key in run.starts]
    return max(0.0, median(still) - in_task) if still else None


def total_seconds(earlier: Iterable[Earlier]) -> float | None:
    """What they took in all, in the middle; None without any."""
    totals = [run.total for run in earlier]
    return median(totals) if totals else None
