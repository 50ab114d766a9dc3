"""Lynis' `lynis-report.dat`: lines of `key=value`, lists as `key[]=value`.

Lynis says what it did not like (warnings and suggestions, each with the id of the test) and which tests it ran. A test
that ran and was not commented on counts as passed; one that was skipped is no opinion. A test of many settings also
names each that differs, which is an opinion of its own (`KRNL-6000:kernel.sysrq`, as Lynis itself writes it in a
profile); it names none that is right.
"""

from __future__ import annotations

import errno
from collections import defaultdict
from pathlib import Path

from oplever.files import bounded, unreadable
from oplever.journal.importers.scans import Opinion, Scan, broken
from oplever.messages import M_

_LARGEST_BYTES = 16 * 1024 * 1024


def read(path: Path) -> Scan:
    """A whole report. Raises OpleverError (`scan-broken`, `file-unreadable`)."""
    try:
        text = bounded(path, _LARGEST_BYTES).decode("utf-8", errors="replace")
    except OSError as problem:
        if problem.errno == errno.EFBIG:
            raise broken(path, M_("too large for a report of Lynis")) from None
        raise unreadable(path, problem) from None
    if "lynis_version=" not in text:
        raise broken(path, M_("is not a Lynis report"))
    return parse(text)


def parse(text: str) -> Scan:
    single: dict[str, str] = {}
    lists: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        key, mark, value = line.partition("=")
        if mark and key.endswith("[]"):
            lists[key[:-2]].append(value)
        elif mark:
            single[key] = value
    comments: dict[str, dict[str, None]] = defaultdict(dict)
    kinds: dict[str, str] = {}
    for kind in ("suggestion", "warning"):  # a warning outweighs a suggestion of the same test
        for value in lists[kind]:
            rule, comment, *_ = [*value.split("|"), ""]
            kinds[rule] = kind
            comments[rule][comment] = None  # a test comments on each thing that it looks at
    commented = {
        rule: Opinion(rule, "fail", kind, "; ".join(filter(None, comments[rule]))) for rule, kind in kinds.items()
    }
    settings: dict[str, Opinion] = {}
    for value in lists["details"]:
        test, _, details, *_ = [*value.split("|"), "", ""]
        fields = dict(part.partition(":")[::2] for part in details.split(";"))
        if field := fields.get("field"):
            settings[f"{test}:{field}"] = Opinion(f"{test}:{field}", "fail", "details", fields.get("desc", ""))
    ran = [name for value in lists["tests_executed"] or [single.get("tests_executed", "")] for name in value.split("|")]
    passed = [Opinion(name, "pass", "executed") for name in dict.fromkeys(ran) if name and name not in commented]
    return Scan(
        tool="lynis",
        version=single.get("lynis_version", ""),
        profile="",
        host=single.get("hostname", ""),
        at=single.get("report_datetime_end", "").replace(" ", "T"),
        opinions=(*commented.values(), *settings.values(), *passed),
    )
