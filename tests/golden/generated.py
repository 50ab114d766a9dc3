"""Hypothesis strategies for records: journals as Ansible could write them, and entries in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from golden.cases import Case, entry
from golden.journal import Data, Journal, check, control, machine
from hypothesis import strategies as st

HOSTS = ("a", "b", "c")
PEOPLE = ("S. Yilmaz", "M. de Wit", "J. Bakker")
STATUSES = ("pass", "fail", "error", "not_applicable", "waived")
IDS = ("m.login", "m.mail")
"""The same ids in every suite and file: it shows when one is taken for another."""

host = st.sampled_from(HOSTS)
seldom = st.integers(0, 11).map(lambda number: number == 11)
person = st.sampled_from(PEOPLE)
mostly_pass = st.one_of(st.just("pass"), st.just("pass"), st.sampled_from(STATUSES))
mostly_ok = st.one_of(st.just("ok"), st.sampled_from(("ok", "changed", "skipped", "failed", "unreachable", "ignored")))

Part = Callable[[Journal], None]
"""Some lines of a journal."""


def _checks(name: str, stage: str, suite: str, statuses: list[str]) -> Part:
    rows = [check(identifier, status) for identifier, status in zip(IDS, statuses, strict=False)]
    return lambda journal: journal.checks(name, stage, suite, rows)


def _in_two_suites(name: str, first: str, second: str) -> Part:
    """One id in two suites of one host: two tests, whatever their names have in common."""

    def write(journal: Journal) -> None:
        _checks(name, "after", "one", [first])(journal)
        _checks(name, "after", "two", [second])(journal)

    return write


def _controls(name: str, stage: str, severity: str, status: str) -> Part:
    return lambda journal: journal.checks(
        name, stage, "harden", [control("SSH-001", status, severity)], profile="basis"
    )


def _task(number: int, results: dict[str, str]) -> Part:
    def write(journal: Journal) -> None:
        journal.task(f"Task {number}", "ansible.builtin.apt", "oplever.lab.base")
        for name, status in results.items():
            journal.result(name, status, notify=["Restart it"] if status == "changed" else [])

    return write


def _fatal(failing: list[str]) -> Part:
    """A step that ends the play for everyone because it fails on some."""

    def write(journal: Journal) -> None:
        journal.task("Migrate", "ansible.builtin.command", for_all=True, fatal=True)
        for name in failing:
            journal.result(name, "failed", message="no")

    return write


def _rescued(name: str) -> Part:
    def write(journal: Journal) -> None:
        journal.task("Try", "ansible.builtin.command")
        journal.result(name, "failed", message="no", rescued_by="block-1")
        journal.task("Try otherwise", "ansible.builtin.command", rescues="block-1")
        journal.result(name)

    return write


parts = st.one_of(
    st.builds(
        _checks,
        host,
        st.sampled_from(("before", "during", "after")),
        st.sampled_from(("one", "two")),
        st.lists(mostly_pass, min_size=1, max_size=2),
    ),
    st.builds(_in_two_suites, host, st.sampled_from(STATUSES), st.sampled_from(STATUSES)),
    st.builds(_controls, host, st.sampled_from(("before", "after")), st.sampled_from(("high", "low")), mostly_pass),
    st.builds(_task, st.integers(1, 3), st.dictionaries(host, mostly_ok, max_size=3)),
    st.builds(_rescued, host),
    st.builds(_fatal, st.lists(host, min_size=1, max_size=2, unique=True)),
)


def _entry(added: str, **content: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, str, Data]]:
    return st.tuples(person, st.just(added), st.fixed_dictionaries(content))


words = st.text(min_size=1, max_size=12).filter(str.strip)
results = st.fixed_dictionaries({"id": st.sampled_from(IDS), "title": words, "status": st.sampled_from(STATUSES)})


def _of_file(name: str) -> dict[str, st.SearchStrategy[Any]]:
    stage = st.sampled_from(("during", "after"))
    return {"stage": stage, "file": st.just(name), "digest": st.just("5f"), "tests": st.lists(results, max_size=3)}


people = st.one_of(
    _entry("acceptance", user=person, verdict=st.sampled_from(("accepted", "accepted_with_rest_points", "rejected"))),
    _entry("rest-point", item=words),
    _entry("rest-point", done=st.sampled_from(("R1", "R2"))),
    _entry("fault", symptom=words, host=host, fix=st.sampled_from(("", "repaired"))),
    _entry("fault", id=st.sampled_from(("F-001", "M1")), cause=words, fix=st.sampled_from(("", "repaired"))),
    _entry(
        "escalation",
        to=person,
        message=words,
        fault=st.sampled_from(("", "F-001", "M1")),
        answer=st.sampled_from(("", "yes")),
    ),
    _entry(
        "test",
        host=host,
        title=words,
        status=st.sampled_from(("pass", "fail")),
        stage=st.sampled_from(("during", "after")),
    ),
    *(_entry("results", host=host, **_of_file(file)) for file in ("a.xml", "b.xml")),
    _entry("step", host=host, name=words, status=st.sampled_from(("ok", "changed", "failed"))),
    _entry(
        "exception",
        control=st.just("SSH-001"),
        reason=words,
        owner=person,
        approver=person,
        expires=st.sampled_from(("2020-01-01", "2030-01-01")),
    ),
    _entry("hours", hours=st.floats(0.25, 24), activity=words),
    _entry("none", what=st.sampled_from(("rest_points", "proposals"))),
    _entry("report", to=person),
    _entry("decision", decision=st.sampled_from(("approved", "rejected"))),
    _entry(
        "correction",
        field=st.sampled_from(("systems.a.serial", "tests", "assignment.title")),
        reason=words,
        value=st.sampled_from(("", "x")),
    ),
)


sound_parts = st.one_of(
    st.builds(
        _checks,
        host,
        st.sampled_from(("during", "after")),
        st.sampled_from(("one", "two")),
        st.lists(st.sampled_from(("pass", "pass", "not_applicable")), min_size=1, max_size=2),
    ),
    st.builds(_in_two_suites, host, st.just("pass"), st.just("pass")),
    st.builds(_task, st.integers(1, 3), st.dictionaries(host, st.sampled_from(("ok", "changed")), max_size=3)),
)
sound_people = st.one_of(
    _entry("acceptance", user=person, verdict=st.just("accepted")),
    _entry("test", host=host, title=words, status=st.just("pass"), stage=st.sampled_from(("during", "after"))),
    _entry("step", host=host, name=words, status=st.sampled_from(("ok", "changed"))),
    _entry("hours", hours=st.floats(0.25, 24), activity=words),
    _entry("none", what=st.sampled_from(("rest_points", "proposals"))),
    _entry("report", to=person),
)
"""What keeps no record from being delivered."""

plays_left = st.one_of(st.just([]), st.lists(st.sampled_from(("all", "b", "web", "a:!b", "localhost")), max_size=1))
"""Hosts of plays that did not begin."""


ANY_PARTS, ANY_PEOPLE = st.lists(parts, min_size=2, max_size=6), st.lists(people, min_size=1, max_size=4)


def _sound_but_for_one(sound: st.SearchStrategy[Any], any_: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Some that are sound, and often one more in some place of which nobody knows what it is."""
    several = st.lists(sound, min_size=1, max_size=4)
    return st.one_of(several, st.builds(lambda before, part, after: [*before, part, *after], several, any_, several))


@st.composite
def cases(
    draw: st.DrawFn,
    made_of: st.SearchStrategy[list[Part]] = ANY_PARTS,
    entries: st.SearchStrategy[list[Any]] = ANY_PEOPLE,
) -> Case:
    """A run over three machines, and what people said about it. Most are in order but for a few things, so that
    what should keep a record from being delivered often stands alone."""
    names = draw(st.permutations(HOSTS))
    later = [{"name": "Later", "hosts": pattern} for pattern in draw(plays_left)]
    plays = [{"name": "All", "hosts": "all"}, *later]
    journal = Journal("20261123T100000Z-site-f00001", plays=plays, work_process="1.3", check_mode=draw(seldom))
    journal.play("All", {name: ["web"] if name == "a" else [] for name in names})
    journal.snapshots("before", {name: machine(1) for name in HOSTS})
    journal.checks(names[0], "during", "one", [check("m.other")])
    for part in draw(made_of):
        part(journal)
    hosts = names[:-1] if draw(seldom) else names
    journal.snapshots("after", {name: machine(1) for name in hosts})
    if not draw(seldom):
        journal.finish(reason="stopped" if draw(seldom) else "finished")
    contents = draw(entries)
    return Case(journal.lines, [entry(number, *content[:2], **content[2]) for number, content in enumerate(contents)])


sound_cases = cases(_sound_but_for_one(sound_parts, parts), _sound_but_for_one(sound_people, people))
"""Runs of which many are delivered, and others but for one thing."""
