"""The check engine on trees of files and outputs of commands: what passes, what fails, what could not be read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.oplever.lab.plugins.module_utils.engine import evaluate, language, waivers, wording
from ansible_collections.oplever.lab.plugins.module_utils.engine.rules import matchers
from ansible_collections.oplever.lab.plugins.module_utils.machine import Completed, Machine, UnreadableError

MATCHES: list[tuple[Any, Any, Any]] = [  # matcher, found that fits, found that does not
    (1, "1", "2"),
    ("active", "active", "inactive"),
    (True, "yes", "no"),
    ({"one_of": [1, 2]}, "2", "3"),
    ({"none_of": ["a"]}, "b", "a"),
    ({"at_least": 14}, "15", "13"),
    ({"at_least": 14}, 14, "many"),
    ({"at_most": 300}, "300", "301"),
    ({"contains": "DokuWiki"}, "a DokuWiki page", "a page"),
    ({"contains": "sudo"}, ["sudo", "adm"], ["adm"]),
    ({"contains_all": ["a", "b"]}, ["b", "a", "c"], ["a", "c"]),
    ({"contains_none": ["x"]}, ["a"], ["a", "x"]),
    ({"matches": "^b"}, "a\nb", "a b"),
    ({"not_matches": "NOPASSWD"}, ["ALL"], ["NOPASSWD: ALL"]),
    ({"subset_of": ["a", "b"]}, ["a"], ["a", "c"]),
    ({"empty": True}, [], ["a"]),
    ({"absent": True}, None, "here"),
    ({"present": True}, "here", None),
    ({"mode_at_most": "0640"}, "0600", "0644"),
    ({"mode_at_most": "0640"}, "0640", "what"),
    ({"count_at_least": 2}, [1, 2], [1]),
    ({"count_at_most": 1}, [1], [1, 2]),
    ({"not": "none"}, "/etc/issue.net", "none"),
    ({"at_least": 1, "at_most": 365}, 365, 0),
]


@pytest.mark.parametrize(("matcher", "fits", "other"), MATCHES, ids=lambda value: str(value)[:40])
def test_a_matcher_tells_what_fits_from_what_does_not(matcher: Any, fits: Any, other: Any) -> None:
    assert matchers.problems(matcher) == []
    assert matchers.holds(matcher, fits)
    assert not matchers.holds(matcher, other)
    assert matchers.describe("x", matcher).startswith(("x ", "not (x "))


def test_every_matcher_is_tried_here() -> None:
    tried = {name for matcher, _, _ in MATCHES if isinstance(matcher, dict) for name in matcher}
    assert set(matchers.MATCHERS) - tried == {"equals"}


@pytest.mark.parametrize("matcher", [m for m, _, _ in MATCHES if m != {"absent": True}], ids=str)
def test_what_is_not_there_matches_nothing(matcher: Any) -> None:
    assert not matchers.holds(matcher, None)


GOOD = {"id": "a.b", "title": "t", "source": "file", "select": "/etc/x", "expect": {"exists": True}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": ""}, "an id is needed"),
        ({"title": None}, "a title is needed"),
        ({"title": {"de": "x"}}, "languages nl and en"),
        ({"source": "fiel"}, "there is no source fiel"),
        ({"select": {"pad": "/etc"}}, "no selector 'pad'"),
        ({"select": None}, "must be told which"),
        ({"expect": {}}, "expect is needed"),
        ({"expect": {"modus": "0600"}}, "no attribute 'modus'"),
        ({"expect": {"mode": {"at_mots": 1}}}, "no matcher 'at_mots'"),
        ({"expect": {"mode": {"mode_at_most": 640.5}}}, "octal digits"),
        ({"expect": {"content": {"matches": "("}}}, "wrong regular expression"),
        ({"expect": {"size": {"at_least": "big"}}}, "wants a number"),
        ({"expect": {"lines": {"contains_all": "x"}}}, "wants a list"),
        ({"expect": {"exists": {"present": "x"}}}, "true or false"),
        ({"severity": "urgent"}, "severity is one of"),
        ({"when": {"source": "nothing"}}, "when: there is no source"),
        ({"all": [GOOD]}, "stands alone"),
        ({"extra": 1}, "'extra' is not a key"),
    ],
)
def test_a_mistake_is_named_with_its_check(change: dict[str, Any], says: str) -> None:
    assert language.problems([GOOD]) == []
    messages = language.problems([{**GOOD, **change}])
    assert any(says in message for message in messages), messages
    assert all(message.startswith("check ") for message in messages)


def test_an_id_is_used_once() -> None:
    assert "used twice" in language.problems([GOOD, GOOD])[0]


def check(machine: Machine, source: str, select: Any, expect: dict[str, Any], **more: Any) -> dict[str, Any]:
    declaration = {"id": "x.y", "title": "t", "source": source, "select": select, "expect": expect, **more}
    assert language.problems([declaration]) == []
    result: dict[str, Any] = evaluate.evaluate(machine, [declaration], more.get("exceptions", ()))[0]
    return result


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(str(tmp_path), timeout=60)


def put(machine: Machine, path: str, text: str, mode: int = 0o644) -> None:
    file = Path(machine.path(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def test_a_file_that_is_right_wrong_or_not_there(machine: Machine) -> None:
    put(machine, "/etc/secret.conf", "password = tulp\n", 0o640)
    assert check(machine, "file", "/etc/secret.conf", {"mode": {"mode_at_most": "0640"}})["status"] == "pass"
    wrong = check(machine, "file", "/etc/secret.conf", {"mode": {"mode_at_most": "0600"}})
    assert (wrong["status"], wrong["found"]) == ("fail", "mode = 0640")
    gone = check(machine, "file", "/etc/gone", {"mode": "0600"})
    assert (gone["status"], gone["found"]) == ("fail", "does not exist")


def test_what_is_in_a_file_is_never_told(machine: Machine) -> None:
    put(machine, "/etc/secret.conf", "password = tulp\n")
    for expect in ({"content": {"matches": "roos"}}, {"lines": {"contains": "roos"}}):
        result = check(machine, "file", "/etc/secret.conf", expect)
        assert result["status"] == "fail"
        assert "tulp" not in str(result)


@pytest.mark.slow
def test_what_cannot_be_read_is_an_error_and_never_passes(machine: Machine) -> None:
    Path(machine.path("/etc")).mkdir()
    os.mkfifo(machine.path("/etc/passwd"))
    result = check(machine, "account", {"all": True}, {"uid0": ["root"]})
    assert result["status"] == "error"
    assert "not a regular file" in result["reason"]
    nothing = check(machine, "command", {"argv": ["no-such-command"]}, {"rc": 0})
    assert (nothing["status"], nothing["reason"]) == ("error", "there is no command no-such-command")
    slow = check(machine, "command", {"argv": ["sleep", "9"], "timeout": 1}, {"rc": 0})
    assert (slow["status"], slow["reason"]) == ("error", "sleep took longer than 1.0 s")


def test_a_condition_that_does_not_hold_is_told(machine: Machine) -> None:
    put(machine, "/etc/x", "1")
    condition = {"source": "file", "select": "/etc/y", "expect": {"exists": True}}
    result = check(
        machine, "file", "/etc/x", {"exists": True}, when=condition, reason={"nl": "er is geen y", "en": "no y"}
    )
    assert (result["status"], result["reason"]) == ("not_applicable", "no y")


def group(name: str, *held: bool) -> dict[str, Any]:
    parts = [{"source": "file", "select": "/etc", "expect": {"exists": good}} for good in held]
    return {"id": "x.y", "title": "t", name: parts}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (group("all", True, True), "pass"),
        (group("all", True, False), "fail"),
        (group("any", False, True), "pass"),
        (group("any", False, False), "fail"),
        (group("none", False, False), "pass"),
        (group("none", False, True), "fail"),
    ],
)
def test_all_any_and_none(machine: Machine, asked: dict[str, Any], status: str) -> None:
    Path(machine.path("/etc")).mkdir()
    assert evaluate.evaluate(machine, [asked])[0]["status"] == status


GRANT = {"id": "U1", "control": "x.y", "reason": "r", "owner": "o", "approver": "a", "expires": "2026-12-31"}


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({}, "waived", "r"),
        ({"approver": ""}, "fail", "nobody approved it"),
        ({"expires": "2026-11-01"}, "fail", "it expired on 2026-11-01"),
        ({"hosts": ["srv*"]}, "fail", ""),
        ({"hosts": ["web*"]}, "waived", "r"),
        ({"control": "other"}, "fail", ""),
    ],
)
def test_an_exception_counts_only_when_it_is_approved_and_valid(
    machine: Machine, change: dict[str, Any], status: str, reason: str
) -> None:
    exceptions = [{**GRANT, **change}]
    assert waivers.problems(exceptions) == []
    checks = [{"id": "x.y", "title": "t", "source": "file", "select": "/gone", "expect": {"exists": True}}]
    result = evaluate.evaluate(machine, checks, exceptions, "web1", "2026-11-24")[0]
    assert result["status"] == status
    assert reason in result["reason"]


RULES = ["beheer ALL=(ALL:ALL) NOPASSWD: ALL", "games ALL=(ALL) NOPASSWD: /bin/x"]


@pytest.mark.parametrize(
    ("values", "rules", "status", "reason"),
    [
        ([RULES[0]], RULES[:1], "waived", "r"),
        (["beheer  ALL=(ALL:ALL)\tNOPASSWD: ALL"], RULES[:1], "waived", "r"),
        ([RULES[0]], RULES, "fail", f"exception U-1 does not count: it is not about {RULES[1]}"),
        (RULES, RULES, "waived", "r"),
        ([RULES[1]], RULES[:1], "fail", f"it is not about {RULES[0]}"),
        ([], RULES, "waived", "r"),
        (RULES[0], RULES[:1], "waived", "r"),
    ],
)
def test_an_exception_is_about_the_values_that_were_approved(
    machine: Machine, values: Any, rules: list[str], status: str, reason: str
) -> None:
    put(machine, "/etc/sudoers", "\n".join(rules) + "\n")
    checks = [
        {"id": "x.y", "title": "t", "source": "sudoers", "select": "nopasswd", "expect": {"values": {"empty": True}}}
    ]
    grant = {**GRANT, "id": "U-1", "values": values}
    result = evaluate.evaluate(machine, checks, [grant], "web1", "2026-11-24")[0]
    assert (result["status"], reason in result["reason"]) == (status, True), result
    (shown,) = waivers.grants([grant], "web1", "2026-11-24")
    assert shown["values"] == ([values] if isinstance(values, str) else values)


def test_an_exception_about_one_expectation_does_not_cover_another(machine: Machine) -> None:
    parts = [
        {"source": "file", "select": "/gone", "expect": {"exists": True}},
        {"source": "setting", "select": {"file": "/etc/x.conf", "key": "mode"}, "expect": {"value": "strict"}},
    ]
    put(machine, "/etc/x.conf", "mode loose\n")
    checks = [{"id": "x.y", "title": "t", "all": parts}]
    grant = {**GRANT, "values": ["loose"]}
    result = evaluate.evaluate(machine, checks, [grant], "web1", "2026-11-24")[0]
    assert (result["status"], result["reason"].rpartition(" ")[2]) == ("fail", "False")
    put(machine, "/gone", "")
    assert evaluate.evaluate(machine, checks, [grant], "web1", "2026-11-24")[0]["status"] == "waived"


def test_a_passing_control_needs_no_exception(machine: Machine) -> None:
    checks = [{"id": "x.y", "title": "t", "source": "file", "select": "/gone", "expect": {"exists": False}}]
    assert evaluate.evaluate(machine, checks, [GRANT], "web1", "2026-11-24")[0]["status"] == "pass"


def test_the_message_names_what_is_wrong(machine: Machine) -> None:
    results = evaluate.evaluate(machine, [GOOD])
    assert evaluate.message(results) == "1 of 1 checks failed: a.b (expected exists = true, found exists = false)"
    assert evaluate.summary(results) == {"pass": 0, "fail": 1, "error": 0, "not_applicable": 0, "waived": 0}


def test_control_characters_of_a_machine_do_not_get_through(machine: Machine) -> None:
    result = check(machine, "command", {"argv": ["printf", "\x1b[31mred\u202e"]}, {"stdout": "blue"})
    assert "\x1b" not in str(result["found"])
    assert "\u202e" not in str(result["found"])


def test_accounts_with_what_is_wrong_with_them(machine: Machine) -> None:
    put(
        machine,
        "/etc/passwd",
        "root:x:0:0::/root:/bin/bash\nspare:x:0:0::/root:/bin/sh\ngames:x:5:60::/usr/games:/bin/sh\n"
        "jan:x:1000:1000::/home/jan:/bin/bash\npiet:x:1000:1000::/home/piet:/bin/bash\nbroken line\n",
    )
    put(machine, "/etc/shadow", "root:*:1:0:99999:7:::\njan::1:0:90:7:::\npiet:$y$hash:1:0:99999:7:::\n")
    put(machine, "/etc/group", "root:x:0:\njan:x:1000:\nsudo:x:27:jan,piet\n")
    everybody = {"all": True}
    for expect in (
        {"uid0": ["root", "spare"]},
        {"empty_password": ["jan"]},
        {"duplicate_uids": ["0", "1000"]},
        {"system_login": ["games"]},
    ):
        assert check(machine, "account", everybody, expect)["status"] == "pass", expect
    assert check(machine, "account", "jan", {"groups": ["jan", "sudo"], "max_days": 90})["status"] == "pass"
    assert "hash" not in str(check(machine, "account", "piet", {"password": "locked"}))


def test_the_last_file_by_name_wins_whatever_its_directory(machine: Machine) -> None:
    put(machine, "/etc/sysctl.d/10-a.conf", "net.ipv4.tcp_syncookies = 0\n")
    put(machine, "/usr/lib/sysctl.d/50-b.conf", "net.ipv4.conf.*.rp_filter = 2\n-net/ipv4/conf/all/rp_filter = 0\n")
    put(machine, "/usr/lib/sysctl.d/99-zz.conf", "net.ipv4.tcp_syncookies=0\n")
    put(machine, "/etc/sysctl.d/99-zz.conf", "net.ipv4.tcp_syncookies = 1\n# net.ipv4.tcp_syncookies = 0\n")
    put(machine, "/proc/sys/net/ipv4/tcp_syncookies", "1\n")
    expect = {"running": 1, "configured": 1, "configured_in": "/etc/sysctl.d/99-zz.conf"}
    assert check(machine, "sysctl", "net.ipv4.tcp_syncookies", expect)["status"] == "pass"
    put(machine, "/proc/sys/net/ipv4/conf/all/rp_filter", "0\n")
    named = check(machine, "sysctl", "net.ipv4.conf.all.rp_filter", {"configured": 0})
    assert named["status"] == "pass", named


def test_rules_of_sudo_with_what_they_include(machine: Machine) -> None:
    put(machine, "/etc/sudoers", "Defaults use_pty\nroot ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n")
    put(machine, "/etc/sudoers.d/beheer", "beheer ALL=(ALL) NOPASSWD: \\\n  ALL\n")
    put(machine, "/etc/sudoers.d/ignored.bak", "spy ALL=(ALL) NOPASSWD: ALL\n")
    result = check(machine, "sudoers", "nopasswd", {"values": {"not_matches": "NOPASSWD"}})
    assert result["status"] == "fail"
    assert "beheer" in result["found"]
    assert "spy" not in result["found"]
    assert check(machine, "sudoers", "defaults", {"values": {"matches": "use_pty"}})["status"] == "pass"


def test_a_setting_with_its_drop_ins(machine: Machine) -> None:
    select = {"file": "/etc/security/pwquality.conf", "key": "minlen", "drop_ins": "/etc/security/pwquality.conf.d"}
    put(machine, "/etc/security/pwquality.conf", "# minlen = 8\nminlen = 10\n")
    assert check(machine, "setting", select, {"value": {"at_least": 14}})["status"] == "fail"
    put(machine, "/etc/security/pwquality.conf.d/oplever.conf", "minlen = 14\n")
    result = check(machine, "setting", select, {"value": {"at_least": 14}, "source": {"contains": "oplever.conf:1"}})
    assert result["status"] == "pass", result


class Scripted(Machine):
    """Gives the recorded output of a command."""

    def __init__(self, root: Path, outputs: dict[str, str]) -> None:
        super().__init__(str(root))
        self.outputs = outputs

    def run(self, argv: list[str], *args: Any, **kwargs: Any) -> Completed:
        if argv[0] not in self.outputs:
            raise UnreadableError(f"there is no command {argv[0]}")
        return Completed(0, self.outputs[argv[0]])


def dport(*numbers: Any) -> dict[str, Any]:
    right = numbers[0] if len(numbers) == 1 else {"set": list(numbers)}
    return {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}}


INPUT = {"family": "inet", "table": "f", "chain": "input"}
FROM_ONE = {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "192.0.2.1"}}
NFT = json.dumps(
    {
        "nftables": [
            {"chain": {**INPUT, "name": "input", "type": "filter", "hook": "input", "policy": "drop"}},
            {"rule": {**INPUT, "expr": [dport(22, {"range": [80, 81]}), {"accept": None}]}},
            {"rule": {**INPUT, "expr": [FROM_ONE, dport(3306), {"accept": None}]}},
        ]
    }
)


def test_ports_that_the_packet_filter_opens_to_everybody(tmp_path: Path) -> None:
    machine = Scripted(tmp_path, {"nft": NFT})
    expect = {"policy": "drop", "terminal": "drop", "accepted_ports": [22, 80, 81], "rules": 2}
    assert check(machine, "nftables", {"hook": "input"}, expect)["status"] == "pass"
    assert check(Scripted(tmp_path, {"nft": "no"}), "nftables", {"hook": "input"}, expect)["status"] == "error"
    assert check(Scripted(tmp_path, {}), "nftables", {"hook": "input"}, expect)["status"] == "error"


LIMIT = {"limit": {"rate": 10, "per": "minute"}}
OTHER = {"family": "inet", "table": "other", "chain": "first"}


@pytest.mark.parametrize(
    ("rule", "opened"),
    [
        ([dport(80), {"drop": None}], [22, 81]),
        ([dport({"range": [80, 81]}), {"counter": {"packets": 0, "bytes": 0}}, {"reject": None}], [22]),
        ([FROM_ONE, dport(80), {"drop": None}], [22, 80, 81]),
        ([dport(22), LIMIT, {"drop": None}], [22, 80, 81]),
        ([{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 80}},
          {"drop": None}], [22, 80, 81]),
    ],
    ids=["one", "several", "from one address", "what is too much", "another protocol"],
)  # fmt: skip
def test_a_chain_of_somebody_else_closes_ports(tmp_path: Path, rule: list[dict[str, Any]], opened: list[int]) -> None:
    """Also one that lets through everything else."""
    first = {"chain": {**OTHER, "name": "first", "type": "filter", "hook": "input", "policy": "accept"}}
    items = [*json.loads(NFT)["nftables"], first, {"rule": {**OTHER, "expr": rule}}]
    machine = Scripted(tmp_path, {"nft": json.dumps({"nftables": items})})
    assert check(machine, "nftables", {"hook": "input"}, {"accepted_ports": opened})["status"] == "pass"


def test_the_first_rule_about_a_port_counts(tmp_path: Path) -> None:
    items = json.loads(NFT)["nftables"]
    items.insert(1, {"rule": {**INPUT, "expr": [dport(80), {"drop": None}]}})
    items.append({"rule": {**INPUT, "expr": [dport(22), {"drop": None}]}})
    machine = Scripted(tmp_path, {"nft": json.dumps({"nftables": items})})
    assert check(machine, "nftables", {"hook": "input"}, {"accepted_ports": [22, 81]})["status"] == "pass"


POLICY = """nginx:
  Installed: 1.22.1-9
  Candidate: 1.22.1-9+deb12u1
  Version table:
     1.22.1-9+deb12u1 500
        500 http://security.debian.org/debian-security bookworm-security/main amd64 Packages
 *** 1.22.1-9 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
own:
  Installed: 1.0
  Candidate: 1.0
  Version table:
 *** 1.0 100
        100 /var/lib/dpkg/status
"""
DPKG = """Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21.22

Package: nginx
Status: install ok installed
Architecture: amd64
Version: 1.22.1-9
Description: a web server
 Status: what a description says does not count

Package: own
Status: hold ok installed
Architecture: all
Version: 1.0

Package: nginx
Status: install ok installed
Architecture: i386
Version: 1.22.1-8

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def test_packages_with_their_origin_and_what_waits(tmp_path: Path) -> None:
    machine = Scripted(tmp_path, {"apt-cache": POLICY})
    put(machine, "/var/lib/dpkg/status", DPKG)
    assert check(machine, "package", "nginx:i386", {"version": "1.22.1-8"})["status"] == "pass"
    expect = {"exists": True, "version": "1.22.1-9", "origin": "deb.debian.org bookworm/main", "held": False}
    assert check(machine, "package", "nginx", expect)["status"] == "pass"
    assert check(machine, "package", "own", {"origin": "local", "held": True})["status"] == "pass"
    assert check(machine, "package", "gone", {"exists": False})["status"] == "pass"
    waiting = check(machine, "apt", "sources", {"upgradable": 1, "security_upgradable": 0})
    assert (waiting["status"], waiting["found"]) == ("fail", "security_upgradable = 1")


@pytest.mark.parametrize(
    ("condition", "begins"),
    [
        ({"source": "context", "select": "machine", "expect": {"container": "never"}}, "not measured: in a container"),
        ({"source": "file", "select": "/gone", "expect": {"exists": True}}, "in a container"),
    ],
)
def test_what_nobody_could_look_at_is_told_apart(machine: Machine, condition: dict[str, Any], begins: str) -> None:
    reason = "in a container the host decides"
    declaration = {"id": "x.y", "title": "t", "when": condition, "reason": reason, **GOOD_FILE}
    (result,) = evaluate.evaluate(machine, [declaration])
    assert (result["status"], result["reason"].startswith(begins)) == ("not_applicable", True), result
    away = Machine(machine.root, offline=True)
    declaration = {"id": "x.y", "title": "t", "source": "sysctl", "select": "kernel.x", "expect": {"running": 1}}
    (result,) = evaluate.evaluate(away, [declaration])
    assert result["status"] != "not_applicable" or result["reason"].startswith("not measured: ")


GOOD_FILE = {"source": "file", "select": "/etc", "expect": {"exists": True}}


def test_found_names_each_thing_of_which_the_same_is_asked(tmp_path: Path) -> None:
    machine = Scripted(tmp_path, {"apt-cache": POLICY})
    put(machine, "/var/lib/dpkg/status", DPKG)
    parts = [{"source": "package", "select": name, "expect": {"exists": True}} for name in ("nginx", "own", "gone")]
    (good,) = evaluate.evaluate(machine, [{"id": "x.y", "title": "t", "all": parts[:2]}])
    assert good["found"].startswith("nginx: exists = true (version 1.22.1-9)")
    assert "; own: exists = true (version 1" in good["found"]
    assert good["expected"] == "nginx: exists = true; own: exists = true"
    (bad,) = evaluate.evaluate(machine, [{"id": "x.y", "title": "t", "all": parts}])
    assert (bad["status"], bad["expected"]) == ("fail", "gone: exists = true")
    assert bad["found"].startswith("gone: ")
    (alone,) = evaluate.evaluate(machine, [{"id": "x.y", "title": "t", **parts[0]}])
    assert alone["expected"] == "exists = true"


@pytest.mark.parametrize(
    ("matcher", "found"),
    [
        ({"contains_all": ["b", "d"]}, "lines 2, 4 of 4 lines"),
        ({"contains": "c"}, "line 3 of 4 lines"),
        ({"matches": "^[ab]$"}, "lines 1, 2 of 4 lines"),
        ({"contains_none": ["x"]}, "lines of 4 lines"),
    ],
)
def test_found_says_which_lines_of_a_file_and_not_what_is_in_it(matcher: Any, found: str, tmp_path: Path) -> None:
    machine = Scripted(tmp_path, {})
    put(machine, "/etc/secret", "a\nb\nc\nd\n")
    result = check(machine, "file", "/etc/secret", {"lines": matcher})
    assert (result["status"], result["found"]) == ("pass", found)


@pytest.mark.parametrize(
    ("value", "matcher", "found"),
    [
        (",".join(["good"] * 60 + ["bad-sha1"]), {"not_matches": "sha1"}, "value = bad-sha1 (and 60 others)"),
        (["good"] * 60 + ["bad", "worse"], {"subset_of": ["good"]}, "value = bad, worse (and 60 others)"),
        (["good"] * 60 + ["bad"], {"contains_none": ["bad"]}, "value = bad (and 60 others)"),
        (["good", "bad"], {"contains_none": ["bad"]}, "value = good, bad"),
        ("good " * 60, {"matches": "bad"}, "value = " + ("good " * 60)[:200] + "... (100 characters more)"),
    ],
)
def test_what_is_wrong_in_a_long_value_is_not_what_is_cut_off(value: Any, matcher: Any, found: str) -> None:
    assert wording.attribute_with_value("value", value, matcher) == found


def test_the_attributes_that_differ_are_in_the_result(machine: Machine) -> None:
    put(machine, "/etc/motd", "hello\n", 0o600)
    expect = {"exists": True, "mode": "0644", "owner": "nobody"}
    present = check(machine, "file", "/etc/motd", expect)
    assert set(present["differs"]) == {"mode", "owner"}
    assert check(machine, "file", "/etc/motd", {"exists": True})["differs"] == []
    absent = check(machine, "file", "/etc/none", {"mode": "0644", "owner": "root"})
    assert (absent["found"], absent["differs"]) == ("does not exist", ["exists"])
    both = {
        "all": [{"source": "file", "select": path, "expect": {"mode": "0644"}} for path in ("/etc/motd", "/etc/none")]
    }
    (grouped,) = evaluate.evaluate(machine, [{"id": "a.b", "title": "t", **both}])
    assert grouped["differs"] == ["mode", "exists"]


@pytest.mark.parametrize(
    ("select", "subject"),
    [
        ({"url": "http://127.0.0.1/a?b=c", "host": "wiki.example"}, "http://wiki.example/a?b=c"),
        ({"url": "https://127.0.0.1:8443/", "host": "wiki.example"}, "https://wiki.example:8443/"),
        ({"url": "http://127.0.0.1:8080/", "host": "wiki.example:80"}, "http://wiki.example:80/"),
        ({"url": "http://wiki.example/"}, "http://wiki.example/"),
        ("http://wiki.example/", "http://wiki.example/"),
        ({"url": "no address"}, "no address"),
        ({"url": "http://127.0.0.1:99999/", "host": "wiki.example"}, "http://127.0.0.1:99999/"),
        ({"url": "http://[::1/", "host": "wiki.example"}, "http://[::1/"),
    ],
)
def test_what_a_test_of_a_page_is_about_is_the_address_as_a_user_types_it(select: Any, subject: str) -> None:
    assert evaluate._subject({"source": "http", "select": select}) == subject


def test_checks_that_ask_the_same_of_a_command_run_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    select = {"argv": ["sh", "-c", f"cat >>{log}; cat {log}"], "stdin": "one "}
    checks = [
        {"id": f"a.{number}", "title": "a", "source": "command", "select": select, "expect": {"stdout": "one"}}
        for number in (1, 2)
    ]
    other = {**checks[0], "id": "a.3", "select": {**select, "stdin": "two"}, "expect": {"stdout": "one two"}}
    results = evaluate.evaluate(Machine(), [*checks, other])
    assert [result["status"] for result in results] == ["pass", "pass", "pass"]
