"""Add the tests in a JUnit file of another tool to a record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct

from oplever import clock, store
from oplever.app.add import admit
from oplever.files import sha256
from oplever.journal.importers import junit
from oplever.journal.importers.junit_machines import by_machine, is_of_ansible
from oplever.kinds import registry
from oplever.record.entries.results import SOURCE, suites
from oplever.record.identity import latest
from oplever.record.model import BAD, Record
from oplever.text import printable


class ImportedTests(Struct, frozen=True):
    """`counts` are the numbers of tests by status; `is_of_ansible` says whether Ansible's own callback wrote them.
    `beside` are other files of which failing tests with the same names still count."""

    record: Record
    counts: dict[str, int]
    is_of_ansible: bool
    beside: tuple[str, ...]


def import_tests(directory: Path, path: Path, by: str, host: str | None = None, stage: str = "after") -> ImportedTests:
    """Add the tests in `path`, an entry for each machine, all of them or none. `host` is the machine that they are
    about when the file does not name it.

    Raises OpleverError: `import-foreign`, `import-broken`, `entry-invalid`, and what `admit` raises.
    """
    machines, file = {system.name for system in store.load(directory).systems}, printable(path.name)
    cases = junit.cases(path)
    per_host = by_machine(cases, machines, host)
    at, digest = clock.now(), sha256(path)
    origin = {"stage": stage, "file": file, "digest": digest}
    added = [
        registry.LOG.make("results", by, at, {**origin, "host": name, "tests": msgspec.to_builtins(results)})
        for name, results in per_host.items()
    ]
    counts: Counter[str] = Counter(result.status for results in per_host.values() for result in results)
    record = admit(directory, added)
    names = {(name, result.id) for name, results in per_host.items() for result in results}
    own = suites(file)
    beside = {
        test.suite
        for test in latest(record.tests)
        if test.source == SOURCE and test.suite not in own and test.status in BAD and (test.host, test.id) in names
    }
    return ImportedTests(record, dict(counts), is_of_ansible(cases), tuple(sorted(beside)))
