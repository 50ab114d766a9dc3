"""JUnit XML, as pytest (with testinfra), goss and many others write it.

Read with expat as it streams: no tree in memory, the line of any damage known. A document type is refused, since only
there can entities be declared that blow up or read other files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.parsers import expat

import msgspec
from msgspec import Struct

from oplever._shared.redact import redact_text
from oplever._shared.text import one_line
from oplever.journal.importers.imported_run import broken, foreign, read
from oplever.journal.importers.junit_status import BAD, ELEMENTS, FLAKY, Element, ended
from oplever.journal.importers.xml_text import UNKNOWN_ENCODING, begun, reason
from oplever.messages import M_
from oplever.words import CheckStatus

_FORMAT = M_("a JUnit XML file (<testsuites> or <testsuite>)")
_SUITES = ("testsuite", "testsuites")
_OUTCOMES = ELEMENTS.keys() | FLAKY
_TEXT_LIMIT = 16_384
"""Characters kept of the text of one element."""
_CASES_LIMIT = 100_000
_DIGITS = 18
"""Of a number; Python takes none of thousands of digits."""


class Case(Struct, frozen=True):
    """One test as the file names it: `place` is its class. `suite_as_a_whole` when it is no single test: the suite
    could not start, or counts more than it holds."""

    place: str
    title: str
    status: CheckStatus
    message: str = ""
    duration: float = 0.0
    suite_as_a_whole: bool = False


class _Suite(Struct):
    """A suite that is open, with what stands in it and in the suites in it so far."""

    attributes: Mapping[str, str]
    elements: list[Element] = msgspec.field(default_factory=list)
    tests: int = 0
    bad: int = 0
    not_run: int = 0

    @property
    def name(self) -> str:
        return one_line(self.attributes.get("name", ""), 500, redact_text) or "suite"

    def count(self, *names: str) -> int:
        """The highest of these attributes; 0 where there is none that is a number."""
        values = (self.attributes.get(name, "").replace(",", "") for name in names)
        return max((int(value[:_DIGITS]) for value in values if value.isdecimal()), default=0)


def cases(path: Path) -> tuple[Case, ...]:
    """Every test case, in order. Raises OpleverError (`import-foreign`, `import-broken`, which names the line)."""
    xml = begun(read(path, _FORMAT))
    reader = _Reader(path, xml.lines)
    try:
        reader.parser.Parse(xml.content, True)
    except expat.ExpatError as problem:
        if not reader.opened:
            raise foreign(path, _FORMAT) from None
        line = problem.lineno + xml.lines
        raise broken(
            M_("{path}, line {lineno}", path=path, lineno=line), M_("no well-formed XML ({why})", why=reason(problem))
        ) from None
    except UNKNOWN_ENCODING as problem:
        raise broken(str(path), M_("no XML that can be read here ({why})", why=reason(problem))) from None
    if not reader.cases:
        raise broken(str(path), M_("there is no test case in it"))
    return tuple(reader.cases)


class _Reader:
    """State between expat's calls: the suites and the cases that are open, and the element whose text is wanted."""

    def __init__(self, path: Path, lines_before: int) -> None:
        self._path, self._lines_before = path, lines_before
        self.cases: list[Case] = []
        self.opened = False
        self._suites: list[_Suite] = []
        self._cases: list[tuple[dict[str, str], list[Element]]] = []
        self._open: tuple[str, str] | None = None
        self._text = ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise broken(self._place(), M_("it declares a document type, which JUnit XML has not"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.opened and name not in _SUITES:
            raise foreign(self._path, _FORMAT)
        self.opened = True
        if name in _SUITES:
            self._suites.append(_Suite(attributes))
        elif name == "testcase":
            self._cases.append((attributes, []))
        elif name in _OUTCOMES and self._open is None:
            self._open, self._text = (name, attributes.get("message", "")), ""

    def _characters(self, text: str) -> None:
        if self._open is not None:
            self._text += text[: max(0, _TEXT_LIMIT - len(self._text))]

    def _end(self, name: str) -> None:
        if self._open is not None and name == self._open[0]:
            element = Element(name, one_line(self._open[1] or self._text, redact=redact_text))
            (self._cases[-1][1] if self._cases else self._suites[-1].elements).append(element)
            self._open = None
        elif name == "testcase" and self._cases:
            self._end_case(*self._cases.pop())
        elif name in _SUITES:
            self._end_suite(self._suites.pop())

    def _end_case(self, attributes: dict[str, str], elements: list[Element]) -> None:
        status, message = ended(elements, attributes)
        self._keep(
            Case(
                one_line(attributes.get("classname", ""), 500, redact_text),
                one_line(attributes.get("name", ""), 500, redact_text) or "?",
                status,
                one_line(message, redact=redact_text),
                _seconds(attributes),
            )
        )
        suite = self._suites[-1]
        suite.tests += 1
        suite.not_run += status == "not_applicable"
        suite.bad += max(status in BAD, sum(element.name in ("failure", "error") for element in elements))

    def _end_suite(self, suite: _Suite) -> None:
        """What the suite says of itself: that it could not start, or counts that its cases do not bear out. Fewer than
        there are is no loss: some writers leave out what was skipped."""
        status, message = ended(suite.elements, {})
        bad = suite.count("failures") + suite.count("errors")
        not_run = suite.count("skipped", "skips", "ignored", "disabled", "notrun")
        fewer = suite.tests < suite.count("tests") or suite.not_run < not_run
        if status in BAD:
            self._keep(Case("", suite.name, "error", message or "the suite could not be run", 0.0, True))
        elif suite.bad < bad or (fewer and status == "pass"):
            self._keep(Case("", suite.name, "error", _disagreement(suite, bad, not_run), 0.0, True))
        elif status == "not_applicable":
            self._keep(Case("", suite.name, status, message, 0.0, True))
        if self._suites:  # what was told here is not told again by the suite around it
            outer = self._suites[-1]
            outer.tests += max(suite.tests, suite.count("tests"))
            outer.bad += max(suite.bad, bad, status in BAD)
            outer.not_run += max(suite.not_run, not_run)

    def _keep(self, case: Case) -> None:
        if len(self.cases) >= _CASES_LIMIT:
            raise broken(self._place(), M_("more than {count} test cases", count=_CASES_LIMIT))
        self.cases.append(case)

    def _place(self) -> str:
        return f"{self._path}, line {self.parser.CurrentLineNumber + self._lines_before}"


def _disagreement(suite: _Suite, bad: int, not_run: int) -> str:
    return (
        f"the suite counts {suite.count('tests')} tests, {bad} that failed and {not_run} that did not run; "
        f"the file holds {suite.tests}, {suite.bad} and {suite.not_run}"
    )


def _seconds(case: dict[str, str]) -> float:
    """A duration as any locale writes it: of two different marks the last one is that of decimals, and so is a comma
    that stands alone (`1.024,12`, `1,024.12`, `0,011`)."""
    text = case.get("time", "0").strip()
    if text.rfind(",") > text.rfind(".") and text.count(",") == 1:
        text = text.replace(".", "").replace(",", ".")
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0
