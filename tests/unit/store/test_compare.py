"""What differs is found, what is the same is not, and what was not seen is said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from command import attempt
from journals import Journal
from oplever import store
from oplever.record.compare import Difference, Side, compare, look_differences
from oplever.store import states
from stored import check, store_record, visit

ONE, TWO, THREE = (f"2026110{day}T100000Z-site-{6 * letter}" for day, letter in ((1, "a"), (2, "b"), (3, "c")))


def side(base: Path, name: str, journal: Journal, host: str | None = None) -> Side:
    examined = store.examine(store_record(base, name, journal))
    return Side(examined.record, examined.looks, host)


def differences(base: Path, a: Journal, b: Journal) -> list[tuple[str | None, ...]]:
    comparison = compare(side(base, ONE, a), side(base, TWO, b))
    assert comparison.same is (not comparison.differences)
    return [
        msgspec.structs.astuple(difference)[:1] + msgspec.structs.astuple(difference)[2:]
        for difference in comparison.differences
    ]


def test_the_same_is_the_same(tmp_path: Path) -> None:
    assert differences(tmp_path, visit().finish(), visit().finish()) == []


def test_settings_and_packages(tmp_path: Path) -> None:
    new = {"/etc/hosts": ["600", "root", "root", 10, "aa"], "/etc/new": ["600", "root", "root", 1, "b"]}
    assert differences(tmp_path, visit().finish(), visit(later=new).finish()) == [
        ("setting", "file", "/etc/hosts", "644 root root 10 aa", "600 root root 10 aa"),
        ("setting", "file", "/etc/new", None, "600 root root 1 b"),
    ]
    upgraded = Journal().snapshot("after", packages={"bash": ["1", ""]}).finish()
    plain = Journal().snapshot("after", packages={"bash": ["2", ""], "nginx": ["1", ""]}).finish()
    rows = differences(tmp_path / "x", upgraded, plain)
    assert rows == [("package", "package", "bash", "1", "2"), ("package", "package", "nginx", None, "1")]


def test_tests_controls_and_results(tmp_path: Path) -> None:
    a = check(visit(), "web1", "fail", "nginx.tls").task("restart", "ok", "web1").finish()
    b = check(visit(), "web1", "pass", "nginx.tls").task("restart", "changed", "web1").finish()
    assert differences(tmp_path, a, b) == [
        ("test", "n", "nginx.tls", "fail: 502", "pass"),
        ("result", "", "restart", "ok", "changed"),
    ]
    a = Journal().check("fail", severity="high", area="ssh").finish()
    b = Journal().check("pass", severity="high", area="ssh").finish()
    assert differences(tmp_path / "x", a, b) == [("control", "ssh", "x.y", "fail: 2", "pass")]


def test_a_machine_on_one_side_alone(tmp_path: Path) -> None:
    rows = differences(tmp_path, visit().finish(), visit("web2").finish())
    assert rows == [("host", "", "web1", "present", None), ("host", "", "web2", None, "present")]


def test_without_a_snapshot_nothing_is_said_of_packages(tmp_path: Path) -> None:
    bare = Journal().task("one").finish()
    measured = Journal().snapshot("after", packages={"bash": ["1", ""]}).task("one").finish()
    comparison = compare(side(tmp_path, ONE, bare), side(tmp_path, TWO, measured))
    assert comparison.unseen == ("a",)
    assert not [difference for difference in comparison.differences if difference.section in ("package", "setting")]


def test_two_machines(tmp_path: Path) -> None:
    other = {"/etc/hosts": ["600", "root", "root", 10, "aa"]}
    journal = check(visit(), "web1", "pass")
    for line in check(visit("web2", later=other), "web2", "fail").lines[3:]:
        event = msgspec.json.decode(line)
        journal.add(event.pop("kind"), **{key: value for key, value in event.items() if key not in ("seq", "t")})
    stored = store.examine(store_record(tmp_path, ONE, journal.finish()))
    comparison = compare(Side(stored.record, stored.looks, "web1"), Side(stored.record, stored.looks, "web2"))
    assert Difference("setting", "web1 / web2", "file", "/etc/hosts", "644 root root 10 aa", "600 root root 10 aa") in (
        comparison.differences
    )
    assert ("web1 / web2", "nginx.answers", "pass", "fail: 502") in [
        (difference.host, difference.name, difference.a, difference.b) for difference in comparison.differences
    ]


def test_time_is_told_and_does_not_count(tmp_path: Path) -> None:
    slow = Journal().task("one").finish()
    slow.lines[-3] = slow.lines[-3].replace(b'"duration": 0.5', b'"duration": 9.0')
    comparison = compare(side(tmp_path, ONE, Journal().task("one").finish()), side(tmp_path, TWO, slow))
    assert comparison.same
    assert [(duration.a, duration.b) for duration in comparison.times] == [(0.5, 9.0)]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    store_record(tmp_path, ONE, check(visit(), "web1", "pass", "nginx.tls").finish())
    store_record(tmp_path, TWO, check(visit(), "web1", "fail", "nginx.tls").finish())
    return tmp_path


def run(*arguments: str) -> Result:
    return attempt("compare", *arguments)


def test_the_command(base: Path) -> None:
    assert run(ONE, ONE).exit_code == 0
    done = run(ONE, TWO)
    assert done.exit_code == 1
    assert "nginx.tls" in done.stdout
    assert run(ONE, TWO, "--host", "web1").exit_code == 1
    unseen = run(ONE, TWO, "--host", "a")
    assert (unseen.exit_code, "no difference in what was compared\n" in unseen.stdout) == (0, True)
    output = msgspec.json.decode(run("--host", "web1", "--format", "json").stdout)
    assert output["same"] is False
    assert output["comparison"]["a"].startswith("r1 web1")
    assert [difference["name"] for difference in output["comparison"]["differences"]] == ["nginx.tls"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name two records"),
        ((ONE,), "name two records"),
        ((ONE, TWO, ONE), "name two records"),
        ((ONE, "nix"), "[record-unknown]"),
        ((ONE, TWO, "--host", "nix"), "[host-unknown]"),
        (("--host", "nix"), "[host-unknown]"),
        (("--host", "web1", "--host", "web1"), "both machines are web1"),
        ((ONE, "--host", "web1", "--host", "web1"), "both machines are web1"),
    ],
)
def test_what_cannot_be_compared_is_said(base: Path, arguments: tuple[str, ...], says: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_difference_that_says_nothing_is_left_out_of_a_comparison_too() -> None:
    old = {"log": {"/var/log/a": "has content"}, "file": {"/home/x/.bashrc": "as /etc/skel gives it"}}
    new = {"log": {"/var/log/b": "has content"}, "file": {}}
    looks = states.look(old), states.look(new)
    assert [(item.name, item.a, item.b) for item in look_differences("a", *looks)] == [
        ("/var/log/a", "has content", None)
    ]


def look(**state: dict[str, str]) -> dict[str, object]:
    return {"format": 2, "digest_key": "k", "packages": {"bash": ["1", ""]}, "state": state}


def run_with_snapshot(snapshot: dict[str, object]) -> Journal:
    return Journal().snapshot("after", **snapshot).finish()


def reasons(comparison: object) -> list[tuple[str, str]]:
    return [(part.kind, part.reason) for part in comparison.uncompared]  # type: ignore[attr-defined]


OLD = {"packages": {"bash": ["1", ""]}, "files": {"/etc/x": ["644", "root", "root", 1, "aa"]}}
NEW = look(file={"/etc/x": "0644, 1 byte, aa"}, swap={"/swap": "1 MB"})
FORMATS = "two versions of the toolkit made the snapshots (formats 1 and 2); only packages were compared"


def test_snapshots_of_two_formats_are_not_comparable_and_no_difference(tmp_path: Path) -> None:
    newer = {**NEW, "packages": {"bash": ["2", ""]}}
    comparison = compare(side(tmp_path, ONE, run_with_snapshot(OLD)), side(tmp_path, TWO, run_with_snapshot(newer)))
    assert [(row.section, row.name) for row in comparison.differences] == [("package", "bash")]
    assert reasons(comparison) == [("", FORMATS)]


def test_what_one_snapshot_did_not_see_is_not_comparable_and_no_difference(tmp_path: Path) -> None:
    blind = {**look(file={"/etc/x": "0644, 1 byte, bb"}, filter={}), "unseen": {"filter": ["no nft"]}}
    seeing = look(file={"/etc/x": "0644, 1 byte, aa"}, filter={"a": "1"}, swap={"/swap": "1 MB"})
    comparison = compare(side(tmp_path, ONE, run_with_snapshot(seeing)), side(tmp_path, TWO, run_with_snapshot(blind)))
    assert [(row.kind, row.name, row.a, row.b) for row in comparison.differences] == [
        ("file", "/etc/x", "0644, 1 byte, aa", "0644, 1 byte, bb")
    ]
    assert reasons(comparison) == [
        ("swap", "one of the snapshots did not look at it"), ("filter", "not seen in full: no nft"),
    ]  # fmt: skip


def test_digests_with_two_keys_are_not_comparable(tmp_path: Path) -> None:
    ours = look(file={"/etc/x": "0600, keyed 0123456789abcdef", "/etc/y": "0600, keyed 0123456789abcdef"})
    theirs = look(file={"/etc/x": "0600, keyed fedcba9876543210", "/etc/y": "0644, keyed fedcba9876543210"})
    comparison = compare(
        side(tmp_path, ONE, run_with_snapshot(ours)),
        side(tmp_path, TWO, run_with_snapshot({**theirs, "digest_key": "l"})),
    )
    assert [row.name for row in comparison.differences] == ["/etc/y"]
    assert [reason[:7] for _, reason in reasons(comparison)] == ["digests"]


def test_the_commands_say_what_is_not_comparable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    store_record(tmp_path, ONE, run_with_snapshot(OLD))
    store_record(tmp_path, TWO, run_with_snapshot(NEW))
    compared = run(ONE, TWO)
    assert (compared.exit_code, "no difference" in compared.stdout) == (0, True)
    assert f"not comparable: Settings of a: {FORMATS}" in compared.stderr
    for arguments in (("show", "--host", "a"), ("show", TWO, "--host", "a")):
        shown = attempt(*arguments).stdout
        assert f"not comparable between {ONE} and {TWO}: settings: {FORMATS}" in shown
        assert "nothing changed since" not in shown
        assert "/etc/x" not in shown


def test_the_history_of_a_machine_knows_nothing_that_was_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without snapshots nobody counted changes, without tests nothing was in order."""
    monkeypatch.setenv("OPLEVER_RECORDS", str(tmp_path))
    monkeypatch.delenv("OPLEVER_STORE", raising=False)
    store_record(tmp_path, ONE, Journal().task("install", "changed").finish(ok=1, changed=1))
    store_record(tmp_path, TWO, Journal(check_mode=True).task("install", "changed").check("pass").finish(ok=2))
    shown = attempt("show", "--host", "a").stdout
    first, second = (line.split() for line in shown.splitlines() if line.startswith("2026"))
    assert "last in order never, delivered never" in shown
    assert first[1:] == ["with", "remarks", "carried", "out", "1", "-", "-", "-", "-", "-"]
    assert second[1:] == ["with", "remarks", "trial", "run", "0", "1/1", "-", "-", "-", "-"]
    assert "tests none; score not measured" in attempt("show", ONE, "--host", "a").stdout
    store_record(tmp_path, THREE, check(visit(host="a"), "a", "pass").finish())
    shown = attempt("show", "--host", "a").stdout
    assert "last in order 3 November 2026" in shown
    third = next(line.split() for line in shown.splitlines() if line.startswith(THREE))
    assert third[-5:] == ["1/1", "-", "1", "0", "-"]
