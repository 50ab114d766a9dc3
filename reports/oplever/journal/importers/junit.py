"""JUnit XML, as pytest (with testinfra), goss and many others write it.

Read with expat as it streams: no tree in memory, the line of any damage known. A document type is refused, since only
there can entities be declared that blow up or read other files.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from xml.parsers import expat

from oplever._shared.redact import redact_text
from oplever._shared.text import one_line
from oplever.journal.importers.source import broken, foreign, read
from oplever.record.entries import CaseResult
from oplever.record.model import CheckStatus

_WANTED = "a JUnit XML file (<testsuites> or <testsuite>)"
_ENDS: dict[str, CheckStatus] = {"failure": "fail", "error": "error", "skipped": "not_applicable"}
_TEXT_LIMIT = 16_384
"""Characters kept of the text of one element."""
_CASES_LIMIT = 100_000
# testinfra puts the machine in the name: test_port[ssh://root@web1:22], test_port[ansible://web1?force=True].
_BACKEND = re.compile(r"[\[-][a-z]+://(?:[^@\]/]*@)?([A-Za-z0-9_.-]+)")


def cases(path: Path) -> tuple[CaseResult, ...]:
    """Every test case, in order. Raises OpleverError (`import-foreign`, `import-broken`, which names the line)."""
    content = read(path, _WANTED)
    reader = _Reader(path)
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as problem:
        why = expat.errors.messages.get(problem.code, "damaged")
        if not reader.opened:
            raise foreign(path, _WANTED) from None
        raise broken(f"{path}, line {problem.lineno}", f"no well-formed XML ({why})") from None
    if not reader.found:
        raise broken(str(path), "there is no test case in it")
    return tuple(reader.found)


def tested_machine(case: CaseResult, known: Collection[str]) -> str | None:
    """The machine that testinfra names in the case; None when it names none or the one it runs on.

    Values of further parameters can follow after a hyphen, which a name can hold too: then one of `known` is meant.
    """
    match = _BACKEND.search(case.title)
    if match is None:
        return None
    meant = [name for name in known if match[1] == name or match[1].startswith(f"{name}-")]
    return max(meant, key=len, default=match[1])


class _Reader:
    """State between expat's calls: the case that is open, and what it ended with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: list[CaseResult] = []
        self.opened = False
        self._case: dict[str, str] | None = None
        self._status: CheckStatus = "pass"
        self._message = ""
        self._text = ""
        self._wants_text = False
        self._seen: dict[str, int] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise broken(self._place(), "it declares a document type, which JUnit XML has not")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.opened and name not in ("testsuites", "testsuite"):
            raise foreign(self._path, _WANTED)
        self.opened = True
        if name == "testcase":
            self._case, self._status, self._message = attributes, "pass", ""
        elif name in _ENDS and self._case is not None:
            # A case can hold a failure and an error of its cleaning up: the first one counts and is told.
            if self._status in ("pass", "not_applicable"):
                self._status = _ENDS[name]
            if not self._message:
                self._message, self._text, self._wants_text = attributes.get("message", ""), "", True

    def _characters(self, text: str) -> None:
        if self._wants_text:
            self._text += text[: max(0, _TEXT_LIMIT - len(self._text))]

    def _end(self, name: str) -> None:
        if name in _ENDS:
            self._message = self._message or self._text
            self._wants_text = False
        elif name == "testcase" and self._case is not None:
            self.found.append(self._made(self._case))
            self._case = None

    def _made(self, case: dict[str, str]) -> CaseResult:
        if len(self.found) >= _CASES_LIMIT:
            raise broken(self._place(), f"more than {_CASES_LIMIT} test cases")
        title = one_line(case.get("name", ""), 500, redact_text) or "?"
        place = one_line(case.get("classname", ""), 500, redact_text)
        name = f"{place}.{title}" if place else title
        self._seen[name] = self._seen.get(name, 0) + 1
        again = f"#{self._seen[name]}" if self._seen[name] > 1 else ""  # one result must not stand for another
        return CaseResult(
            name + again, title, self._status, one_line(self._message, redact=redact_text), _seconds(case)
        )

    def _place(self) -> str:
        return f"{self._path}, line {self.parser.CurrentLineNumber}"


def _seconds(case: dict[str, str]) -> float:
    try:
        seconds = float(case.get("time", "0").replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0
