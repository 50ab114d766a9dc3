"""Which machine each case of a JUnit file is about.

testinfra puts it in the name: test_port[ssh://root@web1:22], test_port[ansible://web1?force=True]. So does Ansible's
own callback `junit`: [web1] Play: task arguments, with the file and line of the task as class. Where a test ran
(`hostname` of a suite) does not say what it tested, and is not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct, structs

from oplever.errors import OpleverError
from oplever.journal.importers.junit import Case
from oplever.messages import M_
from oplever.words import CheckStatus

_TESTINFRA = re.compile(
    r"[\[-][a-z]+://(?:[^@\]/]*@)?(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<bare>[0-9A-Fa-f]*(?::[0-9A-Fa-f]*){2,7})(?=[\]?-])"
    r"|(?P<name>[A-Za-z0-9_.-]+))"
)
"""An address of IPv6 stands in brackets where a port can follow it."""
_ANSIBLE = re.compile(r"\[([^\]\s]+)\] (.+)")
_TASK_FILE = re.compile(r"\.ya?ml(:\d+)?$")
_ARGUMENTS = re.compile(r" \w+=.*")
_INCLUDE = "include"
"""In the place of a machine where Ansible's callback tells of a file that was included."""


class Result(Struct, frozen=True):
    """One test of one machine; `id` is its own among those of that machine."""

    id: str
    title: str
    status: CheckStatus
    message: str = ""
    duration: float = 0.0


def by_machine(cases: Iterable[Case], machines: Collection[str], host: str | None = None) -> dict[str, list[Result]]:
    """The results of each machine; `machines` are those of the record, `host` is the one that was named by hand.

    Raises OpleverError (`entry-invalid`) when a case is about no machine of the record, or about another one than
    `host`.
    """
    placed = [place for case in cases if (place := _machine_and_case(case, machines)) is not None]
    named = list(dict.fromkeys(machine for machine, _ in placed if machine))
    if host is not None:
        _check_host(host, named, machines)
        return {host: _results([case for _, case in placed])}
    if strangers := sorted(set(named) - set(machines)):
        raise unknown_machine(M_("the record has no machine {strangers}", strangers=strangers[0]), machines)
    cases_of: dict[str, list[Case]] = {machine: [] for machine in named}
    for machine, case in placed:
        for name in [machine] if machine else named if case.suite_as_a_whole and named else [_only(machines)]:
            cases_of.setdefault(name, []).append(case)
    return {machine: _results(machine_cases) for machine, machine_cases in cases_of.items()}


def is_of_ansible(cases: Iterable[Case]) -> bool:
    """Whether Ansible's own callback wrote them."""
    return any(_ANSIBLE.match(case.title) and _TASK_FILE.search(case.place) for case in cases)


def _machine_and_case(case: Case, machines: Collection[str]) -> tuple[str | None, Case] | None:
    """The machine that a case names, and the case without that name; None for what is no test of a machine."""
    match = _ANSIBLE.match(case.title)
    if match and (match[1] in machines or _TASK_FILE.search(case.place)):
        if match[1] == _INCLUDE and _INCLUDE not in machines:
            return None
        # Arguments of tasks are kept nowhere, and hold secrets.
        return match[1], structs.replace(case, title=_ARGUMENTS.sub("", match[2]))
    return _by_testinfra(case.title, machines), case


def _by_testinfra(title: str, machines: Collection[str]) -> str | None:
    """Values of further parameters can follow after a hyphen, which a name can hold too: then one of `machines` is
    meant."""
    match = _TESTINFRA.search(title)
    if match is None:
        return None
    given = match["address"] or match["bare"] or match["name"]
    matching = [name for name in machines if given == name.strip("[]") or given.startswith(f"{name}-")]
    return max(matching, key=len, default=given)


def _check_host(host: str, named: Sequence[str], machines: Collection[str]) -> None:
    """One name by hand can stand for one name in the file, where that is not one of the record's own."""
    if host not in machines:
        raise unknown_machine(M_("the record has no machine {host}", host=host), machines)
    other_names = [name for name in named if name != host]
    if len(other_names) > 1 or any(name in machines for name in other_names):
        raise OpleverError(
            "entry-invalid",
            M_(
                "the tests name their machines themselves ({other_names}), so they cannot all be of {host}",
                other_names=", ".join(other_names),
                host=host,
            ),
            M_("leave --host out; a machine that the record calls otherwise needs a file of its own"),
        )


def _only(machines: Collection[str]) -> str:
    if len(machines) != 1:
        raise unknown_machine(M_("the file does not say which machine was tested"), machines)
    return next(iter(machines))


def unknown_machine(message: str, machines: Collection[str]) -> OpleverError:
    """The refusal, with the machines of the record to choose from."""
    names = ", ".join(sorted(machines))
    advice = M_("name the tested one with --host: {machines}", machines=names)
    none = M_("the record names no machine at all; name another record with --record")
    return OpleverError("entry-invalid", message, advice if names else none)


def _results(cases: Iterable[Case]) -> list[Result]:
    counts: Counter[str] = Counter()
    results = []
    for case in cases:
        name = f"{case.place}.{case.title}" if case.place else case.title
        counts[name] += 1
        again = f"#{counts[name]}" if counts[name] > 1 else ""  # one result must not stand for another
        results.append(Result(name + again, case.title, case.status, case.message, case.duration))
    return results
