"""Directories of records that are made at once, or while others are in the way."""

from __future__ import annotations

import fcntl
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.oplever.lab.plugins.plugin_utils import directory

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def make(base: str) -> directory.RecordDirectory:
    made = directory.create(base, "site.yml", NOW)
    os.write(made.descriptor, json.dumps({"previous": made.previous}).encode() + b"\n")
    os.close(made.descriptor)
    made.reserve.release()
    return made


def test_runs_that_start_at_once_follow_each_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(str(tmp_path)).previous, range(48)))
    assert made.count(None) == 1
    assert len(set(made)) == len(made)


def test_each_knows_the_one_before_it_and_latest_is_the_last(tmp_path: Path) -> None:
    first, second = make(str(tmp_path)), make(str(tmp_path))
    assert (first.previous, second.previous) == (None, first.id)
    assert (tmp_path / "latest").readlink() == Path(second.id)
    (tmp_path / "latest").unlink()
    third = make(str(tmp_path))
    assert third.previous == second.id


@pytest.mark.slow
def test_a_lock_that_somebody_holds_does_not_hold_up_the_play(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert make(str(tmp_path)).previous is None
    os.close(descriptor)


def test_a_journal_put_back_leaves_latest_to_a_later_run(tmp_path: Path) -> None:
    first = make(str(tmp_path))
    for path in Path(first.path).iterdir():
        path.unlink()
    Path(first.path).rmdir()
    later = make(str(tmp_path))
    os.close(directory.reopen(first))
    assert (tmp_path / "latest").readlink() == Path(later.id)
