"""A journal as Ansible's callback writes it gives the record a reader agrees with."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from command import attempt
from journals import Journal, complete
from oplever import errors
from oplever._shared.versions import is_newer
from oplever.errors import OpleverError
from oplever.journal.reader import read
from oplever.kinds.derive import derive
from oplever.kinds.installation import completeness, verdict
from oplever.record.model import Reason, Recap, Record
from oplever.text import to_json

ROOT = Path(__file__).resolve().parents[3]


def codes(record: Record) -> set[str]:
    return {reason.code for reason in record.document.reasons}


def test_delivered() -> None:
    record = complete().finish(ok=5, changed=1).record()
    assert (record.verdict, codes(record)) == ("delivered", set())
    assert [(c.name, c.change) for c in record.components] == [
        ("bash", "upgraded"), ("nginx", "installed"), ("old", "removed")
    ]  # fmt: skip
    assert record.systems[0].recap == Recap(ok=5, changed=1)
    assert {test.stage for test in record.tests} == {"during", "after"}
    assert record.hours.machine > 0
    missing = {lack.code for lack in record.completeness.missing}
    assert "acceptance_missing" in missing
    assert "tests_after_missing" not in missing


def test_failed_test_is_not_delivered_and_a_fault() -> None:
    record = complete().check("fail").finish(ok=6).record()
    assert (record.verdict, codes(record)) == ("not_delivered", {"tests_failed"})
    assert [(f.kind, f.location, f.status) for f in record.faults] == [("test_failed", "x.y", "open")]
    assert next(test for test in record.tests if test.stage == "after").attempt == 2


def test_retest_solves_the_fault() -> None:
    record = complete().check("fail").check("pass").finish(ok=7).record()
    assert record.verdict == "delivered"
    assert [(f.status, f.retest[:3]) for f in record.faults] == [("solved", "x.y")]


def test_rescued_failure_with_what_rescued_it() -> None:
    journal = complete().task("breaks", "failed", message="no").task("repair").finish(ok=6, rescued=1)
    record = journal.record()
    assert record.verdict == "delivered"
    assert [s.results[0].status for s in record.steps if s.name == "breaks"] == ["rescued"]
    assert [(f.status, f.fix) for f in record.faults] == [("solved", "repair")]


def test_failure_in_always_is_not_taken_for_rescued() -> None:
    record = complete().task("breaks", "failed").task("always").finish(ok=6, failed=1).record()
    assert [s.results[0].status for s in record.steps if s.name == "breaks"] == ["failed"]
    assert codes(record) == {"hosts_failed"}


def test_unreachable() -> None:
    record = complete().task("away", "unreachable", message="no route").finish(ok=5, unreachable=1).record()
    assert codes(record) == {"hosts_unreachable"}
    assert [f.kind for f in record.faults] == ["unreachable"]
    assert not record.systems[0].reachable


def test_ignored_failure_is_a_remark() -> None:
    record = complete().task("tries", "ignored").finish(ok=6, ignored=1).record()
    assert (record.verdict, codes(record)) == ("delivered_with_remarks", {"failures_ignored"})


def test_controls_before_and_after() -> None:
    control = {"id": "SSH-001", "severity": "high"}
    record = complete().check("fail", "before", **control).check("fail", **control).finish(ok=7).record()
    assert codes(record) == {"controls_failed"}
    assert [(c.before, c.after) for c in record.baseline.controls] == [("fail", "fail")]
    assert len(record.tests) == 2
    better = complete().check("fail", "before", **control).check("pass", **control).finish(ok=7).record()
    score = better.baseline.hosts[0]
    assert score.before is not None
    assert score.after is not None
    assert (score.before.score, score.after.score, better.verdict) == (0, 100, "delivered")


def test_interrupted_names_what_was_under_way() -> None:
    journal = complete().add("task_start", task="t9", play="p", name="long").add("host_start", task="t9", host="a")
    record = journal.record()
    assert record.verdict == "interrupted"
    assert record.systems[0].recap == Recap(ok=5, changed=1)
    assert record.faults[-1].symptom == "long (a)"
    # Ansible was stopped and could still close its journal.
    stopped = journal.add("run_end", lines=len(journal.lines), lost=0, reason="stopped before the recap").record()
    assert stopped.verdict == "interrupted"
    assert [(fault.kind, fault.symptom) for fault in stopped.faults] == [("interrupted", "long (a)")]
    between = complete().finish(ok=5)
    between.lines[-1] = between.lines[-1].replace(b'"finished"', b'"stopped after 1 of 2 playbooks"')
    assert (between.record().verdict, between.record().faults) == ("interrupted", ())


def test_serial_batches_are_one_step() -> None:
    journal = complete().task("both", host="a").task("both", host="b").finish(ok=6)
    assert [len(step.results) for step in journal.record().steps if step.name == "both"] == [2]


def test_damaged_and_unknown_lines() -> None:
    journal = complete().add("new_kind", anything=1).task("broken").finish(ok=6)
    number = next(n for n, line in enumerate(journal.lines) if b'"result"' in line and b'"broken"' in line)
    journal.lines[number] = b'{"seq": \xff\n'
    record = journal.record()
    assert codes(record) == {"journal_lines_lost"}
    assert not record.completeness.journal_complete


def test_a_clock_that_was_set_is_a_remark() -> None:
    journal = complete().finish(ok=5)
    journal.lines[-1] = journal.lines[-1].replace(b'"lost"', b'"clock_shift": -7200.5, "lost"')
    record = journal.record()
    assert [reason for reason in record.document.reasons if reason.code == "clock_set"] == [
        Reason("clock_set", {"seconds": -7200.5})
    ]
    assert record.verdict == "delivered_with_remarks"


def test_every_prefix_gives_the_same_record_twice() -> None:
    lines = complete().task("breaks", "failed").task("repair").check("fail").finish(ok=6, rescued=1).lines
    for length in range(1, len(lines) + 1):
        record = derive(read(lines[:length]))
        assert (record.verdict == "interrupted") == (length < len(lines))
        assert to_json(record) == to_json(derive(read(lines[:length])))
        torn = [*lines[:length], lines[length][:9]] if length < len(lines) else lines
        assert derive(read(torn)) == record


def test_hostile_shapes_are_survived() -> None:
    odd = {"packages": [1], "units": {"x": 7}, "files": {"/e": None}, "network": 3, "mounts": {"/": 1}, "host": []}
    check = {"title": 7, "refs": [], "duration": "long", "severity": "odd"}
    record = Journal().snapshot("before", **odd).snapshot("after", **odd).check("pass", **check).finish(ok=3).record()
    assert record.tests[0].title.en == "7"


@pytest.mark.parametrize(
    ("lines", "slug"),
    [
        ([], "journal-empty"),
        ([b"{"], "journal-empty"),
        ([b"{}\n"], "journal-foreign"),
        (Journal().lines[1:], "journal-foreign"),
        ([Journal().lines[0].replace(b'"version": 1', b'"version": 0')], "journal-foreign"),
        ([Journal().lines[0].replace(b'"version": 1, ', b"")], "journal-foreign"),
        ([Journal().lines[0].replace(b'"version": 1', b'"version": 99')], "journal-newer"),
    ],
)
def test_what_is_no_journal(lines: list[bytes], slug: str) -> None:
    with pytest.raises(OpleverError) as caught:
        list(read(lines))
    assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0~rc1-1", "1.0-1"),
        ("1.9", "1.10"),
        ("2.0", "1:1.0"),
        ("1.0-1", "1.0-1+deb13u1"),
        ("1.0a", "1.0+b"),
        ("0:9", "1:2:3"),
        ("1." + "1" * 5000, "2.0"),
    ],
)
def test_debian_versions(older: str, newer: str) -> None:
    assert is_newer(newer, older)
    assert not is_newer(older, newer)


def test_every_message_has_its_anchor() -> None:
    text = (ROOT / "docs/reference/messages.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(errors.ANCHORS)
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "reports/oplever").rglob("*.py"))
    assert set(re.findall(r'OpleverError\(\s*"([a-z-]+)"', sources)) == set(errors.ANCHORS)


def test_every_code_is_documented() -> None:
    text = (ROOT / "docs/reference/record.md").read_text(encoding="utf-8")
    reasons = re.findall(r'Reason\("(\w+)"', Path(verdict.__file__).read_text(encoding="utf-8"))
    lacks = re.findall(r'"(\w+_missing)"', Path(completeness.__file__).read_text(encoding="utf-8"))
    assert reasons
    assert [code for code in reasons + lacks if f"`{code}`" not in text] == []


@pytest.mark.slow
def test_report_writes_the_record_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"".join(complete().finish(ok=5).lines))
    result = attempt("report", str(tmp_path))
    assert (result.exit_code, result.output.splitlines()[0]) == (0, "verdict: in order")
    path = tmp_path / "record.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert msgspec.json.decode(path.read_bytes(), type=Record).verdict == "delivered"
    documents = {f"report.{language}.{form}" for language in ("nl", "en") for form in ("html", "md", "pdf")}
    expected = {"journal.jsonl", "record.json", "manifest.json", *documents}
    assert {file.name for file in tmp_path.iterdir()} == expected
    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir() if file.name != "journal.jsonl"} == {0}


@pytest.mark.slow
def test_report_says_no_or_says_what_is_wrong(tmp_path: Path) -> None:
    result = attempt("report", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr.startswith("oplever: ")
    assert result.stderr.endswith("[journal-missing]\n")
    hostile = complete().check("fail", id="\x1b[31mred").finish(ok=6)
    (tmp_path / "journal.jsonl").write_bytes(b"".join(hostile.lines))
    result = attempt("report", str(tmp_path))
    assert result.exit_code == 1
    assert "\x1b" not in result.output
