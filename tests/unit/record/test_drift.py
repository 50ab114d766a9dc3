"""What changed on a machine since its last delivery is a test that fails, with the state then and the state now."""

from __future__ import annotations

from typing import Any

import pytest
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


def test_what_came_without_words_is_present() -> None:
    before = {"format": 2, "state": {"route": {"a": ""}}}
    after = {"format": 2, "state": {"route": {"b": ""}}}
    actual = {name: texts[:2] for name, texts in params(before, after).items()}
    assert actual == {"drift.route.a": ("present", "absent"), "drift.route.b": ("absent", "present")}


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


def second(**state: Any) -> dict[str, Any]:
    """A snapshot of format 2; `unseen`, `texts` and `digest_key` beside the kinds."""
    beside = {key: state.pop(key) for key in ("unseen", "texts", "digest_key") if key in state}
    return {"format": 2, "digest_key": "k", **beside, "state": state}


def outcomes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """By id: status, expected and found."""
    return {test.id: (test.status, test.expected, test.found) for test in drift(before, after)}


def test_a_changed_text_shows_its_lines() -> None:
    before = second(file={"/etc/x": "9 bytes, aa"}, texts={"file": {"/etc/x": "a = 1\nb = 2\n-- c\n"}})
    after = second(file={"/etc/x": "9 bytes, bb"}, texts={"file": {"/etc/x": "a = 1\nb = 3\n"}})
    assert outcomes(before, after) == {
        "drift.file./etc/x": ("fail", "9 bytes, aa\n-b = 2\n--- c", "9 bytes, bb\n+b = 3")
    }


def test_lines_of_a_difference_are_limited_and_counted() -> None:
    text = "".join(f"line {number}\n" for number in range(50)) + "x" * 1000 + "\n"
    after = second(file={"/etc/x": "bb"}, texts={"file": {"/etc/x": text}})
    found = outcomes(second(file={}), after)["drift.file./etc/x"][2].split("\n")
    assert (found[:2], found[-1], len(found)) == (["bb", "+line 0"], "+" + "x" * 239 + "…", 22)
    assert found[11] == "… 31"
    long = second(file={"/etc/x": "cc"}, texts={"file": {"/etc/x": "y" * 1000}})
    assert outcomes(second(file={}), long)["drift.file./etc/x"][2] == "cc\n+" + "y" * 239 + "…"


def test_a_file_of_a_package_that_came_has_no_lines() -> None:
    after = second(file={"/etc/x": "0644, as package x brought it"}, texts={"file": {"/etc/x": "a\n"}})
    assert outcomes(second(file={}), after)["drift.file./etc/x"][2] == "0644, as package x brought it"


def test_what_a_new_home_gets_says_nothing_beside_its_account_until_it_is_changed() -> None:
    new = second(file={"/home/jan/.bashrc": "as /etc/skel gives it"})
    assert outcomes(second(file={}), new) == {"drift": ("pass", "", "")}
    changed = second(file={"/home/jan/.bashrc": "file 0644 jan jan, 5 bytes, aa"})
    assert set(outcomes(new, changed)) == {"drift.file./home/jan/.bashrc"}


def test_of_a_kind_that_tells_one_change_the_others_are_passed_over() -> None:
    before = second(log={"/var/log/a": "has content"}, package_list={"bash 1": "aa"}, runnable={"/dev/a": "x"})
    after = second(log={"/var/log/b": "has content"}, package_list={"bash 2": "bb"}, runnable={"/dev/b": "x"})
    assert set(outcomes(before, after)) == {"drift.log./var/log/a", "drift.runnable./dev/b"}


def test_what_changes_by_itself_is_a_setting_and_no_drift() -> None:
    assert outcomes(second(module={}), second(module={"usb": "loaded"})) == {"drift": ("pass", "", "")}


def test_what_could_be_seen_then_and_not_now_is_an_error_and_nothing_counts_as_gone() -> None:
    before = second(filter={"a": "1", "b": "2"})
    after = second(filter={"a": "3"}, unseen={"filter": ["there is no command nft"]})
    assert outcomes(before, after) == {
        "drift.filter.a": ("fail", "1", "3"),
        "drift.filter": ("error", "", "not seen: there is no command nft"),
    }


def test_what_came_counts_where_it_was_seen_in_full_before_and_what_went_where_it_was_seen_in_full_after() -> None:
    reason = {"filter": ["more than 4000"]}
    full, cut = second(filter={"a": "1"}), second(filter={"b": "1"}, unseen=reason)
    assert set(outcomes(full, cut)) == {"drift.filter.b", "drift.filter"}
    assert set(outcomes(cut, full)) == {"drift.filter.b", "drift.filter"}


def test_what_neither_look_could_see_does_not_apply() -> None:
    blind = second(filter={}, unseen={"filter": ["no nft"]})
    assert outcomes(blind, blind) == {
        "drift": ("pass", "", ""),
        "drift.filter": ("not_applicable", "", "not seen: no nft"),
    }
    assert outcomes(blind, second(filter={"a": "1"}))["drift.filter"] == (
        "not_applicable", "", "not seen at the delivery: no nft",
    )  # fmt: skip


def test_a_kind_that_the_delivery_did_not_look_at_is_named() -> None:
    assert outcomes(second(), second(swap={"/swap": "1 MB"}))["drift.swap"][0] == "not_applicable"


def test_keyed_digests_of_two_keys_are_not_compared_and_that_is_said() -> None:
    before = second(file={"/etc/a": "0600, keyed 0123456789abcdef", "/etc/b": "0600, keyed 0123456789abcdef"})
    after = second(
        file={"/etc/a": "0600, keyed fedcba9876543210", "/etc/b": "0644, keyed fedcba9876543210"}, digest_key="other"
    )
    assert {name: status for name, (status, *_) in outcomes(before, after).items()} == {
        "drift.file./etc/b": "fail",
        "drift.digest_key": "error",
    }


def test_a_delivery_of_an_older_format_is_compared_by_its_packages_and_that_is_said() -> None:
    before = {"files": {"/etc/x": ["aa"]}, "packages": {"bash": ["1", ""]}}
    after = {**second(file={"/etc/x": "bb"}), "packages": {"bash": ["2", ""]}}
    assert {name: status for name, (status, *_) in outcomes(before, after).items()} == {
        "drift.package.bash": "fail",
        "drift.format": "error",
    }


def test_a_kind_that_this_toolkit_does_not_know_is_compared_as_any_other() -> None:
    (test,) = drift(second(future={"a": "1"}), second(future={"a": "2"}))
    assert (test.id, test.title.en) == ("drift.future.a", "setting a was changed since the delivery")


def test_that_something_became_what_it_is_by_itself_says_nothing() -> None:
    key, usual = "net.ipv4.conf.eth0.rp_filter", "0, as the default for interfaces"
    assert outcomes(second(sysctl={key: "2"}), second(sysctl={key: usual})) == {"drift": ("pass", "", "")}
    assert set(outcomes(second(sysctl={key: usual}), second(sysctl={key: "2"}))) == {f"drift.sysctl.{key}"}


def test_what_came_or_went_with_a_package_is_said_by_the_package() -> None:
    def look(packages: dict[str, Any], **state: Any) -> dict[str, Any]:
        return {**second(**state), "packages": packages}

    brought = {"/etc/crontab": "0644, as package cron brought it"}
    odd = {"/usr/bin/crontab": "file 2755 root crontab, of package cron"}
    without, with_it = look({}, file={}, rights={}), look({"cron": ["1", ""]}, file=brought, rights=odd)
    assert set(outcomes(without, with_it)) == {"drift.package.cron"}
    assert set(outcomes(with_it, without)) == {"drift.package.cron"}
    by_hand = look({"cron": ["1", ""]}, file={}, rights={})
    assert set(outcomes(with_it, by_hand)) == {"drift.file./etc/crontab", "drift.rights./usr/bin/crontab"}
    assert set(outcomes(by_hand, with_it)) == {"drift.file./etc/crontab", "drift.rights./usr/bin/crontab"}


def test_what_the_delivery_looked_at_and_this_look_did_not_is_an_error() -> None:
    before = second(file={}, ssh_key={"root": "aa"}, module={"usb": ""}, future={})
    reason = "looked at when it was delivered, and not now"
    assert outcomes(before, second(file={})) == {
        "drift.future": ("error", "", reason),
        "drift.ssh_key": ("error", "", reason),
    }
    assert set(outcomes(before, {**second(file={}), "unseen": {"ssh_key": ["x"], "future": ["y"]}})) == {
        "drift.future", "drift.ssh_key",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "key", "words"),
    [
        ("file", "/etc/profile.d/x.sh", "-> /tmp/x, as /etc/skel gives it"),
        ("account", "eve", "uid=0, shell /bin/sh as /etc/skel gives it"),
        ("sysctl", "kernel.core_pattern", "|/tmp/x, as the default for interfaces"),
        ("process", "x", "as the default for interfaces"),
    ],
)
def test_words_that_somebody_chose_hide_nothing(kind: str, key: str, words: str) -> None:
    assert outcomes(second(**{kind: {}}), second(**{kind: {key: words}}))[f"drift.{kind}.{key}"][0] == "fail"


def test_a_link_to_what_sounds_like_a_package_came_with_none() -> None:
    words = {"/etc/cron.d/x": "-> /tmp/x, as package cron brought it"}
    before, after = second(file={}), {**second(file=words), "packages": {"cron": ["1", ""]}}
    assert set(outcomes(before, after)) == {"drift.package.cron", "drift.file./etc/cron.d/x"}
