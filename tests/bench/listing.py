"""Listing

What `oplever list` and `oplever incident list` take with many records, beside a script without an index that opens each
file.

Processor time of the whole process, start included, with the bytecode of the package as an installation has it. The
records are small and alike, one case in twenty is open; the list goes to a pipe.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from measure import spread

HEADINGS = (
    "command", "records", "first time, for each record", "every next time",
    "time against the first and last line of each file by json", "time against `oplever --version`",
)  # fmt: skip
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
OPLEVER = [str(Path(sys.executable).with_name("oplever"))]
WITHOUT_INDEX = """import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/" + sys.argv[2])):
    first, *_, last = path.read_bytes().splitlines()
    print(path.parent.name, json.loads(first).get("t"), json.loads(last).get("kind"))
"""
OPEN_ONE_IN = 20


class Sort(NamedTuple):
    """What is listed: the words of the command, what makes so many records of it, the file that each has, and how many
    records there are for one line of the list."""

    words: tuple[str, ...]
    make: Callable[[Path, int], None]
    file: str
    for_one_line: int


def figures(*, quick: bool = False) -> list[tuple[str, ...]]:
    """Rows under `HEADINGS`; `quick` shows that it works, no figure."""
    sorts = (
        Sort(("list",), _make, "journal.jsonl", 1),
        Sort(("incident", "list"), _make_cases, "entries.jsonl", OPEN_ONE_IN),
    )
    sizes, rounds = ((20,), 1) if quick else ((1000, 10_000), 5)
    return [_row(sort, size, rounds) for sort in sorts for size in sizes]


def _row(sort: Sort, records: int, rounds: int) -> tuple[str, ...]:
    words, lines = sort.words, records // sort.for_one_line
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as bytecode:
        base = Path(place)
        sort.make(base, records)
        _seconds([*OPLEVER, *words], base / "none", 1, bytecode)  # "no record": the bytecode is there from now on
        first = _seconds([*OPLEVER, *words], base, lines, bytecode)
        listed, opened, started = [], [], []
        for _ in range(rounds):
            listed.append(_seconds([*OPLEVER, *words], base, lines, bytecode))
            opened.append(_seconds([sys.executable, "-c", WITHOUT_INDEX, place, sort.file], base, records, bytecode))
            started.append(_seconds([*OPLEVER, "--version"], base, 1, bytecode))
    return (
        f"`oplever {' '.join(words)}`",
        f"{records:,}",
        f"{1000 * first / records:.1f} ms",
        spread(listed, 2, " s"),
        spread([mine / other for mine, other in zip(listed, opened, strict=True)]),
        spread([mine / other for mine, other in zip(listed, started, strict=True)]),
    )


def _make(base: Path, records: int) -> None:
    from stored import visit  # noqa: PLC0415 - on the path once the bench runs

    content = b"".join(visit().finish(ok=4).lines)
    for number in range(records):
        start = BEGIN + timedelta(minutes=30 * number)
        directory = base / f"{start:%Y%m%dT%H%M%SZ}-site-{number:06x}"
        directory.mkdir()
        day, host = f"{start:%Y-%m-%d}T".encode(), f"web{number % 300}".encode()
        (directory / "journal.jsonl").write_bytes(content.replace(b"2026-11-23T", day).replace(b"web1", host))


def _make_cases(base: Path, cases: int) -> None:
    """Cases with the entries that the commands write, one in twenty of them open."""
    import desk  # noqa: PLC0415 - on the path once the bench runs

    closed = desk.Desk().add_all(*desk.UNTIL_SOLVED, "retested").add("confirmed", satisfied="yes", user=desk.USER)
    sources = closed.add_all("closed").sources.entries, desk.Desk().add_all("classified", "assessed").sources.entries
    for number in range(cases):
        start = BEGIN + timedelta(minutes=30 * number)
        name = f"{start:%Y%m%dT%H%M%SZ}-incident-{number:06x}"
        lines = _chained(sources[number % OPEN_ONE_IN == 0], name, f"{start:%Y-%m-%d}T".encode())
        (base / name).mkdir()
        (base / name / "entries.jsonl").write_bytes(b"".join(lines))


def _chained(added: Sequence[Any], name: str, day: bytes) -> list[bytes]:
    import desk  # noqa: PLC0415 - as above
    from msgspec import structs  # noqa: PLC0415
    from oplever.record import entries  # noqa: PLC0415
    from oplever.store import chain  # noqa: PLC0415

    lines: list[bytes] = []
    for entry in added:
        previous = chain.of_line(lines[-1]) if lines else f"record:{name}"
        line = entries.line(structs.replace(entry, previous=previous))
        lines.append(line.replace(b"2026-11-23T", day).replace(desk.NAME.encode(), name.encode()))
    return lines


def _seconds(command: list[str], base: Path, lines: int, bytecode: str) -> float:
    """Processor time of one process, in seconds, after a look whether it printed as many lines as it should."""
    environment = {**os.environ, "OPLEVER_RECORDS": str(base), "PYTHONPYCACHEPREFIX": bytecode}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(done.stdout.splitlines()) == lines, done.stdout + done.stderr
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
