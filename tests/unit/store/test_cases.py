"""The incidents in the index: which, in which order, and of whom a machine spoke last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oplever.store import cases, database, schema
from oplever.store.cases import Case, KnownMail
from oplever.store.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = database.beside(tmp_path / "index.sqlite")
    for statement in schema.statements(opened.types):
        opened.change(statement)
    with Index(opened, tmp_path, "here") as made:
        yield made


def insert(index: Index, name: str, **values: Any) -> int:
    """A record; gives its key."""
    row = {
        "place": "here",
        "name": name,
        "fingerprint": "f",
        "kind": "incident",
        "status": "new",
        "unread": 0,
        **values,
    }
    [(key,)] = index.database.rows(schema.insertion(schema.RECORDS, row) + " RETURNING key", row)
    return int(key)


def part(index: Index, table: str, **values: Any) -> None:
    index.database.change(schema.insertion(table, values), values)


def names(found: list[Case]) -> list[str]:
    return [case.name for case in found]


def test_a_case_says_what_the_record_says(index: Index) -> None:
    values = {
        "title": "Wiki", "status": "in_progress", "priority": 2, "due": "2026-12-01T10:00:00Z",
        "started": "2026-11-23T10:00:00Z", "assignee": "S. Yilmaz", "category": "web", "room": "101",
        "cause": "web1 nginx.service", "unread": 3,
    }  # fmt: skip
    insert(index, "i1", **values)
    (case,) = cases.cases(index)
    assert case == Case(
        name="i1", title="Wiki", state="in_progress", priority=2, due="2026-12-01T10:00:00Z",
        opened="2026-11-23T10:00:00Z", assignee="S. Yilmaz", category="web", place="101", cause="web1 nginx.service",
        unread=3,
    )  # fmt: skip


def test_the_queue_is_by_priority_then_by_what_is_due_then_by_age(index: Index) -> None:
    insert(index, "low", priority=3, due="2026-11-01", started="2026-01-01")
    insert(index, "late", priority=1, due="2026-12-02", started="2026-01-01")
    insert(index, "soon", priority=1, due="2026-12-01", started="2026-01-03")
    insert(index, "soon, older", priority=1, due="2026-12-01", started="2026-01-02")
    insert(index, "soon, older, first by name", priority=1, due="2026-12-01", started="2026-01-02")
    insert(index, "never due", priority=1, due=None, started="2026-01-01")
    insert(index, "not classified", priority=None, due=None, started="2026-11-01")
    assert names(cases.cases(index)) == [
        "not classified", "soon, older", "soon, older, first by name", "soon", "late", "never due", "low",
    ]  # fmt: skip


def test_other_kinds_and_records_of_another_place_are_not_in_it(index: Index) -> None:
    insert(index, "i1")
    insert(index, "i2", kind="installation")
    insert(index, "i3", place="elsewhere")
    assert names(cases.cases(index)) == ["i1"]


def test_states_are_chosen_and_unread_mail_brings_back_a_case_in_another(index: Index) -> None:
    for name, state, unread in (("a", "new", 0), ("b", "in_progress", 0), ("c", "closed", 1), ("d", "closed", 0)):
        insert(index, name, status=state, unread=unread, started=name)
    assert names(cases.cases(index, ["new", "in_progress"])) == ["a", "b"]
    assert names(cases.cases(index, {"closed"})) == ["c", "d"]
    assert names(cases.cases(index, ["new"], with_unread=True)) == ["a", "c"]
    assert names(cases.cases(index, [], with_unread=True)) == ["a", "b", "c", "d"]


def test_a_machine_is_named_by_the_record_that_spoke_of_it_last(index: Index) -> None:
    keys = {
        name: insert(index, name, kind=kind, moment=moment, number=number, place=place)
        for name, kind, moment, number, place in (
            ("old", "installation", "2026-11-01", 1, "here"),
            ("new", "installation", "2026-11-02", 2, "here"),
            ("same moment, later", "installation", "2026-11-02", 3, "here"),
            ("of runs", "installation", "2026-11-09", 9, "here"),
            ("incident", "incident", "2026-11-09", 9, "here"),
            ("elsewhere", "installation", "2026-11-09", 9, "elsewhere"),
        )
    }
    part(index, schema.RUNS, record=keys["of runs"], run="old")
    for name, hosts in {
        "old": ("web1", "ws1"), "new": ("web1", "srv1"), "same moment, later": ("srv1",), "of runs": ("web1",),
        "incident": ("web1",), "elsewhere": ("web1",),
    }.items():  # fmt: skip
        for host in hosts:
            part(index, schema.SYSTEMS, record=keys[name], host=host)
    assert cases.newest_runs(index) == ["same moment, later", "new", "old"]
    part(index, schema.SYSTEMS, record=keys["new"], host="ws1")
    assert cases.newest_runs(index) == ["same moment, later", "new"]


def test_mails_of_every_case_of_this_place(index: Index) -> None:
    mail = {
        "direction": "in", "message": "<1@school>", "digest": "aa", "address": "a@school", "date": "2026-11-23",
        "returned": "",
    }  # fmt: skip
    part(index, schema.MAILS, record=insert(index, "i1"), **mail)
    part(index, schema.MAILS, record=insert(index, "i2", place="elsewhere"), **mail)
    assert cases.mails(index) == [KnownMail(case="i1", **mail)]
