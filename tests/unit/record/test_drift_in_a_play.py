"""What a play says of drift before its record exists, and what the record says: the same names, whatever differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.oplever.lab.plugins.action import snapshot as action
from ansible_collections.oplever.lab.plugins.plugin_utils import delivered, recording
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.redact import Redactor
from ansible_collections.oplever.lab.plugins.plugin_utils.shared.text import plain
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import Journal
from oplever.record.model import BAD

REFERENCE = "20261101T100000Z-site-aaaaaa"
SECRET = "correct-horse"  # noqa: S105 - what must be masked
KINDS = ("file", "rights", "log", "runnable", "package_list", "sysctl", "module", "filter", "future")
"""Drift or not, of which one change is told, and one that no toolkit knows."""
WORDS = (
    "1", "2", "", "0644, as package cron brought it", "0644, of package cron", "as /etc/skel gives it",
    "0, as the default for interfaces", "0600, keyed 0123456789abcdef", "0600, keyed fedcba9876543210",
    "0644, keyed fedcba9876543210", f"password {SECRET}", "password other-horse", "a\x1b[31mb", "ab", "x" * 20_000,
    "x" * 20_001,
)  # fmt: skip
KEYS = ("a", "b", "/etc/crontab", f"/srv/{SECRET}", "c\u202ed")
FACTS = st.dictionaries(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), st.sampled_from(WORDS)))
PACKAGES = st.dictionaries(
    st.sampled_from(("cron", "bash", "linux-image-amd64", "linux-image-6.1.0-9-amd64")),
    st.one_of(
        st.lists(st.sampled_from(("1", "2", "")), max_size=2),
        st.tuples(st.sampled_from(("1", "2")), st.sampled_from(("site old/main", "site new/main"))).map(list),
    ),
)
UNSEEN = st.dictionaries(st.sampled_from(KINDS), st.lists(st.sampled_from(("no nft", "too many")), max_size=2))


def snapshots() -> st.SearchStrategy[dict[str, Any]]:
    second = st.fixed_dictionaries(
        {
            "format": st.just(2),
            "state": FACTS,
            "packages": PACKAGES,
            "unseen": UNSEEN,
            "manual": st.lists(st.just("linux-image-amd64")),
        },
        optional={"digest_key": st.sampled_from(("k", "l"))},
    )
    first = st.fixed_dictionaries(
        {"packages": PACKAGES, "files": st.dictionaries(st.sampled_from(KEYS), st.just(["aa"]))}
    )
    damaged = st.fixed_dictionaries(
        {"format": st.just(2), "state": st.sampled_from(([], {"file": 1}, {"file": {"a": None}}))}
    )
    return st.one_of(second, second, second, first, damaged)


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The records of a project; the run has a secret."""
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.setattr(recording, "_current", [Redactor({SECRET})])
    return tmp_path


def as_journal(data: dict[str, Any]) -> dict[str, Any]:
    """What the callback writes of a result of ours."""
    kept: dict[str, Any] = plain(data, recording.redactor().text)
    return kept


def deliver(records: Path, snapshot: dict[str, Any]) -> None:
    (records / REFERENCE).mkdir(exist_ok=True)
    data = as_journal({"stage": "after", "snapshot": snapshot})
    line = {"kind": "result", "host": "a", "data": data}
    (records / REFERENCE / "journal.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")


def outcomes(reference: dict[str, Any], look: dict[str, Any], rules: dict[str, Any]) -> dict[str, str]:
    """Status by name of the tests in the record."""
    journal = Journal()
    journal.task("1", data=as_journal({"stage": "before", "snapshot": reference, "reference": REFERENCE, **rules}))
    journal.task("2", data=as_journal({"stage": "after", "snapshot": look}))
    return {test.id: test.status for test in journal.finish(ok=2).record().tests if test.suite == "drift"}


def rules() -> st.SearchStrategy[dict[str, Any]]:
    """What was accepted, and where updates may come from."""
    acceptance = st.fixed_dictionaries(
        {
            "kind": st.sampled_from((*KINDS, "package")),
            "name": st.sampled_from((*KEYS, "bash", "cron")),
            "value": st.sampled_from(("", *WORDS)),
            "at": st.sampled_from(("2026-11-24T10:00:00.000000Z", "2026-11-24T11:00:00.000000Z")),
            "expired": st.booleans(),
        }
    )
    origins = st.lists(st.sampled_from(("site new", "site old", "site")), max_size=2)
    return st.fixed_dictionaries({"accepted": st.lists(acceptance, max_size=8), "origins": origins})


@settings(max_examples=300)
@given(before=snapshots(), after=snapshots().filter(lambda look: look.get("format") == 2), rules=rules())
def test_the_play_names_what_the_record_names(
    records: Path, before: dict[str, Any], after: dict[str, Any], rules: dict[str, Any]
) -> None:
    deliver(records, before)
    stored = delivered.last_snapshot(records / REFERENCE, "a")
    assert stored is not None
    answer = action.compared(after, "after", REFERENCE, "a", rules)
    names = answer["ansible_facts"]["oplever_checks_drift_after"]
    statuses = outcomes(stored, after, rules)
    assert set(as_journal({"names": names})["names"]) == {name for name, status in statuses.items() if status in BAD}
    assert names == [*answer["drift"], *answer["not_compared"]]
    assert set(answer["accepted"]) == {name for name, status in statuses.items() if status == "waived"}
    assert bool(answer["updates"]) == ("drift.updates" in statuses)


def test_a_secret_of_this_run_is_masked_and_no_difference(records: Path) -> None:
    snapshot = {"format": 2, "digest_key": "k", "state": {"file": {f"/srv/{SECRET}": f"password {SECRET}"}}}
    deliver(records, snapshot)
    assert SECRET not in (records / REFERENCE / "journal.jsonl").read_text(encoding="utf-8")
    assert action.compared(snapshot, "after", REFERENCE, "a", {})["drift"] == []
    changed = {**snapshot, "state": {"file": {f"/srv/{SECRET}": "gone"}}}
    assert action.compared(changed, "after", REFERENCE, "a", {})["drift"] == ["drift.file./srv/***"]


def test_what_could_not_be_compared_is_named_apart(records: Path) -> None:
    deliver(records, {"format": 2, "digest_key": "k", "state": {"filter": {"a": "1"}}})
    blind = {"format": 2, "digest_key": "k", "state": {"filter": {}}, "unseen": {"filter": ["there is no nft"]}}
    answer = action.compared(blind, "after", REFERENCE, "a", {})
    assert (answer["drift"], answer["not_compared"]) == ([], ["drift.filter"])
    assert answer["ansible_facts"] == {"oplever_checks_drift_after": ["drift.filter"]}


def test_without_a_reference_the_fact_of_an_earlier_run_is_wiped() -> None:
    assert action.compared({}, "after", "", "a", {}) == {"ansible_facts": {"oplever_checks_drift_after": []}}


def test_a_record_without_this_machine_is_an_error_and_no_machine_without_drift(records: Path) -> None:
    deliver(records, {"format": 2})
    for name, host in ((REFERENCE, "b"), ("20261102T100000Z-site-bbbbbb", "a")):
        answer = action.compared({"format": 2}, "after", name, host, {})
        assert answer["failed"] is True
        assert answer["msg"] == f"reference: record {name} has no snapshot of {host} after the work"


@pytest.mark.parametrize("name", ["../secret", "/etc", ".", "..", "a/b"])
def test_only_a_name_leads_to_a_record(records: Path, name: str) -> None:
    with pytest.raises(AnsibleError, match="is no name of a record"):
        action.compared({"format": 2}, "after", name, "a", {})


def test_what_is_accepted_or_an_update_does_not_fail_the_play(records: Path) -> None:
    before = {"format": 2, "digest_key": "k", "state": {"file": {}}, "packages": {"cron": ["1", "site old/main"]}}
    after = {**before, "state": {"file": {"/a": "1"}}, "packages": {"cron": ["2", "site new/main"]}}
    deliver(records, before)
    acceptance = {"kind": "file", "name": "/a", "value": "1", "expired": False}
    rules = {"accepted": [acceptance], "origins": ["site new"]}
    answer = action.compared(after, "after", REFERENCE, "a", rules)
    assert (answer["accepted"], answer["updates"]) == (["drift.file./a"], ["drift.package.cron"])
    assert answer["ansible_facts"] == {"oplever_checks_drift_after": []}
    assert set(action.compared(after, "after", REFERENCE, "a", {})["drift"]) == {"drift.file./a", "drift.package.cron"}
