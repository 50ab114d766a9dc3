"""Several people at once, and a records directory that nobody can write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from journals import complete
from oplever import store
from oplever.store import chain, documents, manifest
from oplever.store.records import entry_lines
from stored import check, store_record, visit
from waiting import PATIENCE, wait_for

NAME = "20261101T100000Z-site-aaaaaa"
OPLEVER = [sys.executable, "-P", "-m", "oplever"]
ADDING = """
import sys
from pathlib import Path
from oplever.files import locked
from oplever.record import entries
from oplever.store.append import append
directory = Path(sys.argv[1])
for number in range(50):
    said = entries.make("hours", sys.argv[2], "2026-11-24T10:00:00Z", {"hours": 1, "activity": str(number)})
    with locked(directory):
        append(directory, [said])
"""


def environment(base: Path) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OPLEVER_")}
    return {**clean, "OPLEVER_RECORDS": str(base)}


def start(*command: str, base: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, env=environment(base), cwd=base, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, output = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output


def test_four_people_add_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    record = store_record(tmp_path, NAME, complete().finish(ok=5))
    finish([start(sys.executable, "-c", ADDING, str(record), f"person {n}", base=tmp_path) for n in range(4)])
    lines = entry_lines(record)
    assert len(lines) == 200
    assert chain.breaks(lines, record / "journal.jsonl") == []
    assert store.load(record).hours.hands_on == 200


def test_documents_made_at_once_are_of_one_revision(tmp_path: Path) -> None:
    record = store_record(tmp_path, NAME, complete().finish(ok=5))
    add = [*OPLEVER, "add", "hours", "--record", NAME, "--hours", "1", "--activity", "x", "--by"]
    finish([start(*add, f"person {n}", base=tmp_path) for n in range(3)])
    wait_for(lambda: documents.examine(record).state != "being_made")
    assert documents.examine(record).state == "current"
    assert manifest.problems(record) == []
    assert "person 0" in (record / "report.en.md").read_text(encoding="utf-8")
    assert store.load(record).document.revision == 4


def test_many_may_look_at_once(tmp_path: Path) -> None:
    for day in range(1, 21):
        store_record(tmp_path, f"202611{day:02}T100000Z-site-aaaaaa", visit().finish(ok=4))
    looking = [start(*OPLEVER, "list", "--host", "web1", base=tmp_path) for _ in range(4)]
    outputs = [process.communicate(timeout=PATIENCE) for process in looking]
    assert [process.returncode for process in looking] == [0] * 4, outputs
    assert {len(output.splitlines()) for output, _ in outputs} == {20}


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("list",), NAME),
        (("list", "--failed-check", "nginx.tls"), NAME),
        (("show", NAME, "--host", "web1"), "nginx.tls"),
        (("show", "--host", "web1"), "nginx.tls"),
        (("compare", NAME, NAME), "no difference"),
    ],
)
def test_records_on_a_read_only_mount(tmp_path: Path, command: tuple[str, ...], says: str) -> None:
    store_record(tmp_path / "records", NAME, check(visit(), "web1", "fail", "nginx.tls").finish(ok=4))
    base = tmp_path / "records"
    mounted = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh", str(base)]
    probe = subprocess.run([*mounted, "touch", str(base / "probe")], capture_output=True, text=True, check=False)
    assert "Read-only file system" in probe.stderr, probe.stderr
    done = subprocess.run(
        [*mounted, *OPLEVER, *command], env=environment(base), cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert [path.name for path in base.iterdir()] == [NAME]
