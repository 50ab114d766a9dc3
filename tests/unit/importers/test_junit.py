"""JUnit XML of many writers: how each case ended, and which machine it is about."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from oplever.errors import OpleverError
from oplever.journal.importers import imported_run, junit
from oplever.journal.importers.junit import Case
from oplever.journal.importers.junit_machines import Result, by_machine, is_of_ansible

ANSIBLE = Path(sys.executable).parent / "ansible-playbook"


def xml(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "results.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def results(tmp_path: Path, text: str) -> list[Result]:
    """All results of a file, of the only machine of the record."""
    return by_machine(junit.cases(xml(tmp_path, text)), {"a"})["a"]


def ended(tmp_path: Path, case: str) -> tuple[str, str]:
    """Status and reason of a case; `case` is what stands after `<testcase name="t"`."""
    (result,) = results(tmp_path, f'<testsuite name="s"><testcase name="t"{case}</testsuite>')
    return result.status, result.message


# As goss documents its format `junit`; goss itself is in no registry that can be used here.
GOSS = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="goss" errors="0" tests="3" failures="1" skipped="1" time="0.012" timestamp="2026-11-23T10:00:00Z">
<testcase name="Package nginx installed" time="0.011">
<system-out>Package: nginx: installed: matches expectation: [true]</system-out></testcase>
<testcase name="Port tcp:80 listening" time="0.000"><system-out>Port: tcp:80: listening:
Expected
    &lt;bool&gt;: false
to equal
    &lt;bool&gt;: true</system-out><failure>Port: tcp:80: listening:
Expected
    &lt;bool&gt;: false
to equal
    &lt;bool&gt;: true</failure></testcase>
<testcase name="Port tcp:80 ip" time="0.000"><skipped/><system-out>Port: tcp:80: ip: skipped</system-out></testcase>
</testsuite>
"""


def test_goss(tmp_path: Path) -> None:
    cases = results(tmp_path, GOSS)
    assert [(case.title, case.status) for case in cases] == [
        ("Package nginx installed", "pass"),
        ("Port tcp:80 listening", "fail"),
        ("Port tcp:80 ip", "not_applicable"),
    ]
    assert "Expected <bool>: false to equal" in cases[1].message
    assert cases[0].duration == 0.011


def test_the_same_name_twice_is_two_tests_and_secrets_and_controls_are_gone(tmp_path: Path) -> None:
    text = """<testsuites><testsuite name="s">
      <testcase classname="c" name="t"><failure message="password=hunter2hunter2 &#x202e;x"/></testcase>
      <testcase classname="c" name="t" time="1,234.5"/>
      <testcase classname="c" name="e"><failure message="first"/><error message="second"/></testcase>
      </testsuite></testsuites>"""
    first, second, third = results(tmp_path, text)
    assert (first.id, second.id) == ("c.t", "c.t#2")
    assert first.message == "password=*** x"
    assert second.duration == 1234.5
    assert (third.status, third.message) == ("fail", "first")


@pytest.mark.parametrize(
    ("text", "slug", "says"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>\n<testsuite/>', "import-broken", "line 1"),
        ('<?xml version="1.0"?>\n<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>', "import-broken", "line 2"),
        ("<testsuite>\n<testcase name='a'/>\n<testcase na", "import-broken", "line 3"),
        ("<testsuite>&boom;</testsuite>", "import-broken", "line 1"),
        ("<testsuite/>", "import-broken", "no test case"),
        ("<html><body/></html>", "import-foreign", "not a JUnit"),
        ("", "import-foreign", "not a JUnit"),
        (b"\xff\xfe\x00<", "import-foreign", "not a JUnit"),
    ],
)
def test_xml_that_is_hostile_or_damaged_is_refused(tmp_path: Path, text: str | bytes, slug: str, says: str) -> None:
    with pytest.raises(OpleverError, match=says) as refused:
        junit.cases(xml(tmp_path, text))
    assert refused.value.slug == slug


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imported_run, "LARGEST_BYTES", 10)
    with pytest.raises(OpleverError, match="larger than"):
        junit.cases(xml(tmp_path, GOSS))


@pytest.mark.parametrize(
    ("case", "status", "reason"),
    [
        ("/>", "pass", ""),
        (' status="run" result="completed"/>', "pass", ""),  # googletest
        (' status="notrun" result="suppressed"/>', "not_applicable", 'not run (status="notrun")'),
        (' status="run" result="suppressed"/>', "not_applicable", 'not run (result="suppressed")'),
        (' status="run" result="skipped"><skipped message="no net"/></testcase>', "not_applicable", "no net"),
        (' status="fail"><failure message="core"/></testcase>', "fail", "core"),  # CTest
        (' status="disabled"/>', "not_applicable", 'not run (status="disabled")'),
        (' status="fail"/>', "fail", 'status="fail"'),
        (' status="failed"><system-out>x</system-out></testcase>', "fail", 'status="failed"'),  # behave
        (' status="untested"/>', "not_applicable", 'not run (status="untested")'),
        (' status="error"/>', "error", 'status="error"'),
        (' executed="False"/>', "not_applicable", 'not run (executed="false")'),  # NUnit 2
        (' executed="True" success="False"/>', "fail", 'success="false"'),
        (' result="Inconclusive"/>', "not_applicable", 'not run (result="Inconclusive")'),
        (' status="Not Run"/>', "not_applicable", 'not run (status="Not Run")'),
        (' status="aborted"/>', "error", 'how it ended is not known: status="aborted"'),
        (' status="7"/>', "error", 'how it ended is not known: status="7"'),
        (' status=""/>', "pass", ""),
        ("><skipped/></testcase>", "not_applicable", "not run (skipped)"),
        ("><disabled/></testcase>", "not_applicable", "not run (disabled)"),
        ("><skipped>later</skipped></testcase>", "not_applicable", "later"),
        ("><skipped/><failure message='f'/></testcase>", "fail", "f"),
        (' status="notrun"><error message="e"/></testcase>', "error", "e"),
        (' status="passed"><skipped message="no"/></testcase>', "not_applicable", "no"),
        (' status="failed"><skipped message="no"/></testcase>', "fail", "no"),
        ("><flakyFailure message='once'/></testcase>", "pass", "passed at attempt 2: once"),  # Surefire
        ("><flakyFailure/><flakyError/></testcase>", "pass", "passed at attempt 3"),
        (' status="skipped"><flakyFailure/></testcase>', "not_applicable", 'not run (status="skipped")'),
        ("><failure message='1'/><rerunFailure message='2'/></testcase>", "fail", "1"),
        ("><rerunFailure message='2'><stackTrace>x</stackTrace></rerunFailure></testcase>", "fail", "2"),
        ("><rerunError message='3'/></testcase>", "error", "3"),
    ],
)
def test_what_did_not_run_or_is_not_known_is_no_pass(tmp_path: Path, case: str, status: str, reason: str) -> None:
    assert ended(tmp_path, case) == (status, reason)


def of_suites(tmp_path: Path, text: str) -> list[tuple[str, str, str]]:
    """What is said of suites as a whole."""
    return [
        (case.title, case.status, case.message) for case in junit.cases(xml(tmp_path, text)) if case.suite_as_a_whole
    ]


def test_a_suite_that_could_not_start_is_an_error(tmp_path: Path) -> None:
    text = """<testsuites tests="1" errors="1"><testsuite name="login" tests="1" errors="1">
      <error message="no such driver, password=hunter2hunter2"/></testsuite></testsuites>"""
    assert of_suites(tmp_path, text) == [("login", "error", "no such driver, password=***")]
    assert of_suites(tmp_path, "<testsuite><failure/></testsuite>") == [
        ("suite", "error", "the suite could not be run")
    ]


def test_a_suite_that_was_left_out_did_not_run(tmp_path: Path) -> None:
    text = '<testsuite name="s" tests="3" skipped="3"><skipped message="not here"/></testsuite>'
    assert of_suites(tmp_path, text) == [("s", "not_applicable", "not here")]
    text = '<testsuite name="s" tests="3" failures="1"><skipped/></testsuite>'
    assert of_suites(tmp_path, text)[0][1] == "error"


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ('tests="12"', "12 tests, 0 that failed and 0 that did not run; the file holds 2, 0 and 1"),
        ('tests="2" failures="3"', "2 tests, 3 that failed"),
        ('tests="2" errors="1"', "2 tests, 1 that failed"),
        ('tests="2" skipped="2"', "2 that did not run; the file holds 2, 0 and 1"),
        ('tests="2" disabled="2"', "2 that did not run"),
        ('tests="1,200"', "1200 tests"),
    ],
)
def test_counts_that_the_cases_do_not_bear_out_are_an_error(tmp_path: Path, attributes: str, says: str) -> None:
    text = f"""<testsuites {attributes}><testsuite name="s" {attributes}><testsuite name="inner">
      <testcase name="x"/><testcase name="y"><skipped/></testcase></testsuite></testsuite></testsuites>"""
    ((title, status, message),) = of_suites(tmp_path, text)  # once, where it is first seen
    assert (title, status) == ("s", "error")
    assert says in message


@pytest.mark.parametrize(
    "attributes",
    [
        'tests="2" failures="1" errors="0" skipped="0"',
        'tests="1" failures="1"',  # one that was skipped is left out of the count
        'tests="" failures="no" errors="-1"',
        "",
    ],
)
def test_counts_that_agree_or_say_less_are_no_matter(tmp_path: Path, attributes: str) -> None:
    text = f"""<testsuites {attributes}><testsuite name="s" {attributes}>
      <testcase name="x"/><testcase name="y"><failure/></testcase></testsuite></testsuites>"""
    assert of_suites(tmp_path, text) == []


def test_a_failure_and_an_error_of_one_case_are_counted_as_two(tmp_path: Path) -> None:
    case = '<testcase name="x"><failure/><error/></testcase>'
    assert of_suites(tmp_path, f'<testsuite tests="1" failures="1" errors="1">{case}</testsuite>') == []
    by_word = '<testcase name="x" status="failed"/>'
    assert of_suites(tmp_path, f'<testsuite tests="1" failures="1">{by_word}</testsuite>') == []


def test_an_empty_suite_beside_others_is_nothing_and_one_that_counts_tests_is_an_error(tmp_path: Path) -> None:
    case = '<testsuite name="full"><testcase name="x"/></testsuite>'
    text = f'<testsuites>{case}<testsuite name="empty" tests="0"/></testsuites>'
    assert [case.title for case in junit.cases(xml(tmp_path, text))] == ["x"]
    assert of_suites(tmp_path, f'<testsuites>{case}<testsuite name="lost" tests="5"/></testsuites>')[0][0] == "lost"


def titled(*titles: str, place: str = "") -> list[Case]:
    return [Case(place, title, "pass") for title in titles]


@pytest.mark.parametrize(
    ("title", "machine"),
    [
        ("test_a[ssh://root@web1:22]", "web1"),
        ("test_a[ansible://web1.lan?force_ansible=True]", "web1.lan"),
        ("test_a[paramiko://web1-80]", "web1"),
        ("test_a[80-ssh://web1-b]", "web1-b"),
        ("[web1] Site: Install", "web1"),  # no file of a task, and a name of the record
        ("test_a[ssh://root@[2001:db8::1]:22]", "2001:db8::1"),  # pytest-dev/pytest-testinfra#436
        ("test_a[ansible://2001:db8::1-80]", "2001:db8::1"),
    ],
)
def test_the_machine_in_a_name(title: str, machine: str) -> None:
    assert list(by_machine(titled(title), {"web1", "web1-b", "web1.lan", "2001:db8::1"})) == [machine]


@pytest.mark.parametrize("title", ["test_a[local]", "test_a", "[1] Site: Install"])
def test_a_case_that_names_no_machine_is_of_the_only_one_or_asks_for_it(title: str) -> None:
    assert list(by_machine(titled(title), {"web1"})) == ["web1"]
    with pytest.raises(OpleverError, match="does not say which machine") as refused:
        by_machine(titled(title), {"web1", "web2"})
    assert "--host: web1, web2" in refused.value.advice


@pytest.mark.parametrize("cases", [titled("t[ssh://db9]"), titled("[db9] Site: x", place="site.yml:3")])
def test_a_machine_that_the_record_has_not_is_an_error_with_its_name(cases: list[Case]) -> None:
    with pytest.raises(OpleverError, match="no machine db9"):
        by_machine(cases, {"web1"})


def test_a_name_by_hand_stands_for_one_name_in_the_file_and_not_for_two() -> None:
    assert list(by_machine(titled("t[ssh://192.0.2.7]", "plain"), {"web1", "web2"}, "web1")) == ["web1"]
    assert list(by_machine(titled("t[ssh://web1]", "plain"), {"web1", "web2"}, "web1")) == ["web1"]
    for titles in (("t[ssh://web2]",), ("t[ssh://192.0.2.7]", "t[ssh://192.0.2.8]")):
        with pytest.raises(OpleverError, match="name their machines themselves"):
            by_machine(titled(*titles), {"web1", "web2"}, "web1")
    with pytest.raises(OpleverError, match="no machine nix"):
        by_machine(titled("plain"), {"web1"}, "nix")


def test_what_is_said_of_a_whole_suite_is_said_of_every_machine_in_it() -> None:
    cases = [*titled("t[ssh://web1]", "t[ssh://web2]"), Case("", "s", "error", "lost", 0.0, True)]
    by_host = by_machine(cases, {"web1", "web2", "web3"})
    assert {machine: [result.title for result in results][-1] for machine, results in by_host.items()} == {
        "web1": "s",
        "web2": "s",
    }


PLAY = """
- name: Site
  hosts: all
  gather_facts: false
  tasks:
    - name: Install
      ansible.builtin.command: echo hi
    - name: Ignored
      ansible.builtin.command: "false"
      ignore_errors: true
    - name: Skip on web1
      ansible.builtin.debug: {msg: x}
      when: inventory_hostname == 'web2'
    - block:
        - name: Log in
          ansible.builtin.fail: {msg: "no login with key Zq7hunter2Kx9"}
      rescue:
        - name: Rescue
          ansible.builtin.debug: {msg: rescued}
    - name: Include more
      ansible.builtin.include_tasks: more.yml
    - name: Fail on web2
      ansible.builtin.fail: {msg: bad}
      when: inventory_hostname == 'web2'
    - name: Unreachable
      ansible.builtin.ping:
      vars: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
      when: inventory_hostname == 'web1'
"""


@pytest.fixture(scope="module")
def of_ansible(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Ansible's own callback `junit` wrote of a real run on two machines."""
    place = tmp_path_factory.mktemp("junit")
    (place / "play.yml").write_text(PLAY, encoding="utf-8")
    (place / "more.yml").write_text("- {name: More, ansible.builtin.debug: {msg: more}}\n", encoding="utf-8")
    settings = {
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "JUNIT_OUTPUT_DIR": str(place / "out"),
    }
    done = subprocess.run(
        [str(ANSIBLE), "-i", "web1,web2", "-c", "local", "play.yml"],
        cwd=place,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    (path,) = (place / "out").glob("play-*.xml")
    assert done.returncode in (2, 4), done.stdout
    return path


def test_the_machine_in_brackets_of_ansible_is_the_machine(of_ansible: Path) -> None:
    cases = junit.cases(of_ansible)
    assert is_of_ansible(cases)
    assert not is_of_ansible(titled("[web1] x", place="tests.web"))
    by_host = by_machine(cases, {"web1", "web2"})
    status = {machine: {result.title: result.status for result in results} for machine, results in by_host.items()}
    shared = {
        "Site: Install": "pass",
        "Site: Ignored": "pass",  # the file does not tell
        "Site: Log in": "error",
        "Site: Rescue": "pass",
        "Site: Include more": "pass",
        "Site: More": "pass",
    }
    assert status["web1"] == {**shared, "Site: Skip on web1": "not_applicable", "Site: Fail on web2": "not_applicable"}
    assert status["web2"] == {**shared, "Site: Skip on web1": "pass", "Site: Fail on web2": "error"}
    assert {result.id for result in by_host["web1"]} >= {f"{of_ansible.parent.parent}/play.yml:6.Site: Install"}


def test_arguments_of_tasks_do_not_come_along(of_ansible: Path) -> None:
    by_host = by_machine(junit.cases(of_ansible), {"web1", "web2"})
    titles = [result.title + result.id for results in by_host.values() for result in results]
    assert "_raw_params" in of_ansible.read_text(encoding="utf-8")
    assert not [title for title in titles if "_raw_params" in title or "Zq7hunter2Kx9" in title]


def test_a_case_in_a_case_hides_no_failure(tmp_path: Path) -> None:
    inner = '<testcase name="outer"><failure message="bad"/><testcase name="inner"/></testcase>'
    actual = {case.title: (case.status, case.message) for case in results(tmp_path, f"<testsuite>{inner}</testsuite>")}
    assert actual == {"inner": ("pass", ""), "outer": ("fail", "bad")}


def test_a_number_of_thousands_of_digits_is_a_large_one(tmp_path: Path) -> None:
    many = "9" * 5000
    cases = results(tmp_path, f'<testsuite name="s" tests="{many}"><testcase name="t"/></testsuite>')
    assert [case.status for case in cases] == ["pass", "error"]


SUITE = '<testsuite name="s">\n<testcase name="t"/></testsuite>'
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "before",
    [b"\n", b"  \r\n\r\n", BOM, BOM + b"\n", b"\n" + BOM, BOM + BOM],
    ids=["line", "lines", "mark", "both", "turned", "two"],
)
def test_what_scripts_and_editors_leave_before_the_declaration_is_nothing_of_it(tmp_path: Path, before: bytes) -> None:
    (case,) = junit.cases(xml(tmp_path, before + (DECLARATION + SUITE).encode()))
    assert (case.title, case.status) == ("t", "pass")


def test_the_line_of_damage_counts_from_the_first_line_of_the_file(tmp_path: Path) -> None:
    path = xml(tmp_path, "\n\n" + DECLARATION + "<testsuite>\n<testcase></wrong>")
    with pytest.raises(OpleverError, match=r"results\.xml, line 5: no well-formed XML"):
        junit.cases(path)


def test_text_before_the_declaration_is_no_junit(tmp_path: Path) -> None:
    with pytest.raises(OpleverError) as problem:
        junit.cases(xml(tmp_path, "collected 1 item\n" + DECLARATION + SUITE))
    assert problem.value.slug == "import-foreign"


@pytest.mark.parametrize("encoding", ["utf-99", "gbk", "hex"])
def test_an_encoding_that_cannot_be_read_is_named(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(OpleverError, match="no XML that can be read here") as problem:
        junit.cases(xml(tmp_path, DECLARATION.replace("UTF-8", encoding) + SUITE))
    assert problem.value.slug == "import-broken"


def test_an_encoding_of_windows_is_read(tmp_path: Path) -> None:
    text = DECLARATION.replace("UTF-8", "windows-1252") + SUITE.replace('name="t"', 'name="é"')
    (case,) = junit.cases(xml(tmp_path, text.encode("cp1252")))
    assert case.title == "é"
