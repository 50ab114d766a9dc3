"""What changed on a machine since its last delivery is a test that fails, with the state then and the state now."""

from __future__ import annotations

from typing import Any

from journals import Journal
from oplever.record import model

REFERENCE = "20261101T100000Z-site-aaaaaa"


def drift(before: dict[str, Any], after: dict[str, Any], reference: str = REFERENCE) -> list[model.Test]:
    journal = Journal()
    journal.task("snapshot 1", data={"stage": "before", "snapshot": before, "reference": reference})
    journal.task("snapshot 2", data={"stage": "after", "snapshot": after})
    return [test for test in journal.finish(ok=2).record().tests if test.suite == "drift"]


def params(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[str, str, str, str]]:
    """By id: expected, found and the title in both languages, of the tests that fail."""
    actual = drift(before, after)
    assert {test.status for test in actual} == {"fail"}
    return {test.id: (test.expected, test.found, test.title.nl, test.title.en) for test in actual}


def test_a_machine_that_stayed_as_it_was_delivered_passes() -> None:
    (test,) = drift({"groups": {"adm": 4}}, {"groups": {"adm": 4}})
    assert (test.id, test.host, test.stage, test.status, test.source) == ("drift", "a", "after", "pass", "snapshot")
    assert (test.expected, test.found, test.at) == ("", "", "2026-11-23T10:00:08.000000Z")
    assert (test.title.nl, test.title.en) == (
        "er is niets veranderd sinds de oplevering",
        "nothing changed since the delivery",
    )
    assert test.evidence == f"record {REFERENCE}"


def test_without_a_delivery_to_compare_with_there_is_no_test() -> None:
    assert drift({"groups": {"adm": 4}}, {}, reference="") == []
    for stage in ("before", "after"):
        journal = Journal().task("snapshot", data={"stage": stage, "snapshot": {}, "reference": REFERENCE})
        assert journal.finish().record().tests == ()


def test_each_kind_of_change_has_a_sentence_in_both_languages() -> None:
    before = {"groups": {"adm": 4, "gone": 5}, "packages": {"bash": ["2", ""], "vim": ["1", ""], "old": ["1", ""]}}
    after = {"groups": {"adm": 9, "new": 6}, "packages": {"bash": ["1", ""], "vim": ["2", ""], "nano": ["1", ""]}}
    since = ("sinds de oplevering", "since the delivery")
    assert params(before, after) == {
        "drift.group.adm": ("4", "9", f"groep adm is veranderd {since[0]}", f"group adm was changed {since[1]}"),
        "drift.group.gone": ("5", "absent", f"groep gone is verdwenen {since[0]}", f"group gone has gone {since[1]}"),
        "drift.group.new": ("absent", "6", f"groep new is er bijgekomen {since[0]}", f"group new was added {since[1]}"),
        "drift.package.bash": (
            "2", "1", f"pakket bash is teruggezet {since[0]}", f"package bash was downgraded {since[1]}",
        ),
        "drift.package.nano": (
            "absent", "1", f"pakket nano is geïnstalleerd {since[0]}", f"package nano was installed {since[1]}",
        ),
        "drift.package.old": ("1", "absent", f"pakket old is verdwenen {since[0]}", f"package old has gone {since[1]}"),
        "drift.package.vim": ("1", "2", f"pakket vim is bijgewerkt {since[0]}", f"package vim was upgraded {since[1]}"),
    }  # fmt: skip


def test_each_kind_of_thing_has_a_name_in_both_languages() -> None:
    after = {
        "files": {"/etc/x": ["0644"]},
        "units": {"x.service": ["loaded", "active", "running", "enabled"]},
        "sockets": [{"protocol": "tcp", "address": "::", "port": 80}],
        "accounts": {"eve": {"uid": 0}},
        "groups": {"eve": 0},
    }
    names = {test.id: (test.title.nl.split(" is ")[0], test.title.en.split(" was ")[0]) for test in drift({}, after)}
    assert names == {
        "drift.file./etc/x": ("bestand /etc/x", "file /etc/x"),
        "drift.unit.x.service": ("eenheid van systemd x.service", "systemd unit x.service"),
        "drift.socket.tcp :: 80": ("luisterende poort tcp :: 80", "listening socket tcp :: 80"),
        "drift.account.eve": ("account eve", "account eve"),
        "drift.group.eve": ("groep eve", "group eve"),
    }


def test_what_changes_by_itself_is_no_drift() -> None:
    before = {"sysctl": {"a": "0"}, "mounts": {}, "modules": [], "network": {"gateway": "1"}, "host": {"os": "12"}}
    after = {
        "sysctl": {"a": "1"}, "mounts": {"/": {"source": "x"}}, "modules": ["usb"], "network": {}, "host": {"os": "13"},
    }  # fmt: skip
    assert [test.status for test in drift(before, after)] == ["pass"]


def test_every_machine_with_a_delivery_is_compared() -> None:
    journal = Journal()
    for host, reference in (("a", ""), ("b", REFERENCE), ("c", REFERENCE)):
        journal.task(f"1 {host}", host=host, data={"stage": "before", "snapshot": {}, "reference": reference})
        journal.task(f"2 {host}", host=host, data={"stage": "after", "snapshot": {}})
    tests = journal.finish().record().tests
    assert [(test.host, test.status) for test in tests] == [("b", "pass"), ("c", "pass")]
